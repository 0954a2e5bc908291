//! The routing table: who is known, by distance from ourselves.

use std::cmp::Ordering;

use rand::RngExt;

use super::id::Id;
use super::types::{Bytes32, NodeEntry};

/// Entries of a bucket, and nodes of a lookup's result.
pub const K: usize = 20;

/// 256 buckets of at most [`K`] entries, by the length of the prefix that an id shares with ours.
///
/// Entries live in slots that stand still while they are in the table; only buckets with entries
/// take memory.
#[derive(Clone, Debug)]
pub struct Table {
    id: Id,
    /// Ascending by depth, none of them empty.
    buckets: Vec<Bucket>,
    slots: Vec<Option<NodeEntry>>,
    free: Vec<u32>,
}

impl Table {
    pub const fn new(id: Id) -> Self {
        Self { id, buckets: Vec::new(), slots: Vec::new(), free: Vec::new() }
    }

    /// The centre: every distance is counted from it.
    pub fn id(&self) -> Id {
        self.id
    }

    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn get(&self, id: &Id) -> Option<&NodeEntry> {
        self.entry(self.find(id)?)
    }

    pub fn contains(&self, id: &Id) -> bool {
        self.find(id).is_some()
    }

    /// Every entry, the deepest bucket first, each bucket by ascending id.
    pub fn iter(&self) -> impl Iterator<Item = &NodeEntry> {
        let slots = self.buckets.iter().rev().flat_map(|bucket| &bucket.slots);
        slots.filter_map(|slot| self.entry(*slot))
    }

    /// Appends the `k` entries nearest to `target`, nearest first.
    pub fn closest(&self, target: &Bytes32, k: usize, out: &mut Vec<NodeEntry>) {
        let mut slots = Vec::new();
        self.closest_slots(target, k, &mut slots);
        out.extend(slots.iter().filter_map(|slot| self.entry(*slot)));
    }

    /// Any entry, each with the same chance.
    pub fn random(&self, rng: &mut impl RngExt) -> Option<&NodeEntry> {
        if self.is_empty() {
            return None;
        }
        let mut n = rng.random_range(0..self.len());
        for bucket in &self.buckets {
            match bucket.slots.get(n) {
                Some(slot) => return self.entry(*slot),
                None => n -= bucket.slots.len(),
            }
        }
        None
    }

    pub(super) fn find(&self, id: &Id) -> Option<u32> {
        let bucket = self.bucket(self.depth(id.as_bytes()))?;
        let at = self.position(bucket, id).ok()?;
        bucket.slots.get(at).copied()
    }

    /// Appends the slots of the `k` entries nearest to `target`, nearest first.
    ///
    /// Everything in the target's own bucket is nearer than what is deeper, and that is nearer
    /// than each shallower bucket in turn: only within these groups is there anything to sort.
    pub(super) fn closest_slots(&self, target: &Bytes32, k: usize, out: &mut Vec<u32>) {
        let depth = self.depth(target);
        let own = self.buckets.partition_point(|bucket| bucket.depth < depth);
        let deeper = self.buckets.partition_point(|bucket| bucket.depth <= depth);
        let shallower = (0..own).rev().map(|at| at..at + 1);
        let end = out.len().saturating_add(k);
        for group in [own..deeper, deeper..self.buckets.len()].into_iter().chain(shallower) {
            if out.len() >= end {
                return;
            }
            let sorted = out.len();
            let buckets = self.buckets.get(group).unwrap_or_default();
            out.extend(buckets.iter().flat_map(|bucket| &bucket.slots));
            out[sorted..].sort_unstable_by(|a, b| self.cmp_distance(target, *a, *b));
            out.truncate(end);
        }
    }

    pub(super) fn entry(&self, slot: u32) -> Option<&NodeEntry> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(super) fn entry_mut(&mut self, slot: u32) -> Option<&mut NodeEntry> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// The entries of the bucket that `id` belongs to, by ascending id.
    pub(super) fn neighbours(&self, id: &Id) -> impl Iterator<Item = (u32, &NodeEntry)> {
        let bucket = self.bucket(self.depth(id.as_bytes()));
        let slots = bucket.map_or(&[][..], |bucket| &bucket.slots);
        slots.iter().filter_map(|slot| Some((*slot, self.entry(*slot)?)))
    }

    pub(super) fn insert(&mut self, entry: NodeEntry) -> Insertion {
        if let Some(slot) = self.find(&entry.id) {
            return Insertion::Known(slot);
        }
        let slot = self.allocate(entry);
        if self.place(slot) {
            return Insertion::Added(slot);
        }
        self.vacate(slot);
        Insertion::Full
    }

    pub(super) fn remove(&mut self, id: &Id) -> Option<(u32, NodeEntry)> {
        let depth = self.depth(id.as_bytes());
        let at_bucket = self.buckets.binary_search_by_key(&depth, |b| b.depth).ok()?;
        let at = self.position(&self.buckets[at_bucket], id).ok()?;
        let slot = self.buckets[at_bucket].slots.remove(at);
        if self.buckets[at_bucket].slots.is_empty() {
            self.buckets.remove(at_bucket);
        }
        Some((slot, self.vacate(slot)?))
    }

    /// Moves the centre. Entries keep their slots; returns those that found no place, and the
    /// entry that would be ourselves.
    pub(super) fn recentre(&mut self, id: Id) -> Vec<(u32, NodeEntry)> {
        let order = self.buckets.iter().rev().flat_map(|bucket| &bucket.slots);
        let order: Vec<u32> = order.copied().collect();
        self.id = id;
        self.buckets.clear();
        let dropped = order.into_iter().filter(|slot| !self.place(*slot));
        let dropped: Vec<u32> = dropped.collect();
        let vacated = dropped.into_iter().filter_map(|slot| Some((slot, self.vacate(slot)?)));
        vacated.collect()
    }
}

/// What became of an entry given to [`Table::insert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Insertion {
    Added(u32),
    /// An entry with this id is there, and stays as it is.
    Known(u32),
    /// Its bucket has no place left.
    Full,
}

#[derive(Clone, Debug)]
struct Bucket {
    depth: usize,
    /// By ascending id.
    slots: Vec<u32>,
}

const MAX_DEPTH: usize = 255;

impl Table {
    fn depth(&self, id: &Bytes32) -> usize {
        self.id.common_prefix(id).min(MAX_DEPTH)
    }

    fn bucket(&self, depth: usize) -> Option<&Bucket> {
        let at = self.buckets.binary_search_by_key(&depth, |b| b.depth);
        self.buckets.get(at.ok()?)
    }

    fn position(&self, bucket: &Bucket, id: &Id) -> Result<usize, usize> {
        let key = |slot: &u32| self.entry(*slot).map(|entry| entry.id);
        bucket.slots.binary_search_by(|slot| key(slot).cmp(&Some(*id)))
    }

    fn cmp_distance(&self, target: &Bytes32, a: u32, b: u32) -> Ordering {
        match (self.entry(a), self.entry(b)) {
            (Some(a), Some(b)) => Id::cmp_distance(target, &a.id, &b.id),
            (a, b) => a.is_none().cmp(&b.is_none()),
        }
    }

    fn vacate(&mut self, slot: u32) -> Option<NodeEntry> {
        let entry = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(entry)
    }

    fn allocate(&mut self, entry: NodeEntry) -> u32 {
        if let Some(slot) = self.free.pop()
            && let Some(place) = self.slots.get_mut(slot as usize)
        {
            *place = Some(entry);
            return slot;
        }
        self.slots.push(Some(entry));
        (self.slots.len() - 1) as u32
    }

    /// Puts an entry that has a slot into its bucket; false if it is ourselves or finds no place.
    fn place(&mut self, slot: u32) -> bool {
        let Some(id) = self.entry(slot).map(|entry| entry.id) else {
            return false;
        };
        if id == self.id {
            return false;
        }
        let depth = self.depth(id.as_bytes());
        let at_bucket = match self.buckets.binary_search_by_key(&depth, |b| b.depth) {
            Ok(at) => at,
            Err(at) => {
                let slots = Vec::new();
                self.buckets.insert(at, Bucket { depth, slots });
                at
            }
        };
        let bucket = &self.buckets[at_bucket];
        match self.position(bucket, &id) {
            Err(at) if bucket.slots.len() < K => {
                self.buckets[at_bucket].slots.insert(at, slot);
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::types::Addr;
    use proptest::prelude::*;

    fn entry(id: Id) -> NodeEntry {
        NodeEntry {
            serial: 0,
            id,
            addr: Addr::new([1, 2, 3, 4].into(), 5),
            to: None,
            sampled: 0,
            added: 0,
            pinged: 0,
            seen: 0,
            down_hints: 0,
        }
    }

    /// Ids that share prefixes of all lengths with zero.
    fn id() -> impl Strategy<Value = Id> {
        (any::<[u8; 32]>(), 0..40u32).prop_map(|(mut bytes, zeros)| {
            let keep = u64::MAX.checked_shr(zeros).unwrap_or(0);
            let head = u64::from_be_bytes(*bytes.first_chunk().unwrap()) & keep;
            bytes[..8].copy_from_slice(&head.to_be_bytes());
            Id::from_bytes(bytes)
        })
    }

    fn check(table: &Table) {
        for bucket in &table.buckets {
            assert!((1..=K).contains(&bucket.slots.len()));
            let ids: Vec<Id> = bucket.slots.iter().map(|s| table.entry(*s).unwrap().id).collect();
            assert!(ids.is_sorted());
            assert!(ids.iter().all(|id| table.depth(id.as_bytes()) == bucket.depth));
        }
        assert_eq!(table.iter().count(), table.len());
        assert!(table.iter().all(|entry| table.get(&entry.id) == Some(entry)));
    }

    proptest! {
        #[test]
        fn the_closest_are_the_closest(
            ids in prop::collection::vec(id(), 0..200),
            gone in prop::collection::vec(any::<prop::sample::Index>(), 0..50),
            target in id(),
            k in 0..50usize,
            centre in id(),
        ) {
            let mut table = Table::new(Id::from_bytes([0; 32]));
            for id in &ids {
                table.insert(entry(*id));
            }
            check(&table);
            if !ids.is_empty() {
                for at in gone {
                    table.remove(at.get(&ids));
                }
            }
            check(&table);

            for round in 0..2 {
                let mut closest = Vec::new();
                table.closest(target.as_bytes(), k, &mut closest);
                let mut expected: Vec<NodeEntry> = table.iter().copied().collect();
                expected.sort_by(|a, b| Id::cmp_distance(target.as_bytes(), &a.id, &b.id));
                expected.truncate(k);
                prop_assert_eq!(closest, expected);

                if round == 0 {
                    let before = table.len();
                    let dropped = table.recentre(centre).len();
                    prop_assert_eq!(table.len() + dropped, before);
                    prop_assert!(!table.contains(&centre));
                    check(&table);
                }
            }
        }
    }

    #[test]
    fn a_bucket_takes_twenty_and_keeps_what_it_has() {
        let mut table = Table::new(Id::from_bytes([0; 32]));
        let far = |n: u8| entry(Id::from_bytes([0x80 | n; 32]));
        for n in 0..20 {
            assert!(matches!(table.insert(far(n)), Insertion::Added(_)));
        }
        assert!(matches!(table.insert(far(3)), Insertion::Known(_)));
        assert_eq!(table.insert(far(20)), Insertion::Full);
        assert!(table.remove(&far(20).id).is_none());
        assert!(table.remove(&far(7).id).is_some());
        assert!(matches!(table.insert(far(20)), Insertion::Added(_)));
        assert_eq!(table.len(), 20);
    }

    #[test]
    fn random_reaches_every_entry() {
        use rand::SeedableRng;
        let mut rng = rand::rngs::StdRng::from_seed([1; 32]);
        let mut table = Table::new(Id::from_bytes([0; 32]));
        assert!(table.random(&mut rng).is_none());
        for n in 0..8 {
            table.insert(entry(Id::from_bytes([1 << n; 32])));
        }
        let drawn = (0..200).filter_map(|_| table.random(&mut rng).map(|entry| entry.id));
        assert_eq!(drawn.collect::<std::collections::BTreeSet<_>>().len(), 8);
    }
}
