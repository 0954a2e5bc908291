//! The bytes of a stream that JavaScript has yet to take, beside the records that say so: a piece for
//! each record, which grows while the record waits.

use std::collections::VecDeque;

use bytes::Bytes;

use super::super::crossing::lent_memory::{CHUNK, Chunk, LentMemory};

/// See the module's page.
#[derive(Default)]
pub struct Lane {
    pieces: VecDeque<Piece>,
    /// The last piece may grow.
    is_open: bool,
    /// JavaScript is gone: nothing is kept, and none of its memory is touched.
    is_closed: bool,
}

/// What becomes one `data` event.
pub struct Piece {
    pub memory: Memory,
    pub len: usize,
}

pub enum Memory {
    /// JavaScript's.
    Chunk(Chunk),
    /// Ours, as JavaScript had none to give.
    Own(Vec<u8>),
}

impl Lane {
    /// Adds bytes; returns how many pieces were begun.
    pub fn push(&mut self, bytes: &[Bytes], memory: &LentMemory) -> usize {
        if self.is_closed {
            return 0;
        }
        let mut begun = 0;
        for bytes in bytes {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                begun += usize::from(self.reserve(memory, rest.len()));
                let Some(piece) = self.pieces.back_mut() else { return begun };
                let (now, after) = rest.split_at(rest.len().min(CHUNK - piece.len));
                piece.write(now);
                rest = after;
            }
        }
        begun
    }

    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Something else happened: what comes is no part of what came.
    pub fn seal(&mut self) {
        self.is_open = false;
    }

    /// The oldest piece, which grows no more.
    pub fn take(&mut self) -> Option<Piece> {
        let piece = self.pieces.pop_front();
        self.is_open &= !self.pieces.is_empty();
        piece
    }

    /// Nobody takes any more. JavaScript's memory is free again, if it still is JavaScript's.
    pub fn close(&mut self, memory: Option<&LentMemory>) {
        self.is_closed = true;
        for piece in self.pieces.drain(..) {
            if let (Memory::Chunk(chunk), Some(memory)) = (piece.memory, memory) {
                memory.give(chunk);
            }
        }
    }

    /// Makes room for `len` bytes, or for some of them. True if that is a piece of its own.
    fn reserve(&mut self, memory: &LentMemory, len: usize) -> bool {
        let fits = |piece: &Piece| piece.len + len.min(CHUNK) <= CHUNK;
        if self.is_open && self.pieces.back().is_some_and(fits) {
            return false;
        }
        let of = memory.take().map_or_else(|| Memory::Own(Vec::new()), Memory::Chunk);
        self.pieces.push_back(Piece { memory: of, len: 0 });
        self.is_open = true;
        true
    }
}

impl Piece {
    fn write(&mut self, bytes: &[u8]) {
        match &mut self.memory {
            Memory::Chunk(chunk) => chunk.write(self.len, bytes),
            Memory::Own(own) => own.extend_from_slice(bytes),
        }
        self.len += bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize, with: u8) -> Vec<Bytes> {
        vec![Bytes::from(vec![with; len])]
    }

    fn taken(lane: &mut Lane) -> Vec<(usize, u8)> {
        let pieces = std::iter::from_fn(|| lane.take());
        let of = |piece: Piece| match piece.memory {
            Memory::Own(own) => (own.len(), own[0]),
            Memory::Chunk(_) => unreachable!("none were given"),
        };
        pieces.map(of).collect()
    }

    #[test]
    fn a_piece_grows_until_it_is_full_taken_or_sealed() {
        let (mut lane, chunks) = (Lane::default(), LentMemory::default());
        assert_eq!(lane.push(&bytes(10, 1), &chunks), 1);
        assert_eq!(lane.push(&bytes(CHUNK - 10, 2), &chunks), 0);
        assert_eq!(lane.push(&bytes(1, 3), &chunks), 1);
        lane.seal();
        assert_eq!(lane.push(&bytes(1, 4), &chunks), 1);
        assert_eq!(taken(&mut lane), [(CHUNK, 1), (1, 3), (1, 4)]);
        assert_eq!(lane.push(&bytes(1, 5), &chunks), 1);
        assert_eq!(taken(&mut lane), [(1, 5)]);
    }

    #[test]
    fn memory_of_javascripts_is_written_once_and_not_after_it_is_gone() {
        let mut memory = vec![0u8; CHUNK];
        let (mut lane, chunks) = (Lane::default(), LentMemory::default());
        // SAFETY: it lives longer than the lane, and is looked at when that has no piece of it.
        chunks.give(unsafe { Chunk::new(7, std::ptr::NonNull::new(memory.as_mut_ptr()).unwrap()) });
        assert_eq!(lane.push(&bytes(2, 8), &chunks), 1);
        assert_eq!(lane.push(&bytes(1, 9), &chunks), 0);
        let piece = lane.take().unwrap();
        assert!(matches!(piece.memory, Memory::Chunk(Chunk { id: 7, .. })));
        assert_eq!((piece.len, &memory[..4]), (3, &[8, 8, 9, 0][..]));
        lane.close(None);
        assert_eq!((lane.push(&bytes(1, 1), &chunks), lane.take().is_none()), (0, true));
    }
}
