//! What a table keeps of each node.

use std::num::NonZeroU8;

use super::super::contact::NodeEntry;
use super::super::id::Id;
use crate::net::addr::Addr;

/// A [`NodeEntry`] without its id, in 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub addr: Addr,
    /// Only with [`KNOWS_TO`].
    to: Addr,
    pub serial: u32,
    pub sampled: i32,
    pub added: i32,
    pub pinged: i32,
    pub seen: i32,
    pub mark: u32,
    pub down_hints: u16,
    /// [`SPARED`], [`ANSWERED`], [`KNOWS_TO`]. Never zero, so that a place without an entry takes no more.
    flags: NonZeroU8,
    /// The last byte of the tick of the last failure for which it was spared.
    spared_tick: u8,
}

/// Requests that an entry may leave unanswered among losses, one a tick: where half of the answers
/// are lost and each request has four tries, that is one live entry in 65 000.
const MAX_SPARED: u8 = 3;

/// The bits in which an entry counts failures in a row among losses, for which it was not removed.
const SPARED: u8 = 3;
/// It answered a request once.
const ANSWERED: u8 = 4;
/// It told us how it sees us.
const KNOWS_TO: u8 = 8;
/// Of all entries.
const IS_ENTRY: NonZeroU8 = NonZeroU8::new(16).unwrap();

impl Entry {
    pub fn new(node: &NodeEntry, mark: u32) -> Self {
        let mut entry = Self {
            addr: node.addr,
            to: node.addr,
            serial: node.serial,
            sampled: node.sampled,
            added: node.added,
            pinged: node.pinged,
            seen: node.seen,
            mark,
            down_hints: u16::try_from(node.down_hints).unwrap_or(u16::MAX),
            flags: IS_ENTRY,
            spared_tick: 0,
        };
        entry.set_to(node.to);
        entry
    }

    /// Us, as it saw us when it was last sampled.
    fn to(&self) -> Option<Addr> {
        self.is(KNOWS_TO).then_some(self.to)
    }

    pub fn set_to(&mut self, to: Option<Addr>) {
        self.to = to.unwrap_or(self.addr);
        self.put(KNOWS_TO, if to.is_some() { KNOWS_TO } else { 0 });
    }

    pub fn has_answered(&self) -> bool {
        self.is(ANSWERED)
    }

    pub fn set_answered(&mut self) {
        self.put(ANSWERED, ANSWERED);
    }

    /// It failed to answer while much is lost. Whether it stays nevertheless: those that fail in
    /// one tick count once.
    pub fn spare(&mut self, tick: i32) -> bool {
        let (tick, times) = (tick as u8, self.flags.get() & SPARED);
        if times > 0 && self.spared_tick == tick {
            return true;
        }
        let spared = times < MAX_SPARED;
        if spared {
            self.put(SPARED, times + 1);
            self.spared_tick = tick;
        }
        spared
    }

    /// It was heard from.
    pub fn heard(&mut self, tick: i32) {
        self.pinged = tick;
        self.seen = tick;
        self.put(SPARED, 0);
    }

    fn is(&self, flag: u8) -> bool {
        self.flags.get() & flag != 0
    }

    fn put(&mut self, mask: u8, bits: u8) {
        self.flags = IS_ENTRY | (self.flags.get() & !mask | bits);
    }

    pub fn with_id(&self) -> NodeEntry {
        NodeEntry {
            serial: self.serial,
            id: Id::of(self.addr),
            addr: self.addr,
            to: self.to(),
            sampled: self.sampled,
            added: self.added,
            pinged: self.pinged,
            seen: self.seen,
            down_hints: u32::from(self.down_hints),
        }
    }
}

const _: () = assert!(size_of::<Option<Entry>>() == 40);
