//! Requests in flight: their tids, their deadlines, and who waits for the congestion window.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::hash::Hashing;
use rand::Rng;

use super::contact::Contact;
pub(super) use super::in_flight::RequestKey as Key;
use super::window::Window;
use crate::net::addr::Addr;
use crate::net::socket_key::SocketKey;

/// Requests in flight or waiting, of one node: half of the tid space.
pub const MAX_INFLIGHT: usize = 32_768;

/// Sends after the first of a plain request.
pub const RETRIES: u8 = 3;

/// Sends after the first of a query's request.
pub const QUERY_RETRIES: u8 = 5;

/// Requests that are dropped together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Session {
    User(u32),
    /// The session that a query made for itself.
    Query(u32),
}

/// A request to be registered, with its datagram.
#[derive(Debug)]
pub(super) struct New<P> {
    pub kind: P,
    pub to: Contact,
    pub socket: SocketKey,
    pub ttl: u8,
    pub internal: bool,
    pub command: u64,
    pub retries: u8,
    pub timeout_ms: Option<u32>,
    pub session: Option<Session>,
    pub made_ms: u64,
    pub tid: u16,
    /// Every try sends the same bytes.
    pub datagram: Box<[u8]>,
}

#[derive(Debug)]
pub(super) struct InFlight<P> {
    pub request: New<P>,
    /// Tries so far.
    pub sent: u32,
    state: State,
    serial: u32,
    /// Where it stands in `order` and in its session.
    index: usize,
    session_index: usize,
}

impl<P> InFlight<P> {
    /// Made before there was a socket to leave from.
    pub fn is_unsent(&self) -> bool {
        self.state == State::Idle && self.sent == 0
    }

    pub fn is_answered(&self) -> bool {
        self.state == State::Answered
    }
}

/// The requests of a node. `P` says what to do with the outcome.
#[derive(Debug)]
pub(super) struct Requests<P> {
    pub window: Window,
    slots: Vec<Option<InFlight<P>>>,
    free: Vec<u32>,
    tid_order: TidOrder,
    tids: HashMap<u16, u32, Hashing>,
    /// Every slot in use. The last takes the place of one that leaves.
    order: Vec<u32>,
    sessions: BTreeMap<Session, Vec<u32>>,
    /// (ms, order of arming, slot).
    deadlines: BTreeSet<(u64, u64, u32)>,
    armed: u64,
    /// Those that left meanwhile are skipped.
    waiting: VecDeque<Key>,
    waiting_len: usize,
    serial: u32,
    version: u32,
}

impl<P> Requests<P> {
    pub fn new(max_window: u32, rng: &mut impl Rng) -> Self {
        Self {
            window: Window::new(max_window),
            slots: Vec::new(),
            free: Vec::new(),
            tid_order: TidOrder::new(rng),
            tids: HashMap::default(),
            order: Vec::new(),
            sessions: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            armed: 0,
            waiting: VecDeque::new(),
            waiting_len: 0,
            serial: 0,
            version: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Changes whenever a request comes or goes.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// A tid that no request in flight has; `None` when there are [`MAX_INFLIGHT`] of them.
    pub fn unused_tid(&mut self) -> Option<u16> {
        if self.len() >= MAX_INFLIGHT {
            return None;
        }
        loop {
            let tid = self.tid_order.next();
            if !self.tids.contains_key(&tid) {
                return Some(tid);
            }
        }
    }

    pub fn insert(&mut self, request: New<P>) -> Key {
        self.serial = self.serial.wrapping_add(1);
        self.version = self.version.wrapping_add(1);
        let serial = self.serial;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        self.tids.insert(request.tid, slot);
        let session_index = match request.session {
            Some(session) => push(self.sessions.entry(session).or_default(), slot),
            None => 0,
        };
        let index = push(&mut self.order, slot);
        self.slots[slot as usize] =
            Some(InFlight { request, sent: 0, state: State::Idle, serial, index, session_index });
        Key { slot, serial }
    }

    pub fn get(&self, key: Key) -> Option<&InFlight<P>> {
        let request = self.slots.get(key.slot as usize)?.as_ref()?;
        (request.serial == key.serial).then_some(request)
    }

    pub fn get_mut(&mut self, key: Key) -> Option<&mut InFlight<P>> {
        let request = self.slots.get_mut(key.slot as usize)?.as_mut()?;
        (request.serial == key.serial).then_some(request)
    }

    pub fn find(&self, tid: u16) -> Option<Key> {
        self.key_of(*self.tids.get(&tid)?)
    }

    /// In the order in which a node settles them at once, last first.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = Key> {
        self.order.iter().filter_map(|slot| self.key_of(*slot))
    }

    /// Those of a session.
    pub fn keys_of(&self, session: Session) -> impl Iterator<Item = Key> {
        let slots = self.sessions.get(&session).into_iter().flatten();
        slots.filter_map(|slot| self.key_of(*slot))
    }

    pub fn first_of(&self, session: Session) -> Option<Key> {
        self.key_of(*self.sessions.get(&session)?.first()?)
    }

    /// It does not leave before [`Requests::undefer`].
    pub fn defer(&mut self, key: Key) {
        if let Some(request) = self.get_mut(key) {
            request.state = State::Deferred;
        }
    }

    /// Whether it was to leave later, and is still to leave.
    pub fn undefer(&mut self, key: Key) -> bool {
        let request = self.get_mut(key).filter(|request| request.state == State::Deferred);
        request.map(|request| request.state = State::Idle).is_some()
    }

    /// Counts a try, which ends at `deadline_ms`.
    pub fn arm(&mut self, key: Key, deadline_ms: u64) {
        self.disarm(key);
        self.armed += 1;
        let seq = self.armed;
        let Some(request) = self.get_mut(key) else {
            return;
        };
        request.sent = request.sent.saturating_add(1);
        request.state = State::Sent { deadline_ms, seq };
        self.deadlines.insert((deadline_ms, seq, key.slot));
        self.window.send();
    }

    /// Puts a request last among those that wait for the window.
    pub fn wait(&mut self, key: Key) {
        self.disarm(key);
        if let Some(request) = self.get_mut(key) {
            request.state = State::Waiting;
            self.waiting.push_back(key);
            self.waiting_len += 1;
        }
    }

    /// A reply came that is not settled yet: no further try.
    pub fn answered(&mut self, key: Key) {
        self.disarm(key);
        if let Some(request) = self.get_mut(key) {
            request.state = State::Answered;
        }
    }

    pub fn has_waiting(&self) -> bool {
        self.waiting_len > 0
    }

    /// Whoever waits longest, if the window has a place.
    pub fn next_to_leave(&mut self) -> Option<Key> {
        if self.waiting_len == 0 || self.window.is_full() {
            return None;
        }
        while let Some(key) = self.waiting.pop_front() {
            if self.get(key).is_some_and(|request| request.state == State::Waiting) {
                self.disarm(key);
                return Some(key);
            }
        }
        None
    }

    pub fn next_deadline(&self) -> Option<u64> {
        self.deadlines.first().map(|(deadline_ms, ..)| *deadline_ms)
    }

    /// The request whose try ended first, at `now_ms` or before.
    pub fn next_due(&mut self, now_ms: u64) -> Option<Key> {
        self.next_deadline().filter(|deadline_ms| *deadline_ms <= now_ms)?;
        let (_, _, slot) = self.deadlines.pop_first()?;
        let key = self.key_of(slot)?;
        self.disarm(key);
        Some(key)
    }

    /// Forgets a request; if it was sent, its place in the window is free again.
    pub fn remove(&mut self, key: Key) -> Option<InFlight<P>> {
        self.get(key)?;
        self.disarm(key);
        let removed = self.slots.get_mut(key.slot as usize)?.take()?;
        self.version = self.version.wrapping_add(1);
        self.free.push(key.slot);
        self.tids.remove(&removed.request.tid);
        if let Some(moved) = swap_remove(&mut self.order, removed.index)
            && let Some(Some(moved)) = self.slots.get_mut(moved as usize)
        {
            moved.index = removed.index;
        }
        if let Some(session) = removed.request.session {
            self.leave_session(session, removed.session_index);
        }
        if removed.sent > 0 {
            self.window.recv();
        }
        self.compact_waiting();
        if self.slots.capacity() > KEPT_SLOTS {
            self.release_memory();
        }
        Some(removed)
    }

    /// Keeps no places for requests while there are none.
    pub fn release_memory(&mut self) {
        if !self.order.is_empty() {
            return;
        }
        self.slots = Vec::new();
        self.free = Vec::new();
        self.order = Vec::new();
        self.tids = HashMap::default();
        self.sessions = BTreeMap::new();
        self.deadlines = BTreeSet::new();
        self.waiting = VecDeque::new();
    }
}

/// All tids in an order that nobody else knows: a Feistel permutation of a counter.
///
/// A tid drawn anew each time would soon come back, and a late reply to its last use could pass for
/// the answer to a user's command.
#[derive(Debug)]
struct TidOrder {
    keys: [u64; 4],
    count: u16,
}

impl TidOrder {
    fn new(rng: &mut impl Rng) -> Self {
        Self { keys: [(); 4].map(|()| rng.next_u64()), count: 0 }
    }

    fn next(&mut self) -> u16 {
        self.count = self.count.wrapping_add(1);
        let [left, right] = self.count.to_be_bytes();
        let (left, right) = self.keys.iter().fold((left, right), |(left, right), key| {
            (right, left ^ mixed(key ^ u64::from(right)))
        });
        u16::from_be_bytes([left, right])
    }
}

/// The top byte of the finalizer of SplitMix64.
fn mixed(mut bits: u64) -> u8 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 56) as u8
}

/// Places for requests that a node may keep until the next tick.
const KEPT_SLOTS: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Deferred,
    Waiting,
    Sent { deadline_ms: u64, seq: u64 },
    Answered,
}

impl<P> Requests<P> {
    fn key_of(&self, slot: u32) -> Option<Key> {
        let serial = self.slots.get(slot as usize)?.as_ref()?.serial;
        Some(Key { slot, serial })
    }

    fn disarm(&mut self, key: Key) {
        let Some(request) = self.get_mut(key) else {
            return;
        };
        match std::mem::replace(&mut request.state, State::Idle) {
            State::Sent { deadline_ms, seq } => {
                self.deadlines.remove(&(deadline_ms, seq, key.slot));
            }
            State::Waiting => self.waiting_len -= 1,
            State::Idle | State::Deferred | State::Answered => {}
        }
    }

    fn leave_session(&mut self, session: Session, at: usize) {
        let Some(members) = self.sessions.get_mut(&session) else {
            return;
        };
        let moved = swap_remove(members, at);
        if members.is_empty() {
            self.sessions.remove(&session);
        }
        if let Some(moved) = moved
            && let Some(Some(moved)) = self.slots.get_mut(moved as usize)
        {
            moved.session_index = at;
        }
    }

    /// Keeps what is left behind in the queue in proportion to what waits.
    fn compact_waiting(&mut self) {
        if self.waiting.len() <= 2 * self.waiting_len + 64 {
            return;
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|key| self.get(*key).is_some_and(|r| r.state == State::Waiting));
        self.waiting = waiting;
    }
}

/// Whether a reply to an internal command from `from` can be the answer to what was sent to `asked`.
///
/// A host may answer from another of its addresses, if the one it was asked at means little beyond
/// its own network.
pub(super) fn may_answer(asked: Addr, from: Addr) -> bool {
    let host = asked.ip();
    let anywhere =
        host.is_unspecified() || host.is_loopback() || host.is_private() || host.is_link_local();
    asked.port() == from.port() && (host == from.ip() || anywhere)
}

fn push(list: &mut Vec<u32>, slot: u32) -> usize {
    list.push(slot);
    list.len() - 1
}

/// Returns what moved into the gap.
fn swap_remove(list: &mut Vec<u32>, at: usize) -> Option<u32> {
    if at < list.len() {
        list.swap_remove(at);
    }
    list.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn tids(seed: u8) -> Vec<u16> {
        let mut order = TidOrder::new(&mut StdRng::from_seed([seed; 32]));
        (0..=u16::MAX).map(|_| order.next()).collect()
    }

    #[test]
    fn every_tid_comes_once_before_any_comes_again() {
        let drawn = tids(1);
        let mut sorted = drawn.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..=u16::MAX));

        let neighbours = drawn.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 256);
        assert!(neighbours.count() < 1000, "one tid tells nothing of the next");
        assert_ne!(drawn[..8], tids(2)[..8]);
    }
}
