//! Who is known: the table and the list together, and what we learn about ourselves from them.

use std::net::Ipv4Addr;

use rand::RngExt;

use super::super::contact::{Contact, NodeEntry};
use super::super::event::Event;
use super::super::id::Bytes32;
use super::super::id::Id;
use super::super::table::{Entry, Insertion};
use super::Node;
use super::requesting::{RequestKind, ping};
use super::upkeep::{OLD_NODE, RECENT_NODE};
use crate::net::addr::Addr;
use crate::net::clock::Now;

/// Pings of full buckets under way at a time.
const MAX_SWAPS: u32 = 3;

/// Names an entry for as long as it is in the table, and nothing afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryRef {
    pub slot: u16,
    pub serial: u32,
}

/// A full bucket's stalest entry, and who takes its place unless it answers.
#[derive(Debug)]
pub(super) struct Swap {
    old: EntryRef,
    seen: i32,
    new: NodeEntry,
    proven: bool,
}

impl EntryRef {
    pub fn of(slot: u16, entry: &Entry) -> Self {
        Self { slot, serial: entry.serial }
    }
}

impl Node {
    /// The sender of a datagram. A claimed id counts only if it is the hash of its address.
    pub(super) fn contact(&self, addr: Addr, claimed: Option<&Bytes32>) -> Contact {
        let claimed = claimed.map(|claimed| Id::from_bytes(*claimed));
        let verified = claimed.filter(|id| self.table.confirms(id, addr) || Id::of(addr) == *id);
        Contact { id: verified, addr }
    }

    /// A node was heard from, and may be added. It is `proven` by a reply. Returns whether it has
    /// an id.
    pub(super) fn add_from_network(
        &mut self,
        now: Now,
        sample: bool,
        from: Contact,
        to: Addr,
        proven: bool,
    ) -> bool {
        let Some(id) = from.id else {
            self.sample_without_id(from.addr, to);
            return false;
        };
        let tick = self.tick;
        let Some(slot) = self.table.find(&id, from.addr) else {
            self.insert(now, self.entry(id, from.addr, Some(to)), proven);
            return true;
        };
        if let Some(entry) = self.table.entry_mut(slot) {
            let old = entry.sampled == 0 || tick.wrapping_sub(entry.sampled) >= OLD_NODE;
            if sample && old {
                entry.set_to(Some(to));
                entry.sampled = tick;
            }
            entry.heard(tick);
            if proven {
                entry.set_answered();
            }
            if proven && let Some(members) = &mut self.guard.members {
                members.proved(entry.serial);
            }
            if sample && old {
                self.nat_sample(to);
            }
        }
        self.list.touch(slot);
        self.changed();
        true
    }

    /// A node that the user named. One that is known already is as good as new.
    pub(super) fn add_named(&mut self, now: Now, addr: Addr) {
        let id = Id::of(addr);
        let tick = self.tick;
        let Some(slot) = self.table.find(&id, addr) else {
            self.insert(now, self.entry(id, addr, None), true);
            return;
        };
        let Some(entry) = self.table.entry_mut(slot) else {
            return;
        };
        entry.set_to(None);
        entry.sampled = 0;
        entry.added = tick;
        entry.heard(tick);
        entry.down_hints = 0;
        let entry = entry.with_id();
        self.list.touch(slot);
        self.changed();
        if self.interest.nodes {
            self.emit(Event::NodeAdded(entry));
        }
    }

    /// Nothing, if it is not in the table.
    pub(super) fn remove_node(&mut self, id: &Id, addr: Addr) {
        let slot = self.table.find(id, addr);
        let answered = slot.and_then(|slot| self.table.entry(slot)).map(Entry::has_answered);
        if let Some((slot, entry)) = self.table.remove(id, addr) {
            self.list.remove(slot);
            if !self.is_unproven(EntryRef { slot, serial: entry.serial }) {
                self.lost.add(self.rng.random(), answered == Some(true), entry.addr);
            }
            self.entry_removed(entry);
        }
    }

    pub(super) fn entry_removed(&mut self, entry: NodeEntry) {
        self.entry_left(entry);
        self.tell_removed(entry);
    }

    pub(super) fn entry_left(&mut self, entry: NodeEntry) {
        if let Some(members) = &mut self.guard.members {
            members.removed(*entry.addr.ip(), entry.serial);
        }
        self.changed();
        self.show_bucket_lost(entry);
    }

    pub(super) fn tell_removed(&mut self, entry: NodeEntry) {
        if self.interest.nodes {
            self.emit(Event::NodeRemoved(entry));
        }
    }

    /// Pings a node that leaves the table unless it answers.
    pub(super) fn check(&mut self, now: Now, slot: u16) {
        let tick = self.tick;
        let Some(entry) = self.table.entry_mut(slot) else {
            return;
        };
        entry.pinged = tick;
        let (seen, addr) = (entry.seen, entry.addr);
        let entry = EntryRef::of(slot, entry);
        self.changed();
        if self.ask(now, ping(addr, RequestKind::Check { entry, seen })).is_ok() {
            self.checks += 1;
        }
    }

    pub(super) fn check_answered(&mut self, entry: EntryRef, seen: i32, with_id: bool) {
        self.checks = self.checks.saturating_sub(1);
        if !with_id && !self.seen_after(entry, seen) {
            self.remove_entry(entry);
        }
    }

    pub(super) fn check_failed(&mut self, now: Now, entry: EntryRef) {
        self.checks = self.checks.saturating_sub(1);
        if self.may_remove_silent(now, entry) {
            self.remove_entry(entry);
        }
    }

    pub(super) fn swap_answered(&mut self, now: Now, swap: Swap, with_id: bool) {
        let listed = self.find_entry(swap.old).is_some();
        if with_id && listed || self.seen_after(swap.old, swap.seen) {
            self.swaps = self.swaps.saturating_sub(1);
            return;
        }
        self.swap(now, swap);
    }

    pub(super) fn swap_unanswered(&mut self, now: Now, swap: Swap) {
        if self.may_remove_silent(now, swap.old) {
            self.swap(now, swap);
        } else {
            self.swaps = self.swaps.saturating_sub(1);
        }
    }

    /// One more sample of our own address.
    pub(super) fn nat_sample(&mut self, addr: Addr) {
        let before = self.nat_outcome();
        self.nat.add(addr);
        self.nat_changed_since(before);
    }

    pub(super) fn nat_outcome(&self) -> (Option<Ipv4Addr>, u16) {
        (self.nat.host(), self.nat.port())
    }

    pub(super) fn nat_changed_since(&mut self, before: (Option<Ipv4Addr>, u16)) {
        let (host, port) = self.nat_outcome();
        if before != (host, port) {
            self.emit(Event::NatUpdate { host, port });
        }
    }

    pub(super) fn changed(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }
}

impl Node {
    fn swap(&mut self, now: Now, swap: Swap) {
        self.swaps = self.swaps.saturating_sub(1);
        self.remove_entry(swap.old);
        self.insert(now, swap.new, swap.proven);
    }

    pub(super) fn entry(&self, id: Id, addr: Addr, to: Option<Addr>) -> NodeEntry {
        NodeEntry {
            serial: 0,
            id,
            addr,
            to,
            sampled: 0,
            added: self.tick,
            pinged: self.tick,
            seen: self.tick,
            down_hints: 0,
        }
    }

    fn insert(&mut self, now: Now, entry: NodeEntry, proven: bool) {
        if let Some(entry) = self.enter(now, entry, proven)
            && self.interest.nodes
        {
            self.emit(Event::NodeAdded(entry));
        }
    }

    /// Returns the entry as it is then, if it was added. No [`Event::NodeAdded`] tells of it.
    pub(super) fn enter(
        &mut self,
        now: Now,
        mut entry: NodeEntry,
        proven: bool,
    ) -> Option<NodeEntry> {
        if entry.id == self.table.id() || !self.has_place_for(*entry.addr.ip()) {
            return None;
        }
        entry.added = self.tick;
        entry.pinged = self.tick;
        entry.seen = self.tick;
        entry.serial = self.entry_serial.wrapping_add(1);
        let slot = match self.table.insert(&entry) {
            Insertion::Added(slot) => slot,
            Insertion::Known(_) => return None,
            Insertion::Full => {
                self.show_bucket_full(entry);
                self.renew_bucket(now, entry, proven);
                return None;
            }
        };
        self.entry_serial = entry.serial;
        if let Some(entry) = self.table.entry_mut(slot).filter(|_| proven) {
            entry.set_answered();
        }
        self.lost.remove(entry.addr);
        self.list.touch(slot);
        self.changed();
        self.show_bucket_gained(entry);
        self.guard_entry(now, slot, &entry, proven);
        if let Some(to) = entry.to.filter(|_| entry.sampled == 0) {
            entry.sampled = self.tick;
            if let Some(entry) = self.table.entry_mut(slot) {
                entry.sampled = self.tick;
            }
            self.nat_sample(to);
        }
        Some(entry)
    }

    /// A full bucket gives its stalest entry's place to the new node, unless that one answers.
    fn renew_bucket(&mut self, now: Now, new: NodeEntry, proven: bool) {
        if proven && let Some(claimed) = self.claimed_neighbour(&new.id) {
            self.remove_entry(claimed);
            return self.insert(now, new, proven);
        }
        if !self.bootstrapped || self.swaps >= MAX_SWAPS {
            return;
        }
        let tick = self.tick;
        let others = self.table.neighbours(&new.id).filter(|(_, entry)| entry.pinged != tick);
        let Some((slot, stalest)) = others.min_by_key(|(_, entry)| (entry.pinged, entry.added))
        else {
            return;
        };
        let recent = tick.wrapping_sub(stalest.pinged) < RECENT_NODE;
        if recent && tick.wrapping_sub(stalest.added) > OLD_NODE {
            return;
        }
        let old = EntryRef::of(slot, stalest);
        let (addr, seen) = (stalest.addr, stalest.seen);
        if !self.may_swap(*new.addr.ip()) {
            return;
        }
        if let Some(entry) = self.table.entry_mut(slot) {
            entry.pinged = tick;
        }
        self.changed();
        let swap = Box::new(Swap { old, seen, new, proven });
        if self.ask(now, ping(addr, RequestKind::Swap(swap))).is_ok() {
            self.swaps += 1;
        }
    }

    /// An entry of a full bucket that never answered: whoever did may have its place at once.
    fn claimed_neighbour(&self, id: &Id) -> Option<EntryRef> {
        let members = self.guard.unproven()?;
        let mut neighbours = self.table.neighbours(id);
        let claimed = neighbours.find(|(_, entry)| members.is_unproven(entry.serial));
        claimed.map(|(slot, entry)| EntryRef::of(slot, entry))
    }

    pub(super) fn remove_entry(&mut self, entry: EntryRef) {
        if let Some(addr) = self.find_entry(entry).map(|entry| entry.addr) {
            self.remove_node(&Id::of(addr), addr);
        }
    }

    fn seen_after(&self, entry: EntryRef, seen: i32) -> bool {
        self.find_entry(entry).is_some_and(|entry| entry.seen > seen)
    }

    pub(super) fn find_entry(&self, entry: EntryRef) -> Option<&Entry> {
        self.table.entry(entry.slot).filter(|found| found.serial == entry.serial)
    }

    pub(super) fn find_entry_mut(&mut self, entry: EntryRef) -> Option<&mut Entry> {
        self.table.entry_mut(entry.slot).filter(|found| found.serial == entry.serial)
    }

    /// Nodes without id are many and cheap: one sample each, of no more than we have entry points.
    fn sample_without_id(&mut self, from: Addr, to: Addr) {
        let allowed = self.config.bootstrap.len().max(1);
        if self.sampled_without_id.len() >= allowed || self.sampled_without_id.contains(&from) {
            return;
        }
        self.sampled_without_id.push(from);
        self.nat_sample(to);
    }
}
