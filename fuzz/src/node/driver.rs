//! A node, its clock, and what must hold whatever it is put through.

use std::collections::{BTreeMap, BTreeSet};

use dht_rpc_native::dht::wire::{self, MAX_DATAGRAM, Message};
use dht_rpc_native::dht::{
    Addr, Bytes32, Contact, Event, Id, Incoming, Node, Now, QueryState, SocketKey,
};

use super::steps::{Setup, Step};

/// Datagrams and events that one step may lead to; what is in flight, and each of it once or twice,
/// is far below. More is a loop.
const MAX_PER_STEP: usize = 100_000;

/// Steps of an input that do many things each.
const MANY_STEPS: usize = 16;

/// Nodes of a table, and of the closest replies of a query.
const MAX_NODES: usize = 256 * 20;
const K: usize = 20;

/// A request that left the node.
pub struct Sent {
    pub socket: SocketKey,
    pub to: Addr,
    pub tid: u16,
}

pub struct Driver {
    pub node: Node,
    pub now: Now,
    pub sent: Vec<Sent>,
    pub incoming: Vec<Incoming>,
    /// Tokens that the node gave out, and the host that each is for.
    pub issued: Vec<(std::net::Ipv4Addr, Bytes32)>,
    /// The user's requests under way, and their sessions.
    pub open: BTreeMap<u32, Option<u32>>,
    pub users: u32,
    pub queries: Vec<u32>,
    /// Queries that came to their end, or to the commit that is the user's own.
    ended: BTreeSet<u32>,
    committing: BTreeSet<u32>,
    pub verdicts: Vec<(u32, usize)>,
    pub lookups: Vec<u32>,
    pub bootstraps: Vec<u32>,
    /// An internal request that was just handed in: who sent it, and how long it was.
    pub unproven: Option<(Addr, usize)>,
    /// Steps that do many things, which are still allowed: an input is to stay fast.
    pub many: usize,
    requests_wanted: bool,
    losses: Option<u32>,
}

impl Driver {
    pub fn new(setup: Setup) -> Self {
        let now = Now { mono_ms: 1_000_000, wall_ms: 1_700_000_000_000 };
        let mut driver = Self {
            node: Node::new(setup.config(), now),
            now,
            sent: Vec::new(),
            incoming: Vec::new(),
            issued: Vec::new(),
            open: BTreeMap::new(),
            users: 0,
            queries: Vec::new(),
            ended: BTreeSet::new(),
            committing: BTreeSet::new(),
            verdicts: Vec::new(),
            lookups: Vec::new(),
            bootstraps: Vec::new(),
            unproven: None,
            many: MANY_STEPS,
            requests_wanted: false,
            losses: setup.losses(),
        };
        driver.node.handle_bound(now, 4000, 5000);
        driver.node.start(now);
        driver.drain();
        driver
    }

    pub fn take(&mut self, step: Step) {
        if let Some(pressure) = self.losses {
            self.node.handle_losses(self.now);
            self.node.handle_pressure(pressure);
        }
        super::acts::act(self, step);
        self.drain();
        self.unproven = None;
    }

    /// Time goes by without a spin: what was due is done.
    pub fn wait_until(&mut self, mono_ms: u64) {
        let passed = mono_ms.saturating_sub(self.now.mono_ms);
        self.now.mono_ms += passed;
        self.now.wall_ms += passed;
        self.node.handle_timeout(self.now);
        self.drain();
        if let Some(at_ms) = self.node.poll_timeout() {
            assert!(at_ms > self.now.mono_ms, "what is due was done");
        }
    }

    pub fn set_interest(&mut self, requests: bool, nodes: bool) {
        self.requests_wanted = requests;
        self.node.set_interest(dht_rpc_native::dht::Interest {
            requests,
            nodes,
            ..Default::default()
        });
    }

    pub fn check(&self) {
        let node = &self.node;
        assert!(node.nodes_len() <= MAX_NODES);
        assert_eq!(node.table().len(), node.nodes_len());
        assert!(!node.table().contains(&node.table_id()), "we are not in our own table");
        assert!(node.inflight() >= self.open.len(), "what the user waits for is under way");
        assert_eq!(node.counters().requests_active, node.inflight() as i64);
    }

    /// What takes as long as there are nodes.
    pub fn check_nodes(&self) {
        let node = &self.node;
        assert_eq!(node.nodes().count(), node.nodes_len());
        assert_eq!(node.latest_nodes().count(), node.nodes_len());
        for entry in node.nodes() {
            assert_eq!(entry.id, Id::of(entry.addr), "an id is its address's");
            assert!(node.table().get(&entry.id).is_some());
        }
    }

    /// Nothing is left behind when a node ends.
    pub fn finish(mut self) {
        self.check_nodes();
        self.node.destroy(self.now);
        self.drain();
        assert_eq!(self.node.inflight(), 0);
        assert_eq!(self.node.poll_timeout(), None);
        assert!(self.open.is_empty(), "every request ends");
        for query in &self.queries {
            self.node.query_demand(self.now, *query, u32::MAX);
        }
        self.drain();
        for query in std::mem::take(&mut self.queries) {
            let is_over = self.ended.contains(&query) || self.committing.contains(&query);
            assert!(is_over, "every query that is read ends");
            self.node.query_destroy(self.now, query);
        }
        self.drain();
        assert_eq!(self.node.counters().queries_active, 0);
    }

    pub fn drain(&mut self) {
        let mut buf = Vec::new();
        let mut bytes_back = 0;
        for count in 0.. {
            assert!(count < MAX_PER_STEP);
            buf.clear();
            let Some(transmit) = self.node.poll_transmit(&mut buf) else {
                break;
            };
            assert_eq!(transmit.len, buf.len());
            assert!(transmit.len <= MAX_DATAGRAM && transmit.to.port() != 0);
            match wire::decode(&buf) {
                Some(Message::Request(request)) => {
                    let (socket, to) = (transmit.socket, transmit.to);
                    self.sent.push(Sent { socket, to, tid: request.tid });
                }
                Some(Message::Reply(reply)) => {
                    self.issued.extend(reply.token.map(|token| (*transmit.to.ip(), *token)));
                    let asker = self.unproven.map(|(from, _)| from);
                    let same = asker.is_some_and(|from| from.ip() == transmit.to.ip());
                    bytes_back += if same { transmit.len } else { 0 };
                }
                None => panic!("what a node sends can be decoded"),
            }
        }
        if let Some((_, len)) = self.unproven {
            assert!(bytes_back <= 4 * len, "{bytes_back} bytes for {len}");
        }
        for count in 0.. {
            assert!(count < MAX_PER_STEP);
            let Some(event) = self.node.poll_event() else {
                break;
            };
            self.hear(event);
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Request(incoming) => {
                assert!(self.requests_wanted);
                verified(&incoming.from);
                if let Some(token) = incoming.token {
                    let host = *incoming.from.addr.ip();
                    assert!(self.issued.contains(&(host, token)), "a token that was given");
                }
                self.incoming.push(*incoming);
            }
            Event::Response { user, reply, .. } => {
                verified(&reply.from);
                assert!(self.open.remove(&user).is_some(), "a request ends once");
            }
            Event::Failure { user, .. } => {
                assert!(self.open.remove(&user).is_some(), "a request ends once");
            }
            Event::QueryRow { reply, .. } => verified(&reply.from),
            Event::QueryCommit { query, state } => {
                closest(&state);
                assert!(self.committing.insert(query), "it commits once");
            }
            Event::QueryEnd { query, state, .. } => {
                closest(&state);
                assert!(self.ended.insert(query), "a query ends once");
            }
            Event::VerdictWanted { key, nodes } => self.verdicts.push((key, nodes.len())),
            Event::RequestVerdictWanted { key, .. } => self.verdicts.push((key, 1)),
            Event::LookupWanted { key, .. } => self.lookups.push(key),
            Event::BootstrapWanted { key } => self.bootstraps.push(key),
            _ => {}
        }
    }
}

fn verified(contact: &Contact) {
    assert!(contact.id.is_none_or(|id| id == Id::of(contact.addr)), "an id is its address's");
}

fn closest(state: &QueryState) {
    assert!(state.closest.len() <= K);
    let ids: BTreeSet<_> = state.closest.iter().map(|reply| reply.from.addr).collect();
    assert_eq!(ids.len(), state.closest.len(), "nobody is listed twice");
    for reply in &state.closest {
        assert!(reply.from.id == Some(Id::of(reply.from.addr)) && reply.error == 0);
    }
}
