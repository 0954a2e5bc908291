//! The records that wait for JavaScript, packed.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

/// Bytes of records that may be dropped when JavaScript does not keep up, as a socket's buffer
/// would. The others are bounded by the limits on requests and queries.
const MAX_DROPPABLE: usize = 8 * 1024 * 1024;

/// Bytes that one drain moves, so that JavaScript gets to other things between two of them. A
/// record that is longer goes alone.
const BATCH: usize = 64 * 1024;

/// Capacity that is kept when everything was drained, in bytes.
const KEPT_CAPACITY: usize = 1024 * 1024;

/// Whole records, oldest first.
#[derive(Default)]
pub struct Outbox {
    inner: Mutex<Queue>,
    /// There are records, as far as that can be said without the lock.
    filled: AtomicBool,
}

#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    /// Where the first record that was not drained begins.
    start: usize,
}

impl Outbox {
    /// Appends the records that `write` appends. With `droppable`, only while there is room;
    /// `false` if there was none.
    pub fn push(&self, droppable: bool, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut queue = self.inner.lock();
        if droppable && queue.bytes.len() - queue.start > MAX_DROPPABLE {
            return false;
        }
        write(&mut queue.bytes);
        self.filled.store(true, Ordering::Relaxed);
        true
    }

    /// Whether there are records, perhaps.
    pub fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Relaxed)
    }

    /// Moves a batch of whole records to the front of `slab`; returns their bytes. The slab must have
    /// room for the longest record, which is the end of a query: 20 replies with 341 closer nodes
    /// each are 276 kB.
    pub fn drain(&self, slab: &mut [u8]) -> usize {
        let mut queue = self.inner.lock();
        let waiting = &queue.bytes[queue.start..];
        let len = whole_records(waiting, slab.len());
        slab[..len].copy_from_slice(&waiting[..len]);
        queue.start += len;
        if queue.start == queue.bytes.len() {
            queue.bytes.clear();
            queue.bytes.shrink_to(KEPT_CAPACITY);
            queue.start = 0;
            self.filled.store(false, Ordering::Relaxed);
        } else if queue.start > queue.bytes.len() / 2 {
            let start = std::mem::take(&mut queue.start);
            queue.bytes.drain(..start);
        }
        len
    }
}

/// How many bytes of `records`, at most `room`, are whole records.
fn whole_records(records: &[u8], room: usize) -> usize {
    let mut end = 0;
    while let Some(head) = records.get(end..end + 4) {
        let word = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let len = super::records::length(word);
        let alone = end == 0 && len <= room;
        if len == 0 || (end + len > room.min(BATCH) && !alone) {
            break;
        }
        end += len;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::super::records::{self, Kind};
    use super::*;

    fn with(handles: std::ops::Range<u32>) -> Outbox {
        let outbox = Outbox::default();
        for handle in handles {
            outbox.push(false, |out| records::plain(out, Kind::Ready, handle));
        }
        outbox
    }

    #[test]
    fn drains_whole_records_in_order() {
        let outbox = with(0..5);
        let mut slab = [0; 20];
        assert_eq!(outbox.drain(&mut slab), 16);
        assert_eq!(slab[12], 1);
        assert_eq!(outbox.drain(&mut slab), 16);
        assert_eq!(slab[4], 2);
        assert_eq!(outbox.drain(&mut slab), 8);
        assert_eq!(outbox.drain(&mut slab), 0);
    }

    #[test]
    fn a_record_longer_than_a_batch_goes_alone() {
        let outbox = with(0..1);
        outbox.push(false, |out| records::crashed(out, 1, &"x".repeat(BATCH)));
        let mut slab = vec![0; 4 * BATCH];
        assert_eq!(outbox.drain(&mut slab), 8);
        assert_eq!(outbox.drain(&mut slab), BATCH + 16);
        assert_eq!(outbox.drain(&mut slab), 0);
    }

    #[test]
    fn refuses_only_what_may_be_dropped() {
        let outbox = with(0..0);
        outbox.push(false, |out| out.resize(MAX_DROPPABLE + 1, 0));
        assert!(!outbox.push(true, |_| ()));
        assert!(outbox.push(false, |_| ()));
    }
}
