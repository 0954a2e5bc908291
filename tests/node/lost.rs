//! Nodes that left the table unheard, and the lookups that ask them again.

use std::collections::BTreeMap;

use dht_rpc_native::dht::*;

use crate::net::{Net, find_node, run_query};

const TARGET: Bytes32 = [0xa5; 32];

/// A node that lost 30 others.
fn forsaken() -> (Net, usize) {
    let mut net = Net::new();
    let n = net.add(Config::default());
    forsake(&mut net, n);
    (net, n)
}

fn forsake(net: &mut Net, n: usize) {
    net.with(n, |node, now| node.start(now));
    for i in 0..30 {
        net.with(n, |node, now| node.add_node(now, Addr::new([77, 0, 0, i].into(), 1000)));
    }
    while net.node(n).nodes_len() > 0 {
        run_query(net, n, find_node(TARGET));
    }
    net.take_sent();
}

/// How often a lookup asks whom.
fn asked(net: &mut Net, n: usize, spec: QuerySpec) -> BTreeMap<Addr, usize> {
    run_query(net, n, spec);
    let mut asked = BTreeMap::new();
    net.take_sent().iter().for_each(|packet| *asked.entry(packet.to).or_default() += 1);
    asked
}

#[test]
fn a_thorough_lookup_asks_three_lost_nodes_once() {
    let (mut net, n) = forsaken();
    let thorough = QuerySpec { thorough: true, retries: 1, ..find_node(TARGET) };
    let first = asked(&mut net, n, thorough.clone());
    assert_eq!(first.values().copied().collect::<Vec<_>>(), [2, 2, 2]);
    assert!(asked(&mut net, n, thorough).is_empty(), "not so soon");
}

#[test]
fn a_lookup_of_given_nodes_only_leaves_the_lost_to_the_next() {
    let (mut net, n) = forsaken();
    let addr = Addr::new([78, 0, 0, 1].into(), 1000);
    let given = Given::Nodes(vec![Contact { id: Some(Id::of(addr)), addr }]);
    let thorough = QuerySpec { thorough: true, ..find_node(TARGET) };
    let only = QuerySpec { only_closest: true, given, ..thorough.clone() };
    assert!(asked(&mut net, n, only).into_keys().eq([addr]));
    assert_eq!(asked(&mut net, n, thorough).len(), 3);
}

#[test]
fn lost_nodes_stand_for_no_entry_point() {
    for known in 17..20 {
        let mut net = Net::new();
        let entry = net.add_bootstrapper();
        net.peers[entry].dead = true;
        let n = net.add(net.joining(Config::default()));
        forsake(&mut net, n);
        net.peers[entry].dead = false;
        (0..known).for_each(|i| {
            net.with(n, |node, now| node.add_node(now, Addr::new([78, 0, 0, i].into(), 1000)));
        });
        assert_eq!(net.node(n).nodes_len(), usize::from(known));
        let thorough = QuerySpec { thorough: true, retries: 1, ..find_node(TARGET) };
        let (_, state) = run_query(&mut net, n, thorough);
        let found: Vec<Addr> = state.closest.iter().map(|reply| reply.from.addr).collect();
        assert_eq!(found, [net.addr(entry)], "{known} known");
    }
}

#[test]
fn a_plain_lookup_asks_nobody_who_was_lost() {
    let (mut net, n) = forsaken();
    assert!(asked(&mut net, n, find_node(TARGET)).is_empty());
}
