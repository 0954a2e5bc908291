//! Time-outs that adapt to how fast each destination answers.

use std::collections::HashMap;

use super::hash::Hashing;
use rand::Rng;

use super::config::AdaptiveTimeoutConfig;
use crate::net::addr::Addr;

/// Without anything known or configured, in ms.
pub const DEFAULT_TIMEOUT_MS: u32 = 1000;

/// Smoothed round-trip times by destination.
///
/// Two generations, like the reference's cache: what is not used while a generation lasts is
/// forgotten with the next. One lasts two thirds of `max_age_ms`, or until it holds `max_size`
/// destinations.
#[derive(Clone, Debug)]
pub struct AdaptiveTimeouts {
    config: AdaptiveTimeoutConfig,
    latest: HashMap<Addr, RoundTrip, Hashing>,
    oldest: HashMap<Addr, RoundTrip, Hashing>,
    checked_ms: Option<u64>,
    turned: bool,
}

impl AdaptiveTimeouts {
    pub fn new(config: AdaptiveTimeoutConfig) -> Self {
        Self {
            config,
            latest: HashMap::default(),
            oldest: HashMap::default(),
            checked_ms: None,
            turned: false,
        }
    }

    /// Takes a sample. Only the first two tries of a request give any: of a later one it is not
    /// known which try was answered.
    pub fn put(&mut self, now_ms: u64, to: Addr, rtt_ms: u32) {
        self.expire(now_ms);
        let rtt_ms = i64::from(rtt_ms);
        let blended = match self.find(to) {
            Some(known) => known.blend(rtt_ms),
            None => RoundTrip { average_ms: rtt_ms, deviation_ms: rtt_ms >> 1 },
        };
        self.latest.insert(to, blended);
        if self.latest.len() >= self.config.max_size {
            self.turn();
        }
    }

    /// How long to wait for the answer to the given try, counted from 1, in ms.
    pub fn get(&mut self, now_ms: u64, to: Addr, attempt: u32, rng: &mut impl Rng) -> u32 {
        self.expire(now_ms);
        let jitter_ms = self.jitter(rng);
        let timeout_ms = match self.find(to) {
            Some(known) => self.adapted(known, attempt, jitter_ms),
            None => self.fallback(attempt).saturating_add(jitter_ms),
        };
        if timeout_ms == 0 { DEFAULT_TIMEOUT_MS } else { timeout_ms }
    }

    fn adapted(&self, known: RoundTrip, attempt: u32, jitter_ms: u32) -> u32 {
        let base_ms = known.average_ms + (known.deviation_ms << 1);
        let backoff_ms =
            base_ms.saturating_mul(i64::from(attempt)).saturating_add(i64::from(jitter_ms));
        let at_least_min = backoff_ms.max(i64::from(self.config.min_ms));
        at_least_min.min(i64::from(self.config.max_ms)) as u32
    }

    fn fallback(&self, attempt: u32) -> u32 {
        let steps = &self.config.fallback_ms;
        let step = attempt.saturating_sub(1) as usize;
        steps.get(step).or(steps.last()).copied().unwrap_or(0)
    }

    /// 0 to `jitter_ms` - 1.
    fn jitter(&self, rng: &mut impl Rng) -> u32 {
        if self.config.jitter_ms == 0 {
            return 0;
        }
        ((u64::from(rng.next_u32()) * u64::from(self.config.jitter_ms)) >> 32) as u32
    }

    /// Using a destination keeps it for the next generation.
    fn find(&mut self, to: Addr) -> Option<RoundTrip> {
        if let Some(known) = self.latest.get(&to) {
            return Some(*known);
        }
        let known = self.oldest.remove(&to)?;
        self.latest.insert(to, known);
        Some(known)
    }

    fn expire(&mut self, now_ms: u64) {
        let generation_ms = self.config.max_age_ms.saturating_mul(2).div_ceil(3);
        if generation_ms == 0 {
            return;
        }
        let since_ms = *self.checked_ms.get_or_insert(now_ms);
        let checks = now_ms.saturating_sub(since_ms) / generation_ms;
        self.checked_ms = Some(since_ms + checks * generation_ms);
        for _ in 0..checks.min(3) {
            if !self.turned {
                self.turn();
            }
            self.turned = false;
        }
    }

    fn turn(&mut self) {
        self.turned = true;
        self.oldest = std::mem::take(&mut self.latest);
    }
}

#[derive(Clone, Copy, Debug)]
struct RoundTrip {
    average_ms: i64,
    deviation_ms: i64,
}

impl RoundTrip {
    /// A quarter of the new deviation, an eighth of the new sample.
    fn blend(self, rtt_ms: i64) -> Self {
        let off_ms = (self.average_ms - rtt_ms).abs();
        Self {
            average_ms: self.average_ms + ((rtt_ms - self.average_ms) >> 3),
            deviation_ms: self.deviation_ms + ((off_ms - self.deviation_ms) >> 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn quiet(config: AdaptiveTimeoutConfig) -> (AdaptiveTimeouts, StdRng) {
        let config = AdaptiveTimeoutConfig { jitter_ms: 0, ..config };
        (AdaptiveTimeouts::new(config), StdRng::from_seed([7; 32]))
    }

    fn peer(n: u16) -> Addr {
        Addr::new([10, 0, 0, 1].into(), n)
    }

    #[test]
    fn known_destinations_back_off_between_the_limits() {
        let (mut timeouts, mut rng) = quiet(AdaptiveTimeoutConfig::default());
        timeouts.put(0, peer(1), 300);
        let asked = [1, 2, 7, u32::MAX].map(|attempt| timeouts.get(0, peer(1), attempt, &mut rng));
        assert_eq!(asked, [600, 1200, 4000, 4000]);
        timeouts.put(0, peer(2), 1);
        assert_eq!(timeouts.get(0, peer(2), 1, &mut rng), 300);
    }

    #[test]
    fn unknown_destinations_take_the_steps() {
        let (mut timeouts, mut rng) = quiet(AdaptiveTimeoutConfig::default());
        let asked = [0, 1, 2, 5, 9].map(|attempt| timeouts.get(0, peer(1), attempt, &mut rng));
        assert_eq!(asked, [250, 250, 500, 4000, 4000]);

        let (mut bare, mut rng) =
            quiet(AdaptiveTimeoutConfig { fallback_ms: Vec::new(), ..Default::default() });
        assert_eq!(bare.get(0, peer(1), 1, &mut rng), DEFAULT_TIMEOUT_MS);
    }

    #[test]
    fn jitter_stays_below_its_limit() {
        let config = AdaptiveTimeoutConfig { jitter_ms: 3, ..Default::default() };
        let mut timeouts = AdaptiveTimeouts::new(config);
        let mut rng = StdRng::from_seed([7; 32]);
        let mut asked: Vec<_> = (0..99).map(|_| timeouts.get(0, peer(1), 1, &mut rng)).collect();
        asked.sort();
        asked.dedup();
        assert_eq!(asked, [250, 251, 252]);
    }

    #[test]
    fn size_is_bounded_and_the_unused_are_forgotten() {
        let config = AdaptiveTimeoutConfig { max_size: 10, ..Default::default() };
        let (mut timeouts, mut rng) = quiet(config);
        for n in 1..=100 {
            timeouts.put(0, peer(n), 1000);
            timeouts.get(0, peer(1), 1, &mut rng);
            assert!(timeouts.latest.len() + timeouts.oldest.len() <= 20);
        }
        assert_eq!(timeouts.get(0, peer(1), 1, &mut rng), 2000);
        assert_eq!(timeouts.get(0, peer(50), 1, &mut rng), 250);
        assert_eq!(timeouts.get(1_200_000, peer(1), 1, &mut rng), 250);
    }
}
