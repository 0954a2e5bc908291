//! Lookups of the node's own, which yield to other traffic.

use super::super::calls::{Commit, Given, QuerySpec};
use super::super::contact::Contact;
use super::super::id::Bytes32;
use super::super::lookup::QueryOwner;
use super::super::requests::QUERY_RETRIES;
use super::super::wire::command;
use super::upkeep::REFRESH_TICKS;
use super::{FollowUp, Node};
use crate::net::clock::Now;

/// With fewer requests in flight than these, a background query takes its full concurrency.
const QUIET: usize = 3;

impl Node {
    /// A lookup in the background for a known id, or for ourselves.
    pub(super) fn refresh_now(&mut self) {
        let known = self.table.random(&mut self.rng).map(|entry| entry.id);
        let target = known.unwrap_or(self.table.id());
        self.background_query(QueryOwner::Refresh, *target.as_bytes());
    }

    pub(super) fn background_query(&mut self, owner: QueryOwner, target: Bytes32) {
        self.refresh_ticks = REFRESH_TICKS;
        let spec = QuerySpec {
            target,
            internal: true,
            command: command::FIND_NODE,
            value: None,
            concurrency: self.background_concurrency(),
            retries: QUERY_RETRIES,
            force: false,
            thorough: false,
            commit: Commit::None,
            session: None,
            given: Given::Nothing,
            only_closest: false,
            rows: false,
        };
        let query = self.add_query(owner, spec);
        self.tasks.push_back(FollowUp::OpenQuery(query));
    }

    /// A background query got a reply.
    pub(super) fn background_row(&mut self, now: Now, number: u32, from: Contact) {
        let concurrency = match self.requests.len() < QUIET {
            true => self.config.concurrency,
            false => self.background_concurrency(),
        };
        let Some(query) = self.queries.get_mut(&number) else {
            return;
        };
        query.concurrency = concurrency;
        let of_bootstrap = query.owner == QueryOwner::Bootstrap;
        self.look_further(now, number);
        // Last: in a network of a few on one host its answer is not to overtake those to the visits.
        if of_bootstrap {
            self.bootstrap_row(now, from);
        }
    }
}

impl Node {
    fn background_concurrency(&self) -> u32 {
        let full = self.config.concurrency;
        full.min((full / 8).max(2))
    }
}
