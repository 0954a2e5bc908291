//! The words of reading and sending: how many, how long, from whom.

use std::net::SocketAddr;

/// How many datagrams are asked for at a time. Larger batches hold the node's lock longer and save
/// little.
pub const MAX_BATCH: usize = 32;

/// Datagrams that one step of a node takes, which is then locked once for all of them: what the
/// system makes of one bundle.
pub const MAX_STEP: usize = 64;

/// What the system says of a socket's receive buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes of memory that messages take which wait to be read.
    pub waiting: u32,
    /// Bytes that they may take.
    pub room: u32,
    /// Messages that were dropped since the socket was opened, for there was no room. Wraps.
    pub lost: u32,
}

/// What the system handed over as one: a datagram, or a bundle of datagrams of one sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where it begins in the buffer.
    pub at: usize,
    pub len: usize,
    /// Length of each of its datagrams; the last one may be shorter. Never 0.
    pub segment: usize,
    pub from: SocketAddr,
}

impl Message {
    /// One datagram.
    pub fn lone(at: usize, len: usize, from: SocketAddr) -> Self {
        Self { at, len, segment: len.max(1), from }
    }

    /// How many datagrams it is. An empty datagram is one.
    pub fn count(&self) -> usize {
        self.len.div_ceil(self.segment).max(1)
    }

    /// Its datagrams, of the buffer that it was read into.
    pub fn datagrams(self, buffer: &[u8]) -> impl Iterator<Item = &[u8]> {
        let bytes = &buffer[self.at..self.at + self.len];
        let empty = bytes.is_empty().then_some(bytes);
        empty.into_iter().chain(bytes.chunks(self.segment))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::FROM;
    use super::*;

    fn lengths(message: Message) -> Vec<usize> {
        let buffer = [0; 100];
        let lengths: Vec<_> = message.datagrams(&buffer).map(<[u8]>::len).collect();
        assert_eq!(lengths.len(), message.count());
        lengths
    }

    #[test]
    fn a_bundle_is_cut_into_its_datagrams() {
        assert_eq!(lengths(Message { at: 40, len: 60, segment: 20, from: FROM }), [20, 20, 20]);
        assert_eq!(lengths(Message { at: 0, len: 41, segment: 20, from: FROM }), [20, 20, 1]);
        assert_eq!(lengths(Message { at: 0, len: 3, segment: 20, from: FROM }), [3]);
    }

    #[test]
    fn an_empty_datagram_is_one() {
        assert_eq!(lengths(Message::lone(100, 0, FROM)), [0]);
        assert_eq!(lengths(Message::lone(0, 100, FROM)), [100]);
    }
}
