//! The machine's network interfaces, and who is told when they change.

use std::net::IpAddr;
use std::sync::Once;
use std::time::Duration;

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

/// Starts the watcher, once a process; `changed` hears of each change.
pub(super) fn watch(changed: fn()) {
    static STARTED: Once = Once::new();
    STARTED.call_once(move || {
        let Some(runtime) = resolver::runtime() else { return };
        runtime.spawn(async move {
            let mut before = network_interfaces().ok();
            loop {
                tokio::time::sleep(WATCH_INTERVAL).await;
                let after = network_interfaces().ok();
                // Once it does not tell: nothing is known to have changed.
                if after.is_some() && after != before {
                    before = after;
                    changed();
                }
            }
        });
    });
}
