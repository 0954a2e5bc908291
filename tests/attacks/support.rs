//! A node under attack, its attackers, and the figures.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use dht_rpc_native::dht::wire::{self, Message, Request, command};
use dht_rpc_native::dht::{
    AdaptiveTimeoutConfig, Addr, BootstrapNode, Bytes32, Commit, Config, Counters, Event, Given,
    Id, Interest, Protections, QuerySpec, RequestSpec, Transmit,
};
use dht_rpc_native::engine::{BindOptions, Engine, Runner, Sink};

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Bytes that the process, which is attacked and attackers, may take in addition.
const MEMORY: usize = 16 << 20;

/// One attack at a time: the machine is theirs. At its end the most memory that it took is looked at.
pub fn alone() -> Alone {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    forget_peak();
    Alone { _turn: turn, before: peak() }
}

pub struct Alone {
    _turn: MutexGuard<'static, ()>,
    before: usize,
}

impl Drop for Alone {
    fn drop(&mut self) {
        let grown = peak().saturating_sub(self.before);
        assert!(std::thread::panicking() || grown < MEMORY, "{grown} bytes more");
    }
}

/// A node that takes who does not answer a lookup for gone within 2 s.
pub fn impatient() -> Config {
    let timeouts = AdaptiveTimeoutConfig {
        fallback_ms: vec![150],
        min_ms: 150,
        max_ms: 200,
        jitter_ms: 1,
        ..AdaptiveTimeoutConfig::default()
    };
    Config { adaptive_timeout: Some(timeouts), ..Config::default() }
}

/// A node that reads every datagram, of whatever host: what does not harm it was seen and refused.
pub fn reads_all() -> Config {
    let off = Protections { host_budget: None, load_shedding: false, ..Protections::default() };
    Config { protections: off, ..Config::default() }
}

/// How many of something: more in the long version, which is a script's.
pub fn many(short: usize, long: usize) -> usize {
    if is_long() { long } else { short }
}

pub fn is_long() -> bool {
    std::env::var("ATTACKS").is_ok_and(|length| length == "long")
}

/// Prints a row for docs/reliability.md: the attack, then what came of it.
pub fn figure(attack: &str, outcome: &str) {
    println!("figure | {attack} | {outcome} |");
}

struct Channel(Sender<Event>);

impl Sink for Channel {
    fn event(&self, event: Event) -> bool {
        self.0.send(event).is_ok()
    }
    fn send(&self, _: &Transmit, _: &[u8]) -> bool {
        false
    }
    fn network_changed(&self) {}
    fn crashed(&self, message: &str) {
        panic!("{message}");
    }
    fn closed(&self) {}
    fn wake(&self) {}
}

/// A node of the engine on a host of its own.
pub struct TestNode {
    pub runner: Arc<Runner>,
    pub addr: Addr,
    told: Receiver<Event>,
}

impl TestNode {
    /// A persistent node that knows nobody.
    pub fn alone(host: [u8; 4], config: Config) -> Self {
        let config = Config { ephemeral: Some(false), firewalled: false, ..config };
        let (sender, told) = channel();
        let bind = BindOptions { host: host.into(), port_from: 0, port_to: 0, any_port: true };
        let config = Config { seed: rand::random(), ..config };
        let runner = Engine::get().add(config, bind, 2, Box::new(Channel(sender))).unwrap();
        runner.bind().unwrap();
        let addr = Addr::new(host.into(), runner.ports().server);
        runner.with(|node, now| {
            node.nat_add(addr);
            node.start(now);
        });
        Self { runner, addr, told }
    }

    /// A persistent node, ready, that joined by `entry`.
    pub fn joining(host: [u8; 4], entry: &TestNode, config: Config) -> Self {
        let (host_of_entry, port) = (entry.addr.ip().to_string(), entry.addr.port());
        let node = BootstrapNode { suggested: None, host: host_of_entry, port };
        let joined = Self::alone(host, Config { bootstrap: vec![node], ..config });
        joined.wait_for(|event| matches!(event, Event::Ready).then_some(()));
        joined
    }

    /// A network of `count` nodes, each on its own host.
    pub fn network(count: usize) -> Vec<TestNode> {
        let mut nodes = vec![Self::alone([127, 1, 0, 1], Config::default())];
        for n in 1..count {
            let host = [127, 1, (n / 250) as u8, (n % 250 + 1) as u8];
            nodes.push(Self::joining(host, &nodes[0], Config::default()));
        }
        nodes
    }

    pub fn counters(&self) -> Counters {
        self.runner.with(|node, _| *node.counters()).expect("the node lives")
    }

    pub fn known(&self) -> Vec<Addr> {
        self.runner.with(|node, _| node.nodes().map(|entry| entry.addr).collect()).unwrap()
    }

    pub fn knows(&self, addr: Addr) -> bool {
        self.runner.with(|node, _| node.table().contains(&Id::of(addr))).unwrap()
    }

    pub fn listen(&self) {
        self.runner.with(|node, _| {
            node.set_interest(Interest { requests: true, ..Interest::default() });
        });
    }

    /// Waits for an event; those before it are dropped.
    pub fn wait_for<R>(&self, mut want: impl FnMut(&Event) -> Option<R>) -> R {
        loop {
            let event = self.told.recv_timeout(PATIENCE).expect("it comes in time");
            if let Some(found) = want(&event) {
                return found;
            }
        }
    }

    /// What it told since it was looked at last.
    pub fn events(&self) -> Vec<Event> {
        self.told.try_iter().collect()
    }

    /// A lookup from beginning to end; the addresses of all that answered, if `spec` wants rows.
    pub fn answers(&self, spec: QuerySpec) -> Vec<Addr> {
        let query = self.begin(spec);
        let mut answered = Vec::new();
        self.wait_for(|event| match event {
            Event::QueryRow { reply, .. } => {
                answered.push(reply.from.addr);
                None
            }
            Event::QueryEnd { .. } => Some(()),
            _ => None,
        });
        self.runner.with(|node, now| node.query_destroy(now, query));
        answered
    }

    /// A lookup from beginning to end; the addresses of the closest that answered.
    pub fn look_up(&self, spec: QuerySpec) -> Vec<Addr> {
        self.look_up_at_once(&[spec]).remove(0)
    }

    /// The same of many lookups, in their order, none of which waits for another.
    pub fn look_up_at_once(&self, specs: &[QuerySpec]) -> Vec<Vec<Addr>> {
        let queries: Vec<u32> = specs.iter().map(|spec| self.begin(spec.clone())).collect();
        let mut found = vec![Vec::new(); queries.len()];
        for _ in &queries {
            let (at, closest) = self.wait_for(|event| match event {
                Event::QueryEnd { query, state, .. } => {
                    let at = queries.iter().position(|begun| begun == query)?;
                    Some((at, state.closest.iter().map(|reply| reply.from.addr).collect()))
                }
                _ => None,
            });
            found[at] = closest;
        }
        self.runner.with(|node, now| {
            queries.iter().for_each(|query| node.query_destroy(now, *query));
        });
        found
    }

    fn begin(&self, spec: QuerySpec) -> u32 {
        let query = self.runner.with(|node, now| {
            let query = node.query(now, spec);
            node.query_demand(now, query, u32::MAX);
            query
        });
        query.expect("the node lives")
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.runner.destroy();
    }
}

/// A lookup with FIND_NODE.
pub fn find_node(target: Bytes32) -> QuerySpec {
    QuerySpec {
        target,
        internal: true,
        command: command::FIND_NODE,
        value: None,
        concurrency: 10,
        retries: 5,
        force: false,
        commit: Commit::None,
        session: None,
        given: Given::Nothing,
        only_closest: false,
        rows: false,
        thorough: false,
    }
}

/// A request of the user's that waits for `timeout_ms`, and is sent once.
pub fn request(user: u32, to: Addr, internal: bool, command: u64, timeout_ms: u32) -> RequestSpec {
    RequestSpec {
        user,
        to,
        token: None,
        internal,
        command,
        target: None,
        value: None,
        retries: 0,
        timeout_ms: Some(timeout_ms),
        ttl: 0,
        socket: None,
        session: None,
        deferred: false,
    }
}

/// Lookups of random targets, and how many of them found at least 18 of the true 20.
#[derive(Debug)]
pub struct Lookups {
    pub made: usize,
    pub good: usize,
}

impl Lookups {
    pub fn by(nodes: &[&TestNode], all: &[Addr], count: usize) -> Self {
        let good = (0..count).filter(|n| {
            let node = nodes[n % nodes.len()];
            let target: Bytes32 = rand::random();
            is_good(&node.look_up(find_node(target)), &nearest(all, &target, node.addr))
        });
        Self { made: count, good: good.count() }
    }

    /// Of one node, all under way before the first is over.
    pub fn at_once(node: &TestNode, all: &[Addr], targets: &[Bytes32]) -> Self {
        let specs: Vec<_> = targets.iter().map(|target| find_node(*target)).collect();
        let found = node.look_up_at_once(&specs);
        let wanted = targets.iter().map(|target| nearest(all, target, node.addr));
        let good = wanted.zip(&found).filter(|(wanted, found)| is_good(found, wanted)).count();
        Self { made: targets.len(), good }
    }

    pub fn add(&mut self, more: Self) {
        self.made += more.made;
        self.good += more.good;
    }

    pub fn share(&self) -> f64 {
        self.good as f64 / self.made as f64
    }
}

impl std::fmt::Display for Lookups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} % of {}", 100.0 * self.share(), self.made)
    }
}

fn is_good(found: &[Addr], nearest: &[Addr]) -> bool {
    nearest.iter().filter(|addr| found.contains(addr)).count() >= nearest.len() * 9 / 10
}

/// The 20 of `all` that are nearest to `target`, without the one that looks.
pub fn nearest(all: &[Addr], target: &Bytes32, without: Addr) -> Vec<Addr> {
    let mut nearest: Vec<Addr> = all.iter().copied().filter(|addr| *addr != without).collect();
    nearest.sort_by(|a, b| Id::cmp_distance(target, &Id::of(*a), &Id::of(*b)));
    nearest.truncate(20);
    nearest
}

/// A socket of somebody who wishes no good.
pub struct Attacker {
    pub socket: UdpSocket,
    pub addr: Addr,
    tid: u16,
}

/// Of the pings that an attacker paces itself with; what it attacks with has smaller ones.
const FIRST_TID: u16 = 0x8000;

impl Attacker {
    pub fn at(host: [u8; 4]) -> Self {
        Self::at_port(host, 0)
    }

    pub fn at_port(host: [u8; 4], port: u16) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::from(host), port)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let SocketAddr::V4(addr) = socket.local_addr().unwrap() else {
            panic!("the socket is IPv4");
        };
        Self { socket, addr, tid: FIRST_TID }
    }

    pub fn send(&self, to: Addr, datagram: &[u8]) {
        self.socket.send_to(datagram, to).unwrap();
    }

    /// A datagram that comes within 20 s.
    pub fn receive(&self) -> (Addr, Vec<u8>) {
        let mut buf = [0; 2049];
        let (len, from) = self.socket.recv_from(&mut buf).expect("it comes in time");
        let SocketAddr::V4(from) = from else { panic!("the socket is IPv4") };
        (from, buf[..len].to_vec())
    }

    /// Waits until `to` has taken everything that was sent before: it answers in order.
    pub fn settle(&mut self, to: Addr) {
        self.received(to);
    }

    /// All that came until a fresh PING of ours was answered.
    pub fn received(&mut self, from: Addr) -> Vec<Vec<u8>> {
        self.tid = self.tid.wrapping_add(1).max(FIRST_TID);
        let ping = ping(self.tid, from);
        self.send(from, &ping);
        let mut datagrams = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        self.socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut buf = [0; 2049];
        loop {
            match self.socket.recv(&mut buf) {
                Ok(_) if buf[0] == 0x13 && buf[2..4] == self.tid.to_le_bytes() => break,
                Ok(len) => datagrams.push(buf[..len].to_vec()),
                Err(_) => {
                    assert!(Instant::now() < deadline, "the node answers");
                    self.send(from, &ping);
                }
            }
        }
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        datagrams
    }
}

/// Sends many datagrams, and gives the node the time to read each of them.
pub struct Barrage<'a> {
    pub to: Addr,
    pub pacer: &'a mut Attacker,
    sent: usize,
}

/// Datagrams that the node's socket surely has room for.
const ROUND: usize = 100;

impl<'a> Barrage<'a> {
    pub fn new(to: Addr, pacer: &'a mut Attacker) -> Self {
        Self { to, pacer, sent: 0 }
    }

    pub fn send(&mut self, by: &UdpSocket, datagram: &[u8]) {
        by.send_to(datagram, self.to).unwrap();
        self.sent += 1;
        if self.sent.is_multiple_of(ROUND) {
            self.pacer.settle(self.to);
        }
    }

    pub fn end(self) -> usize {
        self.pacer.settle(self.to);
        self.sent
    }
}

pub fn ping(tid: u16, to: Addr) -> Vec<u8> {
    internal(tid, to, command::PING, None, None)
}

/// An internal request without id or token.
pub fn internal(
    tid: u16,
    to: Addr,
    command: u64,
    target: Option<&Bytes32>,
    value: Option<&[u8]>,
) -> Vec<u8> {
    encode(&Request { target, value, ..blank(tid, to, command) })
}

/// An internal request of which nothing is set that could be left out.
pub fn blank<'a>(tid: u16, to: Addr, command: u64) -> Request<'a> {
    Request { tid, to, id: None, token: None, internal: true, command, target: None, value: None }
}

pub fn encode(request: &Request<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    bytes
}

/// A reply: nothing but a tid, an id and closer nodes.
pub fn reply(tid: u16, to: Addr, id: Option<&Id>, closer_nodes: &[Addr]) -> Vec<u8> {
    let head = wire::ReplyHead {
        tid,
        to,
        id: id.map(Id::as_bytes),
        token: None,
        closer_nodes,
        error: 0,
        value: None,
    };
    let mut bytes = Vec::new();
    head.encode(&mut bytes);
    bytes
}

/// A request that came in, as the attacker needs it to answer.
pub fn tid_of(datagram: &[u8]) -> Option<u16> {
    match wire::decode(datagram)? {
        Message::Request(request) => Some(request.tid),
        Message::Reply(_) => None,
    }
}

/// A reply that came in.
pub fn reply_of(datagram: &[u8]) -> Option<wire::Reply<'_>> {
    match wire::decode(datagram)? {
        Message::Reply(reply) => Some(reply),
        Message::Request(_) => None,
    }
}

/// The most bytes of memory that the process had since that was forgotten.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

/// What it has now is the most from here on.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}
