//! Which datagrams are lost.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use rand::rngs::StdRng;

use super::happens;

#[derive(Clone, Debug, Default)]
pub enum Loss {
    #[default]
    None,
    /// Each datagram by itself, with this probability.
    Uniform(f64),
    /// Gilbert and Elliott's model: a way is good or bad for a time, and what is sent while it is
    /// bad is lost.
    Bursts(Bursts),
}

impl Loss {
    /// `mean` of all datagrams are lost, in bursts of `burst_ms` on average.
    pub fn bursts(mean: f64, burst_ms: f64) -> Self {
        Self::Bursts(Bursts { mean, burst_ms, ways: HashMap::new() })
    }

    pub fn takes(&mut self, now_ms: u64, from: Ipv4Addr, to: Ipv4Addr, rng: &mut StdRng) -> bool {
        match self {
            Self::None => false,
            Self::Uniform(probability) => happens(*probability, rng),
            Self::Bursts(bursts) => bursts.takes(now_ms, from, to, rng),
        }
    }
}

/// Each direction of each pair of hosts is a Markov chain in continuous time.
#[derive(Clone, Debug)]
pub struct Bursts {
    mean: f64,
    burst_ms: f64,
    ways: HashMap<(Ipv4Addr, Ipv4Addr), Way>,
}

#[derive(Clone, Copy, Debug)]
struct Way {
    seen_ms: u64,
    bad: bool,
}

/// Ways remembered. Most are used once; after some bursts a way's past says nothing of its future.
const MAX_WAYS: usize = 1 << 20;

impl Bursts {
    fn takes(&mut self, now_ms: u64, from: Ipv4Addr, to: Ipv4Addr, rng: &mut StdRng) -> bool {
        let probability = match self.ways.get(&(from, to)) {
            Some(way) => self.bad_after(*way, now_ms - way.seen_ms),
            None => self.mean,
        };
        let bad = happens(probability, rng);
        if self.ways.len() >= MAX_WAYS {
            let memory_ms = (20.0 * self.burst_ms) as u64;
            self.ways.retain(|_, way| now_ms - way.seen_ms < memory_ms);
        }
        self.ways.insert((from, to), Way { seen_ms: now_ms, bad });
        bad
    }

    /// The chain forgets its state at the sum of both rates: out of bad and into it.
    fn bad_after(&self, way: Way, passed_ms: u64) -> f64 {
        let start = f64::from(u8::from(way.bad));
        if passed_ms == 0 {
            // The rate may be infinite.
            return start;
        }
        let good_ms = self.burst_ms * (1.0 - self.mean) / self.mean;
        let rate = 1.0 / self.burst_ms + 1.0 / good_ms;
        self.mean + (start - self.mean) * (-rate * passed_ms as f64).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    /// How many of a second's 1 ms apart datagrams were lost, and how long the bursts were.
    fn measured(mut loss: Loss) -> (f64, f64) {
        let rng = &mut StdRng::seed_from_u64(1);
        let (a, b) = (Ipv4Addr::new(20, 0, 0, 1), Ipv4Addr::new(20, 0, 0, 2));
        let total_ms = 20_000_000;
        let lost: Vec<bool> = (0..total_ms).map(|ms| loss.takes(ms, a, b, rng)).collect();
        let count = lost.iter().filter(|lost| **lost).count() as f64;
        let bursts = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
        (count / total_ms as f64, count / bursts)
    }

    #[test]
    fn bursts_have_the_mean_loss_and_the_mean_length() {
        let (mean, burst_ms) = measured(Loss::bursts(0.3, 1000.0));
        assert!((mean - 0.3).abs() < 0.02, "{mean}");
        assert!((burst_ms - 1000.0).abs() < 60.0, "{burst_ms} ms");
    }

    #[test]
    fn independent_losses_come_in_no_bursts() {
        let (mean, burst_ms) = measured(Loss::Uniform(0.3));
        assert!((mean - 0.3).abs() < 0.01, "{mean}");
        assert!((burst_ms - 1.0 / 0.7).abs() < 0.05, "{burst_ms} ms");
    }
}
