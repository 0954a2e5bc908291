//! Datagrams that the operating system dropped because nobody read them in time.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// ms between two looks.
const LOOK_MS: u64 = 250;

/// ms after which a look says nothing about now: the next is a beginning.
const STALE_MS: u64 = 2000;

/// One in so many is lost: of a request that is tried four times, one in 65 000.
const TOLERABLE: u32 = 16;

/// What one socket lost. Only the thread that drives the poll touches it.
#[derive(Default)]
pub struct DropCounter {
    read: AtomicU32,
    lost: AtomicU32,
    /// When the system was asked last.
    looked_ms: AtomicU64,
}

impl DropCounter {
    /// So many datagrams were read in one go.
    pub fn count(&self, read: usize) {
        self.read.fetch_add(read as u32, Ordering::Relaxed);
    }

    /// Whether more than one in 16 was lost since the last look, at least 250 ms and at most 2 s
    /// ago. `lost_in_all` is the socket's own count, which wraps.
    pub fn are_many(&self, now_ms: u64, lost_in_all: u32) -> bool {
        let passed_ms = now_ms.saturating_sub(self.looked_ms.load(Ordering::Relaxed));
        if passed_ms < LOOK_MS {
            return false;
        }
        self.looked_ms.store(now_ms, Ordering::Relaxed);
        let read = self.read.swap(0, Ordering::Relaxed);
        let lost = lost_in_all.wrapping_sub(self.lost.swap(lost_in_all, Ordering::Relaxed));
        passed_ms <= STALE_MS && lost > read.saturating_add(lost) / TOLERABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_one_in_sixteen_are_many() {
        let losses = DropCounter::default();
        losses.count(150);
        assert!(!losses.are_many(1000, 10), "10 of 160");
        losses.count(150);
        assert!(!losses.are_many(1249, 100));
        assert!(losses.are_many(1250, 21), "11 of 161");
        assert!(!losses.are_many(1500, 21), "none since");
    }

    #[test]
    fn what_was_long_ago_neither_hides_losses_nor_makes_them() {
        let losses = DropCounter::default();
        losses.are_many(1000, 0);
        losses.count(1_000_000);
        assert!(!losses.are_many(100_000, 100), "nobody knows when");
        losses.count(150);
        assert!(losses.are_many(100_250, 111));
    }

    #[test]
    fn the_counter_wraps() {
        let losses = DropCounter::default();
        losses.are_many(1000, u32::MAX - 1);
        losses.count(100);
        assert!(!losses.are_many(1250, 1));
    }
}
