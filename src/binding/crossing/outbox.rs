//! The records that wait for JavaScript, packed.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::chunks::Chunks;

/// What is dropped when JavaScript does not keep up, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordClass {
    /// For what others send, as a socket's buffer would.
    Requests,
    /// For what others cause: who follows it misses more than a datagram.
    Changes,
    /// For a user's own socket. A flood of requests leaves it as much again.
    Sends,
    /// For what settles something: bounded by the limits on requests and queries.
    Always,
}

impl RecordClass {
    /// So many bytes may wait before a record.
    const fn bytes(self) -> usize {
        match self {
            Self::Requests => 2 * 1024 * 1024,
            Self::Sends => 4 * 1024 * 1024,
            Self::Changes => 16 * 1024 * 1024,
            Self::Always => usize::MAX,
        }
    }
}

/// Bytes that one drain moves at most, so that JavaScript gets to other things between two of them. A
/// record that is longer goes alone.
pub const BATCH: usize = 64 * 1024;

/// Whole records. Those of one kind keep their order.
#[derive(Default)]
pub struct Outbox {
    inner: Mutex<Queue>,
    /// There are records, as far as that can be said without the lock.
    filled: AtomicBool,
}

#[derive(Default)]
struct Queue {
    records: Chunks,
    /// Where the last request among the records ends, in bytes from the first that was not drained.
    requests_end: usize,
    /// Requests that came when more than a batch waited. What settles something passes them: handlers
    /// that are slower than what others send do not hold up the node's own lookups.
    surplus: Chunks,
    /// The nodes whose status found no room.
    unsent: Vec<u32>,
}

impl Outbox {
    /// Appends the records that `write` appends, while there is room; `false` if there was none.
    pub fn push(&self, room: RecordClass, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let mut queue = self.inner.lock();
        if queue.is_over(room) {
            return false;
        }
        queue.append(room, write);
        self.filled.store(true, Ordering::Relaxed);
        true
    }

    /// Whether there are records, perhaps.
    pub fn is_filled(&self) -> bool {
        self.filled.load(Ordering::Relaxed)
    }

    /// Appends the status of the node `handle`. Without room the node is among [`Self::unsent`]
    /// instead: only the last of its statuses matters.
    pub fn push_latest(&self, handle: u32, write: impl FnOnce(&mut Vec<u8>)) {
        let mut queue = self.inner.lock();
        if !queue.is_over(RecordClass::Changes) {
            queue.append(RecordClass::Changes, write);
            self.filled.store(true, Ordering::Relaxed);
        } else if !queue.unsent.contains(&handle) {
            queue.unsent.push(handle);
        }
    }

    /// The nodes whose status is still to be told, once there is room for it.
    pub fn unsent(&self) -> Vec<u32> {
        let mut queue = self.inner.lock();
        if queue.unsent.is_empty() || queue.is_over(RecordClass::Requests) {
            return Vec::new();
        }
        std::mem::take(&mut queue.unsent)
    }

    /// Moves whole records, `batch` bytes but for the last ones, to the front of `slab`; returns
    /// their bytes. The slab must have room for the longest record, which is the end of a query: 20
    /// replies with 341 closer nodes each are 276 kB.
    pub fn drain(&self, slab: &mut [u8], batch: usize) -> usize {
        let mut queue = self.inner.lock();
        let len = queue.drain(slab, batch);
        if queue.waiting() == 0 {
            self.filled.store(false, Ordering::Relaxed);
        }
        len
    }
}

impl Queue {
    fn waiting(&self) -> usize {
        self.records.waiting() + self.surplus.waiting()
    }

    fn is_over(&self, room: RecordClass) -> bool {
        self.waiting() > room.bytes()
    }

    #[cfg(test)]
    fn held(&self) -> usize {
        self.records.held() + self.surplus.held()
    }

    fn append(&mut self, room: RecordClass, write: impl FnOnce(&mut Vec<u8>)) {
        let waits = self.surplus.waiting() > 0 || self.records.waiting() > BATCH;
        if room == RecordClass::Requests && waits {
            return self.surplus.append(write);
        }
        self.records.append(write);
        if room == RecordClass::Requests {
            self.requests_end = self.records.waiting();
        }
    }

    /// The surplus has its turn when no older request is left; what comes first leaves it half a batch.
    fn drain(&mut self, slab: &mut [u8], batch: usize) -> usize {
        let shares = self.requests_end == 0 && self.surplus.waiting() > 0;
        let mut len = self.records.drain(slab, if shares { batch / 2 } else { batch });
        self.requests_end = self.requests_end.saturating_sub(len);
        if self.requests_end == 0 && len < batch {
            len += self.surplus.drain(&mut slab[len..], batch - len);
        }
        len
    }
}

#[cfg(test)]
mod tests {
    use super::super::chunks::KEPT_CAPACITY;
    use super::super::pack;
    use super::*;

    /// The kind says nothing here.
    fn plain(out: &mut Vec<u8>, handle: u32) {
        pack::record(out, 1, handle, |_| ());
    }

    fn long(out: &mut Vec<u8>, handle: u32, len: usize) {
        pack::record(out, 1, handle, |out| out.resize(out.len() + 8 + len, 0));
    }

    fn with(handles: std::ops::Range<u32>) -> Outbox {
        let outbox = Outbox::default();
        for handle in handles {
            outbox.push(RecordClass::Always, |out| plain(out, handle));
        }
        outbox
    }

    #[test]
    fn drains_whole_records_in_order() {
        let outbox = with(0..5);
        let mut slab = [0; 20];
        assert_eq!(outbox.drain(&mut slab, BATCH), 16);
        assert_eq!(slab[12], 1);
        assert_eq!(outbox.drain(&mut slab, BATCH), 16);
        assert_eq!(slab[4], 2);
        assert_eq!(outbox.drain(&mut slab, BATCH), 8);
        assert_eq!(outbox.drain(&mut slab, BATCH), 0);
    }

    #[test]
    fn a_record_longer_than_a_batch_goes_alone() {
        let outbox = with(0..1);
        outbox.push(RecordClass::Always, |out| long(out, 1, BATCH));
        let mut slab = vec![0; 4 * BATCH];
        assert_eq!(outbox.drain(&mut slab, BATCH), 8);
        assert_eq!(outbox.drain(&mut slab, BATCH), BATCH + 16);
        assert_eq!(outbox.drain(&mut slab, BATCH), 0);
    }

    #[test]
    fn what_was_drained_takes_no_memory() {
        let outbox = with(0..0);
        let record = |out: &mut Vec<u8>| long(out, 1, 1000);
        let mut slab = vec![0; 4 * BATCH];
        let mut drained = 0;
        for _ in 0..3 {
            while outbox.push(RecordClass::Requests, record) {}
            let held = outbox.inner.lock().held();
            assert!(held <= RecordClass::Requests.bytes() + 2 * KEPT_CAPACITY, "{held}");
            for _ in 0..10 {
                drained += outbox.drain(&mut slab, BATCH);
            }
        }
        let waiting = outbox.inner.lock().waiting();
        while outbox.drain(&mut slab, BATCH) > 0 {}
        let bound = RecordClass::Requests.bytes();
        assert!(drained > bound / 8 * 7 && waiting > bound / 8 * 5, "{drained} {waiting}");
        let queue = outbox.inner.lock();
        assert!(queue.held() == 0 && queue.waiting() == 0);
    }

    /// The handles of the records of a batch.
    fn drained(outbox: &Outbox, batch: usize) -> Vec<u32> {
        let mut slab = vec![0; 4 * BATCH];
        let len = outbox.drain(&mut slab, batch);
        let mut handles = Vec::new();
        let mut records = &slab[..len];
        while let [a, b, c, d, e, f, g, h, ..] = *records {
            handles.push(u32::from_le_bytes([e, f, g, h]));
            records = &records[pack::length(u32::from_le_bytes([a, b, c, d]))..];
        }
        handles
    }

    #[test]
    fn what_settles_something_passes_the_requests_that_wait_behind_a_batch() {
        let outbox = with(0..0);
        let record = |handle: u32| move |out: &mut Vec<u8>| long(out, handle, 1000);
        let sent =
            (0..).find(|&i| !outbox.push(RecordClass::Requests, record(i))).expect("it is full");
        let settled = sent..sent + 200;
        for handle in settled.clone() {
            outbox.push(RecordClass::Always, record(handle));
        }

        let mut handles = drained(&outbox, BATCH);
        assert!(handles.iter().all(|&handle| handle < sent), "the oldest requests");
        handles.extend(drained(&outbox, BATCH));
        while settled.clone().any(|handle| !handles.contains(&handle)) {
            let batch = drained(&outbox, BATCH / 4);
            let requests = batch.iter().filter(|&&handle| handle < sent).count();
            assert!((7..=14).contains(&requests), "{requests} of {}", batch.len());
            handles.extend(batch);
        }
        loop {
            let batch = drained(&outbox, BATCH);
            if batch.is_empty() {
                break;
            }
            handles.extend(batch);
        }
        let (requests, others): (Vec<u32>, Vec<u32>) = handles.iter().partition(|&&h| h < sent);
        assert!(requests.into_iter().eq(0..sent) && others.into_iter().eq(settled), "in order");
    }

    #[test]
    fn refuses_only_what_may_be_dropped() {
        let outbox = with(0..0);
        outbox.push(RecordClass::Always, |out| out.resize(RecordClass::Requests.bytes() + 1, 0));
        assert!(!outbox.push(RecordClass::Requests, |_| ()));
        assert!(outbox.push(RecordClass::Sends, |_| ()));
        assert!(outbox.push(RecordClass::Changes, |_| ()));
        outbox.push(RecordClass::Always, |out| out.resize(RecordClass::Changes.bytes() + 1, 0));
        assert!(!outbox.push(RecordClass::Sends, |_| ()));
        assert!(!outbox.push(RecordClass::Changes, |_| ()));
        assert!(outbox.push(RecordClass::Always, |_| ()));
    }

    #[test]
    fn a_status_without_room_is_told_when_there_is_some() {
        let outbox = with(0..0);
        outbox.push_latest(1, |out| plain(out, 1));
        assert!(outbox.unsent().is_empty());
        outbox.push(RecordClass::Always, |out| {
            while out.len() <= RecordClass::Changes.bytes() {
                long(out, 1, BATCH);
            }
        });
        for handle in [7, 7, 8] {
            outbox.push_latest(handle, |_| unreachable!("there is no room"));
        }
        assert!(outbox.unsent().is_empty(), "not before there is room");
        let mut slab = vec![0; 4 * BATCH];
        while outbox.drain(&mut slab, BATCH) > 0 {}
        assert_eq!(outbox.unsent(), [7, 8]);
        assert!(outbox.unsent().is_empty());
    }
}
