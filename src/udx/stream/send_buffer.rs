//! What was written and is not acknowledged.

use std::collections::VecDeque;

use bytes::Bytes;

/// The bytes of the stream from the oldest unacknowledged on, in the pieces in which they were
/// written. Positions count from the stream's beginning.
#[derive(Debug, Default)]
pub(super) struct SendBuffer {
    /// Where each begins.
    pieces: VecDeque<(u64, Bytes)>,
    acked: u64,
    end: u64,
}

/// Pieces for which an empty buffer keeps places.
const KEPT_PLACES: usize = 16;

impl SendBuffer {
    pub fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        let start = self.end;
        self.end += bytes.len() as u64;
        self.pieces.push_back((start, bytes));
    }

    /// Bytes written in all.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Bytes acknowledged in all.
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Bytes not acknowledged.
    pub fn backlog(&self) -> u64 {
        self.end - self.acked
    }

    /// Appends `len` bytes from `offset` on.
    pub fn copy(&self, offset: u64, len: usize, buf: &mut Vec<u8>) {
        let first = self.pieces.partition_point(|(start, _)| *start <= offset).saturating_sub(1);
        let (mut offset, mut left) = (offset, len);
        for (start, piece) in self.pieces.range(first..) {
            if left == 0 {
                break;
            }
            let skipped = (offset - start) as usize;
            let taken = left.min(piece.len() - skipped);
            buf.extend_from_slice(&piece[skipped..skipped + taken]);
            offset += taken as u64;
            left -= taken;
        }
    }

    /// All before `offset` is acknowledged.
    pub fn release(&mut self, offset: u64) {
        self.acked = self.acked.max(offset);
        while let Some((start, piece)) = self.pieces.front()
            && start + piece.len() as u64 <= offset
        {
            self.pieces.pop_front();
        }
        if self.pieces.is_empty() {
            self.pieces.shrink_to(KEPT_PLACES);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_across_pieces_until_they_are_released() {
        let mut buffer = SendBuffer::default();
        for piece in ["ab", "", "cde", "f"] {
            buffer.push(Bytes::from(piece));
        }
        let copied = |buffer: &SendBuffer, offset, len| {
            let mut buf = Vec::new();
            buffer.copy(offset, len, &mut buf);
            String::from_utf8(buf).expect("letters")
        };
        assert_eq!(copied(&buffer, 0, 6), "abcdef");
        assert_eq!(copied(&buffer, 1, 3), "bcd");
        buffer.release(3);
        assert_eq!((buffer.backlog(), buffer.pieces.len()), (3, 2));
        assert_eq!((copied(&buffer, 3, 3), copied(&buffer, 6, 0)), ("def".into(), String::new()));
        buffer.release(6);
        assert_eq!((buffer.backlog(), buffer.end(), buffer.acked()), (0, 6, 6));
    }
}
