//! Names to addresses, by the operating system's resolver.

use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};

use super::aux_threads::AUX_THREADS;

/// There is no thread to look anything up on, and none to be had.
#[derive(Debug)]
pub struct NoThread;

/// Looks `name` up and calls `done` with its first IPv4 address, on a thread of the resolver's.
///
/// A lookup cannot be cancelled, and nothing waits for one when the process ends.
///
/// # Errors
/// `done` is not called.
pub fn lookup(
    name: String,
    done: impl FnOnce(Option<Ipv4Addr>) + Send + 'static,
) -> Result<(), NoThread> {
    let look_up = move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        done(found.ok().and_then(|mut addrs| addrs.find_map(as_ipv4)));
    };
    AUX_THREADS.enqueue(Box::new(look_up)).map_err(|_| NoThread)
}

fn as_ipv4(addr: SocketAddr) -> Option<Ipv4Addr> {
    match addr {
        SocketAddr::V4(addr) => Some(*addr.ip()),
        SocketAddr::V6(_) => None,
    }
}
