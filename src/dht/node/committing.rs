//! What follows a lookup: the same request again, with a token, to the closest nodes.

use super::super::calls::{Commit, QueryOutcome, RequestError};
use super::super::contact::Contact;
use super::super::event::Event;
use super::super::id::Bytes32;
use super::super::lookup::{Commits, Phase};
use super::super::requests::RETRIES;
use super::super::wire::INVALID_TOKEN;
use super::Node;
use super::requesting::{IncomingReply, OutgoingRequest, RequestKind};
use crate::net::addr::Addr;
use crate::net::clock::Now;

/// How often a thorough query repeats a commit: one without answer, one with a token that was too
/// old.
const COMMITS_AGAIN: u8 = 2;

impl Node {
    /// There is nobody left to visit.
    pub(super) fn finish_lookup(&mut self, now: Now, number: u32) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        query.found = true;
        match query.commit {
            Commit::None => self.end_query(number, QueryOutcome::Done),
            _ if query.closest().is_empty() => self.end_query(number, QueryOutcome::TooFewNodes),
            Commit::Auto => self.commit(now, number),
            Commit::User => {
                query.phase = Phase::Committing;
                let state = Box::new(query.state());
                self.emit(Event::QueryCommit { query: number, state });
            }
        }
    }

    /// Of a thorough query a token that is too old is no answer: the new one goes with the next try.
    pub(super) fn commit_answered(
        &mut self,
        now: Now,
        number: u32,
        again: u8,
        to: Addr,
        answer: &IncomingReply<'_>,
    ) {
        if again > 0
            && answer.reply.error == INVALID_TOKEN
            && let Some(token) = answer.reply.token
            && self.commit_to(now, number, again - 1, to, token).is_ok()
        {
            return;
        }
        self.commit_settled(number, Ok(()));
    }

    pub(super) fn commit_failed(
        &mut self,
        now: Now,
        number: u32,
        again: u8,
        to: Addr,
        error: RequestError,
    ) {
        if again > 0
            && error == RequestError::Timeout
            && let Some(token) = self.token_of(number, to)
            && self.commit_to(now, number, again - 1, to, &token).is_ok()
        {
            return;
        }
        self.commit_settled(number, Err(error));
    }

    fn commit_settled(&mut self, number: u32, outcome: Result<(), RequestError>) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        if query.phase != Phase::Committing {
            return;
        }
        let commits = &mut query.commits;
        commits.pending = commits.pending.saturating_sub(1);
        commits.done += u32::from(outcome.is_ok());
        let Commits { pending, done } = *commits;
        match outcome {
            _ if pending > 0 => {}
            Err(error) if done == 0 => self.end_query(number, QueryOutcome::CommitFailed(error)),
            _ => self.end_query(number, QueryOutcome::Done),
        }
    }
}

impl Node {
    fn commit(&mut self, now: Now, number: u32) {
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        query.phase = Phase::Committing;
        let closest = query.closest().to_vec();
        query.commits.pending = closest.len() as u32;
        let again = if query.thorough { COMMITS_AGAIN } else { 0 };
        let (mut without_token, mut refused) = (Vec::new(), Vec::new());
        for reply in &closest {
            let Some(token) = &reply.token else {
                without_token.push(RequestError::NoToken);
                continue;
            };
            refused.extend(self.commit_to(now, number, again, reply.from.addr, token).err());
        }
        for error in without_token.into_iter().chain(refused) {
            self.commit_settled(number, Err(error));
        }
    }

    fn commit_to(
        &mut self,
        now: Now,
        number: u32,
        again: u8,
        to: Addr,
        token: &Bytes32,
    ) -> Result<(), RequestError> {
        let query = self.queries.get(&number);
        let Some(query) = query.filter(|query| query.phase == Phase::Committing) else {
            return Err(RequestError::Destroyed);
        };
        if self.destroyed {
            return Err(RequestError::NodeDestroyed);
        }
        let (target, value) = (query.target, query.value.clone());
        let ask = OutgoingRequest {
            to: Contact { id: None, addr: to },
            command: query.command,
            internal: false,
            kind: RequestKind::Commit { query: number, again },
            value: value.as_deref(),
            target: Some(&target),
            token: Some(token),
            session: None,
            socket: None,
            ttl: 0,
            retries: RETRIES,
            timeout_ms: None,
            force: false,
        };
        self.ask(now, ask).map(|_| ())
    }

    fn token_of(&self, number: u32, addr: Addr) -> Option<Bytes32> {
        let closest = self.queries.get(&number)?.closest();
        closest.iter().find(|reply| reply.from.addr == addr)?.token
    }
}
