//! Hubs, the links between them, and what became of their streams.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use bytes::Bytes;
use dht_rpc_native::udx::*;

use crate::link::{Conditions, Link};

/// One packet on its way.
#[derive(Clone, Debug)]
pub struct Datagram {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub bytes: Bytes,
}

/// What a stream told.
#[derive(Debug, Default)]
pub struct Told {
    pub data: Vec<u8>,
    pub messages: Vec<Bytes>,
    pub has_ended: bool,
    pub acked: u64,
    pub drains: usize,
    pub remote_changes: usize,
    pub closed: Option<CloseReason>,
    pub stats: Option<StreamStats>,
    /// It takes nothing of what comes.
    pub is_paused: bool,
    unread: u64,
}

/// A hub at an address. Each of its sockets is a port.
pub struct Side {
    pub hub: Hub,
    pub host: [u8; 4],
    pub told: BTreeMap<StreamKey, Told>,
    /// Questions of firewalls, in order; answered by `answer`.
    pub questions: Vec<(StreamKey, SocketId, SocketAddr)>,
    pub answer: fn(&mut Hub, u64, StreamKey, SocketId, SocketAddr) -> bool,
    /// What belonged to no stream.
    pub strays: usize,
    /// Every packet that left, if it is recorded.
    pub sent: Option<Vec<(u64, Bytes)>>,
    pub bytes_sent: u64,
}

impl Side {
    pub fn new(host: u8) -> Self {
        Self::with_limits(host, Limits::default())
    }

    pub fn with_limits(host: u8, limits: Limits) -> Self {
        let mut hub = Hub::new(limits);
        for socket in 1..4 {
            hub.open_socket(SocketId(socket));
        }
        Self {
            hub,
            host: [10, 0, 0, host],
            told: BTreeMap::new(),
            questions: Vec::new(),
            answer: |_, _, _, _, _| true,
            strays: 0,
            sent: None,
            bytes_sent: 0,
        }
    }

    pub fn addr(&self, socket: SocketId) -> SocketAddr {
        SocketAddr::from((self.host, 1000 + socket.0 as u16))
    }

    pub fn told(&self, stream: StreamKey) -> &Told {
        self.told.get(&stream).unwrap_or(&NOTHING)
    }

    pub fn told_mut(&mut self, stream: StreamKey) -> &mut Told {
        self.told.entry(stream).or_default()
    }

    /// Takes or leaves what comes from here on; what was left is taken.
    pub fn pause(&mut self, now: u64, stream: StreamKey, is_paused: bool) {
        let told = self.told_mut(stream);
        told.is_paused = is_paused;
        if !is_paused {
            let unread = std::mem::take(&mut told.unread);
            self.hub.consumed(now, stream, unread);
        }
    }

    fn handle(&mut self, now: u64, event: Event) {
        let told = self.told.entry(event.stream()).or_default();
        assert!(told.closed.is_none(), "{event:?} of a stream that is closed");
        match event {
            Event::Data { stream, bytes } => {
                assert!(!told.has_ended, "data after the end");
                told.data.extend_from_slice(&bytes);
                match told.is_paused {
                    true => told.unread += bytes.len() as u64,
                    false => self.hub.consumed(now, stream, bytes.len() as u64),
                }
            }
            Event::End { .. } => {
                assert!(!std::mem::replace(&mut told.has_ended, true), "two ends");
            }
            Event::Message { bytes, .. } => told.messages.push(bytes),
            Event::Acked { total, .. } => {
                assert!(total >= told.acked);
                told.acked = total;
            }
            Event::Drain { .. } => told.drains += 1,
            Event::RemoteChanged { .. } => told.remote_changes += 1,
            Event::FirewallWanted { stream, socket, from } => {
                self.questions.push((stream, socket, from));
                let passes = (self.answer)(&mut self.hub, now, stream, socket, from);
                self.hub.firewall_verdict(now, stream, passes);
                while let Some(event) = self.hub.poll_event() {
                    self.handle(now, event);
                }
                self.hub.firewall_continue(now, stream);
            }
            Event::Forward { .. } => {}
            Event::Closed { reason, stats, .. } => {
                told.closed = Some(reason);
                told.stats = Some(*stats);
            }
        }
    }
}

static NOTHING: Told = Told {
    data: Vec::new(),
    messages: Vec::new(),
    has_ended: false,
    acked: 0,
    drains: 0,
    remote_changes: 0,
    closed: None,
    stats: None,
    is_paused: false,
    unread: 0,
};

/// Two or more hubs. A packet goes over the link of the hub that it leaves.
pub struct World {
    pub now: u64,
    pub sides: Vec<Side>,
    pub links: Vec<Link<Datagram>>,
    /// Sees each packet, and says whether it may go on its way.
    pub filter: Box<dyn FnMut(&Datagram) -> bool>,
    /// All that this side sends seems to come from another address, which reaches it, too.
    pub rewrite: Option<(usize, SocketAddr)>,
    /// Each so many µs somebody looks at what came in, and at deadlines.
    pub grain_us: u64,
    buf: Vec<u8>,
}

pub const A: usize = 0;
pub const B: usize = 1;
pub const C: usize = 2;
pub const SECOND: u64 = 1_000_000;
pub const SOCKET: SocketId = SocketId(1);

impl World {
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self::with_sides(conditions, seed, vec![Side::new(1), Side::new(2), Side::new(3)])
    }

    pub fn with_sides(conditions: Conditions, seed: u64, sides: Vec<Side>) -> Self {
        let links = (0..sides.len() as u64).map(|n| Link::new(conditions, seed * 16 + n)).collect();
        Self {
            now: SECOND,
            sides,
            links,
            filter: Box::new(|_| true),
            rewrite: None,
            grain_us: 1,
            buf: Vec::new(),
        }
    }

    /// A stream at each of both sides, connected to the other: ids 1 and 2.
    pub fn pair(&mut self) -> (StreamKey, StreamKey) {
        self.pair_of(1, 2)
    }

    pub fn pair_of(&mut self, id_a: u32, id_b: u32) -> (StreamKey, StreamKey) {
        let a = self.stream(A, id_a, Firewall::Reject);
        let b = self.stream(B, id_b, Firewall::Reject);
        self.connect(A, a, B, id_b);
        self.connect(B, b, A, id_a);
        (a, b)
    }

    pub fn stream(&mut self, side: usize, id: u32, firewall: Firewall) -> StreamKey {
        let options = StreamOptions { firewall, seq: 0 };
        self.sides[side].hub.create_stream(self.now, id, &options).expect("a stream")
    }

    pub fn connect(&mut self, side: usize, stream: StreamKey, to: usize, id: u32) {
        let remote = self.remote(to, SOCKET, id);
        let options = ConnectOptions::default();
        let connected = self.sides[side].hub.connect(self.now, stream, remote, &options);
        assert_eq!(connected, Ok(()));
    }

    /// The way to a stream of `side`, by the first socket of whoever takes it.
    pub fn remote(&self, side: usize, socket: SocketId, id: u32) -> Remote {
        Remote { socket: SOCKET, id, addr: self.sides[side].addr(socket) }
    }

    pub fn write(&mut self, side: usize, stream: StreamKey, bytes: &[u8]) -> Written {
        let bytes = Bytes::copy_from_slice(bytes);
        self.sides[side].hub.write(self.now, stream, bytes).expect("it is written")
    }

    pub fn end(&mut self, side: usize, stream: StreamKey) {
        assert_eq!(self.sides[side].hub.end(self.now, stream), Ok(()));
    }

    pub fn stats(&self, side: usize, stream: StreamKey) -> StreamStats {
        let told = self.sides[side].told(stream).stats;
        self.sides[side].hub.stats(stream).or(told).expect("a stream's figures")
    }

    /// Runs for so many µs.
    pub fn run(&mut self, us: u64) {
        let end = self.now + us;
        self.run_until(end, |_| false);
        self.now = end;
    }

    /// Runs until `is_done`, or until the time is over: whether it was done.
    pub fn run_until(&mut self, end: u64, mut is_done: impl FnMut(&Self) -> bool) -> bool {
        loop {
            self.flush();
            if is_done(self) {
                return true;
            }
            let Some(at) = self.next_us().filter(|at| *at <= end) else {
                return false;
            };
            self.now = self.now.max(at);
            self.deliver();
            for side in &mut self.sides {
                side.hub.handle_timeout(self.now);
            }
        }
    }

    fn next_us(&self) -> Option<u64> {
        let arrivals = self.links.iter().filter_map(Link::next_us);
        let deadlines = self.sides.iter().filter_map(|side| side.hub.poll_timeout());
        arrivals.chain(deadlines).min().map(|at| at.next_multiple_of(self.grain_us))
    }

    fn deliver(&mut self) {
        for n in 0..self.links.len() {
            while let Some(datagram) = self.links[n].pop(self.now) {
                self.inject(datagram);
            }
        }
    }

    /// A packet arrives, wherever it comes from.
    pub fn inject(&mut self, mut datagram: Datagram) {
        if let Some((side, addr)) = self.rewrite
            && datagram.to == addr
        {
            datagram.to = self.sides[side].addr(SOCKET);
        }
        let host = match datagram.to {
            SocketAddr::V4(to) => to.ip().octets(),
            SocketAddr::V6(_) => return,
        };
        let socket = SocketId(u32::from(datagram.to.port()) - 1000);
        if let Some(side) = self.sides.iter_mut().find(|side| side.host == host)
            && !side.hub.handle_datagram(self.now, socket, datagram.from, &datagram.bytes)
        {
            side.strays += 1;
        }
    }

    /// Sends what there is to send, and takes what there is to tell.
    pub fn flush(&mut self) {
        for n in 0..self.sides.len() {
            loop {
                let mut is_quiet = true;
                self.buf.clear();
                while let Some(event) = self.sides[n].hub.poll_event() {
                    self.sides[n].handle(self.now, event);
                    is_quiet = false;
                }
                if let Some(transmit) = self.sides[n].hub.poll_transmit(self.now, &mut self.buf) {
                    assert_eq!(transmit.len, self.buf.len());
                    self.transmit(n, &transmit);
                    is_quiet = false;
                }
                if is_quiet {
                    break;
                }
            }
        }
    }

    fn transmit(&mut self, side: usize, transmit: &Transmit) {
        assert!(transmit.segment > 0 && transmit.packets() <= limits::MAX_SEGMENTS);
        let own = self.sides[side].addr(transmit.socket);
        let from = self.rewrite.filter(|(who, _)| *who == side).map_or(own, |(_, addr)| addr);
        for packet in self.buf.chunks(transmit.segment) {
            let bytes = Bytes::copy_from_slice(packet);
            self.sides[side].bytes_sent += bytes.len() as u64;
            if let Some(sent) = &mut self.sides[side].sent {
                sent.push((self.now, bytes.clone()));
            }
            let datagram = Datagram { from, to: transmit.to, bytes };
            if (self.filter)(&datagram) {
                self.links[side].send(self.now, packet.len(), datagram);
            }
        }
    }
}

/// Bytes that repeat nowhere near.
pub fn bytes(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..len).map(|_| step()).collect()
}
