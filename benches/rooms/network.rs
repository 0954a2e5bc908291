//! A network in memory without latency: what is sent arrives in the order in which it left.

use std::collections::VecDeque;
use std::net::Ipv4Addr;

use dht_rpc_native::dht::*;

/// Of the first node; the next ones follow.
const FIRST_HOST: u32 = 0x5800_0001;

/// Of every server socket.
const SERVER_PORT: u16 = 49_737;
const CLIENT_PORT: u16 = 50_000;

/// Datagrams that arrive before the clock goes on by a ms.
const A_MS: usize = 256;

/// Nodes, datagrams on their way, one virtual clock.
pub struct Network {
    pub now: Now,
    pub nodes: Vec<Node>,
    on_their_way: VecDeque<Packet>,
}

struct Packet {
    from: Addr,
    to: Addr,
    bytes: Vec<u8>,
}

impl Network {
    /// `count` persistent nodes, joined `at_a_time`.
    pub fn persistent(count: usize, at_a_time: usize) -> Self {
        let mut network = Self {
            now: Now { mono_ms: 1_000_000, wall_ms: 1_700_000_000_000 },
            nodes: Vec::new(),
            on_their_way: VecDeque::new(),
        };
        network.add(Config { public_address: Some(address(0)), firewalled: false, ..config() });
        while network.nodes.len() < count {
            network.join(at_a_time.min(count - network.nodes.len()));
        }
        network
    }

    /// As many nodes more, joined together.
    pub fn join(&mut self, count: usize) {
        let first = self.nodes.len();
        let addr = address(0);
        let host = addr.ip().to_string();
        let way_in = BootstrapNode { suggested: None, host, port: addr.port() };
        for _ in 0..count {
            self.add(Config { bootstrap: vec![way_in.clone()], ..config() });
        }
        self.run();
        while self.nodes[first..].iter().any(|node| !node.is_bootstrapped()) {
            self.advance(50);
        }
    }

    /// The node that listens at `addr`.
    pub fn node_at(&mut self, addr: Addr) -> Option<&mut Node> {
        let n = addr.ip().to_bits().checked_sub(FIRST_HOST)?;
        self.nodes.get_mut(n as usize)
    }

    fn add(&mut self, mut config: Config) {
        let n = self.nodes.len();
        config.seed[..8].copy_from_slice(&(n as u64).to_le_bytes());
        self.nodes.push(Node::new(config, self.now));
        self.nodes[n].handle_bound(self.now, SERVER_PORT, CLIENT_PORT);
        self.nodes[n].start(self.now);
        self.drain(n);
    }

    fn run(&mut self) {
        while !self.on_their_way.is_empty() {
            for _ in 0..A_MS {
                let Some(packet) = self.on_their_way.pop_front() else { break };
                self.deliver(packet);
            }
            self.advance_clock(1);
        }
    }

    /// Lets so many ms go by at once.
    pub fn advance(&mut self, ms: u64) {
        self.advance_clock(ms);
        for n in 0..self.nodes.len() {
            if self.nodes[n].poll_timeout().is_some_and(|at_ms| at_ms <= self.now.mono_ms) {
                self.nodes[n].handle_timeout(self.now);
                self.drain(n);
            }
        }
        self.run();
    }

    fn advance_clock(&mut self, ms: u64) {
        self.now.mono_ms += ms;
        self.now.wall_ms += ms;
    }

    fn deliver(&mut self, packet: Packet) {
        let server = packet.to.port() == SERVER_PORT;
        let socket = if server { SocketKey::Server } else { SocketKey::Client };
        let now = self.now;
        let Some(node) = self.node_at(packet.to) else { return };
        node.handle_datagram(now, socket, packet.from, &packet.bytes);
        self.drain((packet.to.ip().to_bits() - FIRST_HOST) as usize);
    }

    fn drain(&mut self, n: usize) {
        let mut bytes = Vec::new();
        while let Some(transmit) = self.nodes[n].poll_transmit(&mut bytes) {
            let port = if transmit.socket == SocketKey::Server { SERVER_PORT } else { CLIENT_PORT };
            let from = Addr::new(*address(n).ip(), port);
            let bytes = std::mem::take(&mut bytes);
            self.on_their_way.push_back(Packet { from, to: transmit.to, bytes });
        }
        while self.nodes[n].poll_event().is_some() {}
    }
}

fn config() -> Config {
    Config { ephemeral: Some(false), ..Config::default() }
}

/// The server socket of the `n`th node.
pub fn address(n: usize) -> Addr {
    Addr::new(Ipv4Addr::from_bits(FIRST_HOST + n as u32), SERVER_PORT)
}
