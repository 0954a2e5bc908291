//! Packets on their way to the driver.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::limits::{MAX_SEGMENTS, MAX_TRANSMIT};

/// A socket of a hub, by a number that the driver chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u32);

/// One or more packets to one destination. Their bytes were appended to the buffer given to
/// `poll_transmit`: each is `segment` bytes long but for the last, which may be shorter. They may
/// leave as one `UDP_SEGMENT` send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    pub socket: SocketId,
    pub to: SocketAddr,
    /// How many bytes were appended.
    pub len: usize,
    /// Bytes of a packet.
    pub segment: usize,
    /// It tries how large a packet the path takes, and must not be fragmented.
    pub is_probe: bool,
}

impl Transmit {
    /// How many packets it is.
    pub fn packets(&self) -> usize {
        self.len.div_ceil(self.segment.max(1))
    }
}

/// Encoded packets that belong to no run of data: state packets, messages, what is relayed.
/// Neighbours of equal length to one destination leave together.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: VecDeque<Queued>,
    bytes: Vec<u8>,
    sent: usize,
    max_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Queued {
    socket: SocketId,
    to: SocketAddr,
    len: usize,
}

/// Bytes and places that an empty outbox keeps.
const KEPT_BYTES: usize = 4096;
const KEPT_PLACES: usize = 64;

impl Outbox {
    pub fn new(max_bytes: usize) -> Self {
        Self { queue: VecDeque::new(), bytes: Vec::new(), sent: 0, max_bytes }
    }

    /// Appends what `encode` writes, and says how many bytes that was. `None`, and nothing, if too
    /// much is waiting.
    pub fn push(
        &mut self,
        socket: SocketId,
        to: SocketAddr,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> Option<usize> {
        if self.bytes.len() >= self.max_bytes {
            return None;
        }
        let start = self.bytes.len();
        encode(&mut self.bytes);
        let len = self.bytes.len() - start;
        self.queue.push_back(Queued { socket, to, len });
        Some(len)
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn pop(&mut self, buf: &mut Vec<u8>) -> Option<Transmit> {
        let first = self.queue.pop_front()?;
        let (mut len, mut last, mut count) = (first.len, first.len, 1);
        while let Some(next) = self.queue.front()
            && (next.socket, next.to) == (first.socket, first.to)
            && last == first.len
            && (1..=first.len).contains(&next.len)
            && len + next.len <= MAX_TRANSMIT
            && count < MAX_SEGMENTS
        {
            (len, last, count) = (len + next.len, next.len, count + 1);
            self.queue.pop_front();
        }
        let end = self.sent + len;
        buf.extend_from_slice(&self.bytes[self.sent..end]);
        self.sent = end;
        if self.queue.is_empty() {
            self.clear();
        }
        let (socket, to) = (first.socket, first.to);
        Some(Transmit { socket, to, len, segment: first.len, is_probe: false })
    }

    /// Drops what was to leave by this socket.
    pub fn forget(&mut self, socket: SocketId) {
        let (mut bytes, mut at) = (Vec::new(), self.sent);
        self.queue.retain(|queued| {
            let piece = &self.bytes[at..at + queued.len];
            at += queued.len;
            if queued.socket == socket {
                return false;
            }
            bytes.extend_from_slice(piece);
            true
        });
        (self.bytes, self.sent) = (bytes, 0);
    }

    fn clear(&mut self) {
        self.sent = 0;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.queue.shrink_to(KEPT_PLACES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn outbox(packets: &[(u32, u16, usize)]) -> Outbox {
        let mut outbox = Outbox::new(1000);
        for (n, (socket, port, len)) in packets.iter().enumerate() {
            let pushed = outbox
                .push(SocketId(*socket), to(*port), |buf| buf.resize(buf.len() + len, n as u8));
            assert_eq!(pushed, Some(*len));
        }
        outbox
    }

    fn popped(mut outbox: Outbox) -> Vec<(u32, u16, usize, usize)> {
        let mut buf = Vec::new();
        let pop = || outbox.pop(&mut buf);
        std::iter::from_fn(pop).map(|t| (t.socket.0, t.to.port(), t.len, t.segment)).collect()
    }

    #[test]
    fn neighbours_of_equal_length_leave_together_and_a_shorter_one_ends_them() {
        let packets = [(1, 1, 20), (1, 1, 20), (1, 1, 9), (1, 1, 9), (1, 1, 20), (2, 1, 20)];
        let wanted = [(1, 1, 49, 20), (1, 1, 9, 9), (1, 1, 20, 20), (2, 1, 20, 20)];
        assert_eq!(popped(outbox(&packets)), wanted);
    }

    #[test]
    fn what_is_over_the_bound_is_not_taken() {
        let mut outbox = outbox(&[(1, 1, 1000)]);
        assert_eq!(outbox.push(SocketId(1), to(1), |buf| buf.push(1)), None);
        assert!(outbox.pop(&mut Vec::new()).is_some());
        assert_eq!(outbox.push(SocketId(1), to(1), |buf| buf.push(1)), Some(1));
    }

    #[test]
    fn what_a_closed_socket_was_to_send_is_gone() {
        let mut outbox = outbox(&[(1, 1, 3), (2, 1, 4), (1, 1, 5), (2, 2, 6)]);
        let mut first = Vec::new();
        assert!(outbox.pop(&mut first).is_some());
        outbox.forget(SocketId(1));
        let mut rest = Vec::new();
        assert_eq!(outbox.pop(&mut rest).map(|transmit| transmit.len), Some(4));
        assert_eq!(rest, [1; 4]);
        assert_eq!(outbox.pop(&mut rest).map(|transmit| transmit.to), Some(to(2)));
        assert_eq!(outbox.pop(&mut rest), None);
    }
}
