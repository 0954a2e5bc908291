//! How many messages to ask a socket for: datagrams, or bundles of them.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use super::datagram::MAX_BATCH;
use super::tally::Tally;

/// Rounds in a row with something to read after which a socket is read many at a time.
const HOT: u8 = 3;
/// How many at first, and four times as many as long as there are as many. A call for many takes its
/// time to prepare, and a socket with one datagram a round is hot, too.
const SOME: usize = 4;
const HOTTEST: u8 = HOT + 2;

/// How busy a socket is. Asking a quiet one for many messages costs half as much again as asking it
/// for one.
#[derive(Default)]
pub struct BatchSize {
    last_round: AtomicU32,
    level: AtomicU8,
    /// Datagrams in each message, the last time.
    each: AtomicU8,
}

impl BatchSize {
    /// How many messages to ask for in this round: of one that is busy as many as make a batch, if
    /// they are like the last. Called by the thread that drives the poll.
    pub fn want(&self, round: u32) -> usize {
        let silent = round.wrapping_sub(self.last_round.swap(round, Ordering::Relaxed)) > 1;
        if silent {
            self.level.store(0, Ordering::Relaxed);
        }
        let Some(heat) = self.level.load(Ordering::Relaxed).checked_sub(HOT) else { return 1 };
        let each = self.each.load(Ordering::Relaxed).max(1);
        MAX_BATCH.div_ceil(usize::from(each)).min(SOME << (2 * heat))
    }

    /// That was there.
    pub fn got(&self, Tally { messages, datagrams, .. }: Tally, want: usize) {
        let level = self.level.load(Ordering::Relaxed);
        let level = match (want, messages) {
            (_, 0) => 0,
            (1, _) => (level + 1).min(HOT).max(level),
            (_, 1) => 0,
            _ if messages as usize >= want => (level + 1).min(HOTTEST),
            _ => level,
        };
        self.level.store(level, Ordering::Relaxed);
        let each = datagrams / messages.max(1);
        self.each.store(u8::try_from(each).unwrap_or(u8::MAX), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::udp::datagram::Message;
    use crate::engine::udp::tests::FROM;

    fn read(heat: &BatchSize, round: u32, there: usize) -> usize {
        read_bundles(heat, round, there, 1)
    }

    /// Of so many datagrams each.
    fn read_bundles(heat: &BatchSize, round: u32, there: usize, each: usize) -> usize {
        let want = heat.want(round);
        let bundle = Message { at: 0, len: each, segment: 1, from: FROM };
        heat.got(Tally::of(&vec![bundle; there.min(want)]), want);
        want
    }

    #[test]
    fn of_bundles_as_many_are_asked_for_as_make_a_batch() {
        let heat = BatchSize::default();
        for round in 1..6 {
            read_bundles(&heat, round, 50, 1);
        }
        assert_eq!(read_bundles(&heat, 6, 50, 20), MAX_BATCH);
        assert_eq!(read_bundles(&heat, 7, 50, 64), MAX_BATCH.div_ceil(20));
        assert_eq!(read_bundles(&heat, 8, 50, 1000), 1);
        assert_eq!(read_bundles(&heat, 9, 50, 1), 1);
        assert_eq!(read_bundles(&heat, 10, 50, 1), MAX_BATCH);
    }

    #[test]
    fn many_are_asked_for_only_of_a_socket_that_stays_busy() {
        let heat = BatchSize::default();
        let wants: Vec<_> = (1..8).map(|round| read(&heat, round, 50)).collect();
        assert_eq!(wants, [1, 1, 1, SOME, 4 * SOME, MAX_BATCH, MAX_BATCH]);
        assert_eq!(read(&heat, 8, 5), MAX_BATCH);
        assert_eq!(read(&heat, 9, 1), MAX_BATCH);
        assert_eq!(read(&heat, 10, 1), 1, "there was only one");
        for round in 11..13 {
            read(&heat, round, 5);
        }
        let wants: Vec<_> = (13..16).map(|round| read(&heat, round, 5)).collect();
        assert_eq!(wants, [SOME, 4 * SOME, 4 * SOME], "there were not as many");
        assert_eq!(read(&heat, 17, 5), 1, "it was silent for a round");
    }

    #[test]
    fn a_socket_with_nothing_to_read_is_not_busy() {
        let heat = BatchSize::default();
        let wants: Vec<_> = (1..6).map(|round| read(&heat, round, 0)).collect();
        assert_eq!(wants, [1; 5]);
    }
}
