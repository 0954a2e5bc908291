//! One iterative lookup: whom to ask next, who answered, who is nearest.
//!
//! ```text
//! New -> Opening -> Looking -> Committing -> Ended -> Forgotten
//! ```
//!
//! It sends nothing: its driver asks [`Query::next_step`] until it says to wait, and reports what
//! became of each visit.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::super::calls::{Commit, Given, Progress, QuerySpec, QueryState, Reply, RequestError};
use super::super::contact::Contact;
use super::super::hash::Hashing;
use super::super::id::{Bytes32, Id};
use super::super::requests::Session;
use super::super::table::K;
use super::candidates::Candidates;
use super::referrals::Referrals;
use super::states::{Candidacy, Commits, Phase, QueryOwner, Seen, VisitOutcome};
use crate::net::addr::Addr;

/// Visits at a time while the given nodes may still prove good enough.
const SLOW_START: u32 = 3;

/// More would leave each with next to nobody to begin with.
const MAX_PATHS: u32 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dht) enum Step {
    Visit(Contact),
    /// The same, of one that it had in reserve.
    VisitReserve(Contact),
    /// The given nodes were not enough: add the table's, then ask again.
    Refill,
    /// Too few answered so far: add nodes of the table that did not come up yet, then ask again.
    Widen,
    Finish,
    Wait,
}

#[derive(Debug)]
pub(in crate::dht) struct Query {
    pub owner: QueryOwner,
    pub target: Bytes32,
    pub internal: bool,
    pub command: u64,
    pub value: Option<Arc<[u8]>>,
    pub concurrency: u32,
    pub retries: u8,
    pub force: bool,
    pub thorough: bool,
    pub commit: Commit,
    pub session: Session,
    pub rows: bool,
    /// Rows that the reader has room for.
    pub room: u32,
    pub phase: Phase,
    /// The lookup came to its end: what still comes in is ignored. Before that, answers count even
    /// if nobody asks for further steps any more.
    pub found: bool,
    pub commits: Commits,
    only_closest: bool,
    successes: u32,
    errors: u32,
    inflight: u32,
    /// Visits in their second try or later.
    slow: u32,
    slowed_down: bool,
    from_table: bool,
    /// The table has no more nodes to widen it with.
    widest: bool,
    seen: HashMap<Addr, Seen, Hashing>,
    /// Nodes that others may still name.
    nameable: usize,
    referrals: Referrals,
    candidates: Candidates,
    /// Nodes that answered before, for when the candidates are used up: the nearest last.
    reserve: Vec<Contact>,
    /// Those that did not answer and are asked once more, after the candidates.
    again: Vec<Contact>,
    closest: Vec<Arc<Reply>>,
}

impl Query {
    pub fn new(owner: QueryOwner, number: u32, spec: QuerySpec) -> Self {
        let mut query = Self {
            owner,
            target: spec.target,
            internal: spec.internal,
            command: spec.command,
            value: spec.value.map(Arc::from),
            concurrency: spec.concurrency,
            retries: if spec.force { 0 } else { spec.retries },
            force: spec.force,
            thorough: spec.thorough,
            commit: spec.commit,
            session: spec.session.map_or(Session::Query(number), Session::User),
            rows: spec.rows,
            room: 0,
            phase: Phase::New,
            found: false,
            commits: Commits::default(),
            only_closest: false,
            successes: 0,
            errors: 0,
            inflight: 0,
            slow: 0,
            slowed_down: false,
            from_table: false,
            widest: !spec.thorough || spec.only_closest,
            seen: HashMap::default(),
            nameable: usize::MAX,
            referrals: Referrals::default(),
            candidates: Candidates::default(),
            reserve: Vec::new(),
            again: Vec::new(),
            closest: Vec::new(),
        };
        if let Given::Nodes(nodes) = spec.given {
            for node in nodes.into_iter().rev() {
                query.add_candidate(node);
            }
        }
        query.only_closest = spec.only_closest;
        query
    }

    /// Goes so many disjoint ways at once, at most 16. To be called before it opens.
    pub fn spread(&mut self, paths: u32) {
        if paths > 1 {
            self.candidates.spread(paths.min(MAX_PATHS) as usize);
        }
    }

    /// Takes over no more than so many nodes that others name.
    pub fn limit_named(&mut self, count: usize) {
        self.nameable = count;
    }

    /// What it asks from now on, of whom and how often.
    pub fn change(&mut self, spec: QuerySpec) {
        if self.target != spec.target {
            self.target = spec.target;
            self.sort_closest();
        }
        self.internal = spec.internal;
        self.command = spec.command;
        self.value = spec.value.map(Arc::from);
        self.retries = if spec.force { 0 } else { spec.retries };
        self.force = spec.force;
    }

    pub fn state(&self) -> QueryState {
        QueryState {
            successes: self.successes,
            errors: self.errors,
            inflight: self.inflight,
            closest: self.closest.clone(),
        }
    }

    pub fn progress(&self) -> Progress {
        Progress { successes: self.successes, errors: self.errors, inflight: self.inflight }
    }

    pub fn inflight(&self) -> u32 {
        self.inflight
    }

    pub fn closest(&self) -> &[Arc<Reply>] {
        &self.closest
    }

    /// How many nodes of the table are wanted; none when enough candidates are known.
    pub fn wanted_from_table(&mut self) -> usize {
        let missing = K.saturating_sub(self.candidates.len());
        self.from_table |= missing > 0;
        missing
    }

    /// Adds as many as results are missing of the table's nodes, the nearest given first and
    /// visited first. If none is missing k that are visited however far they are: without an id.
    pub fn widen(&mut self, nearest: impl Iterator<Item = Contact>) {
        let missing = K.saturating_sub(self.closest.len());
        let wanted = if missing > 0 { missing } else { K };
        let fresh = nearest.filter(|node| !self.seen.contains_key(&node.addr));
        let fresh: Vec<Contact> = fresh.take(wanted).collect();
        for node in fresh.into_iter().rev() {
            let id = node.id.filter(|_| missing > 0);
            self.add_candidate(Contact { id, ..node });
        }
        self.from_table = true;
        self.widest = missing == 0 || self.candidates.is_empty();
    }

    /// Nodes that it visits, the nearest given first, once there are no other candidates and while
    /// they are nearer than what it found.
    pub fn keep_in_reserve(&mut self, nearest: impl Iterator<Item = Contact>) {
        if !self.only_closest {
            self.reserve = nearest.collect();
            self.reserve.reverse();
        }
    }

    /// Adds nodes that are to be visited first and only once, near or far: whether they answer at
    /// all is not known.
    pub fn try_out(&mut self, addrs: impl Iterator<Item = Addr>) {
        for addr in addrs {
            if let Entry::Vacant(place) = self.seen.entry(addr) {
                place.insert(Seen { id: None, fate: VisitOutcome::Again });
                self.candidates.push(Contact { id: None, addr }, None);
            }
        }
    }

    /// Whether nobody but those is visited who answered before.
    pub fn is_only_closest(&self) -> bool {
        self.only_closest
    }

    pub fn has_enough_candidates(&self) -> bool {
        self.candidates.len() >= K
    }

    pub fn has_candidates(&self) -> bool {
        !self.candidates.is_empty() || !self.again.is_empty() || !self.reserve.is_empty()
    }

    /// Adds a node that nobody named: it was given, or is the table's.
    pub fn add_candidate(&mut self, node: Contact) {
        let closer = node.id.is_none_or(|id| self.leads_closer(&id, node.addr));
        if !self.only_closest && closer && !self.seen.contains_key(&node.addr) {
            self.seen.insert(node.addr, Seen { id: node.id, fate: VisitOutcome::Open });
            self.candidates.push(node, None);
        }
    }

    /// Adds a node that `by` named, who may have answered from another address than was `asked`.
    pub fn add_named(&mut self, node: Contact, by: Contact, asked: Addr) -> Candidacy {
        let mut candidacy = Candidacy { closer: false, down: false, refused: false };
        if self.only_closest {
            return candidacy;
        }
        candidacy.closer = node.id.is_none_or(|id| self.leads_closer(&id, asked));
        let is_open = match self.fate(node.addr) {
            None if !candidacy.closer => return candidacy,
            None if self.nameable == 0 => {
                candidacy.refused = true;
                return candidacy;
            }
            None => {
                self.nameable -= 1;
                self.seen.insert(node.addr, Seen { id: node.id, fate: VisitOutcome::Open });
                self.candidates.push(node, Some(asked));
                true
            }
            Some(fate) => {
                if fate == VisitOutcome::Open && candidacy.closer {
                    self.candidates.push_again(node, asked);
                }
                candidacy.down = fate == VisitOutcome::Down;
                fate.is_open()
            }
        };
        if is_open {
            self.referrals.note(node.addr, by);
        }
        candidacy
    }

    /// The id of a node that came up before: hashing its address again would cost more than all
    /// else that is done with it.
    pub fn id_of(&self, addr: Addr) -> Option<Id> {
        self.seen.get(&addr)?.id
    }

    /// A visit that is returned counts as in flight.
    pub fn next_step(&mut self) -> Step {
        if self.phase != Phase::Looking {
            return Step::Wait;
        }
        let base = if self.slowed_down { SLOW_START } else { self.concurrency };
        let allowed = base.max(1).saturating_add(self.slow);
        while self.inflight < allowed
            && let Some(next) = self.candidates.pop().or_else(|| self.again.pop())
        {
            if next.id.is_none_or(|id| self.leads_closer(&id, next.addr)) {
                self.candidates.visited(next.addr);
                self.inflight += 1;
                return Step::Visit(next);
            }
            if self.fate(next.addr) == Some(VisitOutcome::Again) {
                self.errors = self.errors.saturating_add(1);
            }
        }
        while self.inflight < allowed
            && let Some(next) = self.reserve.pop()
        {
            let is_new = !self.seen.contains_key(&next.addr);
            if is_new && next.id.is_none_or(|id| self.is_closer(&id)) {
                self.seen.insert(next.addr, Seen { id: next.id, fate: VisitOutcome::Open });
                self.inflight += 1;
                return Step::VisitReserve(next);
            }
        }
        if !self.from_table && self.successes == 0 && self.errors == 0 {
            self.slowed_down = true;
        }
        if self.has_candidates() {
            return Step::Wait;
        }
        let only_slow = self.slow == self.inflight;
        if only_slow && !self.widest && (self.closest.len() < K || self.is_deserted()) {
            return Step::Widen;
        }
        let enough = only_slow && self.closest.len() >= K;
        if self.inflight > 0 && (self.thorough || !enough) {
            return Step::Wait;
        }
        if !self.from_table && (self.successes as usize) < K / 4 {
            return Step::Refill;
        }
        Step::Finish
    }

    /// A visit was answered. Returns whether the answer counts.
    pub fn visit_answered(&mut self, asked: Addr, slow: bool, error: bool) -> bool {
        self.visit_over(slow);
        self.settle(asked, VisitOutcome::Answered);
        if self.found {
            return false;
        }
        if error {
            self.errors = self.errors.saturating_add(1);
        } else {
            self.successes = self.successes.saturating_add(1);
        }
        true
    }

    /// The answer was read, candidates and all.
    pub fn answer_read(&mut self) {
        let answers = self.successes.saturating_add(self.errors);
        if !self.from_table && answers >= self.concurrency {
            self.slowed_down = false;
        }
    }

    /// A visit failed. Returns who named the node, if it is to be held for down.
    pub fn visit_failed(
        &mut self,
        asked: Contact,
        slow: bool,
        error: RequestError,
    ) -> Vec<Contact> {
        self.visit_over(slow);
        let timed_out = error == RequestError::Timeout;
        if timed_out && self.ask_again(asked) {
            return Vec::new();
        }
        self.errors = self.errors.saturating_add(1);
        if !timed_out
            || !self.settle(asked.addr, VisitOutcome::Down).is_some_and(VisitOutcome::is_open)
        {
            return Vec::new();
        }
        self.referrals.of(asked.addr)
    }

    /// A visit was not made after all.
    pub fn visit_withdrawn(&mut self) {
        self.visit_over(false);
    }

    /// The query is over, and what it has in flight with it.
    pub fn visits_dropped(&mut self) {
        self.errors = self.errors.saturating_add(self.inflight);
        self.inflight = 0;
        self.slow = 0;
    }

    pub fn visit_slowed(&mut self) {
        self.slow += 1;
    }

    pub fn is_closer(&self, id: &Id) -> bool {
        if self.closest.len() < K {
            return true;
        }
        let farthest = self.closest.last().and_then(|reply| reply.from.id);
        farthest.is_none_or(|farthest| Id::cmp_distance(&self.target, id, &farthest).is_lt())
    }

    /// A node answered well, whether it is among the results or not.
    pub fn answered_by(&mut self, from: Contact, asked: Addr) {
        if let Some(id) = from.id {
            self.candidates.answered(&self.target, id, asked);
        }
    }

    /// Enters a reply among the results; of two with one id the first stays.
    pub fn add_closest(&mut self, reply: Arc<Reply>) {
        let Some(id) = reply.from.id else {
            return;
        };
        let at = self.closest.binary_search_by(|known| match known.from.id {
            Some(known) => Id::cmp_distance(&self.target, &known, &id),
            None => std::cmp::Ordering::Greater,
        });
        if let Err(at) = at {
            self.closest.insert(at, reply);
            self.closest.truncate(K);
        }
    }
}

impl Query {
    /// Whether a node on the path of `addr` is worth a visit.
    fn leads_closer(&self, id: &Id, addr: Addr) -> bool {
        let on_path = self.candidates.is_closer(&self.target, id, addr);
        on_path.unwrap_or_else(|| self.is_closer(id))
    }

    fn sort_closest(&mut self) {
        let target = self.target;
        self.candidates.sort_nearest(&target);
        self.closest.sort_by(|a, b| match (a.from.id, b.from.id) {
            (Some(a), Some(b)) => Id::cmp_distance(&target, &a, &b),
            _ => std::cmp::Ordering::Equal,
        });
    }

    /// Whether half as many near ones are gone as a result has: whoever is left there was perhaps
    /// known to the others only.
    fn is_deserted(&self) -> bool {
        let gone = self.seen.values().filter(|seen| {
            let silent = matches!(seen.fate, VisitOutcome::Again | VisitOutcome::Down);
            silent && seen.id.is_some_and(|id| self.is_closer(&id))
        });
        gone.count() >= K / 2
    }

    /// Whether a node that did not answer is asked once more: after all other candidates.
    fn ask_again(&mut self, asked: Contact) -> bool {
        let worthwhile = asked.id.is_none_or(|id| self.leads_closer(&id, asked.addr));
        let first = self.fate(asked.addr) == Some(VisitOutcome::Open);
        if !self.thorough || self.found || !first || !worthwhile {
            return false;
        }
        self.settle(asked.addr, VisitOutcome::Again);
        self.again.push(asked);
        true
    }

    fn fate(&self, addr: Addr) -> Option<VisitOutcome> {
        self.seen.get(&addr).map(|seen| seen.fate)
    }

    /// Returns the fate that it had before.
    fn settle(&mut self, addr: Addr, fate: VisitOutcome) -> Option<VisitOutcome> {
        match self.seen.get_mut(&addr) {
            Some(seen) => Some(std::mem::replace(&mut seen.fate, fate)),
            None => {
                self.seen.insert(addr, Seen { id: None, fate });
                None
            }
        }
    }

    fn visit_over(&mut self, slow: bool) {
        self.inflight = self.inflight.saturating_sub(1);
        if slow {
            self.slow = self.slow.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
