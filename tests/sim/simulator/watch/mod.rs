//! What must hold at every moment of every run.
//!
//! Each rule is a checker of its own that says what is wrong; the tests beside it show that it
//! does. Most of them look from outside: at datagrams and events.

mod asking;
mod ending;
mod knowing;
mod standing;
mod tokens;

use std::fmt;

use dht_rpc_native::dht::wire::{self, Message};
use dht_rpc_native::dht::*;

use self::asking::Asking;
pub use self::ending::Asked;
use self::ending::Ending;
use self::standing::Standing;
use self::tokens::Tokens;
use super::peer::Peer;

/// Bytes that a node may take, with all that others make it keep: twice what was measured under
/// every workload.
pub const MAX_NODE_BYTES: i64 = 512 << 10;

/// What was broken.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation(pub String);

pub type Verdict = Result<(), Violation>;

/// Watches all peers.
#[derive(Debug, Default)]
pub struct Watch {
    /// The rules that take memory and time for every datagram are left out of the largest runs.
    pub light: bool,
    /// Nothing is lost and nobody sleeps: every open adaptive node has to go persistent in time.
    pub calm: bool,
    peers: Vec<Seen>,
    tokens: Tokens,
    audits: u64,
}

/// What was seen of one peer.
#[derive(Debug, Default)]
struct Seen {
    asking: Asking,
    ending: Ending,
    standing: Standing,
    audited_ms: u64,
}

/// Between two looks into the same node, in ms.
const AUDIT_MS: u64 = 20_000;

impl Watch {
    pub fn added(&mut self, n: usize) {
        self.peers.resize_with(n + 1, Seen::default);
    }

    /// The peer is gone, or all that it asked for was dropped.
    pub fn forget(&mut self, n: usize) {
        self.peers[n] = Seen::default();
    }

    /// A user asked for something.
    pub fn asked(&mut self, n: usize, now_ms: u64, peer: &Peer, asked: Asked) {
        self.peers[n].ending.began(asked, peer.clocks(now_ms).mono_ms);
    }

    /// A node sent a datagram.
    pub fn sent(&mut self, n: usize, now_ms: u64, node: &Node, bytes: &[u8]) {
        if self.light {
            return;
        }
        let verdict = match wire::decode(bytes) {
            Some(Message::Request(request)) => {
                self.peers[n].asking.sent(now_ms, node.into(), &request, bytes)
            }
            Some(Message::Reply(reply)) => {
                if let Some(token) = reply.token {
                    self.tokens.issued(now_ms, n, token, *reply.to.ip());
                }
                Ok(())
            }
            None => Err(Violation::new("it sent what cannot be read")),
        };
        enforce(n, now_ms, verdict);
    }

    /// A datagram reached a peer.
    pub fn arrived(&mut self, n: usize, from: Addr, bytes: &[u8]) {
        if let Some(Message::Reply(reply)) = wire::decode(bytes).filter(|_| !self.light) {
            self.peers[n].asking.answered(from, reply.tid);
        }
    }

    /// A node told its driver something.
    pub fn event(&mut self, n: usize, now_ms: u64, peer: &Peer, node: &Node, event: &Event) {
        let seen = &mut self.peers[n];
        let verdict = match event {
            Event::Request(incoming) => knowing::sender(&incoming.from).and_then(|()| {
                let token = incoming.token.filter(|_| !self.light);
                let host = *incoming.from.addr.ip();
                token.map_or(Ok(()), |token| self.tokens.accepted(now_ms, n, &token, host))
            }),
            Event::Response { user, reply, .. } => {
                knowing::sender(&reply.from).and_then(|()| seen.ending.ended(Asked::Request(*user)))
            }
            Event::Failure { user, .. } => seen.ending.ended(Asked::Request(*user)),
            Event::QueryRow { reply, .. } => knowing::sender(&reply.from),
            Event::QueryEnd { query, state, .. } => {
                if let Some(ended) = peer.lookups.iter().find(|lookup| lookup.query == *query) {
                    seen.asking.dropped(ended.target);
                }
                knowing::closest(state).and_then(|()| seen.ending.ended(Asked::Lookup(*query)))
            }
            Event::Persistent => seen.standing.persistent(peer.nat.is_some()),
            Event::Wakeup | Event::Ephemeral => {
                seen.standing.unsettled(peer.clocks(now_ms).mono_ms);
                Ok(())
            }
            Event::Ready => {
                seen.standing.ready(peer.clocks(now_ms).mono_ms);
                Ok(())
            }
            _ => Ok(()),
        };
        enforce(n, now_ms, verdict.and_then(|()| knowing::own_standing(node)));
    }

    /// A look into a node, if the last one was long enough ago.
    pub fn audit(&mut self, n: usize, now_ms: u64, peer: &Peer) {
        let seen = &mut self.peers[n];
        let Some(node) = peer.node.as_ref().filter(|_| peer.is_awake()) else {
            return;
        };
        let apart_ms = if self.light { 10 * AUDIT_MS } else { AUDIT_MS };
        if now_ms < seen.audited_ms + apart_ms {
            return;
        }
        seen.audited_ms = now_ms;
        self.audits += 1;
        let adapts = self.calm && peer.nat.is_none() && node.is_adaptive();
        let mono_ms = peer.clocks(now_ms).mono_ms;
        let standing = seen.standing.audit(mono_ms, node.is_ephemeral(), adapts);
        let verdict = standing
            .and_then(|()| knowing::table_and_list(&node.into()))
            .and_then(|()| knowing::counters(node))
            .and_then(|()| knowing::memory(peer.bytes))
            .and_then(|()| seen.ending.audit(mono_ms));
        enforce(n, now_ms, verdict);
    }

    /// Looks into nodes so far.
    pub fn audits(&self) -> u64 {
        self.audits
    }
}

impl Violation {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Passes, or says what is wrong.
fn require(holds: bool, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Violation(what())) }
}

/// # Panics
/// If a rule is broken: that ends the run.
pub fn enforce(n: usize, now_ms: u64, verdict: Verdict) {
    if let Err(violation) = verdict {
        panic!("peer {n} at {now_ms} ms: {violation}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::network::Network;
    use crate::simulator::workloads::{find_node, request};

    fn network() -> Network {
        Network::persistent(1, 5)
    }

    #[test]
    fn what_a_network_asks_for_ends() {
        let mut network = network();
        network.look_up(3, find_node([1; 32], false));
        network.request(3, request(network.addr(4)));
        network.run(3_600_000);
        assert_eq!(network.users.under_way, 0);
        assert!(matches!(network.users.requests[..], [Some(Ok(_))]));
    }

    #[test]
    #[should_panic(expected = "did not end")]
    fn a_lookup_that_never_ends_is_seen() {
        let mut network = network();
        // Without demand it never begins.
        let query = network.call(3, |node, now| node.query(now, find_node([1; 32], false)));
        network.watch.asked(3, network.now_ms, &network.peers[3], Asked::Lookup(query));
        network.run(3_600_000);
    }

    #[test]
    #[should_panic(expected = "did not end")]
    fn a_request_that_never_ends_is_seen() {
        let mut network = network();
        network.watch.asked(3, network.now_ms, &network.peers[3], Asked::Request(0));
        network.run(3_600_000);
    }

    /// Its node says once more how something ended.
    fn again(event: impl Fn(u32) -> Event) {
        let mut network = network();
        let lookup = network.look_up(3, find_node([1; 32], false));
        let query = network.peers[3].lookups[lookup].query;
        network.request(3, request(network.addr(4)));
        network.run(10_000);
        let Network { watch, peers, now_ms, .. } = &mut network;
        watch.event(3, *now_ms, &peers[3], peers[3].node(), &event(query));
    }

    #[test]
    #[should_panic(expected = "Request(0) ended, and was not under way")]
    fn a_request_that_ends_twice_is_seen() {
        again(|_| Event::Failure { user: 0, error: RequestError::Timeout });
    }

    #[test]
    #[should_panic(expected = "ended, and was not under way")]
    fn a_lookup_that_ends_twice_is_seen() {
        again(|query| Event::QueryEnd {
            query,
            outcome: QueryOutcome::Done,
            state: Box::new(QueryState {
                successes: 0,
                errors: 0,
                inflight: 0,
                closest: Vec::new(),
            }),
        });
    }
}
