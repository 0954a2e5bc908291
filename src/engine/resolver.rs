//! Names to addresses, by the operating system's resolver.

use std::net::{IpAddr, ToSocketAddrs};

use super::aux_threads::AUX_THREADS;

/// There is no thread to look anything up on, and none to be had.
#[derive(Debug)]
pub struct NoThread;

/// Looks `name` up and calls `done` with its first address that `fits`, on a thread of the resolver's.
///
/// A lookup cannot be cancelled, and nothing waits for one when the process ends.
///
/// # Errors
/// `done` is not called.
pub fn lookup(
    name: String,
    fits: impl FnMut(&IpAddr) -> bool + Send + 'static,
    done: impl FnOnce(Option<IpAddr>) + Send + 'static,
) -> Result<(), NoThread> {
    let look_up = move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        done(found.ok().and_then(|addrs| addrs.map(|addr| addr.ip()).find(fits)));
    };
    AUX_THREADS.enqueue(Box::new(look_up)).map_err(|_| NoThread)
}
