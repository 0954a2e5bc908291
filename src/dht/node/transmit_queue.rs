//! Datagrams on their way to the driver.

use std::collections::VecDeque;

use super::super::wire::MAX_DATAGRAM;
use crate::net::addr::Addr;
use crate::net::socket_key::SocketKey;
use crate::net::transmit::Transmit;

/// Bytes waiting for the driver: what a large socket buffer holds.
const MAX_BYTES: usize = 4 << 20;

/// Places that a node may keep until the next tick: for a datagram of any size, or some small ones.
const KEPT_BYTES: usize = MAX_DATAGRAM;
const KEPT_PLACES: usize = 16;

/// A queue of datagrams in one buffer.
#[derive(Debug, Default)]
pub(super) struct TransmitQueue {
    queue: VecDeque<Transmit>,
    bytes: Vec<u8>,
    sent: usize,
}

impl TransmitQueue {
    /// Appends what `encode` writes. False, and nothing, if too much is waiting.
    pub fn push(
        &mut self,
        socket: SocketKey,
        to: Addr,
        ttl: u8,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        if self.bytes.len() >= MAX_BYTES {
            return false;
        }
        let start = self.bytes.len();
        encode(&mut self.bytes);
        let len = self.bytes.len() - start;
        self.queue.push_back(Transmit { socket, to, ttl, len });
        true
    }

    pub fn pop(&mut self, buf: &mut Vec<u8>) -> Option<Transmit> {
        let transmit = self.queue.pop_front()?;
        let end = self.sent + transmit.len;
        buf.extend_from_slice(self.bytes.get(self.sent..end)?);
        self.sent = end;
        if self.queue.is_empty() {
            self.sent = 0;
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES);
            self.queue.shrink_to(KEPT_PLACES);
        }
        Some(transmit)
    }

    /// Keeps no places for datagrams while there are none.
    pub fn release_memory(&mut self) {
        if self.queue.is_empty() {
            *self = Self::default();
        }
    }
}
