//! A socket of a shard: who reads it, who gets what comes on it, who may send by it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, Weak};

use mio::Token;
use parking_lot::RwLock;

use super::super::udp::fragmentation::may_be_cut;
use super::super::udp::receive_batch::ReceiveBatch;
use super::super::udp::socket::Socket;
use super::super::udp::tally::Tally;
use super::super::udp::traffic::{Total, Traffic, TrafficSnapshot};
use super::sockets::{Sockets, Source};
use super::tenant::{Tenant, guarded};
use crate::net::transmit::Transmit;

/// Somebody beside the tenant who gets what comes on a socket.
pub trait Listener: Send + Sync {
    /// Called by whichever thread drives the poll, with no lock held but that of who listens.
    fn hear(&self, batch: &ReceiveBatch);
}

/// Whose streams go by a socket.
pub trait Carrier: Send + Sync {
    /// Whether there are streams, or were.
    fn is_carrying(&self) -> bool;

    /// Takes what is of its streams out of the batch, and counts that. Returns what it did not count.
    fn take(&self, socket: u32, batch: &mut ReceiveBatch) -> Tally;

    /// What its streams sent and received by a socket.
    fn traffic(&self, socket: u32) -> TrafficSnapshot;

    /// The socket is closed.
    fn socket_closed(&self, socket: u32);
}

/// See the module's page.
pub struct SharedSocket {
    sockets: Arc<Sockets>,
    /// Senders and readers share it. Who closes takes it alone: nobody uses the port afterwards.
    place: RwLock<Place>,
    route: Option<Route>,
    traffic: Traffic,
    /// Of a node's socket there are none unless somebody asks for its UDX.
    guests: OnceLock<Box<Guests>>,
}

struct Place {
    socket: Option<Socket>,
    /// By which the poll knows it, once it is read.
    token: Option<Token>,
    /// Those whose streams go by it.
    streams: isize,
}

impl Place {
    fn carry(&mut self, more: isize) {
        let before = self.streams > 0;
        self.streams += more;
        let carries = self.streams > 0;
        if let Some(socket) = self.socket.as_ref().filter(|_| before != carries) {
            socket.carry_streams(carries);
        }
    }
}

/// The tenant that gets what comes on a socket, and by which index it knows the socket.
pub(in super::super) struct Route {
    pub tenant: Weak<dyn Tenant>,
    pub index: usize,
}

#[derive(Default)]
struct Guests {
    /// Of all sockets of its hub.
    total: OnceLock<Arc<Total>>,
    carrier: OnceLock<(Weak<dyn Carrier>, u32)>,
    listener: RwLock<Option<Arc<dyn Listener>>>,
}

impl SharedSocket {
    /// It is not read before [`Self::register`].
    pub(in super::super) fn new(
        sockets: &Arc<Sockets>,
        socket: Socket,
        route: Option<Route>,
    ) -> Arc<Self> {
        let place = RwLock::new(Place { socket: Some(socket), token: None, streams: 0 });
        let (traffic, guests) = (Traffic::default(), OnceLock::new());
        Arc::new(Self { sockets: Arc::clone(sockets), place, route, traffic, guests })
    }

    /// Has the shard read it from now on.
    ///
    /// # Errors
    /// The operating system's, when its poll has no room.
    pub fn register(self: &Arc<Self>) -> io::Result<()> {
        let mut place = self.place.write();
        let Some(socket) = &mut place.socket else { return Ok(()) };
        let token = self.sockets.insert(self.clone());
        let registered = socket.register(self.sockets.registry(), token);
        if registered.is_ok() {
            place.token = Some(token);
        } else {
            self.sockets.remove(token);
        }
        registered
    }

    /// The port is free, and nothing that waits is heard, when this returns.
    pub fn close(&self) {
        let mut place = self.place.write();
        let Some(mut socket) = place.socket.take() else { return };
        let token = place.token.take();
        if token.is_some() {
            socket.deregister(self.sockets.registry());
        }
        drop(socket);
        drop(place);
        if let Some(token) = token {
            self.sockets.remove(token);
        }
        if let Some((carrier, number)) = self.carrier() {
            carrier.socket_closed(number);
        }
    }

    /// `None`: it is closed.
    pub fn with<R>(&self, f: impl FnOnce(&Socket) -> R) -> Option<R> {
        self.place.read().socket.as_ref().map(f)
    }

    /// See [`Socket::send`]. Long ones are cut where they have to be, which streams could not bear.
    pub fn send(&self, transmits: &[Transmit], bytes: &[u8]) {
        let longest = transmits.iter().map(|transmit| transmit.len).max().unwrap_or(0);
        self.with_cuts(longest, |socket| {
            socket.send(transmits, bytes);
            self.count(|t| t.count_sent(transmits.len() as u64, bytes.len() as u64));
        });
    }

    /// See [`Socket::send_to`], and [`Self::send`].
    pub fn send_to(&self, to: SocketAddr, ttl: u8, bytes: &[u8]) {
        self.with_cuts(bytes.len(), |socket| {
            socket.send_to(to, ttl, bytes);
            self.count(|traffic| traffic.count_sent(1, bytes.len() as u64));
        });
    }

    /// One more of those whose streams go by it. While there are some, what [`Self::with`] sends is never
    /// cut: it arrives whole or not at all. To be called with no lock held.
    pub fn stream_joined(&self) {
        self.place.write().carry(1);
    }

    /// One of those less. Another thread may say so before it says that it joined.
    pub fn stream_left(&self) {
        self.place.write().carry(-1);
    }

    /// See [`Socket::send_run`]. Whoever calls has counted them.
    pub(in super::super) fn send_run(&self, to: SocketAddr, bytes: &[u8], segment: usize) {
        self.with(|socket| socket.send_run(to, bytes, segment));
    }

    /// What it sent and received.
    pub fn traffic(&self) -> TrafficSnapshot {
        let own = self.own_traffic();
        match self.carrier() {
            Some((carrier, number)) => own + carrier.traffic(number),
            None => own,
        }
    }

    /// What it sent and received, but for what its hub's streams did.
    pub(in super::super) fn own_traffic(&self) -> TrafficSnapshot {
        self.traffic.snapshot()
    }

    /// What it sends and receives, and what it did so far, counts in `total` as well.
    pub fn join(&self, total: &Arc<Total>) {
        // Nobody counts meanwhile.
        let _alone = self.place.write();
        if self.guests().total.set(Arc::clone(total)).is_ok() {
            total.add(self.traffic.snapshot());
        }
    }

    /// Packets of streams go to `carrier`, which knows the socket as `number`.
    pub(in super::super) fn carry(&self, carrier: Weak<dyn Carrier>, number: u32) {
        let _ = self.guests().carrier.set((carrier, number));
    }

    /// By which number its hub knows it.
    pub fn number(&self) -> Option<u32> {
        self.guests.get()?.carrier.get().map(|(_, number)| *number)
    }

    /// Who else gets what comes on it from now on.
    pub fn listen(&self, listener: Option<Arc<dyn Listener>>) {
        if listener.is_some() || self.guests.get().is_some() {
            *self.guests().listener.write() = listener;
        }
    }

    fn carrier(&self) -> Option<(Arc<dyn Carrier>, u32)> {
        let (carrier, number) = self.guests.get()?.carrier.get()?;
        Some((carrier.upgrade()?, *number))
    }

    fn count_received(&self, read: Tally) {
        if read.messages > 0 {
            self.count(|traffic| traffic.count_received(u64::from(read.datagrams), read.bytes));
        }
    }

    /// Runs `send`, of datagrams of up to `longest` bytes; alone, if these may be cut and others must not.
    fn with_cuts(&self, longest: usize, send: impl FnOnce(&Socket)) {
        let place = self.place.read();
        let Some(socket) = &place.socket else { return };
        if place.streams <= 0 || !may_be_cut(longest) {
            return send(socket);
        }
        drop(place);
        self.send_alone(send);
    }

    fn send_alone(&self, send: impl FnOnce(&Socket)) {
        let place = self.place.write();
        match &place.socket {
            Some(socket) if place.streams > 0 => socket.allow_cuts(send),
            Some(socket) => send(socket),
            None => {}
        }
    }

    fn count(&self, count: impl Fn(&Traffic)) {
        match self.guests.get().and_then(|guests| guests.total.get()) {
            Some(total) => total.count_with(&self.traffic, count),
            None => count(&self.traffic),
        }
    }

    fn guests(&self) -> &Guests {
        self.guests.get_or_init(Box::default)
    }
}

impl Source for SharedSocket {
    fn read(&self, batch: &mut ReceiveBatch) -> bool {
        let place = self.place.read();
        let Some(socket) = &place.socket else {
            batch.clear();
            return true;
        };
        let emptied = batch.fill(socket);
        batch.is_uncounted = self.carrier().is_some_and(|(carrier, _)| carrier.is_carrying());
        if !batch.is_uncounted {
            self.count_received(batch.tally());
        }
        emptied
    }

    fn deliver(&self, batch: &mut ReceiveBatch) -> bool {
        if std::mem::take(&mut batch.is_uncounted)
            && let Some((carrier, number)) = self.carrier()
        {
            let rest = carrier.take(number, batch);
            self.count_received(rest);
            if batch.is_empty() {
                return false;
            }
        }
        if let Some(guests) = self.guests.get()
            && let Some(listener) = &*guests.listener.read()
        {
            listener.hear(batch);
        }
        let Some(Route { tenant, index }) = &self.route else { return false };
        let Some(tenant) = tenant.upgrade() else { return false };
        guarded(&*tenant, || tenant.receive(*index, batch)).unwrap_or(false)
    }
}
