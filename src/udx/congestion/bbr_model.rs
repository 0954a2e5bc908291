//! What BBR knows of the path: its bandwidth, its round trip, and whether the pipe is full.

use super::super::deadlines::NEVER;
use super::rate::RateSample;
use super::window_filter::MaxFilter;

/// Packets a second, times 1 024.
pub(super) type Bandwidth = u64;

const BANDWIDTH_UNIT: u64 = 1024;
const SECOND_US: u64 = 1_000_000;

/// Rounds that the largest bandwidth lasts.
const BANDWIDTH_ROUNDS: u64 = 10;

/// For how long the least round trip lasts, in µs.
const MIN_RTT_US: u64 = 10_000_000;

/// The pipe is full after so many rounds without a quarter more.
const FULL_ROUNDS: u32 = 3;

/// Packets that a bandwidth carries in so many µs, times a gain in thousandths, rounded up.
pub(super) fn packets_in(bw: Bandwidth, us: u64, gain: u32) -> u64 {
    let unit = u128::from(BANDWIDTH_UNIT * SECOND_US) * 1000;
    let packets = (u128::from(bw) * u128::from(us) * u128::from(gain)).div_ceil(unit);
    u64::try_from(packets).unwrap_or(u64::MAX)
}

/// So many packets in so many µs.
pub(super) fn bandwidth_of(packets: u64, us: u64) -> Bandwidth {
    let bw = u128::from(packets) * u128::from(SECOND_US * BANDWIDTH_UNIT) / u128::from(us.max(1));
    u64::try_from(bw).unwrap_or(u64::MAX)
}

/// Bytes a second of packets with so many bytes each.
pub(super) fn bytes_per_second(bw: Bandwidth, packet: usize) -> u64 {
    let bytes = u128::from(bw) * packet as u128 / u128::from(BANDWIDTH_UNIT);
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    bw: MaxFilter,
    round: u64,
    /// A round ends when what was sent after so many had been delivered is acknowledged.
    round_end: u64,
    pub round_start: bool,
    full_bw: Bandwidth,
    full_rounds: u32,
    full_at: u64,
    pub is_full: bool,
    min_rtt_us: u64,
    min_rtt_at: u64,
}

impl Model {
    pub fn new(now: u64) -> Self {
        Self {
            bw: MaxFilter::new(0, 0),
            round: 0,
            round_end: 0,
            round_start: false,
            full_bw: 0,
            full_rounds: 0,
            full_at: now,
            is_full: false,
            min_rtt_us: NEVER,
            min_rtt_at: now,
        }
    }

    pub fn bandwidth(&self) -> Bandwidth {
        self.bw.get()
    }

    /// The least round trip of 10 s, if there was one.
    pub fn min_rtt(&self) -> Option<u64> {
        (self.min_rtt_us != NEVER).then_some(self.min_rtt_us)
    }

    /// What the path holds, times a gain in thousandths.
    pub fn bdp(&self, gain: u32) -> Option<u64> {
        let bw = self.bandwidth();
        self.min_rtt().filter(|_| bw > 0).map(|rtt| packets_in(bw, rtt, gain))
    }

    /// A sample of an acknowledgement after which so many are delivered in all.
    pub fn update(
        &mut self,
        now: u64,
        sample: Option<&RateSample>,
        delivered: u64,
        smoothed_rtt_us: u64,
    ) {
        self.round_start = false;
        let Some(sample) = sample else {
            return;
        };
        if sample.prior_delivered >= self.round_end {
            self.start_round(delivered);
            self.round += 1;
            self.round_start = true;
        }
        let rate = bandwidth_of(sample.delivered, sample.interval_us);
        if !sample.app_limited || rate >= self.bandwidth() {
            self.bw.update(BANDWIDTH_ROUNDS, self.round, rate);
        }
        // A round trip through a queue is longer than what a rate that grows takes to show.
        let has_lasted = self
            .min_rtt()
            .is_some_and(|rtt| now - self.full_at >= rtt && smoothed_rtt_us >= rtt + rtt / 4);
        if (self.round_start || has_lasted) && !sample.app_limited {
            self.full_at = now;
            self.check_full();
        }
    }

    /// From here a round is counted.
    pub fn start_round(&mut self, delivered: u64) {
        self.round_end = delivered;
    }

    fn check_full(&mut self) {
        if self.is_full {
            return;
        }
        if u128::from(self.bandwidth()) * 4 >= u128::from(self.full_bw) * 5 {
            self.full_bw = self.bandwidth();
            self.full_rounds = 0;
            return;
        }
        self.full_rounds += 1;
        self.is_full = self.full_rounds >= FULL_ROUNDS;
    }

    /// After a time-out the pipe is measured anew.
    pub fn forget_full(&mut self) {
        self.full_bw = 0;
        self.full_rounds = 0;
    }

    /// True if the least round trip was too old.
    pub fn sample_rtt(&mut self, now: u64, rtt_us: Option<u64>) -> bool {
        let is_old = now > self.min_rtt_at.saturating_add(MIN_RTT_US);
        if let Some(rtt_us) = rtt_us
            && (rtt_us <= self.min_rtt_us || is_old)
        {
            self.min_rtt_us = rtt_us.max(1);
            self.min_rtt_at = now;
        }
        is_old
    }

    /// The round trip was just measured with little on its way.
    pub fn refresh_rtt(&mut self, now: u64) {
        self.min_rtt_at = now;
    }
}
