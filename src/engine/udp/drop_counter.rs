//! Datagrams that the operating system dropped because nobody read them in time.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::tally::Tally;

/// ms between two looks.
const LOOK_MS: u64 = 250;

/// ms after which a look says nothing about now: the next is a beginning.
const STALE_MS: u64 = 2000;

/// One in so many is lost: of a request that is tried four times, one in 65 000.
const TOLERABLE: u64 = 16;

/// What one socket lost. Only the thread that drives the poll touches it.
#[derive(Default)]
pub struct DropCounter {
    datagrams: AtomicU32,
    messages: AtomicU32,
    /// Messages, as the system counts them.
    lost: AtomicU32,
    /// When the system was asked last.
    looked_ms: AtomicU64,
}

impl DropCounter {
    /// These were read.
    pub fn count(&self, read: Tally) {
        self.datagrams.fetch_add(read.datagrams, Ordering::Relaxed);
        self.messages.fetch_add(read.messages, Ordering::Relaxed);
    }

    /// Whether more than one datagram in 16 was lost since the last look, at least 250 ms and at most
    /// 2 s ago. `lost_in_all` is the socket's own count of messages, which wraps; what was lost is
    /// taken to be of as many datagrams as what was read.
    pub fn are_many(&self, now_ms: u64, lost_in_all: u32) -> bool {
        let passed_ms = now_ms.saturating_sub(self.looked_ms.load(Ordering::Relaxed));
        if passed_ms < LOOK_MS {
            return false;
        }
        self.looked_ms.store(now_ms, Ordering::Relaxed);
        let read = u64::from(self.datagrams.swap(0, Ordering::Relaxed));
        let messages = u64::from(self.messages.swap(0, Ordering::Relaxed));
        let lost = lost_in_all.wrapping_sub(self.lost.swap(lost_in_all, Ordering::Relaxed));
        let lost = u64::from(lost) * read / messages.max(1);
        passed_ms <= STALE_MS && lost > (read + lost) / TOLERABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::udp::datagram::Message;
    use crate::engine::udp::tests::FROM;

    fn read(losses: &DropCounter, count: usize) {
        losses.count(Tally::of(&vec![Message::lone(0, 13, FROM); count]));
    }

    #[test]
    fn a_bundle_that_was_dropped_is_its_datagrams() {
        let losses = DropCounter::default();
        losses.are_many(1000, 0);
        let bundle = Message { at: 0, len: 64 * 13, segment: 13, from: FROM };
        losses.count(Tally::of(&[bundle; 15]));
        assert!(!losses.are_many(1250, 1), "64 of 1024");
        losses.count(Tally::of(&[bundle; 14]));
        assert!(losses.are_many(1500, 2), "64 of 960");
    }

    #[test]
    fn more_than_one_in_sixteen_are_many() {
        let losses = DropCounter::default();
        read(&losses, 150);
        assert!(!losses.are_many(1000, 10), "10 of 160");
        read(&losses, 150);
        assert!(!losses.are_many(1249, 100));
        assert!(losses.are_many(1250, 21), "11 of 161");
        assert!(!losses.are_many(1500, 21), "none since");
    }

    #[test]
    fn what_was_long_ago_neither_hides_losses_nor_makes_them() {
        let losses = DropCounter::default();
        losses.are_many(1000, 0);
        read(&losses, 1_000_000);
        assert!(!losses.are_many(100_000, 100), "nobody knows when");
        read(&losses, 150);
        assert!(losses.are_many(100_250, 111));
    }

    #[test]
    fn the_counter_wraps() {
        let losses = DropCounter::default();
        losses.are_many(1000, u32::MAX - 1);
        read(&losses, 100);
        assert!(!losses.are_many(1250, 1));
    }
}
