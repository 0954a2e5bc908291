//! What a UDX instance is: sockets of the user's on a shard, beside nodes that may share it.
//!
//! It is a tenant with a lock of its own. Nothing that it does takes a node's lock, and none of a node's
//! datagrams takes its lock.

mod calls;
pub mod held_acks;
mod output;
mod relaying;
mod relays;
mod stream_sink;
mod streams;

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};

use self::streams::{Streams, snapshot};
use super::driver::Driver;
use super::shard::Shard;
use super::shard::shared_socket::{Carrier, Listener, SharedSocket};
use super::shard::tenant::{Panic, Tenant};
use super::udp::receive_batch::ReceiveBatch;
use super::udp::socket::Socket;
use super::udp::socket_options::SocketOptions;
use super::udp::tally::Tally;
use super::udp::traffic::{Total, TrafficSnapshot};
use crate::udx::{Limits, SocketId, wire};

pub use self::calls::{Submission, When};
pub use self::stream_sink::StreamSink;

/// Sockets that one hub has open: as many as there are ports.
const MAX_SOCKETS: usize = 65_536;

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
    driver: Driver<Streams>,
    /// It has streams, or had some.
    is_carrying: AtomicBool,
    /// By the numbers by which its streams know them.
    sockets: RwLock<HashMap<SocketId, Weak<SharedSocket>>>,
    last_socket: AtomicU32,
    traffic: Arc<Total>,
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
        Self::start_with(shard, Limits::default())
    }

    /// As [`Self::start`], with bounds of the user's.
    pub fn start_with(shard: &Arc<Shard>, limits: Limits) -> Arc<Self> {
        let hub = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            driver: Driver::new(Streams::new(limits), Arc::clone(shard)),
            is_carrying: AtomicBool::new(false),
            sockets: RwLock::default(),
            last_socket: AtomicU32::new(0),
            traffic: Arc::default(),
            dropped: AtomicU64::new(0),
            open: Mutex::default(),
        });
        shard.attach(hub.clone());
        hub
    }

    /// The shard that it lives on.
    pub fn shard(&self) -> &Arc<Shard> {
        self.driver.shard()
    }

    /// What all of its sockets sent and received, those of its nodes among them, but for what its
    /// streams did: see [`Self::total`].
    pub fn traffic(&self) -> &Arc<Total> {
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

    /// It is a tenant no more, and its streams are gone. Their peers are not told, see
    /// [`Self::destroy_streams`].
    pub fn close(&self) {
        self.watch(None);
        if self.driver.close() {
            self.shard().detach(self.driver.key());
        }
    }

    /// Its streams may go by a socket, which counts in its traffic.
    pub(in super::super) fn adopt(&self, socket: &Arc<SharedSocket>) {
        socket.join(&self.traffic);
        let number = self.last_socket.fetch_add(1, Ordering::Relaxed) + 1;
        self.sockets.write().insert(SocketId(number), Arc::downgrade(socket));
        self.with(|streams, _| streams.open_socket(SocketId(number)));
        let me: Weak<dyn Carrier> = self.me.clone();
        socket.carry(me, number);
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
        let socket = SharedSocket::new(self.shard().sockets(), socket, None);
        self.adopt(&socket);
        socket.listen(Some(listener));
        if let Err(error) = socket.register() {
            socket.close();
            return Err(error);
        }
        Ok(socket)
    }
}

impl Tenant for Hub {
    fn placed(&self, key: usize) {
        self.driver.set_key(key);
        self.with(|_, _| ());
    }

    fn receive(&self, _: usize, _: &ReceiveBatch) -> bool {
        false
    }

    fn timeout(&self, at: u64) {
        self.settle(self.driver.lock_due(at), Streams::handle_timeout);
        self.run_waiting_calls();
    }

    fn run_waiting_calls(&self) {
        while let Some(state) = self.driver.try_lock_pending() {
            self.settle(state, |_, _| ());
        }
    }

    fn network_changed(&self) {
        let watcher = self.open.lock().watcher.clone();
        if let Some(watcher) = watcher {
            watcher.network_changed();
        }
    }

    fn crash(&self, _: Panic) {
        tracing::error!("a hub panicked");
        if self.driver.give_up() {
            let sinks = self.driver.remains(Streams::take_sinks);
            sinks.iter().for_each(|(_, sink)| tell_crashed(&**sink));
        }
        self.close();
    }
}

/// Whoever is told may be who panicked.
fn tell_crashed(sink: &dyn StreamSink) {
    let tell = || {
        sink.crashed();
        sink.wake();
    };
    let _ = catch_unwind(AssertUnwindSafe(tell));
}

impl Carrier for Hub {
    fn is_carrying(&self) -> bool {
        self.is_carrying.load(Ordering::Relaxed)
    }

    fn take(&self, socket: u32, batch: &mut ReceiveBatch) -> Tally {
        if !batch.has(wire::is_packet) {
            return batch.tally();
        }
        let may_hold = held_acks::are_held() && batch.tally().datagrams <= held_acks::FEW;
        let taken = self.with(|streams, now| {
            streams.may_hold = may_hold;
            streams.take(now, SocketId(socket), batch)
        });
        taken.unwrap_or_else(|| batch.tally())
    }

    fn traffic(&self, socket: u32) -> TrafficSnapshot {
        let socket = SocketId(socket);
        let traffic = self.with(|streams, _| streams.core.socket_traffic(socket));
        snapshot(traffic.unwrap_or_default())
    }

    fn socket_closed(&self, socket: u32) {
        self.sockets.write().remove(&SocketId(socket));
        // What was left for the streams leaves, or is lost, with it.
        self.with(|streams, now| streams.remove_socket(now, SocketId(socket)));
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
