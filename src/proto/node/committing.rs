//! What follows a lookup: the same request again, with a token, to the closest nodes.

use super::super::query::{Commits, Phase};
use super::super::requests::RETRIES;
use super::super::types::*;
use super::Node;
use super::requesting::{Ask, Purpose};

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

    pub(super) fn commit_settled(&mut self, number: u32, outcome: Result<(), RequestError>) {
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
        let (command, target, value) = (query.command, query.target, query.value.clone());
        let (mut without_token, mut refused) = (Vec::new(), Vec::new());
        for reply in &closest {
            let Some(token) = &reply.token else {
                without_token.push(RequestError::NoToken);
                continue;
            };
            let ask = Ask {
                to: Contact { id: None, addr: reply.from.addr },
                command,
                internal: false,
                purpose: Purpose::Commit { query: number },
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
            refused.extend(self.ask(now, ask).err());
        }
        for error in without_token.into_iter().chain(refused) {
            self.commit_settled(number, Err(error));
        }
    }
}
