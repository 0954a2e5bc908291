//! Round-trip times (RFC 6298), in µs.

use super::super::congestion::MinFilter;

/// The shortest and the longest retransmission time-out, and the one before any sample.
const MIN_RTO_US: u64 = 1_000_000;
const MAX_RTO_US: u64 = 30_000_000;

/// Beyond this a sample that is far from all others is taken for less.
const OUTLIER_US: u64 = 5_000_000;

/// For how long the least sample is remembered.
const MIN_WINDOW_US: u64 = 300_000_000;

#[derive(Clone, Debug, Default)]
pub(in super::super) struct Rtt {
    smoothed: u64,
    variation: u64,
    least: Option<MinFilter>,
}

impl Rtt {
    /// A sample, of a packet that was sent once.
    pub fn sample(&mut self, now: u64, sample: u64) {
        let sample = self.bounded(sample).max(1);
        match &mut self.least {
            Some(least) => least.update(MIN_WINDOW_US, now, sample),
            None => self.least = Some(MinFilter::new(now, sample)),
        }
        if self.smoothed == 0 {
            self.smoothed = sample;
            self.variation = sample / 2;
            return;
        }
        self.variation = (3 * self.variation + self.smoothed.abs_diff(sample)) / 4;
        self.smoothed = (7 * self.smoothed + sample) / 8;
    }

    fn bounded(&self, sample: u64) -> u64 {
        let likely = self.smoothed + 5 * self.variation;
        match self.smoothed {
            0 => sample.min(MAX_RTO_US),
            _ if sample > OUTLIER_US && sample > likely => likely.min(MAX_RTO_US),
            _ => sample,
        }
    }

    /// 0 before the first sample.
    pub fn smoothed(&self) -> u64 {
        self.smoothed
    }

    /// The least sample of 300 s; 0 before the first.
    pub fn least(&self) -> u64 {
        self.least.as_ref().map_or(0, |least| least.get())
    }

    /// The retransmission time-out.
    pub fn timeout(&self) -> u64 {
        (self.smoothed + 4 * self.variation).clamp(MIN_RTO_US, MAX_RTO_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_smooths_as_rfc_6298_does() {
        let mut rtt = Rtt::default();
        assert_eq!((rtt.smoothed(), rtt.timeout(), rtt.least()), (0, 1_000_000, 0));
        rtt.sample(0, 400_000);
        assert_eq!((rtt.smoothed(), rtt.variation, rtt.timeout()), (400_000, 200_000, 1_200_000));
        rtt.sample(1, 800_000);
        assert_eq!((rtt.smoothed(), rtt.variation, rtt.least()), (450_000, 250_000, 400_000));
    }

    #[test]
    fn a_sample_far_from_all_others_is_taken_for_less() {
        let mut rtt = Rtt::default();
        rtt.sample(0, 100_000);
        rtt.sample(1, 60_000_000);
        assert_eq!(rtt.smoothed(), (7 * 100_000 + 350_000) / 8);
        let mut rtt = Rtt::default();
        rtt.sample(0, 60_000_000);
        assert_eq!((rtt.smoothed(), rtt.timeout()), (30_000_000, 30_000_000));
    }
}
