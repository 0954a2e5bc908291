//! Peers that break every rule: what they say is made up, from the network's seed.

use dht_rpc_native::dht::wire::{self, Message};
use dht_rpc_native::dht::*;
use rand::RngExt;

use crate::simulator::network::Network;
use crate::simulator::peer::SERVER_PORT;
use crate::simulator::users::STORE;

/// Datagrams that nobody asked for, in a step.
const UNASKED: usize = 12;

/// More than any node reads of a reply; 340 fit into a datagram.
const MOST_NAMED: usize = 300;

/// Says what somebody might who wants to deceive nodes, and answers what they asked.
pub fn act(network: &mut Network) {
    for heard in std::mem::take(&mut network.heard) {
        if let Some(Message::Request(request)) = wire::decode(&heard.bytes) {
            let bytes = network.lying_reply(request.tid, heard.to, heard.from);
            network.inject(heard.to, heard.from, &bytes);
        }
    }
    for _ in 0..UNASKED {
        let (from, to) = (network.somebody(), network.anybody());
        let to = Addr::new(network.peers[to].host, network.port_of(to));
        let bytes = match network.rng.random_range(0..8) {
            0..5 => network.lying_request(from, to),
            5..7 => {
                let tid = network.rng.random();
                network.lying_reply(tid, from, to)
            }
            _ => network.garbage(),
        };
        network.inject(from, to, &bytes);
    }
}

impl Network {
    /// A liar, a peer that is there or gone and did not say this, or nobody.
    fn somebody(&mut self) -> Addr {
        match self.rng.random_range(0..3) {
            0 => {
                let liar = self.rng.random_range(0..self.liars.len());
                self.liars[liar]
            }
            1 => {
                let peer = self.rng.random_range(0..self.peers.len());
                self.addr(peer)
            }
            _ => self.nobody(),
        }
    }

    fn nobody(&mut self) -> Addr {
        Addr::new(self.rng.random::<u32>().into(), self.rng.random_range(1..=u16::MAX))
    }

    fn port_of(&mut self, n: usize) -> u16 {
        if self.rng.random_bool(0.5) { SERVER_PORT } else { self.peers[n].client }
    }

    /// The sender's own id, somebody else's, any, or none.
    fn claimed_id(&mut self, from: Addr) -> Option<Bytes32> {
        match self.rng.random_range(0..4) {
            0 => Some(*Id::of(from).as_bytes()),
            1 => Some(*Id::of(self.somebody()).as_bytes()),
            2 => Some(self.rng.random()),
            _ => None,
        }
    }

    /// The receiver's address as it is, or as it would be if that were true.
    fn claimed_to(&mut self, to: Addr) -> Addr {
        if self.rng.random_bool(0.7) { to } else { self.somebody() }
    }

    fn maybe(&mut self) -> Option<Bytes32> {
        self.rng.random_bool(0.5).then(|| self.rng.random())
    }

    fn lying_request(&mut self, from: Addr, to: Addr) -> Vec<u8> {
        let (id, token, target) = (self.claimed_id(from), self.maybe(), self.maybe());
        let internal = self.rng.random_bool(0.6);
        let command = if internal { self.rng.random_range(0..6) } else { STORE };
        let named = dht_rpc_native::net::addr::encode_addr(self.somebody());
        let value = self.rng.random_bool(0.7).then_some(&named[..]);
        let (tid, to) = (self.rng.random(), self.claimed_to(to));
        let (id, token, target) = (id.as_ref(), token.as_ref(), target.as_ref());
        let request = wire::Request { tid, to, id, token, internal, command, target, value };
        let mut bytes = Vec::new();
        request.encode(&mut bytes);
        bytes
    }

    fn lying_reply(&mut self, tid: u16, from: Addr, to: Addr) -> Vec<u8> {
        let (id, token) = (self.claimed_id(from), self.maybe());
        let named = if self.rng.random_bool(0.5) { MOST_NAMED } else { 20 };
        let closer_nodes: Vec<Addr> = (0..named).map(|_| self.nobody()).collect();
        let error = if self.rng.random_bool(0.8) { 0 } else { self.rng.random_range(1..100) };
        let reply = wire::ReplyHead {
            tid,
            to: self.claimed_to(to),
            id: id.as_ref(),
            token: token.as_ref(),
            closer_nodes: &closer_nodes,
            error,
            value: None,
        };
        let mut bytes = Vec::new();
        reply.encode(&mut bytes);
        bytes
    }

    /// Begins like a request, like a reply, or like nothing.
    fn garbage(&mut self) -> Vec<u8> {
        let len = self.rng.random_range(0..300);
        let mut bytes: Vec<u8> = (0..len).map(|_| self.rng.random()).collect();
        if let Some(first) = bytes.first_mut() {
            *first = [0x03, 0x13, *first][self.rng.random_range(0..3)];
        }
        bytes
    }
}
