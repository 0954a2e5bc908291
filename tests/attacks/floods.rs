//! More requests than a node can take. The 200 000 a second for 10 s are `npm run attacks`; here
//! they are some 20 000 a second for as long as a few lookups take, and some time-outs.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use dht_rpc_native::proto::wire::command;
use dht_rpc_native::proto::{
    Addr, Bytes32, Config, Id, ProtectionCounters, Protections, QuerySpec,
};

use super::support::*;

const HONEST: usize = 22;
/// At least.
const LOOKUPS: usize = 8;
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
    let all: Vec<Addr> = nodes.iter().map(|node| node.addr).chain([victim.addr]).collect();
    for node in &nodes {
        node.look_up(find_node(*Id::of(victim.addr).as_bytes()));
    }
    let looking = [&victim, &nodes[1], &victim, &nodes[2]];
    Lookups::by(&looking, &all, LOOKUPS);
    let known = victim.known();
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
        let mut lookups = Lookups { made: 0, good: 0 };
        while lookups.made < LOOKUPS || sent.load(Ordering::Relaxed) < REQUESTS {
            let more = Lookups::by(&looking, &all, looking.len());
            lookups = Lookups { made: lookups.made + more.made, good: lookups.good + more.good };
        }
        over.store(true, Ordering::Relaxed);
        lookups
    });
    let now_known = victim.known();
    let removed = known.iter().filter(|addr| !now_known.contains(addr)).count();
    let counters = victim.counters().protections;
    assert!(lookups.share() >= 0.99, "{lookups}");
    assert_eq!(removed, 0);
    assert!(!victim.knows(DEAD) || counters.flood_grace > 0, "too short to remove anybody");
    assert!(Lookups::by(&[&victim], &all, 5).share() >= 0.99);
    counters
}

/// PINGs, FIND_NODEs and commands of a user's, until it is over.
fn flood(to: Addr, thread: u8, hosts: u8, over: &AtomicBool, sent: &AtomicUsize) {
    let sockets: Vec<_> = (1..=hosts)
        .map(|n| UdpSocket::bind((Ipv4Addr::new(127, 12, 1 + thread, n), 0)).unwrap())
        .collect();
    let target: Bytes32 = rand::random();
    let user = dht_rpc_native::proto::wire::Request {
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
