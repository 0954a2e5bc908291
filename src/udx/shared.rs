//! What all streams of a hub share: its queues, sockets and counters.

use std::collections::{HashMap, VecDeque};

use super::counters::{Drops, Traffic};
use super::event::Event;
use super::hash::Hashing;
use super::limits::Limits;
use super::seq::Seq;
use super::transmit::{Outbox, SocketId, Transmit};

/// A socket of the hub.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Socket {
    pub traffic: Traffic,
    /// Streams that are connected to it.
    pub streams: usize,
    /// It takes no new stream.
    pub is_closing: bool,
}

#[derive(Debug)]
pub(super) struct Shared {
    /// The time of the call that is under way, in µs. It never goes back.
    pub now: u64,
    pub limits: Limits,
    pub events: VecDeque<Event>,
    pub outbox: Outbox,
    pub sockets: HashMap<SocketId, Socket, Hashing>,
    pub traffic: Traffic,
    pub drops: Drops,
    /// What waits out of order at all streams, and for their firewalls, in bytes.
    pub reassembly: usize,
    pub held: usize,
    /// Those that got their first stream (true), or lost their last one, and nobody was told yet.
    pub turned: Vec<(SocketId, bool)>,
    /// Kept so that no acknowledgement needs memory of its own.
    pub scratch: Vec<(Seq, Seq)>,
}

impl Shared {
    pub fn new(limits: Limits) -> Self {
        Self {
            now: 0,
            limits,
            events: VecDeque::new(),
            outbox: Outbox::new(limits.outbox),
            sockets: HashMap::default(),
            traffic: Traffic::default(),
            drops: Drops::default(),
            reassembly: 0,
            held: 0,
            turned: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// A datagram came in, of UDX or not.
    pub fn count_received(&mut self, socket: SocketId, bytes: usize) {
        self.traffic.received(bytes);
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.traffic.received(bytes);
        }
    }

    pub fn count_transmitted(&mut self, socket: SocketId, packets: usize, bytes: usize) {
        self.traffic.transmitted(packets, bytes);
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.traffic.transmitted(packets, bytes);
        }
    }

    /// Encodes a packet that belongs to no run of data. Its length, or `None` if it was dropped.
    pub fn post(
        &mut self,
        remote: &super::calls::Remote,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> Option<usize> {
        let pushed = self.outbox.push(remote.socket, remote.addr, encode);
        match pushed {
            Some(len) => self.count_transmitted(remote.socket, 1, len),
            None => self.drops.outbox += 1,
        }
        pushed
    }

    /// Whether streams may be connected to a socket.
    pub fn is_open(&self, socket: SocketId) -> bool {
        self.sockets.get(&socket).is_some_and(|socket| !socket.is_closing)
    }

    pub fn join(&mut self, socket: SocketId) {
        let Some(found) = self.sockets.get_mut(&socket) else { return };
        found.streams += 1;
        if found.streams == 1 {
            self.turn(socket, true);
        }
    }

    pub fn leave(&mut self, socket: SocketId) {
        let Some(found) = self.sockets.get_mut(&socket) else { return };
        found.streams = found.streams.saturating_sub(1);
        if found.streams == 0 {
            self.turn(socket, false);
        }
    }

    /// Back to what was told last is nothing to tell.
    fn turn(&mut self, socket: SocketId, carries: bool) {
        match self.turned.iter().position(|(known, _)| *known == socket) {
            Some(at) => drop(self.turned.swap_remove(at)),
            None => self.turned.push((socket, carries)),
        }
    }

    /// The next of what belongs to no run of data.
    pub fn pop_outbox(&mut self, buf: &mut Vec<u8>) -> Option<Transmit> {
        self.outbox.pop(buf)
    }
}
