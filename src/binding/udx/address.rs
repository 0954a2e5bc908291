//! Addresses as users write them.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// `fe80::1%eth0` and the like: an address of IPv6 may name its interface.
pub fn address(host: &str, port: u16) -> Option<SocketAddr> {
    let Some((ip, zone)) = host.split_once('%') else {
        return host.parse().ok().map(|ip: IpAddr| SocketAddr::new(ip, port));
    };
    let ip = ip.parse().ok()?;
    Some(SocketAddrV6::new(ip, port, 0, scope_of(zone)).into())
}

/// Whether it is an address of IPv6.
pub fn is_ipv6(host: &str) -> bool {
    let (ip, zone) = host.split_once('%').unwrap_or((host, "0"));
    let of_zone = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':');
    ip.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && zone.chars().all(of_zone)
}

/// The number of an interface, 0 if there is none of that name.
fn scope_of(zone: &str) -> u32 {
    zone.parse().unwrap_or_else(|_| index_of(zone))
}

#[cfg(unix)]
fn index_of(name: &str) -> u32 {
    let Ok(name) = std::ffi::CString::new(name) else { return 0 };
    // SAFETY: the name ends with a zero and outlives the call.
    unsafe { libc::if_nametoindex(name.as_ptr()) }
}

#[cfg(not(unix))]
fn index_of(_: &str) -> u32 {
    0
}
