//! What a node does by the clock: ticks, checks, refreshes; sleeping and waking.

use std::collections::BTreeMap;

use super::super::calls::RequestError;
use super::super::event::Event;
use super::super::health::Health;
use super::super::table::K;
use super::Node;
use super::network_state::UpdateRequester;
use crate::net::clock::Now;

/// Between two ticks, in ms.
pub(super) const TICK_MS: u64 = 5000;

/// A longer time between two ticks means that the machine slept, in ms.
const SLEEPING_MS: u64 = 3 * TICK_MS;

/// After 20 minutes without change a node is stable enough to go persistent.
pub(super) const STABLE_TICKS: i32 = 240;

/// Before it is tried again.
pub(super) const MORE_STABLE_TICKS: i32 = 3 * STABLE_TICKS;

/// An idle node refreshes its table every 5 minutes.
pub(super) const REFRESH_TICKS: i32 = 60;

/// A node pinged less than a minute ago.
pub(super) const RECENT_NODE: i32 = 12;

/// A node known for half an hour.
pub(super) const OLD_NODE: i32 = 360;

impl Node {
    pub(super) fn on_tick(&mut self, now: Now) {
        let slept_ms = now.wall_ms.saturating_sub(self.last_tick_wall_ms);
        if slept_ms > SLEEPING_MS && !self.suspended {
            self.wake_up();
        } else {
            self.tick = self.tick.wrapping_add(1);
        }
        self.last_tick_wall_ms = now.wall_ms;
        self.guard.tick();
        self.release_memory();
        if let Some(verdicts) = &mut self.verdicts {
            verdicts.release_memory(now.mono_ms);
        }
        if !self.bootstrapped || self.suspended {
            return;
        }
        self.go_persistent_when_stable(now);
        self.verify_more(now);
        if self.tick & 7 == 0 {
            self.ping_some(now);
        }
        let few = self.tick & 63 == 0 && self.list.len() < K;
        if few || self.count_down_refresh() {
            self.refresh_now();
        }
        self.down_hints_sent = 0;
        self.judge_health(self.counters.responses, self.counters.timeouts);
    }

    pub(super) fn judge_health(&mut self, responses: i64, timeouts: i64) {
        if self.health.update(responses, timeouts) {
            self.follow_health();
        }
    }

    pub(super) fn follow_health(&mut self) {
        let Health { online, degraded, .. } = self.health;
        let status = (online || degraded, degraded);
        if (self.online, self.degraded) != status {
            (self.online, self.degraded) = status;
            self.emit(Event::NetworkUpdate);
        }
    }

    /// Everything looks old, and the machine may be on another network.
    pub(super) fn wake_up(&mut self) {
        let tick = self.tick.wrapping_add(2 * OLD_NODE);
        // The second tick from now is one that pings.
        self.tick = tick.wrapping_add(8 - (tick & 7) - 2);
        self.stable_ticks = MORE_STABLE_TICKS;
        self.refresh_ticks = 1;
        self.last_host = None;
        self.health.reset();
        self.follow_health();
        if self.adaptive && !self.ephemeral {
            self.ephemeral = true;
            self.emit(Event::Ephemeral);
        }
        self.emit(Event::Wakeup);
    }

    /// Requests in flight fail, timers stop, nothing goes in or out.
    pub fn suspend(&mut self, now: Now) {
        if self.suspended || self.destroyed {
            return;
        }
        self.suspended = true;
        self.fail_all(now, RequestError::Suspended);
        self.requests.window.clear();
        self.forget_delayed_pings();
        self.forget_held();
        self.settle(now);
        self.ports = None;
    }

    /// Takes part again without waking up. The driver then binds the sockets again and calls
    /// [`Node::handle_bound`].
    pub fn reopen(&mut self, now: Now) {
        if self.suspended && !self.destroyed {
            self.suspended = false;
            self.next_tick_ms = now.mono_ms.saturating_add(TICK_MS);
        }
    }

    /// Wakes up. The driver then binds the sockets again, calls [`Node::handle_bound`] and
    /// [`Node::resumed`].
    pub fn resume(&mut self, now: Now) {
        if !self.suspended || self.destroyed {
            return;
        }
        self.reopen(now);
        self.wake_up();
    }

    /// Sockets are bound and heard again after [`Node::resume`]: refreshes the table.
    pub fn resumed(&mut self, now: Now) {
        self.refresh(now);
    }

    /// Requests in flight fail, queries that still have somebody to ask end. Events are to be read
    /// until there are none; no other call does anything from now on.
    pub fn destroy(&mut self, now: Now) {
        if self.destroyed {
            return;
        }
        self.destroyed = true;
        self.fail_all(now, RequestError::Destroyed);
        self.forget_delayed_pings();
        self.forget_held();
        self.give_up_resolutions();
        self.end_bootstrap_before_start();
        self.settle(now);
    }
}

impl Node {
    /// Gives back what a busy time took: most nodes do nothing most of the time.
    pub(super) fn release_memory(&mut self) {
        self.requests.release_memory();
        self.outbox.release_memory();
        drop_if_empty(&mut self.queries);
        drop_if_empty(&mut self.resolutions);
        drop_if_empty(&mut self.probes);
        drop_if_empty(&mut self.held);
        self.tasks.shrink_to_fit();
        self.events.shrink_to_fit();
        self.closest_addrs = Vec::new();
    }

    fn go_persistent_when_stable(&mut self, now: Now) {
        if !self.adaptive || !self.ephemeral {
            return;
        }
        self.stable_ticks = self.stable_ticks.saturating_sub(1);
        if self.stable_ticks > 0 {
            return;
        }
        if self.last_host == self.nat.host() {
            self.stable_ticks = MORE_STABLE_TICKS;
        } else {
            self.update_state(now, UpdateRequester::Upkeep, false);
        }
    }

    fn count_down_refresh(&mut self) -> bool {
        self.refresh_ticks = self.refresh_ticks.saturating_sub(1);
        self.refresh_ticks <= 0
    }

    /// Checks those that were not heard from longest.
    fn ping_some(&mut self, now: Now) {
        let tick = self.tick;
        let oldest = self.list.oldest().and_then(|slot| self.table.entry(slot));
        let Some(pinged) = oldest.map(|entry| entry.pinged) else {
            return self.refresh_now();
        };
        let count = if tick.wrapping_sub(pinged) < RECENT_NODE {
            2
        } else if self.requests.len() > 2 {
            3
        } else {
            5
        };
        let mut next = self.list.oldest();
        for _ in 0..count {
            let Some(slot) = next else {
                return;
            };
            if self.table.entry(slot).is_none_or(|entry| entry.pinged == tick) {
                return;
            }
            next = self.list.next(slot);
            self.check(now, slot);
        }
    }
}

/// An empty map keeps a leaf.
fn drop_if_empty<K, V>(map: &mut BTreeMap<K, V>) {
    if map.is_empty() {
        *map = BTreeMap::new();
    }
}
