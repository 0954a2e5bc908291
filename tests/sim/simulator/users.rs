//! What the users of the nodes do: they store values for each other, look up, commit and read.

use std::collections::HashMap;

use dht_rpc_native::dht::*;

use super::memory;
use super::network::Network;
use super::peer::{Peer, UnderWay};
use super::watch::Asked;

/// The users' one command: with a value and a token it stores, and it answers what is stored.
pub const STORE: u64 = 1;

/// A lookup that a user made.
#[derive(Debug)]
pub struct Lookup {
    pub peer: usize,
    pub target: Bytes32,
    pub made_ms: u64,
    pub ended: Option<Ended>,
    /// The first value that a row had.
    pub value: Option<Box<[u8]>>,
    /// How many steps from the asker each node was named at.
    hops: HashMap<Addr, u32>,
}

#[derive(Debug)]
pub struct Ended {
    pub at_ms: u64,
    pub outcome: QueryOutcome,
    pub closest: Vec<Id>,
    /// Requests answered, and not.
    pub visits: u32,
    /// Steps to the nearest node.
    pub hops: u32,
}

/// Everything that users asked for, and what became of it.
#[derive(Debug, Default)]
pub struct Users {
    pub lookups: Vec<Lookup>,
    /// Lookups that are not over.
    pub under_way: usize,
    pub requests: Vec<Option<Result<Box<Reply>, RequestError>>>,
    /// Who made them.
    pub askers: Vec<usize>,
}

impl Network {
    /// Begins a lookup; returns its number.
    pub fn look_up(&mut self, n: usize, spec: QuerySpec) -> usize {
        let lookup = self.users.lookups.len();
        self.users.lookups.push(Lookup {
            peer: n,
            target: spec.target,
            made_ms: self.now_ms,
            ended: None,
            value: None,
            hops: HashMap::new(),
        });
        self.users.under_way += 1;
        let target = spec.target;
        let query = self.call(n, |node, now| node.query(now, spec));
        self.peers[n].lookups.push(UnderWay { query, lookup, target });
        self.watch.asked(n, self.now_ms, &self.peers[n], Asked::Lookup(query));
        self.call(n, |node, now| node.query_demand(now, query, u32::MAX));
        lookup
    }

    /// Makes a request of the user's; returns its number.
    pub fn request(&mut self, n: usize, mut spec: RequestSpec) -> usize {
        let number = self.users.requests.len();
        spec.user = number as u32;
        self.users.requests.push(None);
        self.users.askers.push(n);
        self.watch.asked(n, self.now_ms, &self.peers[n], Asked::Request(spec.user));
        self.call(n, |node, now| node.submit(now, spec));
        number
    }

    /// Lets time go by until every lookup is over.
    ///
    /// # Panics
    /// If one is not after ten minutes.
    pub fn finish_lookups(&mut self) {
        let end_ms = self.now_ms + 600_000;
        while self.users.under_way > 0 {
            assert!(self.now_ms < end_ms, "{} lookups never end", self.users.under_way);
            self.run(100);
        }
    }
}

impl Users {
    /// A node told something to its user.
    pub fn event(
        &mut self,
        now_ms: u64,
        peer: &mut Peer,
        node: &mut Node,
        now: Now,
        event: &Event,
    ) {
        match event {
            Event::Request(incoming) => serve(peer, node, now, incoming),
            Event::QueryRow { query, reply, .. } => {
                if let Some(lookup) = self.lookup(peer, *query) {
                    lookup.row(reply);
                }
            }
            Event::QueryEnd { query, outcome, state } => {
                if let Some(lookup) = self.lookup(peer, *query) {
                    lookup.end(now_ms, *outcome, state);
                    self.under_way -= 1;
                    peer.lookups.retain(|lookup| lookup.query != *query);
                    peer.bytes += memory::during(|| node.query_destroy(now, *query)).1;
                }
            }
            Event::Response { user, reply, .. } => self.settle(*user, Ok(reply.clone())),
            Event::Failure { user, error } => self.settle(*user, Err(*error)),
            _ => {}
        }
    }

    /// Whether each request ended, of those whose peer lives.
    pub fn ended_requests(&self, peers: &[Peer]) -> Vec<bool> {
        let requests = self.requests.iter().zip(&self.askers);
        let lasting = requests.filter(|(_, asker)| peers[**asker].is_alive());
        lasting.map(|(outcome, _)| outcome.is_some()).collect()
    }

    /// The peer that made these lookups is gone.
    pub fn abandoned(&mut self, lookups: &[UnderWay]) {
        self.under_way -= lookups.len();
    }
}

impl Users {
    fn lookup(&mut self, peer: &Peer, query: u32) -> Option<&mut Lookup> {
        let under_way = peer.lookups.iter().find(|lookup| lookup.query == query)?;
        self.lookups.get_mut(under_way.lookup)
    }

    fn settle(&mut self, user: u32, outcome: Result<Box<Reply>, RequestError>) {
        self.requests[user as usize] = Some(outcome);
    }
}

impl Lookup {
    fn row(&mut self, reply: &Reply) {
        if self.value.is_none() {
            self.value = reply.value.clone();
        }
        let hops = *self.hops.entry(reply.from.addr).or_insert(1);
        for named in reply.closer_nodes.iter().flatten() {
            self.hops.entry(*named).or_insert(hops + 1);
        }
    }

    fn end(&mut self, at_ms: u64, outcome: QueryOutcome, state: &QueryState) {
        let nearest = state.closest.first().map(|reply| reply.from.addr);
        let hops = nearest.and_then(|addr| self.hops.get(&addr)).copied().unwrap_or(0);
        let closest = state.closest.iter().filter_map(|reply| reply.from.id).collect();
        let visits = state.successes + state.errors;
        self.ended = Some(Ended { at_ms, outcome, closest, visits, hops });
        self.hops = HashMap::new();
    }
}

/// Answers a user's command.
fn serve(peer: &mut Peer, node: &mut Node, now: Now, incoming: &Incoming) {
    if let (Some(target), Some(value), Some(_)) = (incoming.target, &incoming.value, incoming.token)
    {
        peer.store.insert(target, value.clone());
    }
    let value = incoming.target.and_then(|target| peer.store.get(&target));
    let spec = ReplySpec {
        socket: incoming.socket,
        tid: incoming.tid,
        to: incoming.from.addr,
        token: true,
        closer_nodes: true,
        target: incoming.target.as_ref(),
        error: 0,
        value: value.map(|value| &**value),
    };
    peer.bytes += memory::during(|| node.reply(now, spec)).1;
}
