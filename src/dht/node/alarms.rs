//! Times after which a driver gives something up, by its own numbers.

use std::collections::{BTreeSet, HashMap};

use super::super::event::Event;
use super::super::hash::Hashing;
use super::Node;
use crate::net::clock::Now;

#[derive(Debug, Default)]
pub(super) struct Alarms {
    /// (ms, number).
    due: BTreeSet<(u64, u32)>,
    deadlines: HashMap<u32, u64, Hashing>,
}

impl Alarms {
    pub fn next(&self) -> Option<u64> {
        self.due.first().map(|(at_ms, _)| *at_ms)
    }

    fn clear(&mut self, number: u32) {
        if let Some(at_ms) = self.deadlines.remove(&number) {
            self.due.remove(&(at_ms, number));
        }
        if self.deadlines.is_empty() {
            *self = Self::default();
        }
    }
}

impl Node {
    /// Has [`Event::Alarm`] come once so many ms are over, whether the node is suspended or not.
    pub fn set_alarm(&mut self, now: Now, number: u32, ms: u32) {
        // The ms that has begun does not count.
        let at_ms = now.mono_ms.saturating_add(u64::from(ms) + 1);
        self.alarms.clear(number);
        self.alarms.deadlines.insert(number, at_ms);
        self.alarms.due.insert((at_ms, number));
    }

    /// It is not wanted any more.
    pub fn clear_alarm(&mut self, number: u32) {
        self.alarms.clear(number);
    }

    pub(super) fn ring_alarms(&mut self, now: Now) {
        while let Some((at_ms, number)) = self.alarms.due.first().copied()
            && at_ms <= now.mono_ms
            && !self.destroyed
        {
            self.alarms.clear(number);
            self.emit(Event::Alarm { number });
        }
    }
}
