//! Linux: a poll that says again what was left unread, and system calls for many datagrams.
//!
//! Sockets are registered level-triggered, which mio does not offer: an edge-triggered one has to
//! be read until it says that it is empty, and that call costs as much as the datagram before it.
//! A socket that was left alone is simply in the next round again, behind all others.

use std::io;
use std::mem::{MaybeUninit, zeroed};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::ptr::{from_mut, null_mut};

use mio::net::UdpSocket;
use mio::{Registry, Token};

use super::datagram::{Backlog, Entry, MAX_BATCH, ROOM};
use crate::net::addr::Addr;
use crate::net::transmit::Transmit;

/// Has the poll report `token` whenever there is something to read.
///
/// # Errors
/// The operating system's, when it has no room.
pub fn register(socket: &mut UdpSocket, registry: &Registry, token: Token) -> io::Result<()> {
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token.0 as u64 };
    control(registry, libc::EPOLL_CTL_ADD, socket, &mut event)
}

/// Has the poll report it no more.
pub fn deregister(socket: &mut UdpSocket, registry: &Registry) {
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    // Closing removes it from the poll as well; an error here changes nothing.
    let _ = control(registry, libc::EPOLL_CTL_DEL, socket, &mut event);
}

/// Reads up to `want` datagrams into the rooms of `bytes`. Returns whether the poll will say if
/// there is more, which it always does.
pub fn receive(
    socket: &UdpSocket,
    want: usize,
    bytes: &mut [u8],
    entries: &mut Vec<Entry>,
) -> bool {
    if want > 1 {
        receive_many(socket, want, bytes, entries);
    } else if let Ok((len, SocketAddr::V4(from))) = socket.recv_from(&mut bytes[..ROOM]) {
        entries.push((len, from));
    }
    true
}

/// What waits to be read, and what was lost. None where the system does not tell.
pub fn backlog(socket: &UdpSocket) -> Option<Backlog> {
    let mut figures = [0u32; libc::SK_MEMINFO_DROPS as usize + 1];
    let mut len = size_of_val(&figures) as libc::socklen_t;
    // SAFETY: the system writes no more than `len` bytes, which `figures` has.
    let done = unsafe {
        let (level, figures) = (libc::SOL_SOCKET, figures.as_mut_ptr().cast());
        libc::getsockopt(socket.as_raw_fd(), level, libc::SO_MEMINFO, figures, &mut len)
    };
    (done == 0).then_some(Backlog {
        waiting: figures[libc::SK_MEMINFO_RMEM_ALLOC as usize],
        room: figures[libc::SK_MEMINFO_RCVBUF as usize],
        lost: figures[libc::SK_MEMINFO_DROPS as usize],
    })
}

/// Sends datagrams that lie one after the other in `bytes`; only a lone one may have a TTL of its
/// own. What cannot leave now is lost, as on any network.
pub fn send(socket: &UdpSocket, transmits: &[Transmit], mut bytes: &[u8]) {
    for transmits in transmits.chunks(MAX_BATCH) {
        let len = transmits.iter().map(|transmit| transmit.len).sum();
        let Some((these, after)) = bytes.split_at_checked(len) else { return };
        bytes = after;
        match transmits {
            [one] if one.ttl > 0 => send_with_ttl(socket, one, these),
            [one] => drop(socket.send_to(these, one.to.into())),
            _ => send_many(socket, transmits, these),
        }
    }
}

fn control(
    registry: &Registry,
    operation: libc::c_int,
    socket: &UdpSocket,
    event: &mut libc::epoll_event,
) -> io::Result<()> {
    // SAFETY: both descriptors are open, and the event outlives the call, which copies it.
    let done =
        unsafe { libc::epoll_ctl(registry.as_raw_fd(), operation, socket.as_raw_fd(), event) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn receive_many(socket: &UdpSocket, want: usize, bytes: &mut [u8], entries: &mut Vec<Entry>) {
    let mut names = [name_of(Addr::new(Ipv4Addr::UNSPECIFIED, 0)); MAX_BATCH];
    let mut parts = [const { MaybeUninit::uninit() }; MAX_BATCH];
    let mut headers = [const { MaybeUninit::uninit() }; MAX_BATCH];
    let rooms = bytes.chunks_exact_mut(ROOM).take(want);
    let mut count = 0;
    for (((room, name), part), header) in rooms.zip(&mut names).zip(&mut parts).zip(&mut headers) {
        let part = part.write(libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: ROOM });
        header.write(header_of(name, part));
        count += 1;
    }
    // SAFETY: the first `count` headers are written and point to rooms, names and parts that live
    // until the end of this function; each room has as many bytes as its part says.
    let received = unsafe {
        let headers = headers.as_mut_ptr().cast();
        libc::recvmmsg(socket.as_raw_fd(), headers, count, libc::MSG_DONTWAIT as _, null_mut())
    };
    let received = usize::try_from(received).unwrap_or(0);
    for (header, name) in headers.iter().zip(&names).take(received) {
        // SAFETY: no more were received than were written.
        let header: &libc::mmsghdr = unsafe { header.assume_init_ref() };
        entries.push((header.msg_len as usize, addr_of(name)));
    }
}

fn send_many(socket: &UdpSocket, transmits: &[Transmit], mut bytes: &[u8]) {
    let mut names = [name_of(Addr::new(Ipv4Addr::UNSPECIFIED, 0)); MAX_BATCH];
    let mut parts = [const { MaybeUninit::uninit() }; MAX_BATCH];
    let mut headers = [const { MaybeUninit::uninit() }; MAX_BATCH];
    let mut count = 0;
    for (((transmit, name), part), header) in
        transmits.iter().zip(&mut names).zip(&mut parts).zip(&mut headers)
    {
        let (these, after) = bytes.split_at(transmit.len);
        bytes = after;
        *name = name_of(transmit.to);
        let base = these.as_ptr().cast_mut().cast();
        let part = part.write(libc::iovec { iov_base: base, iov_len: these.len() });
        header.write(header_of(name, part));
        count += 1;
    }
    let mut done = 0;
    while done < count {
        // SAFETY: the headers from `done` to `count` are written and point to bytes, names and
        // parts that live until the end of this function; sending does not write to the bytes.
        let sent = unsafe {
            let rest: *mut libc::mmsghdr = headers[done..].as_mut_ptr().cast();
            libc::sendmmsg(socket.as_raw_fd(), rest, (count - done) as _, libc::MSG_DONTWAIT as _)
        };
        if sent < 0 && io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock {
            // No room, and each of the rest would ask in vain.
            return;
        }
        // The one that could not leave is lost, those behind it are not.
        done += usize::try_from(sent).unwrap_or(0).max(1);
    }
}

/// Bytes of control data that carry one number.
// SAFETY: computes a length, nothing else.
const CONTROL: usize = unsafe { libc::CMSG_SPACE(size_of::<libc::c_int>() as u32) } as usize;

/// Room for control data, aligned as its head is.
#[repr(C)]
struct Control {
    head: [libc::cmsghdr; 0],
    bytes: [u8; CONTROL],
}

/// The TTL goes with the datagram: as an option of the socket it would be everyone's for a moment.
fn send_with_ttl(socket: &UdpSocket, transmit: &Transmit, bytes: &[u8]) {
    let mut name = name_of(transmit.to);
    let base = bytes.as_ptr().cast_mut().cast();
    let mut part = libc::iovec { iov_base: base, iov_len: bytes.len() };
    let mut control = Control { head: [], bytes: [0; CONTROL] };
    let mut header = header_of(&mut name, &mut part).msg_hdr;
    header.msg_control = from_mut(&mut control).cast();
    header.msg_controllen = CONTROL as _;
    // SAFETY: `control` is aligned as a head is and has room for one, with a number behind it; the
    // header points to bytes, name, part and control data that live until the end of this
    // function; sending writes to none of them.
    unsafe {
        let head = libc::CMSG_FIRSTHDR(&header);
        (*head).cmsg_level = libc::IPPROTO_IP;
        (*head).cmsg_type = libc::IP_TTL;
        (*head).cmsg_len = libc::CMSG_LEN(size_of::<libc::c_int>() as u32) as _;
        libc::CMSG_DATA(head).cast::<libc::c_int>().write_unaligned(transmit.ttl.into());
        libc::sendmsg(socket.as_raw_fd(), &header, libc::MSG_DONTWAIT as _);
    }
}

fn header_of(name: &mut libc::sockaddr_in, part: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: plain data, for which all zeros are valid: no control data, no flags.
    let mut header: libc::mmsghdr = unsafe { zeroed() };
    header.msg_hdr.msg_name = from_mut(name).cast();
    header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    header.msg_hdr.msg_iov = part;
    header.msg_hdr.msg_iovlen = 1;
    header
}

fn name_of(addr: Addr) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: addr.port().to_be(),
        sin_addr: libc::in_addr { s_addr: addr.ip().to_bits().to_be() },
        sin_zero: [0; 8],
    }
}

fn addr_of(name: &libc::sockaddr_in) -> Addr {
    Addr::new(Ipv4Addr::from_bits(u32::from_be(name.sin_addr.s_addr)), u16::from_be(name.sin_port))
}
