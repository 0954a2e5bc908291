//! What a UDX instance is: sockets of the user's on a shard, beside nodes that may share it.
//!
//! It is a tenant with a lock of its own. Nothing that it does takes a node's lock, and none of a node's
//! datagrams takes its lock.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::shard::Shard;
use super::shard::shared_socket::{Listener, SharedSocket};
use super::shard::tenant::{Panic, Tenant};
use super::udp::receive_batch::ReceiveBatch;
use super::udp::socket::Socket;
use super::udp::socket_options::SocketOptions;
use super::udp::traffic::Traffic;

/// Sockets that one hub has open: as many as there are ports.
const MAX_SOCKETS: usize = 65_536;

/// No key of a tenant.
const NOWHERE: usize = usize::MAX;

/// Why a socket could not be bound.
#[derive(Debug)]
pub enum BindError {
    System(io::Error),
    /// The hub has as many as it may.
    TooManySockets,
}

impl From<io::Error> for BindError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl Display for BindError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::TooManySockets => write!(f, "too many sockets: at most {MAX_SOCKETS} are open"),
        }
    }
}

/// Who follows the machine's network interfaces.
pub trait Watcher: Send + Sync {
    /// They changed.
    fn network_changed(&self);
}

/// See the module's page.
pub struct Hub {
    me: Weak<Hub>,
    shard: Arc<Shard>,
    key: AtomicUsize,
    traffic: Arc<Traffic>,
    /// Datagrams that whoever listens had no room for.
    dropped: AtomicU64,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    sockets: usize,
    watcher: Option<Arc<dyn Watcher>>,
}

impl Hub {
    /// A hub on this shard, until [`Self::close`].
    pub fn start(shard: &Arc<Shard>) -> Arc<Self> {
        let hub = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            shard: Arc::clone(shard),
            key: AtomicUsize::new(NOWHERE),
            traffic: Arc::default(),
            dropped: AtomicU64::new(0),
            open: Mutex::default(),
        });
        shard.attach(hub.clone());
        hub
    }

    /// The shard that it lives on.
    pub fn shard(&self) -> &Arc<Shard> {
        &self.shard
    }

    /// What all of its sockets sent and received, those of its nodes among them.
    pub fn traffic(&self) -> &Arc<Traffic> {
        &self.traffic
    }

    /// Datagrams that whoever listens had no room for.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Those too were dropped.
    pub fn count_dropped(&self, datagrams: u64) {
        self.dropped.fetch_add(datagrams, Ordering::Relaxed);
    }

    /// Binds a socket, what comes on it goes to `listener`. It is given back to [`Self::close_socket`].
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn bind(
        &self,
        options: &SocketOptions,
        listener: impl FnOnce(&Arc<Hub>) -> Arc<dyn Listener>,
    ) -> Result<Arc<SharedSocket>, BindError> {
        let Some(me) = self.me.upgrade() else { return Err(BindError::TooManySockets) };
        self.take_place()?;
        self.open_socket(options, listener(&me)).map_err(|error| {
            self.open.lock().sockets -= 1;
            BindError::System(error)
        })
    }

    /// The port is free when this returns.
    pub fn close_socket(&self, socket: &SharedSocket) {
        socket.close();
        socket.listen(None);
        self.open.lock().sockets -= 1;
    }

    /// Tells of changes of the machine's network interfaces from now on.
    pub fn watch(&self, watcher: Option<Arc<dyn Watcher>>) {
        self.open.lock().watcher = watcher;
    }

    /// It is a tenant no more.
    pub fn close(&self) {
        self.watch(None);
        let key = self.key.swap(NOWHERE, Ordering::Relaxed);
        if key != NOWHERE {
            self.shard.detach(key);
        }
    }

    fn take_place(&self) -> Result<(), BindError> {
        let mut open = self.open.lock();
        if open.sockets >= MAX_SOCKETS {
            return Err(BindError::TooManySockets);
        }
        open.sockets += 1;
        Ok(())
    }

    fn open_socket(
        &self,
        options: &SocketOptions,
        listener: Arc<dyn Listener>,
    ) -> io::Result<Arc<SharedSocket>> {
        let socket = Socket::open(options)?;
        let socket = SharedSocket::new(self.shard.sockets(), socket, None);
        socket.join(&self.traffic);
        socket.listen(Some(listener));
        socket.register()?;
        Ok(socket)
    }
}

impl Tenant for Hub {
    fn placed(&self, key: usize) {
        self.key.store(key, Ordering::Relaxed);
    }

    fn receive(&self, _: usize, _: &ReceiveBatch) -> bool {
        false
    }

    fn timeout(&self, _: u64) {}

    fn run_waiting_calls(&self) {}

    fn network_changed(&self) {
        let watcher = self.open.lock().watcher.clone();
        if let Some(watcher) = watcher {
            watcher.network_changed();
        }
    }

    fn crash(&self, _: Panic) {
        tracing::error!("a hub panicked");
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_no_more_sockets_than_it_may() {
        struct Deaf;
        impl Listener for Deaf {
            fn hear(&self, _: &ReceiveBatch) {}
        }
        let hub = super::super::Engine::get().add_hub().unwrap();
        let addr = "127.0.0.1:0".parse().unwrap();
        let options = SocketOptions { addr, ipv6_only: false, reuse_address: false };
        let bind = || hub.bind(&options, |_| Arc::new(Deaf));
        hub.open.lock().sockets = MAX_SOCKETS - 1;
        let last = bind().unwrap();
        assert!(matches!(bind(), Err(BindError::TooManySockets)));
        hub.close_socket(&last);
        let taken = bind().unwrap();
        let port = taken.with(|socket| socket.port().unwrap()).unwrap();
        hub.open.lock().sockets = 1;
        let addr = SocketOptions { addr: ([127, 0, 0, 1], port).into(), ..options };
        assert!(matches!(hub.bind(&addr, |_| Arc::new(Deaf)), Err(BindError::System(_))));
        assert_eq!(hub.open.lock().sockets, 1, "that one took no place");
        hub.close_socket(&taken);
        hub.close();
    }
}
