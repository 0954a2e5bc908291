//! More requests than a node can take. The 200 000 a second for 10 s are `npm run attacks`; here
//! they are some 20 000 a second for as long as a few lookups take.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use dht_rpc_native::proto::wire::command;
use dht_rpc_native::proto::{Addr, Bytes32, Config, Id};

use super::support::*;

const HONEST: usize = 22;
/// At least.
const LOOKUPS: usize = 8;
const REQUESTS: usize = 20_000;
/// Datagrams that a thread sends at a time, and how long it rests then.
const BURST: usize = 100;
const REST: Duration = Duration::from_millis(10);
/// Bytes that the process may take in addition.
const MEMORY: usize = 16 << 20;

#[test]
fn a_node_under_a_flood_keeps_its_nodes_and_finds_others() {
    let _alone = alone();
    let nodes = TestNode::network(HONEST);
    let victim = TestNode::joining([127, 12, 0, 1], &nodes[0], Config::default());
    let all: Vec<Addr> = nodes.iter().map(|node| node.addr).chain([victim.addr]).collect();
    for node in &nodes {
        node.look_up(find_node(*Id::of(victim.addr).as_bytes()));
    }
    let looking = [&victim, &nodes[1], &victim, &nodes[2]];
    Lookups::by(&looking, &all, LOOKUPS);
    let known = victim.known();
    let before = resident();

    let (over, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let lookups = std::thread::scope(|scope| {
        for n in 0..2 {
            let (over, sent, to) = (&over, &sent, victim.addr);
            scope.spawn(move || flood(to, n, over, sent));
        }
        let mut lookups = Lookups { made: 0, good: 0 };
        while lookups.made < LOOKUPS || sent.load(Ordering::Relaxed) < REQUESTS {
            let more = Lookups::by(&looking, &all, looking.len());
            lookups = Lookups { made: lookups.made + more.made, good: lookups.good + more.good };
        }
        over.store(true, Ordering::Relaxed);
        lookups
    });
    let grown = resident().saturating_sub(before);
    let now_known = victim.known();
    let removed = known.iter().filter(|addr| !now_known.contains(addr)).count();
    assert!(lookups.share() >= 0.99, "{lookups}");
    assert_eq!(removed, 0);
    assert!(grown < MEMORY, "{grown} bytes more");
    assert!(Lookups::by(&[&victim], &all, 5).share() >= 0.99);
}

/// PINGs, FIND_NODEs and commands of a user's, from 32 hosts, until it is over.
fn flood(to: Addr, thread: u8, over: &AtomicBool, sent: &AtomicUsize) {
    let sockets: Vec<_> = (1..=32)
        .map(|n| UdpSocket::bind((std::net::Ipv4Addr::new(127, 12, 1 + thread, n), 0)).unwrap())
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

/// Bytes of memory that the process has.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}
