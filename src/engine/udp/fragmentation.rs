//! Whether datagrams may be cut on their way, and how long the packets are that a way begins with.

use std::io;
use std::net::SocketAddr;

use mio::net::UdpSocket;

use super::family::{Family, unmapped};
use super::raw_option;

/// Bytes of a datagram up to which every way is taken to carry it whole: the packets of 1200 bytes that
/// streams begin with, less the headers of IPv6 and UDP.
const UNCUT: usize = 1200 - 48;

/// What may become of a datagram that is too long for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fragmentation {
    /// What the system finds right: it cuts what it knows to be too long, and routers are told not to.
    Usual,
    /// The system cuts it, and so do routers.
    Allowed,
    /// It is lost. That is how streams learn what a way carries.
    Forbidden,
}

/// Whether a datagram of so many bytes might have to be cut somewhere.
pub fn may_be_cut(len: usize) -> bool {
    len > UNCUT
}

/// # Errors
/// The operating system's. Where there is nothing to set this does nothing.
pub fn set(socket: &UdpSocket, family: Family, what: Fragmentation) -> io::Result<()> {
    let value = value_of(what);
    let set = |name: Option<Name>| name.map_or(Ok(()), |name| raw_option::set(socket, name, value));
    if family == Family::V4 {
        return set(names::V4);
    }
    set(names::V6)?;
    // Of what goes to mapped addresses; not every system knows it of such a socket.
    let _ = set(names::V4);
    Ok(())
}

/// Bytes of a packet, the header of IP among them, that the first link towards an address takes. `None`:
/// the system does not tell, or has no route.
pub fn route_mtu(to: SocketAddr) -> Option<u16> {
    let to = unmapped(to);
    // Sends nothing: the system looks for the route.
    let bound = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let probe = std::net::UdpSocket::bind(bound).ok()?;
    probe.connect(to).ok()?;
    let name = if to.is_ipv4() { names::MTU_V4 } else { names::MTU_V6 };
    let mtu = raw_option::get(&probe, name?).ok()?;
    Some(u16::try_from(mtu).unwrap_or(u16::MAX))
}

/// Level and number of an option.
type Name = (i32, i32);

#[cfg(any(target_os = "linux", target_os = "android"))]
mod names {
    use libc::{IPPROTO_IP, IPPROTO_IPV6};

    pub const V4: Option<(i32, i32)> = Some((IPPROTO_IP, libc::IP_MTU_DISCOVER));
    pub const V6: Option<(i32, i32)> = Some((IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER));
    pub const MTU_V4: Option<(i32, i32)> = Some((IPPROTO_IP, libc::IP_MTU));
    pub const MTU_V6: Option<(i32, i32)> = Some((IPPROTO_IPV6, libc::IPV6_MTU));
}

#[cfg(target_vendor = "apple")]
mod names {
    pub const V4: Option<(i32, i32)> = Some((libc::IPPROTO_IP, libc::IP_DONTFRAG));
    pub const V6: Option<(i32, i32)> = Some((libc::IPPROTO_IPV6, libc::IPV6_DONTFRAG));
    pub const MTU_V4: Option<(i32, i32)> = None;
    pub const MTU_V6: Option<(i32, i32)> = None;
}

/// Those of `ws2ipdef.h`.
#[cfg(windows)]
mod names {
    pub const V4: Option<(i32, i32)> = Some((0, 71));
    pub const V6: Option<(i32, i32)> = Some((41, 71));
    pub const MTU_V4: Option<(i32, i32)> = Some((0, 73));
    pub const MTU_V6: Option<(i32, i32)> = Some((41, 72));
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows)))]
mod names {
    pub const V4: Option<(i32, i32)> = None;
    pub const V6: Option<(i32, i32)> = None;
    pub const MTU_V4: Option<(i32, i32)> = None;
    pub const MTU_V6: Option<(i32, i32)> = None;
}

/// Of both families: `PMTUDISC_WANT`, `DONT` and `PROBE`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn value_of(what: Fragmentation) -> i32 {
    match what {
        Fragmentation::Usual => libc::IP_PMTUDISC_WANT,
        Fragmentation::Allowed => libc::IP_PMTUDISC_DONT,
        Fragmentation::Forbidden => libc::IP_PMTUDISC_PROBE,
    }
}

/// The same, by the numbers that Windows has for them.
#[cfg(windows)]
fn value_of(what: Fragmentation) -> i32 {
    match what {
        Fragmentation::Usual => 0,
        Fragmentation::Allowed => 2,
        Fragmentation::Forbidden => 3,
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
fn value_of(what: Fragmentation) -> i32 {
    i32::from(what == Fragmentation::Forbidden)
}

#[cfg(all(test, any(target_os = "linux", target_os = "android")))]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn options(socket: &UdpSocket, names: &[Name]) -> Vec<i32> {
        names.iter().map(|name| raw_option::get(socket, *name).unwrap()).collect()
    }

    #[test]
    fn it_is_that_of_both_families_of_a_socket() {
        let (v4, v6) = (names::V4.unwrap(), names::V6.unwrap());
        let mut sockets = vec![("127.0.0.1:0", Family::V4, vec![v4])];
        if std::net::UdpSocket::bind("[::]:0").is_ok() {
            sockets.push(("[::]:0", Family::V6, vec![v6, v4]));
        }
        for (addr, family, names) in sockets {
            let socket = UdpSocket::bind(addr.parse().unwrap()).unwrap();
            let values = [
                (Fragmentation::Forbidden, libc::IP_PMTUDISC_PROBE),
                (Fragmentation::Allowed, libc::IP_PMTUDISC_DONT),
                (Fragmentation::Usual, libc::IP_PMTUDISC_WANT),
            ];
            for (what, value) in values {
                set(&socket, family, what).unwrap();
                assert_eq!(options(&socket, &names), vec![value; names.len()], "{family:?}");
            }
        }
    }

    #[test]
    fn the_loopback_takes_long_packets() {
        assert!(route_mtu((Ipv4Addr::LOCALHOST, 1).into()).is_some_and(|mtu| mtu > 1500));
    }
}
