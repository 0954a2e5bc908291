use std::net::Ipv4Addr;

use rand::Rng;

/// ms
const WINDOW_MS: u64 = 250;

/// Windows of a second.
const WINDOWS: u32 = 4;

/// Windows in which requests are still counted after a loud one, and in which two hosts are still a
/// crowd. A flood that pauses is not over: without them one in every second window is never counted.
const LINGER: u64 = 8;

const PLACES: usize = 2048;

/// Requests of one host in a window that are read under pressure, before its first step.
const UNPRESSED: u32 = 4096;

/// Halvings of that at most: 8 requests are left.
const MAX_PRESSURE: u32 = 9;

/// Budgets of requests for each host.
///
/// ```text
/// window   |- 250 ms -|- 250 ms -|- 250 ms -|- 250 ms -|   |- 250 ms -|
/// heard      few        many       few        many       8   few
/// counted    -          -          each host  each host  …   -
/// ```
///
/// Nothing is kept while a node hears less in all than one host may send. Otherwise the requests of
/// the next [`LINGER`] windows are counted by host, in a fixed number of places: each host has two,
/// which change with every window, and what counts is the smaller number there.
///
/// Counting begins at once under pressure: more comes in than can be answered, and the system's
/// room for what waits runs out. Whatever is not dropped here then is dropped there, and answers to
/// the node's own requests with it. So the busiest hosts get half as much with each step.
#[derive(Debug, Default)]
pub struct Budget {
    window: u64,
    heard: u32,
    pressure: u32,
    last: Option<Ipv4Addr>,
    /// The first window in which nothing is counted, unless it gets loud before.
    quiet_from: u64,
    /// The first window in which a host is alone, unless another one is heard before.
    alone_from: u64,
    sketch: Option<Box<Sketch>>,
}

#[derive(Debug)]
struct Sketch {
    secret: u64,
    rows: [[u32; PLACES]; 2],
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Admitted,
    /// A request over what its host may send.
    OverBudget,
    /// A request of a busy host under pressure.
    Shed,
}

impl Budget {
    /// Counts a datagram. Over the budget of its host is a request beyond `per_second`, of which
    /// there is always one in 250 ms. The only host that is heard has no such limit.
    pub fn admit(
        &mut self,
        now_ms: u64,
        host: Ipv4Addr,
        request: bool,
        per_second: Option<u32>,
        rng: &mut impl Rng,
    ) -> Admission {
        let limit = per_second.map_or(u32::MAX, |per_second| (per_second / WINDOWS).max(1));
        let window = now_ms / WINDOW_MS;
        if window != self.window {
            self.begin(window, limit, rng);
        }
        self.heard = self.heard.saturating_add(1);
        if self.last.replace(host).is_some_and(|last| last != host) {
            self.alone_from = lingering(window);
        }
        let Some(sketch) = self.sketch.as_mut().filter(|_| request) else {
            return Admission::Admitted;
        };
        let count = sketch.count(host);
        if count > limit && window < self.alone_from {
            Admission::OverBudget
        } else if self.pressure > 0 && count > UNPRESSED >> self.pressure {
            Admission::Shed
        } else {
            Admission::Admitted
        }
    }

    /// Steps of pressure under which the datagrams that follow were read; 0 is none.
    pub fn set_pressure(&mut self, steps: u32, rng: &mut impl Rng) {
        self.pressure = steps.min(MAX_PRESSURE);
        if steps > 0 {
            self.quiet_from = lingering(self.window);
            self.sketch.get_or_insert_with(|| Sketch::new(rng));
        }
    }
}

impl Budget {
    fn begin(&mut self, window: u64, limit: u32, rng: &mut impl Rng) {
        if self.heard > limit {
            self.quiet_from = lingering(self.window);
        }
        if self.pressure > 0 {
            self.quiet_from = lingering(window);
        }
        if window < self.quiet_from {
            self.sketch.get_or_insert_with(|| Sketch::new(rng)).clear(rng);
        } else {
            self.sketch = None;
        }
        if window >= lingering(self.window) {
            self.last = None;
        }
        self.window = window;
        self.heard = 0;
    }
}

/// The first window that is too late for what happened in this one to count.
fn lingering(window: u64) -> u64 {
    window + 1 + LINGER
}

impl Sketch {
    fn new(rng: &mut impl Rng) -> Box<Self> {
        Box::new(Self { secret: rng.next_u64(), rows: [[0; PLACES]; 2] })
    }

    fn clear(&mut self, rng: &mut impl Rng) {
        self.secret = rng.next_u64();
        self.rows.iter_mut().for_each(|row| row.fill(0));
    }

    /// The requests of a host in this window, this one among them, and at times those of others.
    fn count(&mut self, host: Ipv4Addr) -> u32 {
        let places = keyed(self.secret, host);
        let [first, second] = &mut self.rows;
        let first = &mut first[places % PLACES];
        let second = &mut second[places / PLACES % PLACES];
        *first = first.saturating_add(1);
        *second = second.saturating_add(1);
        (*first).min(*second)
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

    fn admits(budget: &mut Budget, ms: u64, host: Ipv4Addr, rng: &mut StdRng) -> bool {
        budget.admit(ms, host, true, Some(PER_SECOND), rng) == Admission::Admitted
    }

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
                passed.loud += u32::from(admits(budget, ms, LOUD, rng));
            }
            if quiet > 0 && ms % u64::from(1000 / quiet) == 0 {
                passed.quiet += u32::from(admits(budget, ms, QUIET, rng));
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

    /// Floods in every second window from `first` on; returns how many of its requests pass in one.
    fn on_and_off(first: u64, quiet_in: impl Fn(u64) -> bool) -> Vec<u32> {
        let (mut budget, rng) = (Budget::default(), &mut StdRng::from_seed([3; 32]));
        let mut passed = Vec::new();
        for window in 1..101 {
            let ms = window * WINDOW_MS;
            if quiet_in(window) {
                assert!(admits(&mut budget, ms, QUIET, rng));
            }
            if window % 2 == first % 2 {
                let flood = (0..50_000).filter(|_| admits(&mut budget, ms, LOUD, rng));
                passed.push(flood.count() as u32);
            }
        }
        passed
    }

    #[test]
    fn a_flood_that_pauses_is_counted() {
        for first in [0, 1] {
            let often = on_and_off(first, |_| true);
            let in_the_pauses = on_and_off(first, |window| window % 2 != first);
            for passed in [often, in_the_pauses] {
                assert_eq!(passed[0], 50_000, "nobody knew");
                assert!(passed[1..].iter().all(|passed| *passed == PER_SECOND / WINDOWS));
            }
        }
    }

    #[test]
    fn who_was_heard_long_ago_makes_no_crowd() {
        let mut budget = Budget::default();
        second(&mut budget, 0, 200_000, 50);
        second(&mut budget, 1000, 200_000, 0);
        second(&mut budget, 2000, 200_000, 0);
        assert_eq!(second(&mut budget, 3000, 200_000, 0).loud, 200_000);
    }

    #[test]
    fn a_long_silence_ends_the_counting() {
        let (mut budget, rng) = (Budget::default(), &mut StdRng::from_seed([3; 32]));
        second(&mut budget, 0, 200_000, 50);
        second(&mut budget, 1000, 200_000, 50);
        assert!(admits(&mut budget, 3_600_000, QUIET, rng));
        assert!(budget.sketch.is_none());
    }

    #[test]
    fn pressure_after_a_silence_counts_at_once() {
        let (mut budget, rng) = (Budget::default(), &mut StdRng::from_seed([3; 32]));
        budget.set_pressure(MAX_PRESSURE, rng);
        let mut admit = || budget.admit(3_600_000, LOUD, true, None, rng);
        let shed = (0..100).filter(|_| admit() == Admission::Shed).count();
        assert_eq!(shed, 92);
    }

    #[test]
    fn replies_are_never_dropped() {
        let (mut budget, rng) = (Budget::default(), &mut StdRng::from_seed([3; 32]));
        second(&mut budget, 0, 200_000, 50);
        budget.set_pressure(MAX_PRESSURE, rng);
        let mut admit = || budget.admit(1000, LOUD, false, Some(PER_SECOND), rng);
        assert!((0..10_000).all(|_| admit() == Admission::Admitted));
    }

    #[test]
    fn nothing_is_kept_of_those_who_keep_to_it() {
        let mut budget = Budget::default();
        second(&mut budget, 0, 1000, 50);
        second(&mut budget, 1000, 200_000, 50);
        assert!(budget.sketch.is_some());
        second(&mut budget, 2000, 1000, 0);
        second(&mut budget, 3000, 1000, 0);
        assert!(budget.sketch.is_some(), "it may come back");
        second(&mut budget, 4000, 1000, 0);
        assert!(budget.sketch.is_none());
        assert!(size_of::<Sketch>() <= 16_392 && size_of::<Budget>() <= 48);
    }

    #[test]
    fn under_pressure_the_busiest_get_less_and_less() {
        let (mut budget, rng) = (Budget::default(), &mut StdRng::from_seed([3; 32]));
        // A loud host, one request of 16 a quiet one's: what passes of each in a window.
        let mut window = |budget: &mut Budget, number, pressure| {
            let mut passed = (0, 0);
            for n in 0..4096 {
                budget.set_pressure(pressure, rng);
                let host = if n % 16 == 0 { QUIET } else { LOUD };
                let admission = budget.admit(number * WINDOW_MS, host, true, None, rng);
                assert_ne!(admission, Admission::OverBudget);
                let passed = if host == QUIET { &mut passed.0 } else { &mut passed.1 };
                *passed += u32::from(admission == Admission::Admitted);
            }
            passed
        };
        assert_eq!(window(&mut budget, 1, 0), (256, 3840));
        assert_eq!(window(&mut budget, 2, 1), (256, 2048));
        assert_eq!(window(&mut budget, 3, 4), (256, 256));
        assert_eq!(window(&mut budget, 4, MAX_PRESSURE), (8, 8));
        assert_eq!(window(&mut budget, 5, u32::MAX), (8, 8), "there are no more steps");
        assert!(budget.sketch.is_some());
        (6..6 + LINGER).for_each(|number| {
            assert_eq!(window(&mut budget, number, 0), (256, 3840));
            assert!(budget.sketch.is_some(), "it may come back");
        });
        assert_eq!(window(&mut budget, 6 + LINGER, 0), (256, 3840));
        assert!(budget.sketch.is_none(), "nothing is kept when it is over");
    }

    #[test]
    fn a_quiet_host_is_heard_among_a_thousand_loud_ones() {
        let (mut budget, rng) = (Budget::default(), &mut StdRng::from_seed([3; 32]));
        budget.set_pressure(MAX_PRESSURE, rng);
        let mut heard = 0;
        for window in 0..100 {
            for host in 0..1000u32 {
                for _ in 0..20 {
                    budget.admit(window * WINDOW_MS, (0x0600_0000 + host).into(), true, None, rng);
                }
            }
            let admission = budget.admit(window * WINDOW_MS, QUIET, true, None, rng);
            heard += u32::from(admission == Admission::Admitted);
        }
        // Both of its places are a loud host's in one window of six.
        assert!((70..100).contains(&heard), "{heard}");
    }

    #[test]
    fn every_place_is_used() {
        let mut sketch = Sketch::new(&mut StdRng::from_seed([3; 32]));
        for host in 0..100_000u32 {
            sketch.count(host.into());
        }
        assert!(sketch.rows.iter().flatten().all(|count| *count > 0));
    }
}
