//! Hints that live nodes are down.

use std::thread::sleep;
use std::time::{Duration, Instant};

use dht_rpc_native::dht::wire::command;
use dht_rpc_native::dht::{Addr, Config, Id, Protections};
use dht_rpc_native::net::addr::encode_addr;

use super::support::*;

const HONEST: usize = 25;
const HOSTS: usize = 20;
/// Checks of one host in a tick: so few that the nodes of a small network are more.
const FEW: u32 = 5;
/// Hints that find room among the checks that are under way.
const AT_ONCE: usize = 5;
/// Of hints at every node, as some find none after all.
const ROUNDS: usize = 10;

#[test]
fn down_hints_remove_nobody_who_is_up() {
    let _alone = alone();
    let nodes = TestNode::network(HONEST);
    let victim = TestNode::joining([127, 7, 0, 1], &nodes[0], Config::default());
    for node in &nodes {
        node.look_up(find_node(*Id::of(victim.addr).as_bytes()));
    }
    let known = victim.known();
    let before = victim.counters();
    let mut pacer = Attacker::at([127, 7, 1, 1]);
    let liars: Vec<_> = (0..HOSTS).map(|n| Attacker::at([127, 7, 2, n as u8 + 1])).collect();

    let start = Instant::now();
    let mut barrage = Barrage::new(victim.addr, &mut pacer);
    for n in 0..many(5000, 100_000) {
        let value = encode_addr(known[n % known.len()]);
        let hint = internal(n as u16, victim.addr, command::DOWN_HINT, None, Some(&value));
        barrage.send(&liars[n % HOSTS].socket, &hint);
    }
    let sent = barrage.end();
    let pings = victim.counters().commands_tx[0] - before.commands_tx[0];
    // Each node is checked once in a tick of 5 s; the first and the last are begun.
    let checks = known.len() as u64 * (start.elapsed().as_secs() / 5 + 2);
    let now_known = victim.known();
    let removed = known.iter().filter(|addr| !now_known.contains(addr)).count();
    let all: Vec<Addr> = nodes.iter().map(|node| node.addr).chain([victim.addr]).collect();
    let lookups = Lookups::by(&nodes.iter().chain([&victim]).collect::<Vec<_>>(), &all, 30);
    assert_eq!(removed, 0);
    assert!(lookups.share() >= 0.99, "{lookups}");
    assert!(pings > 0 && pings as u64 <= checks, "{pings} pings for {sent} hints");
    figure(
        "DOWN_HINTs against live nodes, from 20 hosts",
        &format!(
            "of {sent} hints; live nodes removed: {removed} of {}; pings that they cost the node: {pings}; honest lookups that succeeded: {lookups}",
            known.len()
        ),
    );

    // A hint at a node that is down does remove it: the test can fail.
    let gone = Attacker::at([127, 7, 3, 1]).addr;
    victim.runner.with(|node, now| node.add_node(now, gone));
    let hint = internal(1, victim.addr, command::DOWN_HINT, None, Some(&encode_addr(gone)));
    let start = Instant::now();
    while victim.knows(gone) {
        assert!(start.elapsed() < PATIENCE, "a node that is down is removed");
        // One that comes while ten checks are under way is only acknowledged.
        liars[0].send(victim.addr, &hint);
        sleep(Duration::from_millis(100));
    }
}

#[test]
fn without_its_limit_one_host_has_all_nodes_checked() {
    let _alone = alone();
    let nodes = TestNode::network(HONEST);
    let [limited, unlimited] = [(2, Some(FEW)), (3, None)].map(|(host, hints_per_host)| {
        let protections = Protections { hints_per_host, ..Protections::default() };
        let config = Config { protections, ..Config::default() };
        TestNode::joining([127, 7, 0, host], &nodes[0], config)
    });
    let (few, refused) = checks_for_one_host(&limited, &nodes);
    let (all, none) = checks_for_one_host(&unlimited, &nodes);
    assert!(few > 0 && refused > 0, "{few} pings, {refused} hints refused");
    assert_eq!(none, 0);
    assert!(all >= 2 * few, "{few} with a limit, {all} without");
    figure(
        "DOWN_HINTs against live nodes, from one host",
        &format!(
            "pings that they cost the node, which knows {}: {few} with `hintsPerHost: {FEW}`, {all} without",
            limited.known().len()
        ),
    );
}

/// The pings that one host's hints against all its nodes cost a node, and how many hints its limit
/// kept from causing one.
fn checks_for_one_host(victim: &TestNode, nodes: &[TestNode]) -> (i64, i64) {
    for node in nodes {
        node.look_up(find_node(*Id::of(victim.addr).as_bytes()));
    }
    let known = victim.known();
    let before = victim.counters();
    let mut liar = Attacker::at([127, 7, 4, 1]);
    for some in (0..ROUNDS).flat_map(|_| known.chunks(AT_ONCE)) {
        for addr in some {
            let value = encode_addr(*addr);
            let hint = internal(1, victim.addr, command::DOWN_HINT, None, Some(&value));
            liar.send(victim.addr, &hint);
        }
        liar.settle(victim.addr);
    }
    let after = victim.counters();
    let pings = after.commands_tx[0] - before.commands_tx[0];
    (pings, after.protections.hints_per_host - before.protections.hints_per_host)
}
