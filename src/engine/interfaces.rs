//! The machine's network interfaces.

use std::io;
use std::net::IpAddr;

use parking_lot::Mutex;

/// One address of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInterface {
    pub name: String,
    pub host: IpAddr,
    /// A loopback interface.
    pub internal: bool,
}

/// What the system told last.
static LAST_TOLD: Mutex<Vec<NetworkInterface>> = Mutex::new(Vec::new());

/// All addresses of all interfaces, in the operating system's order. Where it does not tell, as it needs a descriptor
/// for that, what it told last.
///
/// # Errors
/// The operating system's, when it never told.
pub fn network_interfaces() -> io::Result<Vec<NetworkInterface>> {
    ask().or_else(|error| {
        let last = LAST_TOLD.lock().clone();
        if last.is_empty() { Err(error) } else { Ok(last) }
    })
}

fn ask() -> io::Result<Vec<NetworkInterface>> {
    let found = if_addrs::get_if_addrs()?;
    let convert = |i: if_addrs::Interface| NetworkInterface {
        internal: i.is_loopback(),
        host: i.ip(),
        name: i.name,
    };
    let told: Vec<_> = found.into_iter().map(convert).collect();
    LAST_TOLD.lock().clone_from(&told);
    Ok(told)
}
