//! A network in memory: nodes, datagrams on their way, one virtual clock.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use dht_rpc_native::dht::*;

/// From any node to any other, in ms.
pub const LATENCY_MS: u64 = 10;

/// A datagram that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    pub at_ms: u64,
    pub from: Addr,
    pub to: Addr,
    pub bytes: Vec<u8>,
}

pub struct Peer {
    pub node: Node,
    pub host: Ipv4Addr,
    pub server: u16,
    pub client: u16,
    /// What it told its driver, as far as no test took it.
    pub events: Vec<Event>,
    /// What it told its driver of itself last.
    pub status: NodeStatus,
    /// Gone without a word: hears and says nothing.
    pub dead: bool,
    /// Drops what comes unasked for.
    pub walled: bool,
    /// What arrives waits in `waiting` for whoever hands it in.
    pub held: bool,
    pub waiting: Vec<(SocketKey, Packet)>,
    asked: BTreeSet<(u16, Addr)>,
}

pub struct Net {
    pub now: Now,
    pub peers: Vec<Peer>,
    /// Everything sent so far.
    pub sent: Vec<Packet>,
    on_their_way: BTreeMap<(u64, usize), Packet>,
    sockets: BTreeMap<Addr, (usize, SocketKey)>,
}

impl Net {
    pub fn new() -> Self {
        Self {
            now: Now { mono_ms: 1_000_000, wall_ms: 1_700_000_000_000 },
            peers: Vec::new(),
            sent: Vec::new(),
            on_their_way: BTreeMap::new(),
            sockets: BTreeMap::new(),
        }
    }

    /// A node at 10.x.y.z:49737 and, for its client socket, port 50000; bound, not started.
    pub fn add(&mut self, config: Config) -> usize {
        let n = self.peers.len();
        let bytes = (n as u32 + 1).to_be_bytes();
        self.add_at(Ipv4Addr::new(88, bytes[1], bytes[2], bytes[3]), 49_737, config)
    }

    pub fn add_at(&mut self, host: Ipv4Addr, server: u16, mut config: Config) -> usize {
        let n = self.peers.len();
        config.seed[..8].copy_from_slice(&(n as u64 + 1).to_le_bytes());
        let client = server + 263;
        let node = Node::new(config, self.now);
        self.peers.push(Peer {
            status: node.status(),
            node,
            host,
            server,
            client,
            events: Vec::new(),
            dead: false,
            walled: false,
            held: false,
            waiting: Vec::new(),
            asked: BTreeSet::new(),
        });
        self.sockets.insert(Addr::new(host, server), (n, SocketKey::Server));
        self.sockets.insert(Addr::new(host, client), (n, SocketKey::Client));
        self.with(n, |node, now| node.handle_bound(now, server, client));
        n
    }

    /// A bootstrap node, up and persistent.
    pub fn add_bootstrapper(&mut self) -> usize {
        let addr = Addr::new(Ipv4Addr::new(88, 255, 255, 1), 49_737);
        let config = Config {
            ephemeral: Some(false),
            firewalled: false,
            public_address: Some(addr),
            ..Config::default()
        };
        let n = self.add_at(*addr.ip(), addr.port(), config);
        self.with(n, |node, now| node.start(now));
        n
    }

    /// `count` persistent nodes and their bootstrapper, which is the first.
    pub fn persistent(count: usize) -> Self {
        let mut net = Self::new();
        net.add_bootstrapper();
        for _ in 1..count {
            let n = net.add(net.joining(Config { ephemeral: Some(false), ..Config::default() }));
            net.with(n, |node, now| node.start(now));
            net.run(300);
        }
        net.run(2000);
        net
    }

    /// The same configuration, with the first peer as its way in.
    pub fn joining(&self, config: Config) -> Config {
        let addr = self.addr(0);
        let host = addr.ip().to_string();
        let node = BootstrapNode { suggested: None, host, port: addr.port() };
        Config { bootstrap: vec![node], ..config }
    }

    pub fn addr(&self, n: usize) -> Addr {
        Addr::new(self.peers[n].host, self.peers[n].server)
    }

    pub fn client_addr(&self, n: usize) -> Addr {
        Addr::new(self.peers[n].host, self.peers[n].client)
    }

    pub fn node(&self, n: usize) -> &Node {
        &self.peers[n].node
    }

    /// Calls a node and sends what comes of it.
    pub fn with<T>(&mut self, n: usize, call: impl FnOnce(&mut Node, Now) -> T) -> T {
        let result = call(&mut self.peers[n].node, self.now);
        self.drain(n);
        result
    }

    /// Hands a datagram to a node, as if it had come from the network.
    pub fn inject(&mut self, n: usize, socket: SocketKey, from: Addr, bytes: &[u8]) {
        self.with(n, |node, now| node.handle_datagram(now, socket, from, bytes));
    }

    /// Lets time go by, with all that happens in it.
    pub fn run(&mut self, ms: u64) {
        let end_ms = self.now.mono_ms + ms;
        while let Some(at_ms) = self.next_ms().filter(|at_ms| *at_ms <= end_ms) {
            self.advance_to(at_ms);
            self.step();
        }
        self.advance_to(end_ms);
    }

    /// The clock jumps, and nobody notices but by looking at it.
    pub fn sleep(&mut self, ms: u64) {
        self.now.wall_ms += ms;
    }

    pub fn take_events(&mut self, n: usize) -> Vec<Event> {
        std::mem::take(&mut self.peers[n].events)
    }

    /// What was sent since, and forgets it.
    pub fn take_sent(&mut self) -> Vec<Packet> {
        std::mem::take(&mut self.sent)
    }

    fn next_ms(&self) -> Option<u64> {
        let packet = self.on_their_way.keys().next().map(|(at_ms, _)| *at_ms);
        let alive = self.peers.iter().filter(|peer| !peer.dead);
        let timers = alive.filter_map(|peer| peer.node.poll_timeout());
        timers.chain(packet).min().map(|at_ms| at_ms.max(self.now.mono_ms))
    }

    fn advance_to(&mut self, at_ms: u64) {
        let passed_ms = at_ms - self.now.mono_ms;
        self.now.mono_ms += passed_ms;
        self.now.wall_ms += passed_ms;
    }

    fn step(&mut self) {
        while let Some(packet) = self.on_their_way.first_entry() {
            if packet.key().0 > self.now.mono_ms {
                break;
            }
            let packet = packet.remove();
            self.deliver(packet);
        }
        for n in 0..self.peers.len() {
            let due = self.peers[n].node.poll_timeout();
            if !self.peers[n].dead && due.is_some_and(|at_ms| at_ms <= self.now.mono_ms) {
                self.with(n, |node, now| node.handle_timeout(now));
            }
        }
    }

    fn deliver(&mut self, packet: Packet) {
        let Some(&(n, socket)) = self.sockets.get(&packet.to) else {
            return;
        };
        let peer = &mut self.peers[n];
        let asked = peer.asked.contains(&(packet.to.port(), packet.from));
        if peer.dead || (peer.walled && !asked) {
            return;
        }
        if peer.held {
            peer.waiting.push((socket, packet));
        } else {
            self.inject(n, socket, packet.from, &packet.bytes);
        }
    }

    fn drain(&mut self, n: usize) {
        let mut buf = Vec::new();
        while let Some(transmit) = self.peers[n].node.poll_transmit(&mut buf) {
            assert_eq!(transmit.len, buf.len(), "a datagram is appended whole");
            let bytes = std::mem::take(&mut buf);
            self.send(n, transmit, bytes);
        }
        let peer = &mut self.peers[n];
        while let Some(event) = peer.node.poll_event() {
            match event {
                Event::Status(status) => peer.status = *status,
                event => peer.events.push(event),
            }
        }
        assert_eq!(peer.status, peer.node.status(), "the driver knows");
    }

    fn send(&mut self, n: usize, transmit: Transmit, bytes: Vec<u8>) {
        let peer = &mut self.peers[n];
        let port = match transmit.socket {
            SocketKey::Server => peer.server,
            SocketKey::Client => peer.client,
            SocketKey::Foreign(number) => u16::try_from(number).unwrap(),
        };
        if peer.dead {
            return;
        }
        peer.asked.insert((port, transmit.to));
        let from = Addr::new(peer.host, port);
        let packet = Packet { at_ms: self.now.mono_ms, from, to: transmit.to, bytes };
        let order = (self.now.mono_ms + LATENCY_MS, self.sent.len());
        let order = (order.0, order.1.max(self.last_order(order.0)));
        self.on_their_way.insert(order, packet.clone());
        self.sent.push(packet);
    }

    /// Keeps packets apart that arrive together, also when `sent` was taken meanwhile.
    fn last_order(&self, at_ms: u64) -> usize {
        let same = self.on_their_way.range((at_ms, 0)..=(at_ms, usize::MAX));
        same.last().map_or(0, |((_, order), _)| order + 1)
    }
}

/// A plain request of a user's.
pub fn request(user: u32, to: Addr, command: u64) -> RequestSpec {
    RequestSpec {
        user,
        to,
        token: None,
        internal: false,
        command,
        target: None,
        value: None,
        retries: 3,
        timeout_ms: None,
        ttl: 0,
        socket: None,
        session: None,
        deferred: false,
    }
}

pub fn ping(user: u32, to: Addr) -> RequestSpec {
    RequestSpec { internal: true, ..request(user, to, 0) }
}

/// A lookup with a user's command.
pub fn lookup(target: Bytes32, command: u64) -> QuerySpec {
    QuerySpec {
        target,
        internal: false,
        command,
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

pub fn find_node(target: Bytes32) -> QuerySpec {
    QuerySpec { internal: true, ..lookup(target, 2) }
}

/// Makes a query and reads it to the end; returns how it ended.
pub fn run_query(net: &mut Net, n: usize, spec: QuerySpec) -> (QueryOutcome, QueryState) {
    let query = net.with(n, |node, now| node.query(now, spec));
    net.with(n, |node, now| node.query_demand(now, query, u32::MAX));
    for _ in 0..600 {
        net.run(100);
        let ended = net.peers[n].events.iter().find_map(|event| match event {
            Event::QueryEnd { query: number, outcome, state } if *number == query => {
                Some((*outcome, QueryState::clone(state)))
            }
            _ => None,
        });
        if let Some(ended) = ended {
            net.with(n, |node, now| node.query_destroy(now, query));
            return ended;
        }
    }
    panic!("the query never ended");
}

/// The shortest answer to a request that was sent.
pub fn reply_to(request: &Packet) -> Vec<u8> {
    reply_with(request, None, &[])
}

pub fn reply_with(request: &Packet, id: Option<Id>, closer_nodes: &[Addr]) -> Vec<u8> {
    let tid = u16::from_le_bytes([request.bytes[2], request.bytes[3]]);
    let head = wire::ReplyHead {
        tid,
        to: request.from,
        id: id.as_ref().map(Id::as_bytes),
        token: None,
        closer_nodes,
        error: 0,
        value: None,
    };
    let mut bytes = Vec::new();
    head.encode(&mut bytes);
    bytes
}

/// An internal PING that shows no id.
pub fn wire_ping(to: Addr) -> wire::Request<'static> {
    wire::Request {
        tid: 7,
        to,
        id: None,
        token: None,
        internal: true,
        command: wire::command::PING,
        target: None,
        value: None,
    }
}

/// The command of a request that was sent, and whether it is an internal one.
pub fn command_of(packet: &Packet) -> Option<(bool, u64)> {
    match wire::decode(&packet.bytes)? {
        wire::Message::Request(request) => Some((request.internal, request.command)),
        wire::Message::Reply(_) => None,
    }
}

/// The requests that failed, and why.
pub fn failures(events: &[Event]) -> Vec<(u32, RequestError)> {
    let failure = |event: &Event| match event {
        Event::Failure { user, error } => Some((*user, *error)),
        _ => None,
    };
    events.iter().filter_map(failure).collect()
}
