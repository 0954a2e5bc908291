//! Datagrams that the operating system dropped because nobody read them in time.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// ms between two questions to the system.
const LOOK_MS: u64 = 250;

/// One in so many is lost: of a request that is tried four times, one in 65 000.
const TOLERABLE: u32 = 16;

/// What one socket lost. Only the thread that drives the poll touches it.
#[derive(Default)]
pub struct Losses {
    read: AtomicU32,
    lost: AtomicU32,
    look_ms: AtomicU64,
}

impl Losses {
    /// So many datagrams were read in one go.
    pub fn count(&self, read: usize) {
        self.read.fetch_add(read as u32, Ordering::Relaxed);
    }

    /// Whether more than one in 16 was lost since the last time that it was asked, at least 250 ms
    /// ago. `lost` says how many the socket lost in all; the counter wraps.
    pub fn are_many(&self, now_ms: u64, lost: impl FnOnce() -> u32) -> bool {
        if now_ms < self.look_ms.load(Ordering::Relaxed) {
            return false;
        }
        self.look_ms.store(now_ms + LOOK_MS, Ordering::Relaxed);
        let read = self.read.swap(0, Ordering::Relaxed);
        let lost_in_all = lost();
        let lost = lost_in_all.wrapping_sub(self.lost.swap(lost_in_all, Ordering::Relaxed));
        lost > read.saturating_add(lost) / TOLERABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_one_in_sixteen_are_many() {
        let losses = Losses::default();
        losses.count(150);
        assert!(!losses.are_many(1000, || 10), "10 of 160");
        losses.count(150);
        assert!(!losses.are_many(1249, || panic!("asked too often")));
        assert!(losses.are_many(1250, || 21), "11 of 161");
        assert!(!losses.are_many(1500, || 21), "none since");
    }

    #[test]
    fn the_counter_wraps() {
        let losses = Losses::default();
        losses.are_many(0, || u32::MAX - 1);
        losses.count(100);
        assert!(!losses.are_many(250, || 1));
    }
}
