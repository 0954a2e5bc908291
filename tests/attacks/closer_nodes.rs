//! Lists of closer nodes that lead nowhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dht_rpc_native::dht::{
    AdaptiveTimeoutConfig, Addr, Bytes32, Config, Contact, Given, Hardened, Id, Protections,
    QuerySpec,
};

use super::support::*;

const HONEST: usize = 25;
/// As many as fit a datagram.
const NAMED: usize = 333;
const LIARS: u8 = 3;
/// Liars who name each other, those of them whom a lookup begins with, and honest nodes near the
/// target that it should come by.
const RING: usize = 30;
const RING_KNOWN: usize = 12;
const NEAREST: usize = 5;
const RING_PORT: u16 = 4999;

/// A lookup in a network with three liars, who answer with lists of dead addresses only: how many
/// requests it cost, and how many of the 20 nodes it should have found it found.
fn among_liars(config: Config) -> (i64, usize) {
    let quick = AdaptiveTimeoutConfig {
        fallback_ms: vec![50; 5],
        min_ms: 50,
        max_ms: 50,
        jitter_ms: 1,
        ..AdaptiveTimeoutConfig::default()
    };
    let nodes = TestNode::network(HONEST);
    let config = Config { adaptive_timeout: Some(quick), ..config };
    let looking = TestNode::joining([127, 13, 0, 1], &nodes[0], config);
    let liars: Vec<_> = (1..=LIARS).map(|n| Attacker::at([127, 13, 1, n])).collect();
    let target: Bytes32 = rand::random();
    let dead = dead_ends(&target);
    looking.runner.with(|node, now| liars.iter().for_each(|liar| node.add_node(now, liar.addr)));
    let before = looking.counters().commands_tx[2];
    let over = AtomicBool::new(false);
    let found = std::thread::scope(|scope| {
        for liar in &liars {
            let (dead, over) = (&dead, &over);
            scope.spawn(move || lie(liar, dead, over));
        }
        // Sent twice at most: each of the dead costs time.
        let found = looking.look_up(QuerySpec { retries: 1, ..find_node(target) });
        over.store(true, Ordering::Relaxed);
        found
    });
    let requests = looking.counters().commands_tx[2] - before;
    let all: Vec<Addr> = nodes.iter().map(|node| node.addr).collect();
    let wanted = nearest(&all, &target, looking.addr);
    // The liars answer, and so are results of their own.
    let room = 20 - usize::from(LIARS);
    (requests, wanted[..room].iter().filter(|addr| found.contains(addr)).count())
}

/// Answers everybody with the same dead ends.
fn lie(liar: &Attacker, dead: &[Addr], over: &AtomicBool) {
    liar.socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut buf = [0; 2049];
    while !over.load(Ordering::Relaxed) {
        let Ok((len, std::net::SocketAddr::V4(from))) = liar.socket.recv_from(&mut buf) else {
            continue;
        };
        if let Some(tid) = tid_of(&buf[..len]) {
            liar.send(from, &reply(tid, from, Some(&Id::of(liar.addr)), dead));
        }
    }
}

/// Addresses where nobody is, nearer to the target than all nodes.
fn dead_ends(target: &Bytes32) -> Vec<Addr> {
    nearest_of_many(14, 9, target, NAMED)
}

/// The nearest of 60 000 addresses of 127.x.0.0/16.
fn nearest_of_many(x: u8, port: u16, target: &Bytes32, count: usize) -> Vec<Addr> {
    let address = |n: usize| Addr::new([127, x, (n / 250) as u8, (n % 250) as u8].into(), port);
    let mut addrs: Vec<_> = (0..60_000).map(address).collect();
    addrs.sort_by_cached_key(|addr| distance(target, *addr));
    addrs.truncate(count);
    addrs
}

fn distance(target: &Bytes32, addr: Addr) -> Bytes32 {
    let id = Id::of(addr);
    std::array::from_fn(|i| id.as_bytes()[i] ^ target[i])
}

#[test]
fn lists_of_dead_addresses_do_not_lead_a_lookup_astray() {
    let _alone = alone();
    let (requests, found) = among_liars(Config::default());
    let wanted = 20 - usize::from(LIARS);
    assert_eq!(found, wanted);
    let without = match is_long() {
        true => {
            let off = Config { protections: Protections::OFF, ..Config::default() };
            let (more, found) = among_liars(off);
            assert!(more > 2 * requests, "{more} requests without a limit");
            format!("; without `closerNodes`: {found}, {more}")
        }
        // It takes its time.
        false => String::new(),
    };
    // Few of the honest ones, the liars, and so many of the dead.
    assert!(requests < 200, "{requests} requests");
    figure(
        "closer-nodes lists of 333 dead addresses nearer than any node, from 3 liars",
        &format!(
            "of the {wanted} nearest live nodes found: {found}, with {requests} requests{without}"
        ),
    );
}

/// Liars own the ids nearest to a target, answer, and name nobody but each other. A lookup begins
/// with some of them and two honest nodes far from the target: how many of the honest ones that are
/// nearest to it answer it.
fn reached_beside_a_ring(nodes: &[TestNode], hardened: Hardened) -> usize {
    let target: Bytes32 = rand::random();
    let looking = TestNode::alone([127, 13, 0, 2], Config { hardened, ..Config::default() });
    let mut honest: Vec<Addr> = nodes.iter().map(|node| node.addr).collect();
    honest.sort_by_cached_key(|addr| distance(&target, *addr));
    let ring = nearest_of_many(15, RING_PORT, &target, RING);
    let at = |addr: &Addr| Attacker::at_port(addr.ip().octets(), addr.port());
    let liars: Vec<_> = ring.iter().map(at).collect();

    let begin = ring[RING - RING_KNOWN..].iter().chain(&honest[HONEST - 2..]);
    let given = begin.map(|addr| Contact { id: Some(Id::of(*addr)), addr: *addr }).collect();
    let spec = QuerySpec { given: Given::Nodes(given), rows: true, ..find_node(target) };
    let over = AtomicBool::new(false);
    let answered = std::thread::scope(|scope| {
        for liar in &liars {
            let (ring, over) = (&ring, &over);
            scope.spawn(move || lie(liar, ring, over));
        }
        let answered = looking.answers(spec);
        over.store(true, Ordering::Relaxed);
        answered
    });
    honest[..NEAREST].iter().filter(|addr| answered.contains(addr)).count()
}

#[test]
fn liars_who_name_each_other_do_not_keep_a_hardened_lookup_from_the_honest() {
    let _alone = alone();
    let nodes = TestNode::network(HONEST);
    let target = *Id::of(nodes[0].addr).as_bytes();
    nodes.iter().for_each(|node| drop(node.look_up(find_node(target))));
    let paths = Hardened { paths: 3, ..Hardened::OFF };
    let (plain, hardened) =
        (reached_beside_a_ring(&nodes, Hardened::OFF), reached_beside_a_ring(&nodes, paths));
    assert!(plain < NEAREST && hardened == NEAREST, "{plain} {hardened}");
    figure(
        "closer-nodes lists of 30 liars who own the nearest ids and name each other",
        &format!(
            "of the {NEAREST} nearest honest nodes asked: {plain}; with `hardened: {{ paths }}`: \
             {hardened}"
        ),
    );
}
