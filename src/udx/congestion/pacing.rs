//! How fast packets leave: a bucket of credit.

/// The credit of 1 ms at most, and at least that of one packet, unless packets wait for it: who is
/// woken late gets what the time gave. Else late wakes would count as a slow path, and slow the sender
/// down further. Credit is kept in millionths of bytes, so that none is lost where little passes
/// between two looks.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Pacer {
    credit: i64,
    filled_us: u64,
    has_waiting: bool,
}

const MILLION: i64 = 1_000_000;

/// Bytes that may leave at once at first, as udx-native 1.21.3.
const INITIAL_BYTES: i64 = 25_000;

/// For so many µs credit is saved up.
const SAVED_US: u64 = 1_000;

/// Who has used up the credit is back after so many µs, or when it is worth a packet.
const BREAK_US: u64 = 500;

/// No rate is taken for more: bytes a second.
const MAX_RATE: u64 = 1 << 40;

impl Pacer {
    pub fn new(now: u64) -> Self {
        Self { credit: INITIAL_BYTES * MILLION, filled_us: now, has_waiting: false }
    }

    /// Adds what the time gave at `rate` bytes a second.
    pub fn fill(&mut self, now: u64, rate: u64, packet: usize) {
        let rate = rate.min(MAX_RATE);
        let passed = now.saturating_sub(self.filled_us).min(MILLION as u64);
        self.filled_us = self.filled_us.max(now);
        let most = match self.has_waiting {
            true => i64::MAX,
            false => ((rate * SAVED_US) as i64).max(packet as i64 * MILLION),
        };
        self.has_waiting = false;
        if self.credit < most {
            self.credit = self.credit.saturating_add((rate * passed) as i64).min(most);
        }
    }

    /// Whether a packet may leave: one byte of credit is enough.
    pub fn has_credit(&self) -> bool {
        self.credit > 0
    }

    pub fn spend(&mut self, bytes: usize) {
        self.credit = self.credit.saturating_sub(bytes as i64 * MILLION);
    }

    /// Packets wait. When to come back: when half a ms gave its credit, or later if that is not even a
    /// byte.
    pub fn wait(&mut self, now: u64, rate: u64) -> u64 {
        self.has_waiting = true;
        let debt = u64::try_from(-self.credit).unwrap_or(0) + 1;
        now + debt.div_ceil(rate.clamp(1, MAX_RATE)).max(BREAK_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that left in a second of looks at every `step_us`, with packets of 1 000.
    fn sent(rate: u64, step_us: u64) -> i64 {
        let mut pacer = Pacer::new(0);
        let mut sent = 0;
        for now in (0..MILLION as u64).step_by(step_us as usize) {
            pacer.fill(now, rate, 1000);
            while pacer.has_credit() {
                pacer.spend(1000);
                sent += 1000;
            }
            pacer.wait(now, rate);
        }
        sent
    }

    #[test]
    fn what_leaves_is_the_rate_whenever_one_looks() {
        for rate in [5_000, 1_000_000, 100_000_000] {
            for step_us in [1, 7, 500, 999, 1_001, 20_000] {
                let sent = sent(rate, step_us) - INITIAL_BYTES;
                let spare = (rate / 1000).max(rate * step_us / MILLION as u64) as i64 + 1000;
                assert!((sent - rate as i64).abs() <= spare, "{sent} of {rate} by {step_us}");
            }
        }
    }

    #[test]
    fn a_pause_saves_up_no_more_than_a_ms() {
        let mut pacer = Pacer::new(0);
        pacer.spend(25_000);
        pacer.fill(1_000_000, 10_000_000, 1000);
        assert_eq!(pacer.credit / MILLION, 10_000);
        pacer.spend(11_000);
        assert_eq!((pacer.has_credit(), pacer.wait(0, 10_000_000)), (false, 500));
        assert_eq!(pacer.wait(0, 1000), 1_000_001);
    }
}
