//! The network itself: peers, datagrams on their way, one virtual clock, one seed.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use dht_rpc_native::dht::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::memory;
use super::model::{Model, Nat, NatKind};
use super::peer::{Peer, SERVER_PORT};
use super::queue::{Datagram, Item, Queue};
use super::trace::Trace;
use super::users::Users;
use super::watch::Watch;

/// When a run begins, in ms: not at 0, so that a clock can be behind.
const START_MS: u64 = 1_000_000;

pub struct Network {
    pub now_ms: u64,
    pub rng: StdRng,
    pub model: Model,
    pub peers: Vec<Peer>,
    pub users: Users,
    pub watch: Watch,
    pub trace: Trace,
    /// Whether the sides hear each other.
    pub split: bool,
    /// Addresses without a node, of those who want to deceive others.
    pub liars: Vec<Addr>,
    /// What reached them.
    pub heard: Vec<Datagram>,
    seed: u64,
    hosts: HashMap<Ipv4Addr, Place>,
    nats: Vec<Nat>,
    queue: Queue,
    buffer: Vec<u8>,
}

/// Who has an address.
#[derive(Clone, Copy, Debug)]
enum Place {
    Peer(u32),
    Nat(u32),
    Liar,
}

impl Network {
    pub fn new(seed: u64) -> Self {
        Self {
            now_ms: START_MS,
            rng: StdRng::seed_from_u64(seed),
            model: Model::default(),
            peers: Vec::new(),
            users: Users::default(),
            watch: Watch::default(),
            trace: Trace::default(),
            split: false,
            liars: Vec::new(),
            heard: Vec::new(),
            seed,
            hosts: HashMap::new(),
            nats: Vec::new(),
            queue: Queue::default(),
            buffer: Vec::with_capacity(4096),
        }
    }

    /// A NAT that peers can be put behind; returns its number.
    pub fn add_nat(&mut self, kind: NatKind) -> u32 {
        let number = self.nats.len() as u32;
        let host = self.next_host();
        self.nats.push(Nat::new(host, kind));
        self.hosts.insert(host, Place::Nat(number));
        number
    }

    pub fn add_liar(&mut self) {
        let host = self.next_host();
        self.liars.push(Addr::new(host, SERVER_PORT));
        self.hosts.insert(host, Place::Liar);
    }

    /// A peer with a host of its own, bound, not started; returns its number.
    pub fn add(&mut self, config: Config, nat: Option<u32>) -> usize {
        let n = self.peers.len();
        let host = match nat {
            Some(_) => Ipv4Addr::from_bits(0x0a00_0000 + n as u32),
            None => self.next_host(),
        };
        self.add_at(host, config, nat)
    }

    /// The address that [`Network::add`] would give to the next peer without a NAT.
    pub fn next_host(&self) -> Ipv4Addr {
        let n = (self.hosts.len() as u64).wrapping_mul(0x9e37_79b1);
        let seed = self.seed.wrapping_mul(0x85eb_ca6b);
        Ipv4Addr::from_bits(0x1400_0000 + (n.wrapping_add(seed) & 0xff_ffff) as u32)
    }

    pub fn start(&mut self, n: usize) {
        self.call(n, |node, now| node.start(now));
    }

    /// Gone without a word.
    pub fn kill(&mut self, n: usize) {
        let peer = &mut self.peers[n];
        peer.node = None;
        peer.store = HashMap::new();
        self.users.abandoned(&std::mem::take(&mut peer.lookups));
        self.watch.forget(n);
    }

    pub fn wake(&mut self, n: usize, slept_ms: u64) {
        self.peers[n].wake(slept_ms);
        self.arm(n);
    }

    pub fn node(&self, n: usize) -> &Node {
        self.peers[n].node()
    }

    pub fn addr(&self, n: usize) -> Addr {
        Addr::new(self.peers[n].host, self.peers[n].server)
    }

    /// Calls the node of a peer that lives, and sends what comes of it.
    pub fn call<T>(&mut self, n: usize, call: impl FnOnce(&mut Node, Now) -> T) -> T {
        let peer = &mut self.peers[n];
        let now = peer.clocks(self.now_ms);
        let mut node = peer.node.take().expect("the peer lives");
        let (result, bytes) = memory::during(|| call(&mut node, now));
        self.peers[n].bytes += bytes;
        self.drain(n, now, &mut node);
        self.peers[n].node = Some(node);
        self.arm(n);
        result
    }

    /// Lets time go by, with all that happens in it.
    pub fn run(&mut self, ms: u64) {
        let end_ms = self.now_ms + ms;
        while let Some((at_ms, item)) = self.queue.pop_until(end_ms) {
            self.now_ms = at_ms;
            match item {
                Item::Timer(n) => self.timer(n as usize),
                Item::Arrival(datagram) => self.deliver(datagram),
            }
        }
        self.now_ms = end_ms;
    }

    /// Puts a datagram of nobody's into the network.
    pub fn inject(&mut self, from: Addr, to: Addr, bytes: &[u8]) {
        self.trace.sent(self.now_ms, from, to, bytes);
        self.carry(from, to, bytes);
    }

    /// Peers whom others may find, with the ids that they have there.
    pub fn findable(&self) -> impl Iterator<Item = (usize, Id)> {
        let peers = self.peers.iter().enumerate();
        peers.filter(|(_, peer)| peer.is_persistent()).map(|(n, peer)| (n, peer.node().table_id()))
    }
}

impl Network {
    fn add_at(&mut self, host: Ipv4Addr, mut config: Config, nat: Option<u32>) -> usize {
        let n = self.peers.len();
        config.seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        config.seed[8..16].copy_from_slice(&(n as u64).to_le_bytes());
        self.peers.push(Peer::new(host, nat, self.now_ms, config));
        if nat.is_none() {
            self.hosts.insert(host, Place::Peer(n as u32));
        }
        let (server, client) = (self.peers[n].server, self.peers[n].client);
        self.watch.added(n);
        self.call(n, |node, now| {
            node.set_interest(Interest { requests: true, ..Interest::default() });
            node.handle_bound(now, server, client);
        });
        n
    }

    fn timer(&mut self, n: usize) {
        let peer = &mut self.peers[n];
        if peer.armed_ms != self.now_ms {
            return;
        }
        peer.armed_ms = u64::MAX;
        match peer.deadline_ms() {
            Some(at_ms) if at_ms <= self.now_ms => {
                self.call(n, |node, now| node.handle_timeout(now))
            }
            _ => self.arm(n),
        }
        self.watch.audit(n, self.now_ms, &self.peers[n]);
    }

    /// A timer that is armed for later than needed is replaced; one for earlier finds that out.
    fn arm(&mut self, n: usize) {
        let peer = &mut self.peers[n];
        let Some(at_ms) = peer.deadline_ms().map(|at_ms| at_ms.max(self.now_ms)) else {
            return;
        };
        if at_ms < peer.armed_ms {
            peer.armed_ms = at_ms;
            self.queue.push(at_ms, Item::Timer(n as u32));
        }
    }

    /// Takes what a node has to send and to tell, until there is no more.
    fn drain(&mut self, n: usize, now: Now, node: &mut Node) {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            while let Some(transmit) = self.counted(n, || node.poll_transmit(&mut buffer)) {
                assert_eq!(transmit.len, buffer.len(), "a datagram is appended whole");
                self.send(n, node, transmit, &buffer);
                buffer.clear();
            }
            let Some(event) = self.counted(n, || node.poll_event()) else {
                break;
            };
            self.watch.event(n, self.now_ms, &self.peers[n], node, &event);
            self.users.event(self.now_ms, &mut self.peers[n], node, now, &event);
            self.counted(n, || drop(event));
        }
        self.buffer = buffer;
    }

    fn counted<T>(&mut self, n: usize, work: impl FnOnce() -> T) -> T {
        let (result, bytes) = memory::during(work);
        self.peers[n].bytes += bytes;
        result
    }

    fn send(&mut self, n: usize, node: &Node, transmit: Transmit, bytes: &[u8]) {
        let peer = &self.peers[n];
        let inside = Addr::new(peer.host, peer.port(transmit.socket));
        self.watch.sent(n, self.now_ms, node, bytes);
        self.trace.sent(self.now_ms, inside, transmit.to, bytes);
        let Some(nat) = peer.nat else {
            return self.carry(inside, transmit.to, bytes);
        };
        let nat = &mut self.nats[nat as usize];
        let outside = nat.outbound(self.now_ms, inside, transmit.to, &mut self.rng);
        if outside.ip() != transmit.to.ip() || nat.hairpin() {
            self.carry(outside, transmit.to, bytes);
        }
    }

    fn carry(&mut self, from: Addr, to: Addr, bytes: &[u8]) {
        let arrivals = self.model.arrivals(self.now_ms, *from.ip(), *to.ip(), &mut self.rng);
        for after_ms in arrivals {
            let datagram = Datagram { from, to, bytes: bytes.into() };
            self.queue.push(self.now_ms + after_ms, Item::Arrival(datagram));
        }
    }

    fn deliver(&mut self, datagram: Datagram) {
        if let Some(Place::Liar) = self.hosts.get(datagram.to.ip()) {
            return self.heard.push(datagram);
        }
        let Datagram { from, to, bytes } = datagram;
        let Some((n, port)) = self.receiver(from, to) else {
            return;
        };
        let cut = self.split && self.side_of(*from.ip()).is_some_and(|s| s != self.peers[n].side);
        let peer = &self.peers[n];
        let Some(socket) = peer.socket(port).filter(|_| peer.is_awake() && !cut) else {
            return;
        };
        self.watch.arrived(n, from, &bytes);
        self.call(n, |node, now| node.handle_datagram(now, socket, from, &bytes));
    }

    fn receiver(&self, from: Addr, to: Addr) -> Option<(usize, u16)> {
        match *self.hosts.get(to.ip())? {
            Place::Peer(n) => Some((n as usize, to.port())),
            Place::Nat(nat) => {
                let inside = self.nats[nat as usize].inbound(self.now_ms, from, to.port())?;
                let n = inside.ip().to_bits() - 0x0a00_0000;
                Some((n as usize, inside.port()))
            }
            Place::Liar => None,
        }
    }

    /// What is behind a NAT is on side 0, and liars are on both.
    fn side_of(&self, host: Ipv4Addr) -> Option<u8> {
        match *self.hosts.get(&host)? {
            Place::Peer(n) => Some(self.peers[n as usize].side),
            Place::Nat(_) => Some(0),
            Place::Liar => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::simulator::model::Dependence;
    use crate::simulator::workloads::request;

    /// Whether one of two behind a NAT reaches the other by its address outside.
    fn neighbours_meet(hairpin: bool) -> bool {
        let mut network = Network::persistent(1, 4);
        let kind = NatKind::new(Dependence::Endpoint, Dependence::Endpoint);
        let nat = network.add_nat(NatKind { hairpin, ..kind });
        let hidden = [(); 2].map(|()| {
            let n = network.add(network.joining(Config::default()), Some(nat));
            network.start(n);
            n
        });
        network.run(10_000);
        let [asker, asked] = hidden;
        let inside = Addr::new(network.peers[asked].host, network.peers[asked].client);
        let entry = network.addr(0);
        let outside = network.nats[0].outbound(network.now_ms, inside, entry, &mut network.rng);
        let request = network.request(asker, request(outside));
        network.run(10_000);
        matches!(network.users.requests[request], Some(Ok(_)))
    }

    #[test]
    fn neighbours_behind_a_nat_meet_where_it_has_a_hairpin() {
        assert!(neighbours_meet(true));
        assert!(!neighbours_meet(false));
    }

    #[test]
    fn hosts_are_given_once() {
        let mut network = Network::new(7);
        for _ in 0..5000 {
            network.add(Config::default(), None);
        }
        assert_eq!(network.hosts.len(), 5000);
        assert_eq!(network.peers.len(), 5000);
    }
}
