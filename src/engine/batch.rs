//! Datagrams that were received together.

use crate::proto::wire::MAX_DATAGRAM;
use crate::proto::{Addr, Socket};

use super::sockets::Sockets;

/// How many datagrams are read before they are handed to the node, which is then locked once for
/// all of them. Larger batches hold the lock longer and save little.
pub const MAX_BATCH: usize = 32;

/// One byte more than the largest datagram, so that a larger one shows and is dropped.
const ROOM: usize = MAX_DATAGRAM + 1;

/// A buffer of [`MAX_BATCH`] datagrams, one a shard.
pub struct Batch {
    bytes: Box<[u8]>,
    entries: Vec<(usize, Addr)>,
}

impl Batch {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; MAX_BATCH * ROOM].into_boxed_slice(),
            entries: Vec::with_capacity(MAX_BATCH),
        }
    }

    /// Reads what is there. `false`: there may be more.
    pub fn fill(&mut self, sockets: &Sockets, socket: Socket) -> bool {
        self.entries.clear();
        for room in self.bytes.chunks_exact_mut(ROOM) {
            match sockets.receive(socket, room) {
                Some(entry) => self.entries.push(entry),
                None => return true,
            }
        }
        false
    }

    pub fn iter(&self) -> impl Iterator<Item = (Addr, &[u8])> {
        let rooms = self.bytes.chunks_exact(ROOM);
        self.entries
            .iter()
            .zip(rooms)
            .filter(|((len, _), _)| *len <= MAX_DATAGRAM)
            .map(|(&(len, from), room)| (from, &room[..len]))
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
