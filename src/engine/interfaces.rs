//! The machine's network interfaces.

use std::net::IpAddr;

/// One address of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInterface {
    pub name: String,
    pub host: IpAddr,
    /// A loopback interface.
    pub internal: bool,
}

/// All addresses of all interfaces, in the operating system's order.
///
/// # Errors
/// The operating system's, when it does not tell.
pub fn network_interfaces() -> std::io::Result<Vec<NetworkInterface>> {
    let found = if_addrs::get_if_addrs()?;
    let convert = |i: if_addrs::Interface| NetworkInterface {
        internal: i.is_loopback(),
        host: i.ip(),
        name: i.name,
    };
    Ok(found.into_iter().map(convert).collect())
}
