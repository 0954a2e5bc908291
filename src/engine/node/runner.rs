//! One node on its shard: its core, its sockets, its calls.
//!
//! Datagrams are encoded under the node's lock and sent after it, events are handed to the [`Sink`]
//! under it (so that they keep their order) and the sink is woken after it.

use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::{Mutex, RwLock};

use super::super::driver::{Driver, State};
use super::super::hub::Hub;
use super::super::shard::Shard;
use super::super::shard::shared_socket::SharedSocket;
use super::super::shard::tenant::{Panic, Tenant, guarded};
use super::super::sync::primitives::MutexGuard;
use super::super::udp::datagram::MAX_STEP;
use super::super::udp::receive_batch::ReceiveBatch;
use super::super::udp::traffic::Traffic;
use super::super::{clock, resolver};
use super::borrowed_sockets::BorrowedSockets;
use super::output::Output;
use super::ports::{BindOptions, Ports};
use super::sink::Sink;
use super::sockets::{Sockets, socket_at};
use crate::dht::{Config, Node, RequestError, RequestSpec};
use crate::net::clock::Now;
use crate::net::socket_key::SocketKey;
use crate::net::transmit::Transmit;

/// See the module's page.
pub struct Runner {
    me: Weak<Runner>,
    driver: Driver<Node>,
    options: BindOptions,
    ports: Mutex<Ports>,
    sockets: RwLock<Bound>,
    borrowed: BorrowedSockets,
    past: Past,
    sink: Box<dyn Sink>,
    dropped: AtomicU64,
}

/// Where the traffic of sockets that were closed is kept.
#[derive(Default)]
struct Past {
    /// What was before the node had a hub.
    traffic: Traffic,
    hub: OnceLock<Arc<Hub>>,
}

#[derive(Default)]
enum Bound {
    #[default]
    Closed,
    /// Bound, and not read yet.
    Reserved(Sockets),
    Open(Sockets),
    /// The user brought the sockets: the sink sends.
    Elsewhere,
}

impl Runner {
    pub(in super::super) fn new(
        config: Config,
        options: BindOptions,
        shard: Arc<Shard>,
        sink: Box<dyn Sink>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            driver: Driver::new(Node::new(config, clock::now()), shard),
            options,
            ports: Mutex::default(),
            sockets: RwLock::default(),
            borrowed: BorrowedSockets::default(),
            past: Past::default(),
            sink,
            dropped: AtomicU64::new(0),
        })
    }

    /// Binds both sockets and leaves it at that: what comes waits in them, and the node sends nothing,
    /// before [`Self::bind`] or [`Self::start`].
    ///
    /// # Errors
    /// The operating system's, see [`Sockets::bind`].
    pub fn reserve(&self) -> io::Result<()> {
        let mut place = self.sockets.write();
        if matches!(*place, Bound::Closed) {
            *place = Bound::Reserved(self.bind_sockets()?);
        }
        Ok(())
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
        let sockets = match std::mem::take(&mut *place) {
            Bound::Closed => self.bind_sockets()?,
            Bound::Reserved(sockets) => sockets,
            bound => {
                *place = bound;
                drop(place);
                self.with(then);
                return Ok(());
            }
        };
        if let Err(error) = sockets.register() {
            sockets.close();
            return Err(error);
        }
        let ports = sockets.ports;
        // Taken before the sockets are in place: what they receive comes after this.
        let state = self.driver.lock();
        *place = Bound::Open(sockets);
        drop(place);
        self.settle(state, |node, now| {
            node.handle_bound(now, ports.server, ports.client);
            then(node, now);
        });
        self.run_waiting_calls();
        Ok(())
    }

    fn bind_sockets(&self) -> io::Result<Sockets> {
        let mut ports = self.ports.lock();
        let me: Weak<dyn Tenant> = self.me.clone();
        let sockets = Sockets::bind(&self.options, *ports, self.shard().sockets(), &me)?;
        *ports = sockets.ports;
        if let Some(hub) = self.past.hub.get() {
            sockets.all().into_iter().for_each(|socket| hub.adopt(socket));
        }
        Ok(sockets)
    }

    /// The UDX that the node's sockets are of; made when somebody asks for it first, unless the user
    /// brought it.
    pub fn hub(&self) -> Arc<Hub> {
        let sockets = self.sockets.write();
        let hub = self.past.hub.get_or_init(|| {
            let hub = Hub::start(self.shard());
            hub.traffic().add(self.past.traffic.snapshot());
            if let Bound::Reserved(sockets) | Bound::Open(sockets) = &*sockets {
                sockets.all().into_iter().for_each(|socket| hub.adopt(socket));
            }
            hub
        });
        Arc::clone(hub)
    }

    /// The node's sockets are of this UDX. To be called before they are bound.
    pub(in super::super) fn share(&self, hub: &Arc<Hub>) {
        let _ = self.past.hub.set(Arc::clone(hub));
    }

    /// One of the node's own sockets, while it is bound.
    pub fn socket(&self, key: SocketKey) -> Option<Arc<SharedSocket>> {
        match &*self.sockets.read() {
            Bound::Reserved(sockets) | Bound::Open(sockets) => sockets.get(key).cloned(),
            Bound::Closed | Bound::Elsewhere => None,
        }
    }

    /// What leaves by the socket of the user's that has this number leaves by `socket`.
    pub fn borrow_socket(&self, number: u32, socket: &Arc<SharedSocket>) {
        self.borrowed.insert(number, socket);
    }

    /// Whether what leaves by this socket goes to the sink.
    pub fn sends_by_sink(&self, socket: Option<SocketKey>) -> bool {
        match socket {
            Some(SocketKey::Foreign(number)) => !self.borrowed.contains(number),
            _ => self.is_bound_elsewhere(),
        }
    }

    /// The shard that the node lives on.
    pub fn shard(&self) -> &Arc<Shard> {
        self.driver.shard()
    }

    /// The ports bound now or last; 0 before the first bind.
    pub fn ports(&self) -> Ports {
        *self.ports.lock()
    }

    /// Runs `f` on the node and returns what it says; `None` if the node is gone. Waits for
    /// whoever holds the node, which is for microseconds.
    pub fn with<R>(&self, f: impl FnOnce(&mut Node, Now) -> R) -> Option<R> {
        let result = self.settle(self.driver.lock(), f);
        self.run_waiting_calls();
        result
    }

    /// Runs `f` as [`Self::with`] does, but what comes of it goes to `sink`: for callers who want
    /// to see that before they go on.
    pub fn with_sink<R>(
        &self,
        sink: &(dyn Sink + 'static),
        f: impl FnOnce(&mut Node, Now) -> R,
    ) -> Option<R> {
        let result = self.settle_into(sink, self.driver.lock(), f);
        self.run_waiting_calls();
        result
    }

    /// Datagrams that the sink had no room for; [`crate::dht::Counters::dropped`] counts the rest.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Whether the user brought the sockets.
    pub fn is_bound_elsewhere(&self) -> bool {
        matches!(*self.sockets.read(), Bound::Elsewhere)
    }

    /// Runs `f` on the node, now if nobody else holds it, otherwise when they let go.
    pub fn call(&self, f: impl FnOnce(&mut Node, Now) + Send + 'static) {
        match self.driver.try_lock() {
            Some(state) => {
                self.settle(state, f);
            }
            None => self.driver.enqueue(f),
        }
        self.run_waiting_calls();
    }

    /// Makes a request. If another thread holds the node, a refusal comes as an event.
    pub fn request(&self, spec: RequestSpec) -> Result<(), RequestError> {
        let result = match self.driver.try_lock() {
            Some(state) => self
                .settle(state, |node, now| node.request(now, spec))
                .unwrap_or(Err(RequestError::Destroyed)),
            None => {
                self.driver.enqueue(move |node, now| node.submit(now, spec));
                Ok(())
            }
        };
        self.run_waiting_calls();
        result
    }

    /// Has the shard run `f`, with whatever else waits for it; at once on this thread while the
    /// shard's poll is lent, to whomever.
    pub fn call_on_shard(&self, f: impl FnOnce(&mut Node, Now) + Send + 'static) {
        self.driver.enqueue(f);
        if self.shard().is_lent() {
            self.run_waiting_calls();
        } else {
            self.shard().call(self.driver.key());
        }
    }

    /// Makes requests as [`Self::call_on_shard`] does, and has those leave that were deferred. A
    /// refusal comes as an event.
    pub fn request_on_shard(&self, specs: Vec<RequestSpec>, send_deferred: bool) {
        self.shard().expect_answers();
        self.call_on_shard(move |node, now| {
            specs.into_iter().for_each(|spec| node.submit(now, spec));
            if send_deferred {
                node.send_deferred(now);
            }
        });
    }

    /// Rejects what is in flight and closes the sockets; [`Self::bind`] opens them again.
    pub fn suspend(&self) {
        self.with(|node, now| node.suspend(now));
        self.close_sockets();
    }

    /// Closes the sockets of a suspended node.
    pub fn close_sockets(&self) {
        let mut place = self.sockets.write();
        if let Bound::Open(sockets) | Bound::Reserved(sockets) = std::mem::take(&mut *place) {
            sockets.close();
            if self.past.hub.get().is_none() {
                sockets.leave_to(&self.past.traffic);
            }
        }
    }

    /// Rejects what is in flight, closes the sockets and forgets the node. Idempotent.
    pub fn destroy(&self) {
        self.with(|node, now| node.destroy(now));
        self.close();
    }

    /// As [`Self::destroy`], but what is still to be told goes to `sink`, and with it what was told and
    /// may wait where nobody looks any more, see [`Node::repeat_ends`].
    pub fn destroy_into(&self, sink: &(dyn Sink + 'static)) {
        self.with_sink(sink, |node, now| {
            node.repeat_ends();
            node.destroy(now);
        });
        self.close();
    }

    fn settle<R>(
        &self,
        state: MutexGuard<'_, State<Node>>,
        f: impl FnOnce(&mut Node, Now) -> R,
    ) -> Option<R> {
        self.settle_into(&*self.sink, state, f)
    }

    /// Steps the node, see [`Driver::step`]; what comes of it goes to `sink`.
    fn settle_into<R>(
        &self,
        sink: &(dyn Sink + 'static),
        state: MutexGuard<'_, State<Node>>,
        f: impl FnOnce(&mut Node, Now) -> R,
    ) -> Option<R> {
        let carry_out = |output: &mut Output| {
            guarded(self, || self.carry_out(output, sink));
        };
        self.driver.step(state, sink, f, carry_out).unwrap_or_else(|panic| {
            self.crash(panic);
            None
        })
    }

    fn carry_out(&self, output: &mut Output, sink: &(dyn Sink + 'static)) {
        if !output.transmits.is_empty() {
            self.send(output, sink);
        }
        for (key, name) in output.lookups.drain(..) {
            self.look_up(key, name);
        }
        if output.wake_sink {
            sink.wake();
        }
    }

    fn send(&self, output: &mut Output, sink: &(dyn Sink + 'static)) {
        let sockets = self.sockets.read();
        let mut rest = &output.bytes[..];
        let together = |a: &Transmit, b: &Transmit| (a.socket, a.ttl, b.ttl) == (b.socket, 0, 0);
        for transmits in output.transmits.chunk_by(together) {
            let len: usize = transmits.iter().map(|transmit| transmit.len).sum();
            let (bytes, after) = rest.split_at(len.min(rest.len()));
            rest = after;
            match (transmits[0].socket, &*sockets) {
                (SocketKey::Foreign(number), _)
                    if self.borrowed.with(number, |socket| socket.send(transmits, bytes)) => {}
                (SocketKey::Foreign(_), _) | (_, Bound::Elsewhere) => {
                    self.send_by_sink(transmits, bytes, sink);
                    output.wake_sink = true;
                }
                (socket, Bound::Open(open)) => open.send(socket, transmits, bytes),
                (_, Bound::Closed | Bound::Reserved(_)) => {}
            }
        }
    }

    fn send_by_sink(&self, transmits: &[Transmit], mut bytes: &[u8], sink: &(dyn Sink + 'static)) {
        for transmit in transmits {
            let (these, after) = bytes.split_at(transmit.len.min(bytes.len()));
            bytes = after;
            if !sink.send(transmit, these) {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Hands the datagrams of a batch to the node, which others may step in between. Returns whether
    /// the socket is to be read on.
    fn handle(&self, key: SocketKey, batch: &ReceiveBatch) -> bool {
        let load = batch.load();
        let mut reads_on = false;
        let mut datagrams = batch.iter().peekable();
        while datagrams.peek().is_some() {
            let stepped = self.with(|node, now| {
                if load.lossy {
                    node.handle_losses(now);
                }
                node.handle_pressure(load.occupancy);
                for (from, bytes) in datagrams.by_ref().take(MAX_STEP) {
                    node.handle_datagram(now, key, from, bytes);
                }
                key == SocketKey::Client && node.reads_client_first()
            });
            let Some(more) = stepped else {
                return false;
            };
            reads_on = more;
        }
        reads_on
    }

    fn look_up(&self, key: u32, name: String) {
        let me = Weak::clone(&self.me);
        let lookup = resolver::lookup(name, IpAddr::is_ipv4, move |found| {
            let address = found.and_then(|ip| match ip {
                IpAddr::V4(ip) => Some(ip),
                IpAddr::V6(_) => None,
            });
            if let Some(runner) = me.upgrade() {
                runner.with(|node, now| node.handle_lookup(now, key, address));
            }
        });
        if lookup.is_err() {
            // Run once this step is over: a call from here would take the room of the next name's, of
            // which there may be thousands.
            self.driver.enqueue(move |node, now| node.handle_lookup(now, key, None));
        }
    }

    fn close(&self) {
        if !self.driver.close() {
            return;
        }
        self.close_sockets();
        self.shard().remove(self.driver.key());
        self.tell(|sink| {
            sink.closed();
            sink.wake();
        });
    }

    /// Tells the sink of the node's end. If it panics there is nobody left to tell.
    fn tell(&self, f: impl FnOnce(&dyn Sink)) {
        if catch_unwind(AssertUnwindSafe(|| f(&*self.sink))).is_err() {
            tracing::error!("a node's end could not be told");
        }
    }
}

impl Tenant for Runner {
    fn placed(&self, key: usize) {
        self.driver.set_key(key);
        self.with(|_, _| ());
    }

    fn receive(&self, socket: usize, batch: &ReceiveBatch) -> bool {
        self.handle(socket_at(socket), batch)
    }

    fn timeout(&self, at: u64) {
        self.settle(self.driver.lock_due(at), |node, now| node.handle_timeout(now));
        self.run_waiting_calls();
    }

    fn run_waiting_calls(&self) {
        while let Some(state) = self.driver.try_lock_pending() {
            self.settle(state, |_, _| ());
        }
    }

    fn network_changed(&self) {
        if matches!(*self.sockets.read(), Bound::Closed) {
            return;
        }
        guarded(self, || {
            self.sink.network_changed();
            self.sink.wake();
        });
    }

    fn crash(&self, panic: Panic) {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let text = text.unwrap_or_else(|| "the node panicked".to_owned());
        tracing::error!(text, "a node panicked");
        if self.driver.give_up() {
            self.tell(|sink| sink.crashed(&text));
        }
        self.close();
    }
}
