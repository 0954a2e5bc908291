//! When which tenant of a shard wants to be woken.

use std::collections::BTreeSet;

/// The deadline of one that waits for nothing.
pub const NEVER: u64 = u64::MAX;

/// Ticks are put off to multiples of this, in ms, so that those of many nodes wake the shard
/// together: a hundredth of their interval.
const TICK_GRID: u64 = 50;

/// When a node's tick that is due at `at` is run.
pub fn on_grid(at: u64) -> u64 {
    at.checked_next_multiple_of(TICK_GRID).unwrap_or(at)
}

/// µs in a ms.
pub const MS: u64 = 1000;

/// One deadline a tenant, in µs of the monotonic clock.
#[derive(Default)]
pub struct Deadlines {
    due: BTreeSet<(u64, usize)>,
}

impl Deadlines {
    /// Moves the deadline of the tenant `key` from `old` to `new`; [`NEVER`] is none.
    pub fn set(&mut self, key: usize, old: u64, new: u64) {
        if old != NEVER {
            self.due.remove(&(old, key));
        }
        if new != NEVER {
            self.due.insert((new, key));
        }
    }

    /// The nearest deadline, or [`NEVER`].
    pub fn next(&self) -> u64 {
        self.due.first().map_or(NEVER, |&(at, _)| at)
    }

    /// Takes one tenant whose deadline has come.
    pub fn pop_due(&mut self, now_us: u64) -> Option<(u64, usize)> {
        let &first = self.due.first()?;
        (first.0 <= now_us).then(|| {
            self.due.remove(&first);
            first
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pops_in_order_and_only_what_is_due() {
        let mut deadlines = Deadlines::default();
        deadlines.set(1, NEVER, 30);
        deadlines.set(2, NEVER, 10);
        deadlines.set(3, NEVER, 20);
        deadlines.set(3, 20, 40);
        assert_eq!(deadlines.next(), 10);
        assert_eq!(deadlines.pop_due(30), Some((10, 2)));
        assert_eq!(deadlines.pop_due(30), Some((30, 1)));
        assert_eq!(deadlines.pop_due(30), None);
        deadlines.set(3, 40, NEVER);
        assert_eq!(deadlines.next(), NEVER);
    }

    #[test]
    fn ticks_of_nearby_times_are_run_together_and_never_early() {
        assert_eq!(on_grid(5000), 5000);
        for at in 4951..=5000 {
            assert_eq!(on_grid(at), 5000);
        }
        assert_eq!(on_grid(NEVER), NEVER);
    }
}
