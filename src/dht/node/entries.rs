//! The table, as a user changes it by hand.

use super::super::id::Id;
use super::Node;
use crate::net::addr::Addr;
use crate::net::clock::Now;

/// What became of a node that was to enter the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    Added,
    /// It was there.
    Known,
    /// Its bucket has no place, or it is ourselves.
    Refused,
}

impl Node {
    /// Adds a node as [`Node::add_node`] does, but for the event: [`super::super::Event::NodeAdded`]
    /// does not tell of it.
    pub fn enter_node(&mut self, now: Now, addr: Addr) -> Entrance {
        self.requests.window.advance(now.mono_ms);
        let id = Id::of(addr);
        if self.table.find(&id, addr).is_some() {
            return Entrance::Known;
        }
        let entered = self.enter(now, self.entry(id, addr, None), true);
        // An entry that never answered may have made room.
        let is_in = entered.is_some() || self.table.find(&id, addr).is_some();
        self.settle(now);
        if is_in { Entrance::Added } else { Entrance::Refused }
    }

    /// Takes the entry of this serial out of the table. Unless `notify`,
    /// [`super::super::Event::NodeRemoved`] does not tell of it. Whether it was there.
    pub fn drop_entry(&mut self, serial: u32, notify: bool) -> bool {
        let entry = self.slot_of(serial).and_then(|slot| self.table.entry(slot));
        let Some(addr) = entry.map(|entry| entry.addr) else {
            return false;
        };
        let Some((slot, entry)) = self.table.remove(&Id::of(addr), addr) else {
            return false;
        };
        self.list.remove(slot);
        self.entry_left(entry);
        if notify {
            self.tell_removed(entry);
        }
        true
    }

    /// The entry of this serial is the latest of the list.
    pub fn touch_entry(&mut self, serial: u32) {
        if let Some(slot) = self.slot_of(serial) {
            self.list.touch(slot);
            self.changed();
        }
    }

    pub(super) fn slot_of(&self, serial: u32) -> Option<u16> {
        self.list.iter().find(|slot| {
            let entry = self.table.entry(*slot);
            entry.is_some_and(|entry| entry.serial == serial)
        })
    }
}
