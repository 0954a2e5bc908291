use std::net::Ipv4Addr;

use rand::Rng;

/// ms
const WINDOW_MS: u64 = 250;

/// Windows of a second.
const WINDOWS: u32 = 4;

const PLACES: usize = 128;

/// A budget of requests for each host.
///
/// ```text
/// window   |- 250 ms -|- 250 ms -|- 250 ms -|- 250 ms -|
/// heard      few        many       many       few
/// counted    -          -          each host  -
/// ```
///
/// Nothing is kept while a node hears less in all than one host may send. Otherwise the requests of
/// the next window are counted by host, in a fixed number of places: hosts that share one, which
/// changes with every window, share its budget.
#[derive(Debug, Default)]
pub struct Budget {
    window: u64,
    heard: u32,
    first: Option<Ipv4Addr>,
    /// More than one host was heard.
    crowded: bool,
    was_crowded: bool,
    sketch: Option<Box<Sketch>>,
}

#[derive(Debug)]
struct Sketch {
    secret: u64,
    requests: [u32; PLACES],
}

impl Budget {
    /// Counts a datagram. False if it is a request over the budget of its host: `per_second`, of
    /// which there is always one in 250 ms. The only host that is heard has no limit.
    pub fn admits(
        &mut self,
        now_ms: u64,
        host: Ipv4Addr,
        request: bool,
        per_second: u32,
        rng: &mut impl Rng,
    ) -> bool {
        let limit = (per_second / WINDOWS).max(1);
        let window = now_ms / WINDOW_MS;
        if window != self.window {
            self.begin(window, limit, rng);
        }
        self.heard = self.heard.saturating_add(1);
        self.crowded |= *self.first.get_or_insert(host) != host;
        let Some(sketch) = self.sketch.as_mut().filter(|_| request) else {
            return true;
        };
        let count = sketch.count(host);
        count <= limit || !(self.crowded || self.was_crowded)
    }
}

impl Budget {
    fn begin(&mut self, window: u64, limit: u32, rng: &mut impl Rng) {
        let next = window == self.window.wrapping_add(1);
        self.was_crowded = self.crowded && next;
        if next && self.heard > limit {
            let secret = rng.next_u64();
            let sketch = self.sketch.get_or_insert_with(|| Box::new(Sketch::new()));
            *sketch.as_mut() = Sketch { secret, ..Sketch::new() };
        } else {
            self.sketch = None;
        }
        self.window = window;
        self.heard = 0;
        self.first = None;
        self.crowded = false;
    }
}

impl Sketch {
    fn new() -> Self {
        Self { secret: 0, requests: [0; PLACES] }
    }

    /// The requests of a host in this window, this one among them.
    fn count(&mut self, host: Ipv4Addr) -> u32 {
        let count = &mut self.requests[keyed(self.secret, host) % PLACES];
        *count = count.saturating_add(1);
        *count
    }
}

/// A keyed hash of a host, by the finalizer of SplitMix64.
pub(super) fn keyed(secret: u64, host: Ipv4Addr) -> usize {
    let mut bits = secret ^ u64::from(host.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const LOUD: Ipv4Addr = Ipv4Addr::new(6, 6, 6, 6);
    const QUIET: Ipv4Addr = Ipv4Addr::new(1, 2, 3, 4);
    const PER_SECOND: u32 = 1000;

    struct Second {
        loud: u32,
        quiet: u32,
    }

    /// Four windows from `start_ms`: how many requests of each host pass.
    fn second(budget: &mut Budget, start_ms: u64, loud: u32, quiet: u32) -> Second {
        let rng = &mut StdRng::from_seed([3; 32]);
        let mut passed = Second { loud: 0, quiet: 0 };
        for ms in start_ms..start_ms + 1000 {
            for _ in 0..loud / 1000 {
                passed.loud += u32::from(budget.admits(ms, LOUD, true, PER_SECOND, rng));
            }
            if quiet > 0 && ms % u64::from(1000 / quiet) == 0 {
                passed.quiet += u32::from(budget.admits(ms, QUIET, true, PER_SECOND, rng));
            }
        }
        passed
    }

    #[test]
    fn a_loud_host_gets_its_budget_and_a_quiet_one_is_heard() {
        let mut budget = Budget::default();
        second(&mut budget, 0, 200_000, 50);
        let flooded = second(&mut budget, 1000, 200_000, 50);
        assert_eq!((flooded.loud, flooded.quiet), (PER_SECOND, 50));
    }

    #[test]
    fn a_host_that_is_alone_has_no_limit() {
        let mut budget = Budget::default();
        second(&mut budget, 0, 200_000, 0);
        assert_eq!(second(&mut budget, 1000, 200_000, 0).loud, 200_000);
        assert_eq!(second(&mut budget, 2000, 200_000, 4).quiet, 4);
    }

    #[test]
    fn replies_are_never_dropped() {
        let (mut budget, rng) = (Budget::default(), &mut StdRng::from_seed([3; 32]));
        second(&mut budget, 0, 200_000, 50);
        assert!((0..10_000).all(|_| budget.admits(1000, LOUD, false, PER_SECOND, rng)));
    }

    #[test]
    fn nothing_is_kept_of_those_who_keep_to_it() {
        let mut budget = Budget::default();
        second(&mut budget, 0, 1000, 50);
        second(&mut budget, 1000, 200_000, 50);
        assert!(budget.sketch.is_some());
        second(&mut budget, 2000, 1000, 0);
        second(&mut budget, 3000, 1000, 0);
        assert!(budget.sketch.is_none());
        assert!(size_of::<Sketch>() <= 1024 && size_of::<Budget>() <= 48);
    }

    #[test]
    fn every_place_is_used() {
        let mut used = [false; PLACES];
        for host in 0..10_000u32 {
            used[keyed(77, host.into()) % PLACES] = true;
        }
        assert!(used.iter().all(|used| *used));
    }
}
