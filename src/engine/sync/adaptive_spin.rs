//! When a thread that ran out of work had better wait awake.
//!
//! Falling asleep and being woken costs both threads some µs, and it takes ten times as long until
//! the sleeper runs. A busy user's next batch comes sooner than that:
//!
//! ```text
//! work, the last wait was short   awake, for 40 µs at most   ── work ──> again
//!                                                            ── none ──> asleep
//! work, the last wait was long    asleep
//! ```

use std::time::{Duration, Instant};

use super::super::processors::processors;

/// How long to wait awake: about what a sleep costs, until the sleeper runs again.
const AWAKE: Duration = Duration::from_micros(40);
/// A sleep, until the sleeper runs again, that was for work that came at once.
const SHORT: Duration = Duration::from_micros(100);

/// What a thread knows of its last wait.
pub struct AdaptiveSpin {
    /// A lone processor is needed by those that are waited for.
    possible: bool,
    worthwhile: bool,
    asleep_since: Option<Instant>,
}

impl Default for AdaptiveSpin {
    fn default() -> Self {
        Self { possible: processors() > 1, worthwhile: false, asleep_since: None }
    }
}

impl AdaptiveSpin {
    /// Waits awake if that promises anything. `true`: `ready` said so in time. `clock` is the
    /// monotonic clock.
    pub fn spin(&mut self, clock: impl Fn() -> Instant, mut ready: impl FnMut() -> bool) -> bool {
        if !(self.possible && self.worthwhile) {
            return false;
        }
        let end = clock() + AWAKE;
        while clock() < end {
            if ready() {
                return true;
            }
            std::hint::spin_loop();
        }
        self.worthwhile = false;
        false
    }

    pub fn fall_asleep(&mut self, now: Instant) {
        self.asleep_since = Some(now);
    }

    pub fn wake_up(&mut self, now: Instant) {
        if let Some(since) = self.asleep_since.take() {
            self.worthwhile = now.duration_since(since) < SHORT;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const LONG: Duration = Duration::from_millis(1);

    struct Waiter {
        spin: AdaptiveSpin,
        now: Cell<Instant>,
    }

    impl Waiter {
        fn new(possible: bool) -> Self {
            let spin = AdaptiveSpin { possible, ..AdaptiveSpin::default() };
            Self { spin, now: Cell::new(Instant::now()) }
        }

        fn sleep(&mut self, duration: Duration) {
            self.spin.fall_asleep(self.now.get());
            self.now.set(self.now.get() + duration);
            self.spin.wake_up(self.now.get());
        }

        /// Waits for work that comes at the `n`th look, each of which takes 1 µs. Returns how often
        /// it looked, and whether it saw it.
        fn wait_awake(&mut self, n: u32) -> (u32, bool) {
            let Self { spin, now } = self;
            let mut looks = 0;
            let found = spin.spin(
                || now.get(),
                || {
                    now.set(now.get() + Duration::from_micros(1));
                    looks += 1;
                    looks == n
                },
            );
            (looks, found)
        }
    }

    #[test]
    fn only_after_a_short_sleep_is_anything_waited_for() {
        let mut waiter = Waiter::new(true);
        assert_eq!(waiter.wait_awake(1), (0, false));
        waiter.sleep(LONG);
        assert_eq!(waiter.wait_awake(1), (0, false));
        waiter.sleep(SHORT / 2);
        assert_eq!(waiter.wait_awake(20), (20, true));
        assert_eq!(waiter.wait_awake(20), (20, true), "as long as it is worthwhile");
    }

    #[test]
    fn after_a_vain_wait_it_sleeps() {
        let mut waiter = Waiter::new(true);
        waiter.sleep(SHORT / 2);
        assert_eq!(waiter.wait_awake(100), (40, false));
        assert_eq!(waiter.wait_awake(1), (0, false));
    }

    #[test]
    fn with_one_processor_never() {
        let mut waiter = Waiter::new(false);
        waiter.sleep(SHORT / 2);
        assert_eq!(waiter.wait_awake(1), (0, false));
    }
}
