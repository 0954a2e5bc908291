//! Streams that ended cleanly a short while ago.
//!
//! If the last acknowledgements are lost, the peer repeats its END, or the data before it, to nobody
//! if the stream is forgotten at once, and fails after 13 s with all data delivered. So for 30 s data
//! and END are answered.

use std::collections::{HashMap, VecDeque};

use super::calls::Remote;
use super::deadlines::NEVER;
use super::hash::Hashing;
use super::transmit::SocketId;
use super::wire::Header;

/// How long a stream is remembered, in µs.
pub const LIFETIME_US: u64 = 30_000_000;

#[derive(Clone, Copy, Debug)]
pub(super) struct Tombstone {
    pub remote: Remote,
    pub reply: Header,
    expires_us: u64,
}

#[derive(Debug)]
pub(super) struct Tombstones {
    by_id: HashMap<u32, Tombstone, Hashing>,
    /// In the order in which they expire. An id that was used again stands here still.
    order: VecDeque<(u64, u32)>,
    max: usize,
}

impl Tombstones {
    pub fn new(max: usize) -> Self {
        Self { by_id: HashMap::default(), order: VecDeque::new(), max }
    }

    /// Remembers what answers the END of a stream with this id. False if an older one had to go.
    pub fn insert(&mut self, now: u64, id: u32, remote: Remote, reply: Header) -> bool {
        if self.max == 0 {
            return false;
        }
        let mut has_room = true;
        if self.order.len() >= self.max {
            self.drop_oldest();
            has_room = false;
        }
        let expires_us = now.saturating_add(LIFETIME_US);
        self.by_id.insert(id, Tombstone { remote, reply, expires_us });
        self.order.push_back((expires_us, id));
        has_room
    }

    pub fn get(&self, id: u32, socket: SocketId) -> Option<&Tombstone> {
        self.by_id.get(&id).filter(|tombstone| tombstone.remote.socket == socket)
    }

    /// The id is used again.
    pub fn remove(&mut self, id: u32) {
        self.by_id.remove(&id);
    }

    /// The socket closed.
    pub fn forget(&mut self, socket: SocketId) {
        self.by_id.retain(|_, tombstone| tombstone.remote.socket != socket);
    }

    pub fn expire(&mut self, now: u64) {
        while self.first() <= now {
            self.drop_oldest();
        }
        if self.order.is_empty() && self.order.capacity() > 0 {
            *self = Self::new(self.max);
        }
    }

    /// When the oldest expires.
    pub fn first(&self) -> u64 {
        self.order.front().map_or(NEVER, |(expires_us, _)| *expires_us)
    }

    fn drop_oldest(&mut self) {
        let Some((expires_us, id)) = self.order.pop_front() else {
            return;
        };
        if self.by_id.get(&id).is_some_and(|tombstone| tombstone.expires_us == expires_us) {
            self.by_id.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(socket: u32) -> Remote {
        let addr = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
        Remote { socket: SocketId(socket), id: 1, addr }
    }

    #[test]
    fn they_go_after_30_s_with_their_socket_and_when_there_are_too_many() {
        let mut tombstones = Tombstones::new(2);
        let header = Header::default();
        assert!(tombstones.insert(0, 1, remote(1), header));
        assert!(tombstones.insert(5, 2, remote(2), header));
        assert!(
            tombstones.get(1, SocketId(1)).is_some() && tombstones.get(1, SocketId(2)).is_none()
        );
        assert!(!tombstones.insert(9, 3, remote(1), header));
        assert!(tombstones.get(1, SocketId(1)).is_none());
        assert_eq!(tombstones.first(), 5 + LIFETIME_US);
        tombstones.expire(5 + LIFETIME_US);
        assert!(
            tombstones.get(2, SocketId(2)).is_none() && tombstones.get(3, SocketId(1)).is_some()
        );
        tombstones.forget(SocketId(1));
        assert!(tombstones.get(3, SocketId(1)).is_none());
    }

    #[test]
    fn an_id_that_is_used_again_outlives_its_older_entry() {
        let mut tombstones = Tombstones::new(9);
        tombstones.insert(0, 1, remote(1), Header::default());
        tombstones.remove(1);
        tombstones.insert(7, 1, remote(1), Header::default());
        tombstones.expire(LIFETIME_US);
        assert!(tombstones.get(1, SocketId(1)).is_some());
        tombstones.expire(LIFETIME_US + 7);
        assert_eq!((tombstones.by_id.len(), tombstones.first()), (0, NEVER));
    }
}
