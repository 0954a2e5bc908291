//! Whether the network answers, judged tick by tick.

/// Online, degraded, and the counters that it is judged by.
#[derive(Clone, Debug)]
pub struct Health {
    pub online: bool,
    /// Over half of the requests time out, steadily.
    pub degraded: bool,
    window: [Snapshot; WINDOW],
    len: usize,
    updates: u32,
    offline_ticks: u32,
}

/// The counters of a tick. `offline` and `degraded` are `None` if it was not judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Since the node was made.
    pub responses: i64,
    /// Since the node was made.
    pub timeouts: i64,
    pub offline: Option<bool>,
    pub degraded: Option<bool>,
}

impl Health {
    pub const fn new() -> Self {
        let empty = Snapshot { responses: 0, timeouts: 0, offline: None, degraded: None };
        Self {
            online: true,
            degraded: false,
            window: [empty; WINDOW],
            len: 0,
            updates: 0,
            offline_ticks: 0,
        }
    }

    /// Takes the counters of a tick. True if the tick was judged.
    ///
    /// A cold or idle tick changes nothing. Two others without a response are offline, one with a
    /// response is online again. Four ticks with over half time-outs are degraded, until four are
    /// healthy or the node is offline.
    pub fn update(&mut self, responses: i64, timeouts: i64) -> bool {
        self.push(Snapshot { responses, timeouts, ..Snapshot::default() });
        if self.cold() || self.idle() {
            return false;
        }

        let offline = self.responses() == 0;
        let degraded = !offline && self.timeouts_rate() > DEGRADED_TIMEOUT_RATE;
        if let Some(newest) = self.window[..self.len].last_mut() {
            newest.offline = Some(offline);
            newest.degraded = Some(degraded);
        }
        self.offline_ticks = if offline { self.offline_ticks.saturating_add(1) } else { 0 };

        self.judge(offline);
        true
    }

    /// Forgets everything and is online.
    pub fn reset(&mut self) {
        let updates = self.updates.wrapping_add(WINDOW as u32) & !(WINDOW as u32 - 1);
        *self = Self { updates, ..Self::new() };
    }

    /// The last ticks, oldest first: at most 4.
    pub fn window(&self) -> &[Snapshot] {
        &self.window[..self.len]
    }

    /// Counts the ticks taken. Modulo 4 it is the newest one's place in a ring, plus 1; a reset skips
    /// to the next multiple of 4.
    pub fn updates(&self) -> u32 {
        self.updates
    }

    /// Whether fewer than 4 ticks are known.
    pub fn cold(&self) -> bool {
        self.len < WINDOW
    }

    /// Whether fewer than 4 requests were settled in the last tick.
    pub fn idle(&self) -> bool {
        self.responses().saturating_add(self.timeouts()) < IDLE_BELOW
    }

    /// Responses of the last tick.
    pub fn responses(&self) -> i64 {
        self.last_step(|snapshot| snapshot.responses)
    }

    /// Time-outs of the last tick.
    pub fn timeouts(&self) -> i64 {
        self.last_step(|snapshot| snapshot.timeouts)
    }

    /// The part of the last tick's requests that timed out: 0 to 1.
    pub fn timeouts_rate(&self) -> f64 {
        let timeouts = self.timeouts();
        if timeouts == 0 {
            return 0.0;
        }
        timeouts as f64 / self.responses().saturating_add(timeouts) as f64
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

/// Ticks that are judged together.
const WINDOW: usize = 4;
/// Ticks without a response that are offline.
const OFFLINE_TICKS: u32 = 2;
/// Settled requests of a tick that say something.
const IDLE_BELOW: i64 = 4;
/// Of time-outs to settled requests.
const DEGRADED_TIMEOUT_RATE: f64 = 0.5;

impl Health {
    fn push(&mut self, snapshot: Snapshot) {
        if self.len == WINDOW {
            self.window.rotate_left(1);
            self.len -= 1;
        }
        self.window[self.len] = snapshot;
        self.len += 1;
        self.updates = self.updates.wrapping_add(1);
    }

    fn judge(&mut self, offline: bool) {
        if !offline {
            self.online = true;
        } else if self.offline_ticks >= OFFLINE_TICKS {
            self.online = false;
        }

        let healthy = |tick: &Snapshot| tick.offline == Some(false) && tick.degraded == Some(false);
        let degraded = |tick: &Snapshot| tick.degraded == Some(true);
        if !self.online || self.window.iter().all(healthy) {
            self.degraded = false;
        } else if self.window.iter().all(degraded) {
            self.degraded = true;
        }
    }

    fn last_step(&self, counter: impl Fn(&Snapshot) -> i64) -> i64 {
        match self.window() {
            [.., previous, newest] => counter(newest).saturating_sub(counter(previous)),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEALTHY: (i64, i64) = (10, 0);
    const DEGRADED: (i64, i64) = (2, 8);
    const OFFLINE: (i64, i64) = (0, 8);
    const IDLE: (i64, i64) = (1, 1);

    struct Ticks {
        health: Health,
        total: (i64, i64),
    }

    impl Ticks {
        fn new() -> Self {
            Self { health: Health::new(), total: (0, 0) }
        }

        /// The states after each of `n` ticks, changed ones only.
        fn run(&mut self, n: usize, tick: (i64, i64)) -> Vec<(usize, bool, bool)> {
            let mut changes = Vec::new();
            for i in 1..=n {
                self.total = (self.total.0 + tick.0, self.total.1 + tick.1);
                let before = (self.health.online, self.health.degraded);
                self.health.update(self.total.0, self.total.1);
                let after = (self.health.online, self.health.degraded);
                if before != after {
                    changes.push((i, after.0, after.1));
                }
            }
            changes
        }
    }

    #[test]
    fn offline_needs_two_ticks_and_online_one() {
        let mut ticks = Ticks::new();
        assert_eq!(ticks.run(4, HEALTHY), []);
        assert_eq!(ticks.run(1, OFFLINE), []);
        assert_eq!(ticks.run(5, IDLE), []);
        assert_eq!(ticks.run(3, OFFLINE), [(1, false, false)]);
        assert_eq!(ticks.run(3, DEGRADED), [(1, true, false)]);
    }

    #[test]
    fn degraded_needs_four_ticks_and_so_does_its_end() {
        let mut ticks = Ticks::new();
        assert_eq!(ticks.run(3, DEGRADED), []);
        assert_eq!(ticks.run(9, DEGRADED), [(4, true, true)]);
        assert_eq!(ticks.run(9, HEALTHY), [(4, true, false)]);
    }

    #[test]
    fn degraded_clears_after_an_offline_tick() {
        let mut ticks = Ticks::new();
        ticks.run(8, DEGRADED);
        assert!(ticks.health.degraded);
        ticks.run(1, OFFLINE);
        assert!(ticks.health.degraded);
        assert_eq!(ticks.run(9, HEALTHY), [(4, true, false)]);
    }

    #[test]
    fn nothing_is_judged_while_cold() {
        let mut ticks = Ticks::new();
        assert!(ticks.health.cold() && ticks.health.idle() && ticks.health.window().is_empty());
        ticks.run(3, OFFLINE);
        assert!(ticks.health.cold());
        assert!(ticks.health.window().iter().all(|tick| tick.offline.is_none()));
        ticks.run(2, OFFLINE);
        let judged: Vec<_> = ticks.health.window().iter().map(|tick| tick.offline).collect();
        assert_eq!(judged, [None, None, Some(true), Some(true)]);
        assert_eq!(ticks.health.window()[3].timeouts, 40);
    }

    #[test]
    fn a_reset_is_online_and_cold() {
        let mut ticks = Ticks::new();
        ticks.run(6, OFFLINE);
        assert!(!ticks.health.online);
        assert_eq!(ticks.health.updates(), 6);
        ticks.health.reset();
        assert!(ticks.health.online && ticks.health.cold());
        assert_eq!(ticks.health.updates(), 8);
    }
}
