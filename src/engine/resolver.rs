//! Names to addresses, by the operating system's resolver.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

use tokio::runtime::{Builder, Runtime};

/// Name lookups under way at a time. Each may hold a thread for as long as the resolver hangs.
const MAX_LOOKUPS: usize = 16;

/// Looks `name` up and calls `done` with its first IPv4 address, on a thread of the resolver's.
///
/// A lookup cannot be cancelled, and nothing waits for one when the process ends.
pub fn lookup(name: String, done: impl FnOnce(Option<Ipv4Addr>) + Send + 'static) {
    let Some(runtime) = runtime() else { return done(None) };
    runtime.spawn(async move {
        let found = tokio::net::lookup_host((name.as_str(), 0)).await;
        done(found.ok().and_then(|mut addrs| addrs.find_map(as_ipv4)));
    });
}

/// The process's runtime for what may wait; `None` if the operating system gave it no thread. It
/// is never shut down, so nothing is waited for.
pub fn runtime() -> Option<&'static Runtime> {
    static RUNTIME: OnceLock<Option<Runtime>> = OnceLock::new();
    let build = || {
        Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(MAX_LOOKUPS)
            .thread_name("dht-rpc-aux")
            .enable_time()
            .build()
    };
    RUNTIME.get_or_init(|| build().ok()).as_ref()
}

fn as_ipv4(addr: SocketAddr) -> Option<Ipv4Addr> {
    match addr {
        SocketAddr::V4(addr) => Some(*addr.ip()),
        SocketAddr::V6(_) => None,
    }
}
