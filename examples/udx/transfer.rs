//! Bytes that are written to a stream, and those that come out of it.

use blake2::{Blake2b512, Digest};
use bytes::Bytes;
use dht_rpc_native::udx::{Error, Event, Hub, StreamKey};

/// Bytes of a write.
const PIECE: usize = 1 << 16;

type Hash = Blake2b512;

pub struct Transfer {
    stream: StreamKey,
    left: usize,
    piece: Vec<u8>,
    written: u64,
    may_write: bool,
    has_ended: bool,
    is_closed: bool,
    sent: Hash,
    received: Hash,
}

impl Transfer {
    /// Writes so many bytes, which differ by `seed`.
    pub fn new(stream: StreamKey, len: usize, seed: u8) -> Self {
        let piece = (0..PIECE).map(|n| (n as u8).wrapping_mul(31).wrapping_add(seed)).collect();
        Self {
            stream,
            left: len,
            piece,
            written: 0,
            may_write: true,
            has_ended: false,
            is_closed: false,
            sent: Hash::new(),
            received: Hash::new(),
        }
    }

    /// Writes while the stream takes more; ends it when all is written.
    pub fn write(&mut self, hub: &mut Hub, now: u64) -> Result<(), Error> {
        while self.may_write && self.left > 0 {
            let len = self.left.min(PIECE);
            self.piece[..8].copy_from_slice(&self.written.to_le_bytes());
            self.sent.update(&self.piece[..len]);
            let bytes = Bytes::copy_from_slice(&self.piece[..len]);
            let written = hub.write(now, self.stream, bytes)?;
            self.written = written.total;
            self.may_write = written.is_drained;
            self.left -= len;
        }
        if self.left == 0 && !self.has_ended {
            self.has_ended = true;
            hub.end(now, self.stream)?;
        }
        Ok(())
    }

    pub fn handle(&mut self, hub: &mut Hub, now: u64, event: Event) {
        match event {
            Event::Data { stream, bytes } => {
                self.received.update(&bytes);
                hub.consumed(now, stream, bytes.len() as u64);
            }
            Event::Drain { .. } => self.may_write = true,
            Event::Closed { reason, .. } => {
                assert_eq!(reason.error(), None, "the stream failed");
                self.is_closed = true;
            }
            _ => {}
        }
    }

    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub fn sent_hash(&self) -> String {
        hex(self.sent.clone())
    }

    pub fn received_hash(&self) -> String {
        hex(self.received.clone())
    }
}

fn hex(hash: Hash) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
