//! Where the protections step in, see [`super::super::guard`].

use std::net::Ipv4Addr;

use super::super::calls::{ReplySpec, RequestError};
use super::super::contact::NodeEntry;
use super::super::guard::{Admission, DiversityLimit, Guard, Members, fair_share};
use super::super::id::Bytes32;
use super::super::requests::may_answer;
use super::super::table::{Entry, K, Table};
use super::super::wire::{self, INVALID_TOKEN, ReplyHead};
use super::Node;
use super::members::EntryRef;
use super::requesting::{RequestKind, ping};
use crate::net::addr::{ADDR_LEN, Addr};
use crate::net::clock::Now;

/// Pings of nodes that are not handed out yet, under way at a time. The others wait.
const MAX_VERIFYING: u32 = 16;

/// Sends of such a ping after the first: of a sender who is not who it claims to be, the one who is
/// gets no more than it asked for.
const VERIFY_RETRIES: u8 = 1;

impl Node {
    /// Drops requests of hosts that send too many, and replies that nobody waits for.
    pub(super) fn is_worth_decoding(&mut self, now: Now, from: Addr, reply: Option<u16>) -> bool {
        let per_second = self.config.protections.host_budget;
        if per_second.is_some() || self.config.protections.load_shedding {
            let (host, request) = (*from.ip(), reply.is_none());
            let budget = &mut self.guard.budget;
            let counters = &mut self.counters.protections;
            match budget.admit(now.mono_ms, host, request, per_second, &mut self.rng) {
                Admission::Admitted => {}
                Admission::OverBudget => {
                    counters.host_budget += 1;
                    return false;
                }
                Admission::Shed => {
                    counters.load_shedding += 1;
                    return false;
                }
            }
        }
        let unasked = reply.is_some_and(|tid| self.requests.find(tid).is_none());
        self.counters.protections.unasked_replies += i64::from(unasked);
        !unasked
    }

    /// Whether a reply from `from` can be the answer to what was sent to `asked`.
    pub(super) fn may_have_answered(&mut self, internal: bool, asked: Addr, from: Addr) -> bool {
        let same_host = asked.ip().is_unspecified() || asked.ip() == from.ip();
        let may = match (self.config.hardened.asked_address, internal) {
            (true, _) => same_host && asked.port() == from.port(),
            (false, true) => may_answer(asked, from),
            (false, false) => true,
        };
        let counters = &mut self.counters.protections;
        let counter =
            if internal { &mut counters.wrong_source } else { &mut counters.asked_address };
        *counter += i64::from(!may);
        may
    }

    /// Whether a hint from `host` may cause one more check in this tick.
    pub(super) fn may_hint(&mut self, host: Ipv4Addr) -> bool {
        let limit = self.config.protections.hints_per_host;
        let may = limit.is_none_or(|limit| self.guard.hints.take(host, limit));
        self.counters.protections.hints_per_host += i64::from(!may);
        may
    }

    /// Whether a newcomer at `host` may cause one more ping of a full bucket in this tick.
    pub(super) fn may_swap(&mut self, host: Ipv4Addr) -> bool {
        let limit = self.config.protections.swaps_per_host;
        let may = limit.is_none_or(|limit| self.guard.swaps.take(host, limit));
        self.counters.protections.swaps_per_host += i64::from(!may);
        may
    }

    /// Takes one of `free` places for a DELAYED_PING of `host`.
    pub(super) fn may_delay_ping(&mut self, host: Ipv4Addr, free: usize) -> bool {
        let limit = self.config.protections.delayed_pings_per_host;
        let pings = &mut self.guard.delayed_pings;
        let may = free > 0 && (limit.is_none() || pings.take(host, fair_share(limit, free)));
        let refused = i64::from(!may);
        self.counters.dropped += refused;
        self.counters.protections.delayed_pings_per_host += refused;
        may
    }

    /// Takes one of `free` places for a request of `host` that waits for a filter.
    pub(super) fn may_hold_request(&mut self, host: Ipv4Addr, free: usize) -> bool {
        let limit = self.config.protections.held_per_host;
        let held = &mut self.guard.held;
        let may = free > 0 && (limit.is_none() || held.take(host, fair_share(limit, free)));
        let refused = i64::from(!may);
        self.counters.dropped += refused;
        self.counters.protections.held_per_host += refused;
        may
    }

    /// How many closer nodes of a reply that names `named` are read.
    pub(super) fn readable_closer_nodes(&self, named: usize) -> usize {
        let limit = self.config.protections.closer_nodes.unwrap_or(u32::MAX);
        named.min(limit as usize)
    }

    /// Whether a node that does not answer leaves the table.
    pub(super) fn may_remove_silent(&mut self, now: Now, entry: EntryRef) -> bool {
        if !self.config.protections.flood_grace || !self.guard.is_lossy(now.mono_ms) {
            return true;
        }
        let tick = self.tick;
        let spared = self.find_entry_mut(entry).is_some_and(|entry| entry.spare(tick));
        self.counters.protections.flood_grace += i64::from(spared);
        !spared
    }

    /// Whether a newcomer at `host` has a place in the table besides that of its bucket.
    pub(super) fn has_place_for(&mut self, host: Ipv4Addr) -> bool {
        let Some(crowd) = self.guard.members.as_ref().and_then(|members| members.crowd(host))
        else {
            return true;
        };
        match crowd {
            DiversityLimit::Host => self.counters.protections.per_host += 1,
            DiversityLimit::Subnet => self.counters.protections.per_subnet += 1,
        }
        false
    }

    /// An entry was added. Unless it answered us it is pinged, and not handed out before it does.
    pub(super) fn guard_entry(&mut self, now: Now, slot: u16, entry: &NodeEntry, proven: bool) {
        if let Some(members) = &mut self.guard.members {
            members.added(*entry.addr.ip(), entry.serial, slot, proven);
            self.verify_more(now);
        }
    }

    /// A newcomer answered. Without its id it is not who it claimed to be.
    pub(super) fn verify_answered(&mut self, now: Now, entry: EntryRef, with_id: bool) {
        if !with_id && self.is_unproven(entry) {
            self.remove_entry(entry);
        }
        self.verify_over(now);
    }

    pub(super) fn verify_failed(&mut self, now: Now, entry: EntryRef, error: RequestError) {
        if error != RequestError::Timeout {
            self.verify_later(entry);
        } else if self.is_unproven(entry) && self.may_remove_silent(now, entry) {
            self.remove_entry(entry);
        }
        self.verify_over(now);
    }

    /// Whether an entry of a node that verifies was never heard answering.
    pub(super) fn is_unproven(&self, entry: EntryRef) -> bool {
        let members = self.guard.members.as_deref();
        members.is_some_and(|members| members.is_unproven(entry.serial))
    }

    /// Appends the addresses of the nearest nodes that may be handed out, at most [`K`].
    pub(super) fn find_closer_nodes(&mut self, target: &Bytes32) {
        let (proven, mut all);
        let nearest = if self.guard.unproven().is_some() {
            proven = nearest_proven(&self.table, &self.guard, target, K);
            &proven[..]
        } else {
            all = [0; K];
            self.table.nearest(target, &mut all)
        };
        let entries = nearest.iter().filter_map(|slot| self.table.entry(*slot));
        self.closest_addrs.extend(entries.map(|entry| entry.addr));
    }

    /// A request came, with a valid token or with none.
    pub(super) fn credit(&mut self, now: Now, host: Ipv4Addr, bytes: usize, token: bool) {
        if let Some(allowance) = &mut self.guard.allowance {
            allowance.received(now.mono_ms, host, bytes, &mut self.rng);
            if token {
                allowance.proved(now.mono_ms, host, &mut self.rng);
            }
        }
    }

    /// Cuts the closer nodes of a reply, which is `bare` without them, to what its receiver may be
    /// sent; if not even that much is left its token goes as well. False if there is a value then.
    pub(super) fn fit_allowance(
        &mut self,
        now: Now,
        spec: &ReplySpec<'_>,
        bare: &mut ReplyHead<'_>,
    ) -> bool {
        let Some(allowance) = &mut self.guard.allowance else {
            return true;
        };
        let host = *spec.to.ip();
        let asked = wire::least_request_len(spec.target.is_some());
        let room = allowance.room(now.mono_ms, host, asked, &mut self.rng);
        let is_over = bare.encoded_len() > room;
        let cut = &mut self.counters.protections.unproven_bytes;
        if is_over && spec.value.is_some() {
            *cut += 1;
            return false;
        }
        let token = bare.token.take_if(|_| is_over);
        let bare_len = bare.encoded_len();
        let named = self.closest_addrs.len();
        let fitting = room.saturating_sub(bare_len + 1) / ADDR_LEN;
        self.closest_addrs.truncate(fitting);
        let list = self.closest_addrs.len();
        *cut += i64::from(list < named || token.is_some());
        let len = bare_len + list * ADDR_LEN + usize::from(list > 0);
        allowance.sent(host, len);
        true
    }

    /// Says no more than how to get more: the same request, with this token.
    pub(super) fn ask_for_token(&mut self, now: Now, spec: &ReplySpec<'_>) {
        let host = *spec.to.ip();
        let token = self.tokens.issue(now.mono_ms, host, &mut self.rng);
        let head = ReplyHead {
            tid: spec.tid,
            to: spec.to,
            id: None,
            token: Some(&token),
            closer_nodes: &[],
            error: INVALID_TOKEN,
            value: None,
        };
        if let Some(allowance) = &mut self.guard.allowance {
            allowance.sent(host, head.encoded_len());
        }
        if !self.outbox.push(spec.socket, spec.to, 0, |out| head.encode(out)) {
            self.counters.dropped += 1;
        }
    }
}

/// The slots of the nearest nodes that may be asked and handed out, at most `count`.
pub(super) fn nearest_proven(
    table: &Table,
    guard: &Guard,
    target: &Bytes32,
    count: usize,
) -> Vec<u16> {
    let unproven = guard.unproven();
    let claimed = unproven.map_or(0, Members::unproven);
    let mut slots = vec![0; (count + claimed).min(table.len())];
    let found = table.nearest(target, &mut slots).len();
    slots.truncate(found);
    if let Some(members) = unproven {
        let serial = |slot: &u16| table.entry(*slot).map(|entry| entry.serial);
        slots.retain(|slot| serial(slot).is_some_and(|serial| !members.is_unproven(serial)));
    }
    slots.truncate(count);
    slots
}

/// The slots of the nearest nodes that once answered, besides those of `nearest`: as many as did
/// not among these.
pub(super) fn answered_besides<'a>(
    table: &'a Table,
    target: &Bytes32,
    nearest: &'a [u16],
) -> impl Iterator<Item = u16> + use<'a> {
    let answered = |slot: &u16| table.entry(*slot).is_some_and(Entry::has_answered);
    let missing = nearest.iter().filter(|slot| !answered(slot)).count();
    let mut slots = vec![0; if missing > 0 { table.len() } else { 0 }];
    let found = table.nearest(target, &mut slots).len();
    slots.truncate(found);
    let others = slots.into_iter().filter(|slot| !nearest.contains(slot));
    others.filter(answered).take(missing)
}

impl Node {
    fn verify_over(&mut self, now: Now) {
        self.verifying = self.verifying.saturating_sub(1);
        self.verify_more(now);
    }

    fn verify_later(&mut self, entry: EntryRef) {
        if let Some(members) = &mut self.guard.members {
            members.verify_later(entry.serial, entry.slot);
        }
    }

    /// Pings newcomers, as many as may be under way.
    pub(super) fn verify_more(&mut self, now: Now) {
        while self.verifying < MAX_VERIFYING
            && let Some(members) = &mut self.guard.members
            && let Some((serial, slot)) = members.next_to_verify()
        {
            let entry = EntryRef { slot, serial };
            let Some(addr) = self.find_entry(entry).map(|entry| entry.addr) else { continue };
            let mut ask = ping(addr, RequestKind::Verify { entry });
            ask.retries = VERIFY_RETRIES;
            if self.ask(now, ask).is_err() {
                return self.verify_later(entry);
            }
            self.verifying += 1;
            self.counters.protections.verify += 1;
        }
    }
}
