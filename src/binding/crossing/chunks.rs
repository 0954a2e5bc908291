//! Packed records in a row, in chunks, so that what was drained takes no memory while the rest waits.

use std::collections::VecDeque;

use super::pack;

/// Bytes from which a chunk takes no more records: with one more that a datagram causes it is below
/// 256 KiB, to which its capacity doubled.
const FULL: usize = 252 * 1024;

/// Capacity of a chunk that is kept when it was drained, in bytes.
pub const KEPT_CAPACITY: usize = 256 * 1024;

/// Whole records, oldest first.
#[derive(Default)]
pub struct Chunks {
    /// Whole records each; only the last may be empty.
    chunks: VecDeque<Vec<u8>>,
    /// Where the first record that was not drained begins, in the first chunk.
    start: usize,
    /// Bytes that were not drained.
    waiting: usize,
    /// An empty chunk.
    spare: Vec<u8>,
}

impl Chunks {
    /// Bytes that were not drained.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Bytes of memory that what waits takes.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.chunks.iter().map(Vec::capacity).sum()
    }

    /// Appends the records that `write` appends.
    pub fn append(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.chunks.back().is_none_or(|last| last.len() >= FULL) {
            let next = std::mem::take(&mut self.spare);
            self.chunks.push_back(next);
        }
        if let Some(last) = self.chunks.back_mut() {
            let before = last.len();
            write(last);
            self.waiting += last.len() - before;
        }
    }

    /// Moves whole records to the front of `slab`, `most` bytes of them or one that is longer; returns
    /// their bytes.
    pub fn drain(&mut self, slab: &mut [u8], most: usize) -> usize {
        let Some(first) = self.chunks.front() else { return 0 };
        let waiting = &first[self.start..];
        let len = whole_records(waiting, slab.len(), most);
        slab[..len].copy_from_slice(&waiting[..len]);
        self.drained(len);
        len
    }

    /// That many bytes of the first chunk are somebody else's now.
    fn drained(&mut self, len: usize) {
        self.waiting -= len;
        self.start += len;
        if self.chunks.front().is_some_and(|first| self.start == first.len())
            && let Some(mut first) = self.chunks.pop_front()
        {
            self.start = 0;
            first.clear();
            first.shrink_to(KEPT_CAPACITY);
            self.spare = first;
        }
    }
}

/// How many bytes of `records`, at most `room`, are whole records: `most`, or one that is longer.
fn whole_records(records: &[u8], room: usize, most: usize) -> usize {
    let mut end = 0;
    while let Some(head) = records.get(end..end + 4) {
        let word = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let len = pack::length(word);
        let alone = end == 0 && len <= room;
        if len == 0 || (end + len > room.min(most) && !alone) {
            break;
        }
        end += len;
    }
    end
}
