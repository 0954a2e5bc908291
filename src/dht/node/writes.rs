//! What a user may overwrite, and nothing else happens.

use super::super::counters::Counters;
use super::Node;

/// A part of a node's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    Bootstrapped,
    Ephemeral,
    Firewalled,
    Adaptive,
    Online,
    Degraded,
    HealthOnline,
    HealthDegraded,
}

/// A number of a [`NodeEntry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryField {
    Sampled,
    Added,
    Pinged,
    Seen,
    DownHints,
}

impl Node {
    pub fn set_flag(&mut self, flag: Flag, on: bool) {
        let place = match flag {
            Flag::Bootstrapped => &mut self.bootstrapped,
            Flag::Ephemeral => &mut self.ephemeral,
            Flag::Firewalled => &mut self.firewalled,
            Flag::Adaptive => &mut self.adaptive,
            Flag::Online => &mut self.online,
            Flag::Degraded => &mut self.degraded,
            Flag::HealthOnline => &mut self.health.online,
            Flag::HealthDegraded => &mut self.health.degraded,
        };
        *place = on;
    }

    /// Writes to the entry of this serial, if it is still in the table.
    pub fn set_entry(&mut self, serial: u32, field: EntryField, value: i32) {
        let found = self.slot_of(serial);
        let Some(entry) = found.and_then(|slot| self.table.entry_mut(slot)) else {
            return;
        };
        match field {
            EntryField::Sampled => entry.sampled = value,
            EntryField::Added => entry.added = value,
            EntryField::Pinged => entry.pinged = value,
            EntryField::Seen => entry.seen = value,
            EntryField::DownHints => entry.down_hints = value.clamp(0, u16::MAX.into()) as u16,
        }
        self.changed();
    }

    pub fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    /// See [`Config::concurrency`]; for background queries from now on.
    pub fn set_concurrency(&mut self, concurrency: u32) {
        self.config.concurrency = concurrency;
    }

    /// See [`Config::max_ping_delay_ms`].
    pub fn set_max_ping_delay(&mut self, delay_ms: u32) {
        self.config.max_ping_delay_ms = delay_ms;
    }

    pub fn set_tick_count(&mut self, tick: i32) {
        self.tick = tick;
    }

    pub fn set_refresh_ticks(&mut self, ticks: i32) {
        self.refresh_ticks = ticks;
    }

    pub fn set_stable_ticks(&mut self, ticks: i32) {
        self.stable_ticks = ticks;
    }

    /// When the last tick was, on the `wall_ms` clock.
    pub fn set_last_tick_ms(&mut self, wall_ms: u64) {
        self.last_tick_wall_ms = wall_ms;
    }

    pub fn set_tid_count(&mut self, count: u16) {
        self.tid_count = count;
    }
}
