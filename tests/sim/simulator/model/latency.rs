//! How long a datagram takes.

use std::net::Ipv4Addr;

use rand::RngExt;
use rand::rngs::StdRng;

/// Hosts lie on a square and have a line to it each. A pair's latency is the way between the two
/// and both lines; jitter is added to that, so datagrams of a pair may overtake each other.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    /// Along a side of the square, one way, in ms.
    pub side_ms: f64,
    /// The slowest line, in ms.
    pub line_ms: f64,
    /// The mean of what is added each time, as a part of the pair's latency.
    pub jitter: f64,
    /// What no datagram is faster than, in ms.
    pub least_ms: u64,
}

impl Default for Latency {
    fn default() -> Self {
        Self { side_ms: 80.0, line_ms: 15.0, jitter: 0.1, least_ms: 1 }
    }
}

impl Latency {
    /// The same for all pairs, and each time.
    pub fn constant(ms: u64) -> Self {
        Self { side_ms: 0.0, line_ms: 0.0, jitter: 0.0, least_ms: ms }
    }

    /// Of one datagram, in ms.
    pub fn sample(&self, from: Ipv4Addr, to: Ipv4Addr, rng: &mut StdRng) -> u64 {
        let jitter = -self.jitter * (1.0 - rng.random::<f64>()).ln();
        ((self.base(from, to) * (1.0 + jitter)) as u64).max(self.least_ms)
    }

    fn base(&self, from: Ipv4Addr, to: Ipv4Addr) -> f64 {
        let (a, b) = (place(from), place(to));
        let way = (a.x - b.x).hypot(a.y - b.y) * self.side_ms;
        way + (a.line + b.line) * self.line_ms
    }
}

/// Where a host is; each between 0 and 1.
struct Place {
    x: f64,
    y: f64,
    line: f64,
}

/// Made of the host's address: nothing is kept for it.
fn place(host: Ipv4Addr) -> Place {
    let mixed = (u64::from(host.to_bits()) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let part = |shift: u32| ((mixed >> shift) & 0xffff) as f64 / 65_536.0;
    Place { x: part(0), y: part(16), line: part(32) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_pair_keeps_its_latency_but_for_the_jitter() {
        let latency = Latency::default();
        let host = |n: u32| Ipv4Addr::from_bits(0x1400_0000 + n);
        let rng = &mut StdRng::seed_from_u64(1);
        for n in 0..100 {
            let base = latency.base(host(n), host(n + 1));
            assert_eq!(base, latency.base(host(n + 1), host(n)));
            assert!((0.0..150.0).contains(&base), "{base} ms");
            let samples = (0..1000).map(|_| latency.sample(host(n), host(n + 1), rng) as f64);
            let mean = samples.sum::<f64>() / 1000.0;
            assert!((mean - base * 1.1).abs() < 1.0 + base * 0.02, "{mean} of {base} ms");
        }
    }
}
