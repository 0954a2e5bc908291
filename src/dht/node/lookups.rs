//! Driving queries: their visits, commits and down hints.

use std::sync::Arc;

use super::super::calls::{Commit, QueryOutcome, QuerySpec, QueryState, Reply, RequestError};
use super::super::contact::Contact;
use super::super::event::Event;
use super::super::id::Id;
use super::super::lookup::{MAX_NAMED, Phase, Query, QueryOwner, Step};
use super::super::requests::Session;
use super::super::table::K;
use super::super::wire::command;
use super::filter::Verdict;
use super::guarding::{answered_besides, nearest_proven};
use super::requesting::{IncomingReply, OutgoingRequest, RequestKind};
use super::resolving::EntryPointUser;
use super::upkeep::REFRESH_TICKS;
use super::{FollowUp, Node};
use crate::net::addr::{Addr, encode_addr};
use crate::net::clock::Now;

impl Node {
    /// Makes and counts a query; it sends nothing before its first [`Node::query_demand`].
    /// Returns its number.
    pub fn query(&mut self, _now: Now, spec: QuerySpec) -> u32 {
        self.refresh_ticks = REFRESH_TICKS;
        self.add_query(QueryOwner::User, spec)
    }

    /// The reader has room for so many rows; the first call begins the lookup.
    ///
    /// Every [`Event::QueryRow`] takes one place. At 0 replies are still reported, but they lead
    /// to no further visit until the next call sets the room anew. A query without `rows` has no
    /// such limit.
    pub fn query_demand(&mut self, now: Now, query: u32, unread_room: u32) {
        self.requests.window.advance(now.mono_ms);
        let Some(found) = self.queries.get_mut(&query) else {
            return;
        };
        found.room = unread_room;
        match found.phase {
            Phase::New => self.open_query(now, query),
            Phase::Looking if unread_room > 0 => self.look_further(now, query),
            _ => {}
        }
        self.settle(now);
    }

    /// Whether replies are reported as they come.
    pub fn query_rows(&mut self, query: u32, rows: bool) {
        if let Some(query) = self.queries.get_mut(&query) {
            query.rows = rows;
        }
    }

    /// Requests in flight from the next step on.
    pub fn query_concurrency(&mut self, query: u32, concurrency: u32) {
        if let Some(query) = self.queries.get_mut(&query) {
            query.concurrency = concurrency;
        }
    }

    /// Changes what a query asks from the next step on; its nodes, session and commit stay.
    pub fn query_change(&mut self, query: u32, spec: QuerySpec) {
        if let Some(query) = self.queries.get_mut(&query) {
            query.change(spec);
        }
    }

    /// Where a query stands; `None` once it was destroyed.
    pub fn query_state(&self, query: u32) -> Option<QueryState> {
        let query = self.queries.get(&query)?;
        (query.phase != Phase::Forgotten).then(|| query.state())
    }

    /// Drops what a query has in flight, unless it was given its session, and forgets it. To be
    /// called once for every query, after [`Event::QueryEnd`] too: that is when it stops counting
    /// as active. Nothing the second time.
    pub fn query_destroy(&mut self, now: Now, query: u32) {
        self.requests.window.advance(now.mono_ms);
        self.forget_query(query);
        self.settle(now);
    }

    /// Tells once more how the user's queries ended that were not destroyed since, whose commits are
    /// the user's, and that the bootstrap is over: for a driver that drops the events that wait.
    pub fn repeat_ends(&mut self) {
        let mut ends = Vec::new();
        for (&query, found) in self.queries.iter().filter(|(_, q)| q.owner == QueryOwner::User) {
            let state = || Box::new(found.state());
            ends.extend(match (found.phase, found.commit) {
                (Phase::Ended(outcome), _) => {
                    Some(Event::QueryEnd { query, outcome, state: state() })
                }
                (Phase::Committing, Commit::User) => {
                    Some(Event::QueryCommit { query, state: state() })
                }
                _ => None,
            });
        }
        ends.extend(self.bootstrapped.then_some(Event::Ready));
        ends.into_iter().for_each(|event| self.emit(event));
    }

    /// Drops a query as [`Node::query_destroy`] does, and what it has in flight wherever that is: its
    /// commits, and its visits in a session of the user's.
    pub fn query_cancel(&mut self, now: Now, query: u32) {
        let Some(found) = self.queries.get_mut(&query) else {
            return;
        };
        found.visits_dropped();
        let is_its = |kind: &RequestKind| match kind {
            RequestKind::Visit { query: of, .. } | RequestKind::Commit { query: of, .. } => {
                *of == query
            }
            _ => false,
        };
        let all = self.requests.keys();
        let its: Vec<_> = all
            .filter(|key| self.requests.get(*key).is_some_and(|r| is_its(&r.request.kind)))
            .collect();
        self.requests.window.advance(now.mono_ms);
        for key in its {
            self.forget(key);
        }
        self.query_destroy(now, query);
    }

    pub(super) fn open_query(&mut self, now: Now, number: u32) {
        self.fill_from_table(number);
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        query.phase = Phase::Opening;
        if query.has_enough_candidates() {
            self.query_opened(now, number);
        } else if self.destroyed {
            let known = self.config.bootstrap_dynamic || !self.config.bootstrap.is_empty();
            let nobody = !query.has_candidates() && !known;
            let outcome = if nobody { QueryOutcome::Done } else { QueryOutcome::NodeDestroyed };
            self.end_query(number, outcome);
        } else {
            self.resolve(now, EntryPointUser::Query(number));
        }
    }

    pub(super) fn query_candidate(&mut self, number: u32, node: Contact) {
        if let Some(query) = self.queries.get_mut(&number) {
            query.add_candidate(node);
        }
    }

    pub(super) fn query_opened(&mut self, now: Now, number: u32) {
        self.add_lost(number);
        if let Some(query) = self.queries.get_mut(&number) {
            query.phase = Phase::Looking;
            self.look_further(now, number);
        }
    }

    pub(super) fn visit_answered(
        &mut self,
        now: Now,
        number: u32,
        slow: bool,
        asked: Addr,
        answer: IncomingReply<'_>,
        verdict: &Verdict<'_>,
    ) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        let error = answer.reply.error != 0;
        if !query.visit_answered(asked, slow, error) {
            return self.remove_if_over(number);
        }
        let row = if error { None } else { self.enter_reply(number, &answer, asked) };
        let read = self.read_closer_nodes(now, number, &answer, asked, verdict);
        if let Some(row) = &row {
            let _ = row.closer_nodes_read.set(read);
        }
        if let Some(query) = self.queries.get_mut(&number) {
            query.answer_read();
        }
        if error {
            self.report_progress(number);
        }
        if error || self.report_row(number, answer.from, row) {
            self.look_further(now, number);
        }
        self.remove_if_over(number);
    }

    pub(super) fn visit_failed(
        &mut self,
        now: Now,
        number: u32,
        slow: bool,
        asked: Contact,
        error: RequestError,
    ) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        for named_by in query.visit_failed(asked, slow, error) {
            self.hint_down(now, number, named_by, asked.addr);
        }
        self.report_progress(number);
        self.look_further(now, number);
        self.remove_if_over(number);
    }

    pub(super) fn visit_slowed(&mut self, now: Now, number: u32) {
        if let Some(query) = self.queries.get_mut(&number) {
            query.visit_slowed();
            self.look_further(now, number);
        }
    }

    pub(super) fn end_query(&mut self, number: u32, outcome: QueryOutcome) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        if let Phase::Ended(_) = std::mem::replace(&mut query.phase, Phase::Ended(outcome)) {
            return;
        }
        self.tasks.push_back(FollowUp::QueryOver(number, outcome));
    }

    /// A query ended: what it still has in flight is dropped, and whoever made it hears of it.
    pub(super) fn query_over(&mut self, now: Now, number: u32, outcome: QueryOutcome) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        if query.session == Session::Query(number) {
            query.visits_dropped();
        }
        let (owner, state) = (query.owner, Box::new(query.state()));
        self.forget_session(Session::Query(number));
        match owner {
            QueryOwner::User => self.emit(Event::QueryEnd { query: number, outcome, state }),
            QueryOwner::Refresh => self.forget_query(number),
            QueryOwner::Bootstrap => {
                self.forget_query(number);
                if outcome == QueryOutcome::Done {
                    self.bootstrap_lookup_over(now);
                }
            }
        }
    }
}

impl Node {
    pub(super) fn add_query(&mut self, owner: QueryOwner, spec: QuerySpec) -> u32 {
        self.query_count = self.query_count.wrapping_add(1);
        while self.queries.contains_key(&self.query_count) {
            self.query_count = self.query_count.wrapping_add(1);
        }
        let number = self.query_count;
        let mut query = Box::new(Query::new(owner, number, spec));
        query.spread(self.config.hardened.paths);
        if self.config.protections.closer_nodes.is_some() {
            query.limit_named(MAX_NAMED);
        }
        self.counters.protections.paths += i64::from(self.config.hardened.paths > 1);
        self.queries.insert(number, query);
        self.counters.queries_active += 1;
        self.counters.queries_total += 1;
        number
    }

    pub(super) fn forget_query(&mut self, number: u32) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        if std::mem::replace(&mut query.phase, Phase::Forgotten) == Phase::Forgotten {
            return;
        }
        self.counters.queries_active -= 1;
        self.resolutions
            .retain(|_, resolution| resolution.wanted_by != EntryPointUser::Query(number));
        self.forget_session(Session::Query(number));
        self.remove_if_over(number);
    }

    /// In a session of the user's the visits of a forgotten query outlive it.
    fn remove_if_over(&mut self, number: u32) {
        let over = self.queries.get(&number).is_some_and(|query| {
            let own_session = query.session == Session::Query(number);
            query.phase == Phase::Forgotten && (own_session || query.inflight() == 0)
        });
        if over {
            self.queries.remove(&number);
        }
    }

    pub(super) fn look_further(&mut self, now: Now, number: u32) {
        while let Some(query) = self.queries.get_mut(&number) {
            match query.next_step() {
                Step::Visit(node) => self.visit(now, number, node),
                Step::VisitReserve(node) => {
                    self.counters.protections.lookup_reserve += 1;
                    self.visit(now, number, node);
                }
                Step::Refill => self.fill_from_table(number),
                Step::Widen => self.widen(number),
                Step::Finish => return self.finish_lookup(now, number),
                Step::Wait => return,
            }
        }
    }

    fn fill_from_table(&mut self, number: u32) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        let missing = query.wanted_from_table();
        if missing == 0 {
            return;
        }
        let nearest = nearest_proven(&self.table, &self.guard, &query.target, missing.min(K));
        for node in nearest.iter().filter_map(|slot| self.table.contact(*slot)) {
            query.add_candidate(node);
        }
        if self.config.hardened.lookup_reserve {
            let reserve = answered_besides(&self.table, &query.target, &nearest);
            query.keep_in_reserve(reserve.filter_map(|slot| self.table.contact(slot)));
        }
    }

    /// After many nodes went at once, the nearest ones of the table may all be gone, and whoever
    /// answers names the dead.
    fn widen(&mut self, number: u32) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        let nearest = nearest_proven(&self.table, &self.guard, &query.target, self.table.len());
        query.widen(nearest.iter().filter_map(|slot| self.table.contact(*slot)));
    }

    fn visit(&mut self, now: Now, number: u32, node: Contact) {
        let Some(query) = self.queries.get(&number) else {
            return;
        };
        let (target, value) = (query.target, query.value.clone());
        let ask = OutgoingRequest {
            to: node,
            command: query.command,
            internal: query.internal,
            kind: RequestKind::Visit { query: number, slow: false },
            value: value.as_deref(),
            target: Some(&target),
            token: None,
            session: Some(query.session),
            socket: None,
            ttl: 0,
            retries: query.retries,
            timeout_ms: None,
            force: query.force,
        };
        match self.ask(now, ask) {
            Ok(_) => {}
            Err(RequestError::Destroyed) => {
                if let Some(query) = self.queries.get_mut(&number) {
                    query.visit_withdrawn();
                }
                self.end_query(number, QueryOutcome::NodeDestroyed);
            }
            Err(error) => {
                if let Some(query) = self.queries.get_mut(&number) {
                    query.visit_failed(node, false, error);
                }
            }
        }
    }

    /// Enters a good reply among the closest; returns it if it is kept or read.
    fn enter_reply(
        &mut self,
        number: u32,
        answer: &IncomingReply<'_>,
        asked: Addr,
    ) -> Option<Arc<Reply>> {
        let query = self.queries.get_mut(&number)?;
        query.answered_by(answer.from, asked);
        let wanted = query.rows;
        let closest = answer.from.id.is_some_and(|id| query.is_closer(&id));
        if !wanted && !closest {
            return None;
        }
        let reply = Arc::new(self.own_reply(answer));
        if closest && let Some(query) = self.queries.get_mut(&number) {
            query.add_closest(reply.clone());
        }
        Some(reply)
    }

    /// Returns how many of them were read: all up to the first that is no nearer.
    fn read_closer_nodes(
        &mut self,
        now: Now,
        number: u32,
        answer: &IncomingReply<'_>,
        asked: Addr,
        verdict: &Verdict<'_>,
    ) -> usize {
        let (mut read, mut refused) = (0, false);
        let named = answer.reply.closer_nodes.map_or(0, |nodes| nodes.len());
        let readable = self.readable_closer_nodes(named);
        let nodes = answer.reply.closer_nodes.iter().flat_map(|nodes| nodes.iter());
        for (place, addr) in nodes.take(readable).enumerate() {
            read += 1;
            let Some(query) = self.queries.get_mut(&number) else {
                break;
            };
            let id = query.id_of(addr).unwrap_or_else(|| Id::of(addr));
            if !verdict.accepts(place) || id == self.table.id() || addr.port() == 0 {
                continue;
            }
            let node = Contact { id: Some(id), addr };
            let candidacy = query.add_named(node, answer.from, asked);
            refused |= candidacy.refused;
            if candidacy.down {
                self.hint_down(now, number, answer.from, addr);
            }
            if !candidacy.closer {
                break;
            }
        }
        let is_cut = refused || readable < named && read == readable;
        self.counters.protections.closer_nodes += i64::from(is_cut);
        read
    }

    /// Returns whether the lookup goes on.
    fn report_row(&mut self, number: u32, from: Contact, row: Option<Arc<Reply>>) -> bool {
        let Some(query) = self.queries.get_mut(&number) else {
            return false;
        };
        if query.phase != Phase::Looking {
            return false;
        }
        if query.owner != QueryOwner::User {
            self.tasks.push_back(FollowUp::QueryRow(number, from));
            return true;
        }
        let Some(reply) = row.filter(|_| query.rows) else {
            return true;
        };
        query.room = query.room.saturating_sub(1);
        let goes_on = query.room > 0;
        let progress = query.progress();
        self.emit(Event::QueryRow { query: number, progress, reply });
        goes_on
    }

    fn report_progress(&mut self, number: u32) {
        let Some(query) = self.queries.get(&number) else {
            return;
        };
        if query.owner == QueryOwner::User && query.rows && query.phase == Phase::Looking {
            let progress = query.progress();
            self.emit(Event::QueryProgress { query: number, progress });
        }
    }

    /// Tells a node that one it named is down. Like a visit it ends with the query's session.
    fn hint_down(&mut self, now: Now, number: u32, to: Contact, down: Addr) {
        let limit = self.config.down_hints_rate_limit.unwrap_or(u32::MAX);
        if self.down_hints_sent >= limit {
            return;
        }
        self.down_hints_sent += 1;
        if !self.config.send_down_hints {
            return;
        }
        let Some(session) = self.queries.get(&number).map(|query| query.session) else {
            return;
        };
        let value = encode_addr(down);
        let mut ask =
            OutgoingRequest::internal(command::DOWN_HINT, to, Some(&value), RequestKind::DownHint);
        ask.session = Some(session);
        self.ask(now, ask).ok();
    }
}
