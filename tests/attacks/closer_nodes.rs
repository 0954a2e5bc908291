//! Lists of closer nodes that lead nowhere.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dht_rpc_native::proto::{
    AdaptiveTimeoutConfig, Addr, Bytes32, Config, Id, Protections, QuerySpec,
};

use super::support::*;

const HONEST: usize = 25;
/// As many as fit a datagram.
const NAMED: usize = 333;
const LIARS: u8 = 3;

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

/// Addresses where nobody is, nearer to the target than all nodes: the nearest of many.
fn dead_ends(target: &Bytes32) -> Vec<Addr> {
    let address = |n: usize| Addr::new([127, 14, (n / 250) as u8, (n % 250) as u8].into(), 9);
    let mut addrs: Vec<_> = (0..60_000).map(address).collect();
    addrs.sort_by_cached_key(|addr| distance(target, *addr));
    addrs.truncate(NAMED);
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
