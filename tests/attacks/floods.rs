//! More requests than a node can take. The 200 000 a second for 10 s are `npm run attacks`; here
//! they are some 20 000 a second for as long as a few lookups take, and some time-outs.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dht_rpc_native::dht::wire::command;
use dht_rpc_native::dht::{Addr, Bytes32, Config, Id, ProtectionCounters, Protections, QuerySpec};

use super::support::*;

const HONEST: usize = 22;
/// At least.
const LOOKUPS: usize = 8;
/// Lookups before the flood.
const CALM: usize = 40;
/// So many times as long as in calm a lookup may take at most.
const SLOWER: f64 = 20.0;
const REQUESTS: usize = 60_000;
/// Datagrams that a thread sends at a time, and how long it rests then.
const BURST: usize = 100;
const REST: Duration = Duration::from_millis(10);
/// Nobody is there.
const DEAD: Addr = Addr::new(Ipv4Addr::new(127, 12, 200, 1), 9);

#[test]
fn a_node_under_a_flood_keeps_its_nodes_and_finds_others() {
    // No host of them is over its budget: the node takes what it can.
    let counters = flooded(impatient(), 32);
    assert_eq!(counters.host_budget, 0);
}

#[test]
fn hosts_over_their_budget_are_not_read() {
    let protections = Protections { host_budget: Some(1000), ..Protections::default() };
    let counters = flooded(Config { protections, ..impatient() }, 1);
    assert!(counters.host_budget > 1000, "{}", counters.host_budget);
}

/// Floods a node from so many hosts on each of two threads while it and others look up nodes.
fn flooded(config: Config, hosts: u8) -> ProtectionCounters {
    let _alone = alone();
    let nodes = TestNode::network(HONEST);
    let victim = TestNode::joining([127, 12, 0, 1], &nodes[0], config);
    let scene = Scene { nodes: &nodes, victim: &victim };
    scene.meet(false);
    let (calm, before) = (scene.lookups(CALM, || false), scene.tables());
    victim.runner.with(|node, now| node.add_node(now, DEAD));

    let (over, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let lookups = std::thread::scope(|scope| {
        for n in 0..2 {
            let (over, sent, to) = (&over, &sent, victim.addr);
            scope.spawn(move || flood(to, n, hosts, over, sent));
        }
        let dead = find_node(*Id::of(DEAD).as_bytes());
        // A plain lookup does not wait for whoever is slow.
        victim.look_up(QuerySpec { thorough: true, retries: 1, ..dead });
        scene.meet(true);
        let lookups = scene.lookups(LOOKUPS, || sent.load(Ordering::Relaxed) < REQUESTS);
        over.store(true, Ordering::Relaxed);
        lookups
    });
    let counters = victim.counters().protections;
    assert!(lookups.all.share() >= 0.99, "{}", lookups.all);
    assert!(lookups.rate() >= calm.rate() / SLOWER, "{lookups:?}, and in calm {calm:?}");
    assert_eq!(lost(&before, &scene.tables()), []);
    assert!(!victim.knows(DEAD) || counters.flood_grace > 0, "too short to remove anybody");
    assert!(Lookups::by(&[&victim], &scene.all(), 5).share() >= 0.99);
    counters
}

/// A node that is to be flooded, among honest ones.
struct Scene<'a> {
    nodes: &'a [TestNode],
    victim: &'a TestNode,
}

#[derive(Debug)]
struct Timed {
    all: Lookups,
    time: Duration,
}

impl Scene<'_> {
    /// Each honest node asks the victim. A thorough lookup removes it if it does not answer.
    fn meet(&self, thorough: bool) {
        for node in self.nodes {
            let at_victim = find_node(*Id::of(self.victim.addr).as_bytes());
            node.look_up(QuerySpec { thorough, ..at_victim });
        }
    }

    fn all(&self) -> Vec<Addr> {
        self.tables().into_iter().map(|(addr, _)| addr).collect()
    }

    /// Whom each of the nodes knows.
    fn tables(&self) -> Vec<(Addr, Vec<Addr>)> {
        let everybody = self.nodes.iter().chain([self.victim]);
        everybody.map(|node| (node.addr, node.known())).collect()
    }

    /// So many lookups at least, every other one of the victim, and as long as more are wanted.
    fn lookups(&self, least: usize, more: impl Fn() -> bool) -> Timed {
        let looking = [self.victim, &self.nodes[1], self.victim, &self.nodes[2]];
        let (all, start) = (self.all(), Instant::now());
        let mut lookups = Lookups { made: 0, good: 0 };
        while lookups.made < least || more() {
            lookups.add(Lookups::by(&looking, &all, looking.len()));
        }
        Timed { all: lookups, time: start.elapsed() }
    }
}

impl Timed {
    fn rate(&self) -> f64 {
        self.all.made as f64 / self.time.as_secs_f64()
    }
}

/// Who no longer knows whom.
fn lost(before: &[(Addr, Vec<Addr>)], after: &[(Addr, Vec<Addr>)]) -> Vec<(Addr, Addr)> {
    let tables = before.iter().zip(after);
    tables
        .flat_map(|((addr, before), (_, after))| {
            let gone = before.iter().filter(|known| !after.contains(known));
            gone.map(|known| (*addr, *known))
        })
        .collect()
}

/// PINGs, FIND_NODEs and commands of a user's, until it is over.
fn flood(to: Addr, thread: u8, hosts: u8, over: &AtomicBool, sent: &AtomicUsize) {
    let sockets: Vec<_> = (1..=hosts)
        .map(|n| UdpSocket::bind((Ipv4Addr::new(127, 12, 1 + thread, n), 0)).unwrap())
        .collect();
    let target: Bytes32 = rand::random();
    let user = dht_rpc_native::dht::wire::Request {
        internal: false,
        target: Some(&target),
        ..blank(3, to, 7)
    };
    let datagrams =
        [ping(1, to), internal(2, to, command::FIND_NODE, Some(&target), None), encode(&user)];
    let mut n = 0;
    while !over.load(Ordering::Relaxed) {
        // A full buffer somewhere is what this is about.
        let _ = sockets[n % sockets.len()].send_to(&datagrams[n % datagrams.len()], to);
        n += 1;
        if n.is_multiple_of(BURST) {
            sent.fetch_add(BURST, Ordering::Relaxed);
            std::thread::sleep(REST);
        }
    }
}
