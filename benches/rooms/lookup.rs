//! A lookup as its node sees it: what its peers answer was written down before.

use std::collections::HashMap;

use dht_rpc_native::dht::*;

use super::Work;
use super::network::{Network, address};

/// Of the network that the answers come from.
const NODES: usize = 200;

/// What one visit costs the node that looks: it leaves, is answered, and its closer nodes are read.
pub fn visit() -> Work {
    let mut lookup = Lookup::new();
    let units = lookup.run();
    let run = move || {
        lookup.run();
    };
    Work { units, run: Box::new(run) }
}

struct Lookup {
    network: Network,
    node: Node,
    target: Bytes32,
    answers: HashMap<Addr, Vec<u8>>,
    sent: Vec<u8>,
}

impl Lookup {
    fn new() -> Self {
        let mut network = Network::persistent(NODES, 16);
        let node = network.nodes.remove(NODES - 1);
        let (target, answers, sent) = ([0x5a; 32], HashMap::new(), Vec::new());
        Self { network, node, target, answers, sent }
    }

    /// Looks the target up. Returns how many were asked.
    fn run(&mut self) -> u32 {
        let now = self.network.now;
        let query = self.node.query(now, find_node(self.target));
        self.node.query_demand(now, query, u32::MAX);
        let mut visits = 0;
        while let Some((from, reply)) = self.next_reply() {
            visits += 1;
            self.node.handle_datagram(now, SocketKey::Server, from, &reply);
        }
        while self.node.poll_event().is_some() {}
        self.node.query_destroy(now, query);
        visits
    }

    fn next_reply(&mut self) -> Option<(Addr, Vec<u8>)> {
        self.sent.clear();
        let to = self.node.poll_transmit(&mut self.sent)?.to;
        let (network, sent) = (&mut self.network, &self.sent);
        let ask = || ask(network, to, sent);
        let mut reply = self.answers.entry(to).or_insert_with(ask).clone();
        // The tid: that of the request.
        reply[2..4].copy_from_slice(&sent[2..4]);
        Some((to, reply))
    }
}

fn ask(network: &mut Network, to: Addr, datagram: &[u8]) -> Vec<u8> {
    let mut reply = Vec::new();
    let now = network.now;
    if let Some(node) = network.node_at(to) {
        node.handle_datagram(now, SocketKey::Server, address(NODES - 1), datagram);
        node.poll_transmit(&mut reply);
    }
    reply
}

fn find_node(target: Bytes32) -> QuerySpec {
    QuerySpec {
        target,
        internal: true,
        command: wire::command::FIND_NODE,
        value: None,
        concurrency: 10,
        retries: 5,
        force: false,
        thorough: false,
        commit: Commit::None,
        session: None,
        given: Given::Nothing,
        only_closest: false,
        rows: false,
    }
}
