//! What the network agrees our public address to be.

use std::net::Ipv4Addr;

use crate::net::addr::Addr;

/// Judges our address by the last 16 samples, each how one node sees us.
///
/// Of `n` samples a value is agreed if `n` share it (n < 4), `n - 1` (n < 8), `n - 2` (n < 12) or
/// `n - 3`.
#[derive(Clone, Debug)]
pub struct NatSampler {
    ring: [Addr; RING],
    size: usize,
    next: usize,
    host: Option<Ipv4Addr>,
    port: u16,
}

impl NatSampler {
    pub const fn new() -> Self {
        Self {
            ring: [Addr::new(Ipv4Addr::UNSPECIFIED, 0); RING],
            size: 0,
            next: 0,
            host: None,
            port: 0,
        }
    }

    /// Takes a sample. [`NatSampler::host`] and [`NatSampler::port`] may change with it.
    pub fn add(&mut self, addr: Addr) {
        self.ring[self.next] = addr;
        self.next = (self.next + 1) % RING;
        self.size = (self.size + 1).min(RING);
        (self.host, self.port) = self.judge();
    }

    /// Our host, if enough samples agree.
    pub fn host(&self) -> Option<Ipv4Addr> {
        self.host
    }

    /// Our port, if enough samples agree on host and port; else 0.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Samples kept: 0 to 16.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many of the kept samples are `addr`.
    pub fn hits(&self, addr: Addr) -> usize {
        self.latest().filter(|sample| **sample == addr).count()
    }

    fn judge(&self) -> (Option<Ipv4Addr>, u16) {
        if let Some(addr) = self.agreed(|a, b| a == b) {
            return (Some(*addr.ip()), addr.port());
        }
        let host = self.agreed(|a, b| a.ip() == b.ip());
        (host.map(|addr| *addr.ip()), 0)
    }

    /// A sample that all but the tolerated ones equal. So one of the latest does.
    fn agreed(&self, equal: impl Fn(&Addr, &Addr) -> bool) -> Option<&Addr> {
        let tolerated = match self.size {
            0..4 => 0,
            4..8 => 1,
            8..12 => 2,
            _ => 3,
        };
        self.latest().take(tolerated + 1).find(|addr| {
            let others = self.latest().filter(|other| !equal(addr, other));
            others.count() <= tolerated
        })
    }

    fn latest(&self) -> impl Iterator<Item = &Addr> {
        let (newer, older) = self.ring.split_at(self.next);
        let all = newer.iter().rev().chain(older.iter().rev());
        all.take(self.size)
    }
}

impl Default for NatSampler {
    fn default() -> Self {
        Self::new()
    }
}

/// Samples kept.
const RING: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The same judgement as nat-sampler comes to it: a sample joins the group of an equal one among
    /// the four before it, and the group with the most of the kept samples is asked.
    #[derive(Default)]
    struct Model {
        samples: Vec<(Addr, usize, usize)>,
        best: [Option<usize>; 2],
    }

    impl Model {
        fn add(&mut self, addr: Addr) -> (Option<Ipv4Addr>, u16) {
            let recent = &self.samples[self.samples.len().saturating_sub(4)..];
            let fresh = self.samples.len();
            let same_addr = recent.iter().rev().find(|sample| sample.0 == addr);
            let same_host = recent.iter().rev().find(|sample| sample.0.ip() == addr.ip());
            let groups = [
                same_addr.map_or(fresh, |sample| sample.1),
                same_host.map_or(fresh, |sample| sample.2),
            ];
            self.samples.push((addr, groups[0], groups[1]));

            let by_addr = self.improve(0, groups[0]);
            let by_host = self.improve(1, groups[1]);
            let size = self.samples.len().min(16);
            let threshold = size - [0, 1, 2, 3, 3][size / 4];
            if self.hits(0, by_addr) >= threshold {
                let agreed = self.samples[by_addr].0;
                (Some(*agreed.ip()), agreed.port())
            } else if self.hits(1, by_host) >= threshold {
                (Some(*self.samples[by_host].0.ip()), 0)
            } else {
                (None, 0)
            }
        }

        fn improve(&mut self, kind: usize, group: usize) -> usize {
            let better = match self.best[kind] {
                Some(best) if self.hits(kind, best) >= self.hits(kind, group) => best,
                _ => group,
            };
            self.best[kind] = Some(better);
            better
        }

        fn hits(&self, kind: usize, group: usize) -> usize {
            let kept = &self.samples[self.samples.len().saturating_sub(16)..];
            kept.iter().filter(|sample| [sample.1, sample.2][kind] == group).count()
        }
    }

    fn samples() -> impl Strategy<Value = Vec<Addr>> {
        (1..5u8, 1..5u16).prop_flat_map(|(hosts, ports)| {
            let sample = (0..hosts, 0..ports);
            let addr = sample.prop_map(|(host, port)| Addr::new([10, 0, 0, host].into(), port));
            vec(prop_oneof![3 => Just(Addr::new([10, 0, 0, 0].into(), 1)), 2 => addr], 0..80)
        })
    }

    proptest! {
        #[test]
        fn agrees_with_the_model(samples in samples()) {
            let mut nat = NatSampler::new();
            let mut model = Model::default();
            for (i, addr) in samples.into_iter().enumerate() {
                nat.add(addr);
                prop_assert_eq!((nat.host(), nat.port()), model.add(addr));
                prop_assert_eq!(nat.size(), (i + 1).min(16));
            }
        }
    }

    #[test]
    fn tolerates_as_many_others_as_the_number_of_samples_allows() {
        let ours = Addr::new([10, 0, 0, 1].into(), 1);
        let other = Addr::new([10, 0, 0, 2].into(), 2);
        let mut nat = NatSampler::new();
        assert_eq!((nat.host(), nat.port(), nat.size()), (None, 0, 0));
        for (addr, agreed) in [(ours, true), (other, false), (ours, false), (ours, true)] {
            nat.add(addr);
            assert_eq!(nat.host(), agreed.then_some(*ours.ip()), "{} samples", nat.size());
        }
    }
}
