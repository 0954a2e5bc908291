//! Datagrams that were received together.

use super::datagram::{Entry, MAX_BATCH, ROOM};
use super::socket::{Socket, SocketLoad};
use crate::net::addr::Addr;
use crate::net::transmit::MAX_DATAGRAM;

/// A buffer of [`MAX_BATCH`] datagrams, one a shard.
pub struct ReceiveBatch {
    bytes: Box<[u8]>,
    entries: Vec<Entry>,
    round: u32,
    load: SocketLoad,
}

impl ReceiveBatch {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; MAX_BATCH * ROOM].into_boxed_slice(),
            entries: Vec::with_capacity(MAX_BATCH),
            round: 0,
            load: SocketLoad::default(),
        }
    }

    /// The shard polled anew.
    pub fn next_round(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// Reads what is there, or what one round may read of it. `false`: there may be more, and the
    /// poll will not say so.
    pub fn fill(&mut self, socket: &Socket) -> bool {
        self.entries.clear();
        let Self { bytes, entries, round, load } = self;
        let emptied = socket.receive(*round, bytes, entries);
        *load = socket.load(entries.len());
        emptied
    }

    pub fn iter(&self) -> impl Iterator<Item = (Addr, &[u8])> {
        let rooms = self.bytes.chunks_exact(ROOM);
        self.entries
            .iter()
            .zip(rooms)
            .filter(|((len, _), _)| *len <= MAX_DATAGRAM)
            .map(|(&(len, from), room)| (from, &room[..len]))
    }

    /// How the socket fares of which these were read, see [`Socket::load`].
    pub fn load(&self) -> SocketLoad {
        self.load
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
