//! What a user says of a socket: where it binds, and what is set afterwards.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use mio::net::UdpSocket;
use socket2::{Domain, Protocol, SockRef, Type};

/// Where and how it binds.
#[derive(Clone, Copy, Debug)]
pub struct SocketOptions {
    pub addr: SocketAddr,
    /// Nothing of IPv4 by mapped addresses.
    pub ipv6_only: bool,
    /// Others may bind the same address.
    pub reuse_address: bool,
}

/// The room that the system has for what waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferKind {
    Receive,
    Send,
}

/// Opens a socket and binds it.
pub(super) fn open(options: &SocketOptions) -> io::Result<UdpSocket> {
    let domain = Domain::for_address(options.addr);
    let socket = socket2::Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(options.ipv6_only)?;
    }
    if options.reuse_address {
        reuse_address(&socket)?;
    }
    socket.bind(&options.addr.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}

#[cfg(not(target_vendor = "apple"))]
fn reuse_address(socket: &socket2::Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// There two may share a port by another option.
#[cfg(target_vendor = "apple")]
fn reuse_address(socket: &socket2::Socket) -> io::Result<()> {
    super::raw_option::set(socket, (libc::SOL_SOCKET, libc::SO_REUSEPORT), 1)
}

pub(super) fn buffer_size(socket: &UdpSocket, kind: BufferKind) -> io::Result<usize> {
    let socket = SockRef::from(socket);
    match kind {
        BufferKind::Receive => socket.recv_buffer_size(),
        BufferKind::Send => socket.send_buffer_size(),
    }
}

pub(super) fn set_buffer_size(socket: &UdpSocket, kind: BufferKind, size: usize) -> io::Result<()> {
    let socket = SockRef::from(socket);
    match kind {
        BufferKind::Receive => socket.set_recv_buffer_size(size),
        BufferKind::Send => socket.set_send_buffer_size(size),
    }
}

/// Becomes, or is no longer, a member of a multicast group on the interface that has this address; on one of the
/// system's choice without.
pub(super) fn set_membership(
    socket: &UdpSocket,
    group: IpAddr,
    interface: Option<SocketAddr>,
    join: bool,
) -> io::Result<()> {
    let socket = SockRef::from(socket);
    match (group, interface) {
        (IpAddr::V4(group), None) => member_v4(&socket, group, Ipv4Addr::UNSPECIFIED, join),
        (IpAddr::V4(group), Some(SocketAddr::V4(at))) => member_v4(&socket, group, *at.ip(), join),
        (IpAddr::V6(group), None) => member_v6(&socket, group, 0, join),
        (IpAddr::V6(group), Some(SocketAddr::V6(at))) => {
            member_v6(&socket, group, index_of(at)?, join)
        }
        _ => Err(invalid()),
    }
}

fn member_v4(socket: &SockRef<'_>, group: Ipv4Addr, at: Ipv4Addr, join: bool) -> io::Result<()> {
    match join {
        true => socket.join_multicast_v4(&group, &at),
        false => socket.leave_multicast_v4(&group, &at),
    }
}

fn member_v6(socket: &SockRef<'_>, group: Ipv6Addr, at: u32, join: bool) -> io::Result<()> {
    match join {
        true => socket.join_multicast_v6(&group, at),
        false => socket.leave_multicast_v6(&group, at),
    }
}

/// By which number the system knows the interface that an address names, or has. 0 is any.
fn index_of(at: SocketAddrV6) -> io::Result<u32> {
    if at.scope_id() != 0 || at.ip().is_unspecified() {
        return Ok(at.scope_id());
    }
    let interfaces = if_addrs::get_if_addrs()?;
    let found = interfaces.into_iter().find(|interface| interface.ip() == *at.ip());
    found.and_then(|interface| interface.index).ok_or_else(invalid)
}

/// As the system says it.
pub(super) fn invalid() -> io::Error {
    #[cfg(unix)]
    return io::Error::from_raw_os_error(libc::EINVAL);
    #[cfg(not(unix))]
    io::Error::from_raw_os_error(10022)
}
