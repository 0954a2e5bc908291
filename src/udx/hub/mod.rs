//! A hub: the state, the five verbs, and what every step ends with.

mod calls;
mod closing;
mod firewall;
mod inbound;
mod relaying;
mod sockets;

use std::collections::{HashMap, VecDeque};

use super::calls::{Remote, StreamStats};
use super::counters::{Drops, Traffic};
use super::deadlines::{Deadlines, NEVER};
use super::event::Event;
use super::hash::Hashing;
use super::limits::Limits;
use super::shared::Shared;
use super::slots::{Slots, StreamKey};
use super::stream::Stream;
use super::tombstones::Tombstones;
use super::transmit::Transmit;

/// What a UDX instance is: streams, and the sockets that they use. See [`super`] for how to drive it.
///
/// Time is in µs, on a clock of the driver's that does not go back.
#[derive(Debug)]
pub struct Hub {
    shared: Shared,
    streams: Slots<Stream>,
    ids: HashMap<u32, StreamKey, Hashing>,
    /// Streams that may have something to send, each once; they take turns.
    ready: VecDeque<StreamKey>,
    deadlines: Deadlines,
    tombstones: Tombstones,
}

impl Default for Hub {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Hub {
    pub fn new(limits: Limits) -> Self {
        Self {
            shared: Shared::new(limits),
            streams: Slots::default(),
            ids: HashMap::default(),
            ready: VecDeque::new(),
            deadlines: Deadlines::default(),
            tombstones: Tombstones::new(limits.tombstones),
        }
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: u64) {
        self.at(now);
        let now = self.shared.now;
        self.tombstones.expire(now);
        while let Some(index) = self.deadlines.pop_due(now) {
            let Some(key) = self.streams.key_at(index) else {
                continue;
            };
            if let Some(stream) = self.streams.get_mut(key)
                && stream.deadline() <= now
            {
                stream.handle_timeout(&mut self.shared);
            }
            self.settle(key);
        }
    }

    /// The next packets to send, appended to `buf`. Streams take turns of one transmit each.
    pub fn poll_transmit(&mut self, now: u64, buf: &mut Vec<u8>) -> Option<Transmit> {
        self.at(now);
        if let Some(transmit) = self.shared.pop_outbox(buf) {
            return Some(transmit);
        }
        while let Some(key) = self.ready.pop_front() {
            let Some(stream) = self.streams.get_mut(key) else {
                continue;
            };
            stream.is_queued = false;
            let transmit = stream.poll_transmit(&mut self.shared, buf);
            match transmit {
                Some(_) => self.settle(key),
                None => self.move_deadline(key),
            }
            // A heartbeat may have been posted instead.
            let transmit = transmit.or_else(|| self.shared.pop_outbox(buf));
            if transmit.is_some() {
                return transmit;
            }
        }
        None
    }

    /// Whether [`Hub::poll_transmit`] may give more. A driver that has others to serve may stop
    /// draining it, and come back at once.
    pub fn may_transmit(&self) -> bool {
        !self.ready.is_empty() || !self.shared.outbox.is_empty()
    }

    /// The next thing to tell the user.
    pub fn poll_event(&mut self) -> Option<Event> {
        loop {
            match self.shared.events.pop_front()? {
                Event::Acked { stream, .. } => {
                    // What was acknowledged since counts as well. Of a stream that is gone, the
                    // end says it.
                    if let Some(found) = self.streams.get_mut(stream) {
                        return Some(Event::Acked { stream, total: found.take_acked() });
                    }
                }
                event => return Some(event),
            }
        }
    }

    /// When to call [`Hub::handle_timeout`]; it may find that nothing is due yet.
    pub fn poll_timeout(&self) -> Option<u64> {
        let at = self.deadlines.first().min(self.tombstones.first());
        (at != NEVER).then_some(at)
    }

    /// A stream's figures, while it lives.
    pub fn stats(&self, stream: StreamKey) -> Option<StreamStats> {
        self.streams.get(stream).map(Stream::stats)
    }

    /// Bytes of backlog beyond which whoever writes had better wait, while the stream lives.
    pub fn high_water_mark(&self, stream: StreamKey) -> Option<u64> {
        self.streams.get(stream).map(Stream::high_water_mark)
    }

    /// Where a stream's packets go, once it is connected.
    pub fn remote(&self, stream: StreamKey) -> Option<Remote> {
        self.streams.get(stream)?.remote().copied()
    }

    /// The living stream with this id.
    pub fn stream_of(&self, id: u32) -> Option<StreamKey> {
        self.ids.get(&id).copied()
    }

    /// Streams that live.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// What came in and went out by all sockets.
    pub fn traffic(&self) -> Traffic {
        self.shared.traffic
    }

    /// What was dropped, by the reason.
    pub fn drops(&self) -> Drops {
        self.shared.drops
    }

    /// Bytes that wait out of order, and for firewalls, at all streams.
    pub fn waiting_bytes(&self) -> usize {
        self.shared.reassembly + self.shared.held
    }

    fn at(&mut self, now: u64) {
        self.shared.now = self.shared.now.max(now);
    }

    /// Ends a step of a stream: it leaves a socket, closes, queues up to send, or is called later.
    fn settle(&mut self, key: StreamKey) {
        let Some(stream) = self.streams.get_mut(key) else {
            return;
        };
        if let Some(socket) = stream.left_socket.take() {
            self.shared.leave(socket);
        }
        if let Some(reason) = stream.closing {
            self.close(key, reason);
            return;
        }
        if stream.may_send() && !stream.is_queued {
            stream.is_queued = true;
            self.ready.push_back(key);
        }
        self.move_deadline(key);
    }

    /// A deadline that moves later is looked at when the earlier one comes: most of them move with
    /// each acknowledgement.
    fn move_deadline(&mut self, key: StreamKey) {
        if let Some(stream) = self.streams.get(key) {
            let at = stream.deadline();
            if at < self.deadlines.get(key.index()) {
                self.deadlines.set(key.index(), at);
            }
        }
    }
}
