//! The machine's network interfaces, and who is told when they change.

use std::io;
use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

use parking_lot::Mutex;

use super::resolver;

/// How often the interfaces are compared: as often as udx does it under the reference.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

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

/// Starts the watcher, once a process; `changed` hears of each change.
pub(super) fn watch(changed: fn()) {
    static STARTED: Once = Once::new();
    STARTED.call_once(move || {
        let mut before = ask().ok();
        let Some(runtime) = resolver::runtime() else { return };
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(WATCH_INTERVAL).await;
                let after = ask().ok();
                // Once it does not tell: nothing is known to have changed.
                if after.is_some() && after != before {
                    before = after;
                    changed();
                }
            }
        });
    });
}
