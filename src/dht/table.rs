//! The routing table: who is known, by distance from ourselves.

mod entry;

use std::hash::BuildHasher;
use std::ops::Range;

use super::hash::Hashing;
use rand::RngExt;

pub(super) use self::entry::Entry;
use super::contact::{Contact, NodeEntry};
use super::id::Bytes32;
use super::id::Id;
use crate::net::addr::Addr;

/// Entries of a bucket, and nodes of a lookup's result.
pub const K: usize = 20;

/// 256 buckets of at most [`K`] entries, by the length of the prefix that an id shares with ours.
///
/// Entries live in slots that stand still while they are in the table. An id is the hash of an
/// address, so that an entry keeps only its first 8 bytes: enough to tell ids apart, but for those
/// that were made to share them, which are hashed again.
#[derive(Clone, Debug)]
pub struct Table {
    id: Id,
    /// The heads of all ids, by bucket and then by id: shallow buckets first.
    heads: Vec<u64>,
    /// In the same order.
    slots: Vec<u16>,
    entries: Vec<Option<Entry>>,
    free: Vec<u16>,
    marks: Hashing,
}

impl Table {
    pub fn new(id: Id) -> Self {
        Self {
            id,
            heads: Vec::new(),
            slots: Vec::new(),
            entries: Vec::new(),
            free: Vec::new(),
            marks: Hashing::default(),
        }
    }

    /// The centre: every distance is counted from it.
    pub fn id(&self) -> Id {
        self.id
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub fn get(&self, id: &Id) -> Option<NodeEntry> {
        let at = self.position(id, |entry| Id::of(entry.addr) == *id).ok()?;
        self.shown(self.slots[at])
    }

    pub fn contains(&self, id: &Id) -> bool {
        self.get(id).is_some()
    }

    /// Every entry, the deepest bucket first, each bucket by ascending id.
    pub fn iter(&self) -> impl Iterator<Item = NodeEntry> {
        self.inwards().filter_map(|at| self.shown(self.slots[at]))
    }

    /// Appends the `k` entries nearest to `target`, nearest first.
    pub fn closest(&self, target: &Bytes32, k: usize, out: &mut Vec<NodeEntry>) {
        let mut nearest = vec![0; k.min(self.len())];
        let nearest = self.nearest(target, &mut nearest);
        out.extend(nearest.iter().filter_map(|slot| self.shown(*slot)));
    }

    /// Any entry, each with the same chance.
    pub fn random(&self, rng: &mut impl RngExt) -> Option<NodeEntry> {
        if self.is_empty() {
            return None;
        }
        self.shown(self.slots[rng.random_range(0..self.len())])
    }

    /// The slot of the entry with this address, whose id is `id`.
    pub(super) fn find(&self, id: &Id, addr: Addr) -> Option<u16> {
        let at = self.position(id, |entry| entry.addr == addr).ok()?;
        Some(self.slots[at])
    }

    /// Whether there is an entry of this address, and `claimed` its id. Saves hashing the address.
    pub(super) fn confirms(&self, claimed: &Id, addr: Addr) -> bool {
        let found = self.find(claimed, addr).and_then(|slot| self.entry(slot));
        found.is_some_and(|entry| entry.mark == self.mark(claimed))
    }

    /// Finds the slots of the entries nearest to `target`, nearest first, as many as `out` has
    /// places.
    ///
    /// Where the target differs from our id in the bit that a bucket is about, that bucket is
    /// nearer than all that is deeper; where it does not, everything deeper is nearer.
    pub(super) fn nearest<'a>(&self, target: &Bytes32, out: &'a mut [u16]) -> &'a [u16] {
        let mut nearest = Nearest { target, out, found: 0 };
        let mut start = self.first(|at| self.depth_at(at) >= self.depth(target));
        while start < self.len() && nearest.is_wanting() {
            let bucket = self.bucket_from(start);
            start = bucket.end;
            if self.differs(target, &bucket) {
                nearest.take(self, bucket);
            }
        }
        let mut end = self.len();
        while end > 0 && nearest.is_wanting() {
            let bucket = self.bucket_before(end);
            end = bucket.start;
            if !self.differs(target, &bucket) {
                nearest.take(self, bucket);
            }
        }
        let Nearest { out, found, .. } = nearest;
        &out[..found]
    }

    pub(super) fn entry(&self, slot: u16) -> Option<&Entry> {
        self.entries.get(usize::from(slot))?.as_ref()
    }

    pub(super) fn entry_mut(&mut self, slot: u16) -> Option<&mut Entry> {
        self.entries.get_mut(usize::from(slot))?.as_mut()
    }

    /// The entry with its id, as others see it.
    pub(super) fn shown(&self, slot: u16) -> Option<NodeEntry> {
        self.entry(slot).map(Entry::with_id)
    }

    pub(super) fn contact(&self, slot: u16) -> Option<Contact> {
        let addr = self.entry(slot)?.addr;
        Some(Contact { id: Some(Id::of(addr)), addr })
    }

    /// The entries of the bucket that `id` belongs to, by ascending id.
    pub(super) fn neighbours(&self, id: &Id) -> impl Iterator<Item = (u16, &Entry)> {
        let slots = &self.slots[self.bucket(self.depth(id.as_bytes()))];
        slots.iter().filter_map(|slot| Some((*slot, self.entry(*slot)?)))
    }

    pub(super) fn insert(&mut self, new: &NodeEntry) -> Insertion {
        let place = match self.place(&new.id, new.addr) {
            Place::Known(slot) => return Insertion::Known(slot),
            Place::Full => return Insertion::Full,
            Place::At(place) => place,
        };
        let entry = Entry::new(new, self.mark(&new.id));
        let slot = self.allocate(entry);
        insert_tightly(&mut self.heads, place, head(new.id.as_bytes()));
        insert_tightly(&mut self.slots, place, slot);
        Insertion::Added(slot)
    }

    pub(super) fn remove(&mut self, id: &Id, addr: Addr) -> Option<(u16, NodeEntry)> {
        let at = self.position(id, |entry| entry.addr == addr).ok()?;
        self.heads.remove(at);
        let slot = self.slots.remove(at);
        Some((slot, self.vacate(slot)?))
    }

    /// Moves the centre. Entries keep their slots; returns those that found no place, and the
    /// entry that would be ourselves.
    pub(super) fn recentre(&mut self, id: Id) -> Vec<(u16, NodeEntry)> {
        let order: Vec<u16> = self.inwards().map(|at| self.slots[at]).collect();
        self.id = id;
        self.heads.clear();
        self.slots.clear();
        let mut dropped = Vec::new();
        for slot in order {
            let Some(entry) = self.shown(slot) else { continue };
            if let Place::At(place) = self.place(&entry.id, entry.addr) {
                self.heads.insert(place, head(entry.id.as_bytes()));
                self.slots.insert(place, slot);
            } else {
                self.vacate(slot);
                dropped.push((slot, entry));
            }
        }
        dropped
    }
}

/// What became of an entry given to [`Table::insert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Insertion {
    Added(u16),
    /// An entry with this id is there, and stays as it is.
    Known(u16),
    /// Its bucket has no place left, or it is ourselves.
    Full,
}

const MAX_DEPTH: usize = 255;

/// A table grows by so many places at a time: doubling would leave half of it empty.
const GROWTH: usize = 4;

enum Place {
    At(usize),
    Known(u16),
    Full,
}

impl Table {
    fn depth(&self, id: &Bytes32) -> usize {
        self.id.common_prefix(id).min(MAX_DEPTH)
    }

    fn depth_at(&self, at: usize) -> usize {
        match self.heads[at] ^ head(self.id.as_bytes()) {
            0 => self.depth(self.id_at(at).as_bytes()),
            differing => differing.leading_zeros() as usize,
        }
    }

    fn id_at(&self, at: usize) -> Id {
        self.entry(self.slots[at]).map_or(self.id, |entry| Id::of(entry.addr))
    }

    /// Tells the rest of an id from those that others would make up.
    fn mark(&self, id: &Id) -> u32 {
        self.marks.hash_one(id.as_bytes()) as u32
    }

    /// Where the bucket of this depth stands, or would.
    fn bucket(&self, depth: usize) -> Range<usize> {
        let start = self.first(|at| self.depth_at(at) >= depth);
        if start == self.len() || self.depth_at(start) != depth {
            return start..start;
        }
        self.bucket_from(start)
    }

    /// The bucket that begins at `start`.
    fn bucket_from(&self, start: usize) -> Range<usize> {
        let depth = self.depth_at(start);
        let most = self.len().min(start + K);
        start..start + first_of(start..most, |at| self.depth_at(at) > depth)
    }

    /// The bucket that ends at `end`.
    fn bucket_before(&self, end: usize) -> Range<usize> {
        let depth = self.depth_at(end - 1);
        let most = end.saturating_sub(K);
        most + first_of(most..end, |at| self.depth_at(at) >= depth)..end
    }

    /// Whether `target` differs from our id in the bit that a bucket is about.
    fn differs(&self, target: &Bytes32, bucket: &Range<usize>) -> bool {
        let depth = self.depth_at(bucket.start);
        let (ours, theirs) = (self.id.as_bytes()[depth / 8], target[depth / 8]);
        (ours ^ theirs) << (depth % 8) & 0x80 != 0
    }

    /// Every position, the deepest bucket first.
    fn inwards(&self) -> impl Iterator<Item = usize> {
        let before = |end: usize| (end > 0).then(|| self.bucket_before(end));
        let buckets = std::iter::successors(before(self.len()), move |bucket| before(bucket.start));
        buckets.flatten()
    }

    /// The first position of which `holds` is true, as it then is of all that follow.
    fn first(&self, holds: impl Fn(usize) -> bool) -> usize {
        first_of(0..self.len(), holds)
    }

    /// Where an id stands, or where it would. `is_it` is asked of entries whose ids begin alike.
    fn position(&self, id: &Id, is_it: impl Fn(&Entry) -> bool) -> Result<usize, usize> {
        let (depth, head) = (self.depth(id.as_bytes()), head(id.as_bytes()));
        let mut at = self.first(|at| (self.depth_at(at), self.heads[at]) >= (depth, head));
        while at < self.len() && (self.depth_at(at), self.heads[at]) == (depth, head) {
            if self.entry(self.slots[at]).is_some_and(&is_it) {
                return Ok(at);
            }
            if self.id_at(at) > *id {
                break;
            }
            at += 1;
        }
        Err(at)
    }

    fn place(&self, id: &Id, addr: Addr) -> Place {
        if *id == self.id {
            return Place::Full;
        }
        match self.position(id, |entry| entry.addr == addr) {
            Ok(at) => Place::Known(self.slots[at]),
            Err(_) if self.bucket(self.depth(id.as_bytes())).len() >= K => Place::Full,
            Err(at) => Place::At(at),
        }
    }

    fn vacate(&mut self, slot: u16) -> Option<NodeEntry> {
        let entry = self.entries.get_mut(usize::from(slot))?.take()?;
        self.free.push(slot);
        Some(entry.with_id())
    }

    fn allocate(&mut self, entry: Entry) -> u16 {
        if let Some(slot) = self.free.pop()
            && let Some(place) = self.entries.get_mut(usize::from(slot))
        {
            *place = Some(entry);
            return slot;
        }
        let end = self.entries.len();
        insert_tightly(&mut self.entries, end, Some(entry));
        end as u16
    }
}

/// A position within a bucket takes as many bits of a distance, the last ones.
const PLACE_BITS: u64 = 31;

/// The slots nearest to a target, as far as they were found.
struct Nearest<'a, 'b> {
    target: &'a Bytes32,
    out: &'b mut [u16],
    found: usize,
}

impl Nearest<'_, '_> {
    fn is_wanting(&self) -> bool {
        self.found < self.out.len()
    }

    /// Takes the positions of a bucket.
    fn take(&mut self, table: &Table, bucket: Range<usize>) {
        let towards = head(self.target);
        let mut keys = [0; K];
        let count = bucket.len().min(K);
        for ((at, key), head) in (0..).zip(&mut keys).zip(&table.heads[bucket.clone()]) {
            *key = (head ^ towards) & !PLACE_BITS | at;
        }
        let keys = &mut keys[..count];
        keys.sort_unstable();
        let slots = &table.slots[bucket.clone()];
        if keys.windows(2).any(|pair| (pair[0] ^ pair[1]) & !PLACE_BITS == 0) {
            return self.take_alike(table, bucket);
        }
        for (place, key) in self.out[self.found..].iter_mut().zip(keys) {
            *place = slots[(*key & PLACE_BITS) as usize];
            self.found += 1;
        }
    }

    /// Takes the positions of a bucket in which some ids begin alike.
    fn take_alike(&mut self, table: &Table, bucket: Range<usize>) {
        let mut order: Vec<usize> = bucket.collect();
        order.sort_by(|a, b| Id::cmp_distance(self.target, &table.id_at(*a), &table.id_at(*b)));
        for (place, at) in self.out[self.found..].iter_mut().zip(order) {
            *place = table.slots[at];
            self.found += 1;
        }
    }
}

/// How far in is the first of which `holds` is true, as it then is of all that follow.
fn first_of(range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low - range.start
}

/// The first 8 bytes, as a number that orders ids. One byte in tests, for ids that begin alike.
fn head(id: &Bytes32) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *id;
    if cfg!(test) { u64::from(a) << 56 } else { u64::from_be_bytes([a, b, c, d, e, f, g, h]) }
}

fn insert_tightly<T>(list: &mut Vec<T>, at: usize, item: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(GROWTH);
    }
    list.insert(at, item);
}

#[cfg(test)]
mod tests;
