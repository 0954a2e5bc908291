//! How many more packets are acknowledged at once than the path carries in the time: receivers and
//! links that bundle would else keep a sender waiting.

use super::bbr_model::{Bandwidth, packets_in};

/// The largest of this and the last window counts; a window is so many rounds.
const WINDOW_ROUNDS: u32 = 5;

/// It is never more than what the path carries in this time, in µs.
const MAX_US: u64 = 100_000;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aggregation {
    started_us: u64,
    acked: u64,
    extra: [u32; 2],
    current: usize,
    rounds: u32,
}

impl Aggregation {
    pub fn update(&mut self, now: u64, newly: u32, bw: Bandwidth, cwnd: u32, round_start: bool) {
        if round_start {
            self.next_round();
        }
        let mut expected = packets_in(bw, now.saturating_sub(self.started_us), 1000);
        if self.acked <= expected {
            (self.started_us, self.acked, expected) = (now, 0, 0);
        }
        self.acked += u64::from(newly);
        let extra = (self.acked - expected).min(u64::from(cwnd)) as u32;
        self.extra[self.current] = self.extra[self.current].max(extra);
    }

    fn next_round(&mut self) {
        self.rounds += 1;
        if self.rounds >= WINDOW_ROUNDS {
            self.rounds = 0;
            self.current ^= 1;
            self.extra[self.current] = 0;
        }
    }

    /// Packets beyond those that the round trip needs.
    pub fn extra(&self, bw: Bandwidth) -> u64 {
        u64::from(self.extra[0].max(self.extra[1])).min(packets_in(bw, MAX_US, 1000))
    }
}
