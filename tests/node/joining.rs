//! Bootstrap, the network state, and what the clock brings.

use dht_rpc_native::dht::*;

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
    let [Event::NatUpdate { host, port }, Event::Response { user: 7, reply, .. }] = &events[..]
    else {
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

#[test]
fn a_first_node_without_peers_stays_ephemeral() {
    let mut net = Net::new();
    let n = net.add(Config { ephemeral: Some(false), ..Config::default() });
    net.with(n, |node, now| node.start(now));
    assert!(net.node(n).is_ephemeral() && net.node(n).is_bootstrapped());
    assert!(matches!(net.take_events(n)[..], [Event::Ready]));
    net.with(n, |node, now| node.start(now));
    net.run(4000);
    assert!(net.take_events(n).is_empty());
}

#[test]
fn the_bootstrapper_is_persistent_at_once() {
    let mut net = Net::new();
    let n = net.add_bootstrapper();
    assert!(matches!(net.take_events(n)[..], [Event::Persistent, Event::Ready]));
    assert_eq!(net.node(n).id(), Some(Id::of(net.addr(n))));
    assert!(!net.node(n).is_firewalled());
    assert_eq!(net.take_sent(), []);
}

#[test]
fn what_a_node_is_to_others_is_told_before_the_reason() {
    let addr = Addr::new([88, 1, 1, 1].into(), 49_737);
    let config = Config {
        ephemeral: Some(false),
        firewalled: false,
        public_address: Some(addr),
        ..Config::default()
    };
    let mut node = Node::new(config, Now::default());
    node.handle_bound(Now::default(), addr.port(), 50_000);
    assert!(node.poll_event().is_none());
    node.start(Now::default());
    let events: Vec<Event> = std::iter::from_fn(|| node.poll_event()).collect();
    let [Event::Status(first), Event::Persistent, Event::Status(then), Event::Ready] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert!(!first.ephemeral && !first.bootstrapped && then.bootstrapped);
    assert_eq!((first.table_id, **then), (Id::of(addr), node.status()));
}

#[test]
fn an_adaptive_node_learns_early_that_it_is_not_firewalled() {
    let mut net = Net::persistent(20);
    let n = net.add(net.joining(Config::default()));
    net.with(n, |node, now| node.start(now));
    net.run(3000);
    let node = net.node(n);
    assert!(node.is_bootstrapped() && node.is_ephemeral() && !node.is_firewalled());
    assert_eq!(node.table_id(), Id::of(net.addr(n)), "the table is round its public id already");
}

#[test]
fn a_walled_node_stays_firewalled() {
    let mut net = Net::persistent(8);
    for config in [Config::default(), Config { ephemeral: Some(false), ..Config::default() }] {
        let n = net.add(net.joining(config));
        net.peers[n].walled = true;
        net.with(n, |node, now| node.start(now));
        net.run(20_000);
        let node = net.node(n);
        assert!(node.is_bootstrapped() && node.is_ephemeral() && node.is_firewalled());
        assert_eq!(node.id(), None);
        assert_eq!(node.nat().port(), net.peers[n].client);
        assert!(!net.node(0).table().contains(&Id::of(net.addr(n))));
        let peers = 8;
        assert_eq!(node.table().len(), peers, "an unanswered PING_NAT removes nobody");
    }
}

#[test]
fn an_adaptive_node_goes_persistent_after_twenty_minutes() {
    let mut net = Net::persistent(8);
    let n = net.add(net.joining(Config::default()));
    net.with(n, |node, now| node.start(now));
    net.run(239 * 5000);
    assert!(net.node(n).is_ephemeral());
    net.run(3 * 5000);
    assert!(!net.node(n).is_ephemeral());
    assert_eq!(net.node(n).id(), Some(Id::of(net.addr(n))));
    assert_eq!(net.node(n).stable_ticks(), 720);
    assert!(net.take_events(n).iter().any(|event| matches!(event, Event::Persistent)));
}

#[test]
fn names_and_suggestions_lead_to_the_network() {
    let mut net = Net::persistent(3);
    let host = *net.addr(0).ip();
    let node =
        |suggested, name: &str| BootstrapNode { suggested, host: name.to_string(), port: 49_737 };
    let dead = [88, 77, 66, 55].into();
    let bootstrap = vec![
        node(None, "nowhere.example"),
        node(Some(host), "never-asked.example"),
        node(Some(dead), "peer.example"),
    ];
    let n = net.add(Config { bootstrap, ..Config::default() });
    net.with(n, |node, now| node.start(now));
    let wanted = |net: &mut Net| match &net.take_events(n)[..] {
        [.., Event::LookupWanted { key, name }] => (*key, name.clone()),
        other => panic!("{other:?}"),
    };
    let (key, name) = wanted(&mut net);
    assert_eq!(name, "nowhere.example");
    net.with(n, |node, now| node.handle_lookup(now, key, None));
    net.run(3900);
    assert!(!net.node(n).is_bootstrapped());
    net.run(200);
    let (key, name) = wanted(&mut net);
    assert_eq!(name, "peer.example");
    let peer = *net.addr(1).ip();
    net.with(n, |node, now| node.handle_lookup(now, key, Some(peer)));
    net.run(500);
    assert!(net.node(n).is_bootstrapped());
    assert_eq!(net.node(n).table().len(), 3);
}

#[test]
fn a_dynamic_list_of_entry_points_is_asked_for_each_time() {
    let mut net = Net::persistent(3);
    let n = net.add(Config { bootstrap_dynamic: true, ..Config::default() });
    let nodes = net.joining(Config::default()).bootstrap;
    net.with(n, |node, now| node.start(now));
    for _ in 0..2 {
        let events = net.take_events(n);
        let key = events.iter().find_map(|event| match event {
            Event::BootstrapWanted { key } => Some(*key),
            _ => None,
        });
        let (key, nodes) = (key.expect("asked for"), nodes.clone());
        net.with(n, |node, now| node.handle_bootstrap_nodes(now, key, nodes));
        net.run(1000);
        net.with(n, |node, now| node.refresh(now));
    }
    assert!(net.node(n).is_bootstrapped());
}

#[test]
fn the_same_seed_gives_the_same_datagrams() {
    let run = || {
        let mut net = Net::persistent(12);
        net.run(120_000);
        net.take_sent()
    };
    let (first, second) = (run(), run());
    assert!(first.len() > 500);
    assert_eq!(first, second);
}
