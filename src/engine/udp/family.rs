//! IPv4 and IPv6: whom a socket reaches, and by which address.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use mio::net::UdpSocket;
use socket2::SockRef;

/// What of addresses a socket takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    V4,
    /// Those of IPv4 as well, which are mapped, unless the socket was told otherwise.
    V6,
}

impl Family {
    pub fn of(ip: IpAddr) -> Self {
        if ip.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// An address as a socket of this family wants it.
    pub fn towards(self, to: SocketAddr) -> SocketAddr {
        match (self, to) {
            (Self::V6, SocketAddr::V4(to)) => {
                SocketAddrV6::new(to.ip().to_ipv6_mapped(), to.port(), 0, 0).into()
            }
            _ => to,
        }
    }

    /// # Errors
    /// The operating system's.
    #[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
    pub fn ttl(self, socket: &UdpSocket) -> io::Result<u32> {
        match self {
            Self::V4 => SockRef::from(socket).ttl_v4(),
            Self::V6 => SockRef::from(socket).unicast_hops_v6(),
        }
    }

    /// # Errors
    /// The operating system's, when it is none.
    pub fn set_ttl(self, socket: &UdpSocket, ttl: u32) -> io::Result<()> {
        let socket = SockRef::from(socket);
        if self == Self::V4 {
            return socket.set_ttl_v4(ttl);
        }
        socket.set_unicast_hops_v6(ttl)?;
        // Of what goes to mapped addresses; not every system knows it of such a socket.
        let _ = socket.set_ttl_v4(ttl);
        Ok(())
    }
}

/// A mapped address is the one of IPv4 that it stands for.
pub fn unmapped(addr: SocketAddr) -> SocketAddr {
    let mapped = |ip: &Ipv6Addr| ip.to_ipv4_mapped();
    match addr {
        SocketAddr::V6(v6) => match mapped(v6.ip()) {
            Some(ip) => SocketAddr::new(ip.into(), v6.port()),
            None => addr,
        },
        SocketAddr::V4(_) => addr,
    }
}
