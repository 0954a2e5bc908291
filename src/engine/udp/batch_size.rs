//! How many datagrams to ask a socket for.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use super::datagram::MAX_BATCH;

/// Rounds in a row with something to read after which a socket is read many at a time.
const HOT: u8 = 3;

/// How busy a socket is. Asking a quiet one for many datagrams costs half as much again as asking
/// it for one.
#[derive(Default)]
pub struct BatchSize {
    last_round: AtomicU32,
    level: AtomicU8,
}

impl BatchSize {
    /// How many datagrams to ask for in this round. Called by the thread that drives the poll.
    pub fn want(&self, round: u32) -> usize {
        let silent = round.wrapping_sub(self.last_round.swap(round, Ordering::Relaxed)) > 1;
        if silent {
            self.level.store(0, Ordering::Relaxed);
        }
        if self.level.load(Ordering::Relaxed) == HOT { MAX_BATCH } else { 1 }
    }

    /// That many were there.
    pub fn got(&self, count: usize, want: usize) {
        let level = self.level.load(Ordering::Relaxed);
        let level = match (want, count) {
            (_, 0) => 0,
            (1, _) => (level + 1).min(HOT),
            (_, 1) => 0,
            _ => HOT,
        };
        self.level.store(level, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(heat: &BatchSize, round: u32, there: usize) -> usize {
        let want = heat.want(round);
        heat.got(there.min(want), want);
        want
    }

    #[test]
    fn many_are_asked_for_only_of_a_socket_that_stays_busy() {
        let heat = BatchSize::default();
        let wants: Vec<_> = (1..6).map(|round| read(&heat, round, 5)).collect();
        assert_eq!(wants, [1, 1, 1, MAX_BATCH, MAX_BATCH]);
        assert_eq!(read(&heat, 6, 1), MAX_BATCH);
        assert_eq!(read(&heat, 7, 1), 1, "there was only one");
        for round in 8..10 {
            read(&heat, round, 5);
        }
        assert_eq!(read(&heat, 10, 5), MAX_BATCH);
        assert_eq!(read(&heat, 12, 5), 1, "it was silent for a round");
    }

    #[test]
    fn a_socket_with_nothing_to_read_is_not_busy() {
        let heat = BatchSize::default();
        let wants: Vec<_> = (1..6).map(|round| read(&heat, round, 0)).collect();
        assert_eq!(wants, [1; 5]);
    }
}
