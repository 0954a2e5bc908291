//! Bootstrap, the network state, and what the clock brings.

use dht_rpc_native::proto::*;

use crate::net::{Net, ping};

#[test]
fn two_nodes_ping() {
    let mut net = Net::new();
    let a = net.add(Config::default());
    let b = net.add(Config::default());
    let to = net.addr(b);
    net.with(a, |node, now| node.request(now, ping(7, to)).unwrap());
    assert_eq!(net.node(a).counters().commands_tx, [1, 0, 0, 0]);
    assert_eq!(net.node(a).inflight(), 1);
    net.run(100);

    let events = net.take_events(a);
    let [Event::NatUpdate { host, port }, Event::Response { user: 7, reply }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((*host, *port), (Some(net.peers[a].host), net.peers[a].client));
    assert_eq!(reply.from, Contact { id: None, addr: to });
    assert_eq!((reply.rtt_ms, reply.to, reply.error), (20, net.client_addr(a), 0));
    assert_eq!((&reply.token, &reply.closer_nodes, &reply.value), (&None, &None, &None));
    let counters = net.node(a).counters();
    assert_eq!((counters.requests_active, counters.responses, counters.commands_rx[0]), (0, 1, 1));
}

#[test]
fn thirty_nodes_become_one_network() {
    let mut net = Net::persistent(30);
    for n in 0..30 {
        let addr = net.addr(n);
        let events = net.take_events(n);
        let node = net.node(n);
        assert!(node.is_bootstrapped() && !node.is_ephemeral(), "node {n}");
        assert_eq!(node.id(), Some(Id::of(addr)), "node {n}");
        assert_eq!((node.nat().host(), node.nat().port()), (Some(*addr.ip()), addr.port()));
        assert!(node.table().len() >= 20, "node {n} knows {}", node.table().len());
        assert_eq!(node.table().len(), node.nodes_len());
        let at = |wanted: fn(&Event) -> bool| events.iter().position(wanted);
        let persistent = at(|event| matches!(event, Event::Persistent));
        let ready = at(|event| matches!(event, Event::Ready));
        assert!(persistent.is_some() && persistent < ready, "node {n}: {events:?}");
        assert_eq!(node.counters().queries_active, 0);
        assert_eq!(node.counters().requests_active, node.inflight() as i64);
    }
}
