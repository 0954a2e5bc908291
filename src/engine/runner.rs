//! One node on its shard: the lock around its core, its sockets, its calls.
//!
//! The lock is held for computing only: datagrams are encoded under it and sent after it, events
//! are handed to the [`Sink`] under it (so that they keep their order) and the sink is woken after
//! it. Nobody holds it across a system call, a wait or a callback.

use std::any::Any;
use std::cell::RefCell;
use std::io;
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};

use super::batch::Batch;
use super::desk::Desk;
use super::shard::Shard;
use super::sockets::{BindOptions, Ports, Sockets};
use super::sync::MutexGuard;
use super::timers::{NEVER, on_grid};
use super::{clock, resolver};
use crate::proto::{Config, Event, Node, Now, RequestError, RequestSpec, Socket, Transmit};

/// Where a node's events go.
pub trait Sink: Send + Sync {
    /// Takes an event over. Called under the node's lock: it must neither wait nor call back.
    /// `false`: there is no room, the event is dropped and counted.
    fn event(&self, event: Event) -> bool;
    /// A datagram that leaves by a socket of the user's.
    /// `false`: there is no room, it is dropped and counted.
    fn send(&self, transmit: &Transmit, bytes: &[u8]) -> bool;
    /// The machine's network interfaces changed.
    fn network_changed(&self);
    /// The node panicked and is gone.
    fn crashed(&self, message: &str);
    /// The node's sockets are closed and nothing more will come.
    fn closed(&self);
    /// There is something new. Called without any lock.
    fn wake(&self);
}

type Call = Box<dyn FnOnce(&mut Node, Now) + Send>;

/// See the module's page.
pub struct Runner {
    me: Weak<Runner>,
    key: AtomicUsize,
    shard: Arc<Shard>,
    options: BindOptions,
    ports: Mutex<Ports>,
    sockets: RwLock<Bound>,
    core: Desk<Core, Call>,
    sink: Box<dyn Sink>,
    dropped: AtomicU64,
}

#[derive(Default)]
enum Bound {
    #[default]
    Closed,
    Open(Sockets),
    /// The user brought the sockets: the sink sends.
    Elsewhere,
}

struct Core {
    node: Node,
    /// When the shard's timer for it fires.
    armed: u64,
    closed: bool,
    /// Its key may be another node's by now.
    released: bool,
}

/// What a call produced, carried out of the lock. One a thread, so that nodes stay small.
#[derive(Default)]
struct Outbox {
    bytes: Vec<u8>,
    transmits: Vec<Transmit>,
    lookups: Vec<(u32, String)>,
    /// The sink has something new.
    wake_sink: bool,
}

/// Capacity that an outbox keeps between two calls, in bytes.
const KEPT_CAPACITY: usize = 256 * 1024;

thread_local! {
    static OUTBOX: RefCell<Outbox> = RefCell::default();
}

impl Outbox {
    fn clear(&mut self) {
        self.transmits.clear();
        self.lookups.clear();
        self.wake_sink = false;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_CAPACITY);
    }
}

impl Runner {
    pub(super) fn new(
        config: Config,
        options: BindOptions,
        shard: Arc<Shard>,
        sink: Box<dyn Sink>,
    ) -> Arc<Self> {
        let node = Node::new(config, clock::now());
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            key: AtomicUsize::new(usize::MAX),
            shard,
            options,
            ports: Mutex::default(),
            sockets: RwLock::default(),
            core: Desk::new(Core { node, armed: NEVER, closed: false, released: false }),
            sink,
            dropped: AtomicU64::new(0),
        })
    }

    /// Binds both sockets, or binds them again after [`Self::suspend`].
    ///
    /// # Errors
    /// The operating system's, see [`Sockets::bind`].
    pub fn bind(&self) -> io::Result<()> {
        self.bind_and(|_, _| ())
    }

    /// Begins the node's bootstrap, binding first if that was not done: no datagram can come in
    /// between the two.
    ///
    /// # Errors
    /// As those of [`Self::bind`].
    pub fn start(&self) -> io::Result<()> {
        self.bind_and(|node, now| node.start(now))
    }

    /// The node's sockets are the user's and bound to these ports: what the node sends goes to the
    /// sink, and what it receives comes by [`Node::handle_datagram`].
    pub fn bound_elsewhere(&self, server_port: u16, client_port: u16) {
        *self.ports.lock() = Ports { server: server_port, client: client_port };
        *self.sockets.write() = Bound::Elsewhere;
        self.with(|node, now| node.handle_bound(now, server_port, client_port));
    }

    fn bind_and(&self, then: impl FnOnce(&mut Node, Now)) -> io::Result<()> {
        let mut place = self.sockets.write();
        if !matches!(*place, Bound::Closed) {
            drop(place);
            self.with(then);
            return Ok(());
        }
        let mut sockets = Sockets::bind(&self.options, *self.ports.lock())?;
        sockets.register(self.shard.registry(), self.key() * 2)?;
        let ports = sockets.ports;
        *self.ports.lock() = ports;
        // Taken before the sockets are in place: what they receive comes after this.
        let core = self.core.lock();
        *place = Bound::Open(sockets);
        drop(place);
        self.settle(core, |node, now| {
            node.handle_bound(now, ports.server, ports.client);
            then(node, now);
        });
        self.run_waiting_calls();
        Ok(())
    }

    /// The shard that the node lives on.
    pub fn shard(&self) -> &Arc<Shard> {
        &self.shard
    }

    /// The ports bound now or last; 0 before the first bind.
    pub fn ports(&self) -> Ports {
        *self.ports.lock()
    }

    /// Runs `f` on the node and returns what it says; `None` if the node is gone. Waits for
    /// whoever holds the node, which is for microseconds.
    pub fn with<R>(&self, f: impl FnOnce(&mut Node, Now) -> R) -> Option<R> {
        let result = self.settle(self.core.lock(), f);
        self.run_waiting_calls();
        result
    }

    /// Runs `f` as [`Self::with`] does, but what comes of it goes to `sink`: for callers who want
    /// to see that before they go on.
    pub fn with_sink<R>(&self, sink: &dyn Sink, f: impl FnOnce(&mut Node, Now) -> R) -> Option<R> {
        let result = self.settle_into(sink, self.core.lock(), f);
        self.run_waiting_calls();
        result
    }

    /// Datagrams that the sink had no room for; [`crate::proto::Counters::dropped`] counts the rest.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Whether the user brought the sockets.
    pub fn is_bound_elsewhere(&self) -> bool {
        matches!(*self.sockets.read(), Bound::Elsewhere)
    }

    /// Runs `f` on the node, now if nobody else holds it, otherwise when they let go.
    pub fn call(&self, f: impl FnOnce(&mut Node, Now) + Send + 'static) {
        match self.core.try_lock() {
            Some(core) => {
                self.settle(core, f);
            }
            None => self.core.leave(Box::new(f)),
        }
        self.run_waiting_calls();
    }

    /// Makes a request. If another thread holds the node, a refusal comes as an event.
    pub fn request(&self, spec: RequestSpec) -> Result<(), RequestError> {
        let result = match self.core.try_lock() {
            Some(core) => self
                .settle(core, |node, now| node.request(now, spec))
                .unwrap_or(Err(RequestError::Destroyed)),
            None => {
                self.core.leave(Box::new(move |node, now| node.submit(now, spec)));
                Ok(())
            }
        };
        self.run_waiting_calls();
        result
    }

    /// Has the shard run `f`, with whatever else waits for it; at once on this thread while the
    /// shard's poll is lent, to whomever.
    pub fn call_on_shard(&self, f: impl FnOnce(&mut Node, Now) + Send + 'static) {
        self.core.leave(Box::new(f));
        if self.shard.is_lent() {
            self.run_waiting_calls();
        } else {
            self.shard.call(self.key());
        }
    }

    /// Makes requests as [`Self::call_on_shard`] does. A refusal comes as an event.
    pub fn request_on_shard(&self, specs: Vec<RequestSpec>) {
        self.shard.expect_answers();
        self.call_on_shard(move |node, now| specs.into_iter().for_each(|s| node.submit(now, s)));
    }

    /// Rejects what is in flight and closes the sockets; [`Self::bind`] opens them again.
    pub fn suspend(&self) {
        self.with(|node, now| node.suspend(now));
        self.close_sockets();
    }

    /// Closes the sockets of a suspended node.
    pub fn close_sockets(&self) {
        if let Bound::Open(mut sockets) = std::mem::take(&mut *self.sockets.write()) {
            sockets.deregister(self.shard.registry());
        }
    }

    /// Rejects what is in flight, closes the sockets and forgets the node. Idempotent.
    pub fn destroy(&self) {
        self.with(|node, now| node.destroy(now));
        self.close();
    }

    pub(super) fn placed(&self, key: usize) {
        self.key.store(key, Ordering::Relaxed);
        self.with(|_, _| ());
    }

    /// Reads one batch from a socket. `false`: there may be more.
    pub(super) fn receive(&self, socket: Socket, batch: &mut Batch) -> bool {
        let emptied = match &*self.sockets.read() {
            Bound::Open(sockets) => batch.fill(sockets, socket),
            _ => return true,
        };
        if !batch.is_empty() {
            self.with(|node, now| {
                let strain = batch.strain();
                if strain.lossy {
                    node.handle_losses(now);
                }
                node.handle_pressure(strain.pressure);
                for (from, bytes) in batch.iter() {
                    node.handle_datagram(now, socket, from, bytes);
                }
            });
        }
        emptied
    }

    pub(super) fn timeout(&self, at: u64) {
        let mut core = self.core.lock();
        if core.armed == at {
            core.armed = NEVER;
        }
        self.settle(core, |node, now| node.handle_timeout(now));
        self.run_waiting_calls();
    }

    pub(super) fn run_waiting_calls(&self) {
        while let Some(core) = self.core.due() {
            self.settle(core, |_, _| ());
        }
    }

    pub(super) fn network_changed(&self) {
        if matches!(*self.sockets.read(), Bound::Closed) {
            return;
        }
        self.guarded(|| {
            self.sink.network_changed();
            self.sink.wake();
        });
    }

    /// Runs what may panic besides a call on the node: then this node is gone, and no other.
    pub(super) fn guarded<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        match catch_unwind(AssertUnwindSafe(f)) {
            Ok(result) => Some(result),
            Err(panic) => {
                self.crash(&*panic);
                None
            }
        }
    }

    fn key(&self) -> usize {
        self.key.load(Ordering::Relaxed)
    }

    fn settle<R>(
        &self,
        core: MutexGuard<'_, Core>,
        f: impl FnOnce(&mut Node, Now) -> R,
    ) -> Option<R> {
        self.settle_into(&*self.sink, core, f)
    }

    /// Runs the calls that wait and then `f`, collects what comes of it, lets go of the lock, and
    /// only then sends and wakes.
    fn settle_into<R>(
        &self,
        sink: &dyn Sink,
        mut core: MutexGuard<'_, Core>,
        f: impl FnOnce(&mut Node, Now) -> R,
    ) -> Option<R> {
        if core.closed {
            drop(self.core.take_calls());
            return None;
        }
        let mut outbox = OUTBOX.take();
        let now = clock::now();
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.core.take_calls().into_iter().for_each(|call| call(&mut core.node, now));
            let result = f(&mut core.node, now);
            self.collect(&mut core.node, &mut outbox, sink);
            let wake_shard = self.rearm(&mut core);
            (result, wake_shard)
        }));
        core.closed |= result.is_err();
        drop(core);
        self.guarded(|| self.carry_out(&mut outbox, sink));
        outbox.clear();
        OUTBOX.set(outbox);
        match result {
            Ok((result, wake_shard)) => {
                if wake_shard {
                    self.shard.wake_if_asleep();
                }
                Some(result)
            }
            Err(panic) => {
                self.crash(&*panic);
                None
            }
        }
    }

    fn collect(&self, node: &mut Node, outbox: &mut Outbox, sink: &dyn Sink) {
        while let Some(transmit) = node.poll_transmit(&mut outbox.bytes) {
            outbox.transmits.push(transmit);
        }
        while let Some(event) = node.poll_event() {
            if let Event::LookupWanted { key, name } = event {
                outbox.lookups.push((key, name));
                continue;
            }
            outbox.wake_sink = true;
            if !sink.event(event) {
                node.counters_mut().dropped += 1;
            }
        }
    }

    fn rearm(&self, core: &mut Core) -> bool {
        let fires = core.node.poll_timeout_with(on_grid).unwrap_or(NEVER);
        // A deadline that moved back fires early and finds nothing: cheaper than moving it.
        if self.key() == usize::MAX || fires >= core.armed {
            return false;
        }
        let old = std::mem::replace(&mut core.armed, fires);
        self.shard.arm(self.key(), old, fires)
    }

    fn carry_out(&self, outbox: &mut Outbox, sink: &dyn Sink) {
        if !outbox.transmits.is_empty() {
            self.send(outbox, sink);
        }
        for (key, name) in outbox.lookups.drain(..) {
            self.look_up(key, name);
        }
        if outbox.wake_sink {
            sink.wake();
        }
    }

    fn send(&self, outbox: &mut Outbox, sink: &dyn Sink) {
        let sockets = self.sockets.read();
        let mut rest = &outbox.bytes[..];
        let together = |a: &Transmit, b: &Transmit| (a.socket, a.ttl, b.ttl) == (b.socket, 0, 0);
        for transmits in outbox.transmits.chunk_by(together) {
            let len: usize = transmits.iter().map(|transmit| transmit.len).sum();
            let (bytes, after) = rest.split_at(len.min(rest.len()));
            rest = after;
            match (transmits[0].socket, &*sockets) {
                (Socket::Foreign(_), _) | (_, Bound::Elsewhere) => {
                    self.send_by_sink(transmits, bytes, sink);
                    outbox.wake_sink = true;
                }
                (socket, Bound::Open(open)) => open.send(socket, transmits, bytes),
                (_, Bound::Closed) => {}
            }
        }
    }

    fn send_by_sink(&self, transmits: &[Transmit], mut bytes: &[u8], sink: &dyn Sink) {
        for transmit in transmits {
            let (these, after) = bytes.split_at(transmit.len.min(bytes.len()));
            bytes = after;
            if !sink.send(transmit, these) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn look_up(&self, key: u32, name: String) {
        let me = Weak::clone(&self.me);
        resolver::lookup(name, move |address: Option<Ipv4Addr>| {
            if let Some(runner) = me.upgrade() {
                runner.with(|node, now| node.handle_lookup(now, key, address));
            }
        });
    }

    fn close(&self) {
        let mut core = self.core.lock();
        core.closed = true;
        if std::mem::replace(&mut core.released, true) {
            return;
        }
        let armed = std::mem::replace(&mut core.armed, NEVER);
        self.shard.arm(self.key(), armed, NEVER);
        drop(core);
        self.close_sockets();
        self.shard.remove(self.key());
        self.tell(|sink| {
            sink.closed();
            sink.wake();
        });
    }

    fn crash(&self, panic: &(dyn Any + Send)) {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let text = text.unwrap_or_else(|| "the node panicked".to_owned());
        tracing::error!(text, "a node panicked");
        let mut core = self.core.lock();
        core.closed = true;
        let known = core.released;
        drop(core);
        if !known {
            self.tell(|sink| sink.crashed(&text));
        }
        self.close();
    }

    /// Tells the sink of the node's end. If it panics there is nobody left to tell.
    fn tell(&self, f: impl FnOnce(&dyn Sink)) {
        if catch_unwind(AssertUnwindSafe(|| f(&*self.sink))).is_err() {
            tracing::error!("a node's end could not be told");
        }
    }
}
