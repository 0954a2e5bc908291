//! Suspending, resuming, destroying.

use dht_rpc_native::dht::*;

use crate::net::{Net, Peer, failures, find_node, lookup, ping};

const NOBODY: Addr = Addr::new(std::net::Ipv4Addr::new(99, 9, 9, 9), 9999);

#[test]
fn suspending_fails_what_is_in_flight_and_stops_every_timer() {
    let mut net = Net::persistent(5);
    let n = net.add(net.joining(Config::default()));
    net.with(n, |node, now| node.start(now));
    net.run(2000);
    net.take_events(n);
    net.with(n, |node, now| node.request(now, ping(1, NOBODY)).unwrap());
    net.with(n, |node, now| node.suspend(now));
    assert_eq!(failures(&net.take_events(n)), [(1, RequestError::Suspended)]);
    assert_eq!(net.node(n).poll_timeout(), None);
    let refused = net.with(n, |node, now| node.request(now, ping(2, NOBODY)));
    assert_eq!(refused, Err(RequestError::Suspended));
    net.take_sent();
    net.inject(n, SocketKey::Client, NOBODY, &[3, 4, 1, 0, 1, 2, 3, 4, 5, 0, 0]);
    assert_eq!(net.take_sent(), []);

    net.run(60_000);
    net.take_sent();
    net.with(n, |node, now| node.resume(now));
    assert!(matches!(net.take_events(n)[..], [Event::Wakeup]));
    assert_eq!(net.take_sent(), []);
    let Peer { server, client, .. } = net.peers[n];
    net.with(n, |node, now| node.handle_bound(now, server, client));
    net.with(n, |node, now| node.resumed(now));
    assert!(!net.take_sent().is_empty(), "the table is refreshed");
    net.with(n, |node, now| node.request(now, ping(3, NOBODY)).unwrap());
    net.run(100);
    assert!(net.node(n).poll_timeout().is_some());
}

#[test]
fn destroying_ends_everything() {
    let mut net = Net::persistent(25);
    let given = Given::Nodes(vec![Contact { id: None, addr: NOBODY }; 1]);
    let spec = QuerySpec { given, ..lookup([1; 32], 1) };
    let query = net.with(1, |node, now| node.query(now, spec));
    net.with(1, |node, now| node.query_demand(now, query, 16));
    net.with(1, |node, now| node.request(now, ping(1, NOBODY)).unwrap());
    net.take_events(1);
    net.with(1, |node, now| node.destroy(now));
    let events = net.take_events(1);
    assert_eq!(failures(&events), [(1, RequestError::Destroyed)]);
    let ended = |event: &Event| match event {
        Event::QueryEnd { outcome, .. } => Some(*outcome),
        _ => None,
    };
    assert_eq!(events.iter().find_map(ended), Some(QueryOutcome::NodeDestroyed));
    assert_eq!((net.node(1).inflight(), net.node(1).poll_timeout()), (0, None));

    net.with(1, |node, now| node.query_destroy(now, query));
    assert_eq!(net.node(1).counters().queries_active, 0);
    let refused = net.with(1, |node, now| node.request(now, ping(2, NOBODY)));
    assert_eq!(refused, Err(RequestError::Destroyed));
    net.take_sent();
    net.with(1, |node, now| {
        node.refresh(now);
        node.tick(now);
        node.wakeup(now);
        node.start(now);
        node.resume(now);
        node.suspend(now);
        node.destroy(now);
        node.update_network_state(now, 1, false);
        node.handle_timeout(now);
    });
    net.run(20_000);
    assert!(net.take_events(1).is_empty());
    let own = net.addr(1);
    assert!(net.take_sent().iter().all(|packet| packet.from != own));
}

#[test]
fn a_probe_that_was_half_answered_changes_nothing_when_the_node_ends() {
    let mut net = Net::persistent(2);
    let n = net.add(net.joining(Config::default()));
    net.peers[n].walled = true;
    net.with(n, |node, now| node.start(now));
    net.run(20_000);
    net.take_events(n);
    net.peers[n].walled = false;
    net.peers[1].dead = true;

    net.with(n, |node, now| node.update_network_state(now, 7, false));
    net.run(500);
    assert!(net.take_events(n).is_empty(), "one has not answered");
    net.with(n, |node, now| node.destroy(now));

    let events = net.take_events(n);
    assert!(matches!(events[..], [Event::NetworkState { user: 7, changed: false }]), "{events:?}");
    assert!(net.node(n).is_firewalled() && net.node(n).is_ephemeral());
}

fn outcomes(events: &[Event]) -> Vec<(u32, QueryOutcome)> {
    let ended = |event: &Event| match event {
        Event::QueryEnd { query, outcome, .. } => Some((*query, *outcome)),
        _ => None,
    };
    events.iter().filter_map(ended).collect()
}

fn is_ready(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Ready))
}

#[test]
fn a_bootstrap_that_did_not_begin_ends_with_the_node_as_its_lookup_does() {
    let mut net = Net::persistent(2);
    let alone = net.add(Config::default());
    let joining = net.add(net.joining(Config::default()));
    let asked_for = net.add(Config { bootstrap_dynamic: true, ..Config::default() });
    for (n, ready) in [(alone, true), (joining, false), (asked_for, false)] {
        net.with(n, |node, now| node.destroy(now));
        let events = net.take_events(n);
        assert_eq!(is_ready(&events), ready);
        assert_eq!(net.node(n).counters().queries_active, 0);
    }
}

#[test]
fn ends_are_told_once_more_for_a_driver_that_drops_what_waits() {
    let mut net = Net::persistent(3);
    let ask = |net: &mut Net, commit| {
        let spec = QuerySpec { commit, ..find_node([1; 32]) };
        let query = net.with(1, |node, now| node.query(now, spec));
        net.with(1, |node, now| node.query_demand(now, query, 16));
        query
    };
    let (done, committing) = (ask(&mut net, Commit::None), ask(&mut net, Commit::User));
    let gone = ask(&mut net, Commit::None);
    net.run(1000);
    net.with(1, |node, now| node.query_destroy(now, gone));
    net.take_events(1);

    net.with(1, |node, _| node.repeat_ends());
    let events = net.take_events(1);
    assert_eq!(outcomes(&events), [(done, QueryOutcome::Done)]);
    let commits =
        |event: &&Event| matches!(event, Event::QueryCommit { query, .. } if *query == committing);
    assert_eq!(events.iter().filter(commits).count(), 1);
    assert!(is_ready(&events));
}

#[test]
fn a_commit_that_would_follow_the_end_of_the_node_says_so() {
    let mut net = Net::persistent(2);
    net.with(0, |node, _| node.set_interest(Interest { requests: true, ..Interest::default() }));
    let given = Given::Nodes(vec![
        Contact { id: Some(Id::of(net.addr(0))), addr: net.addr(0) },
        Contact { id: None, addr: NOBODY },
    ]);
    let spec = QuerySpec { given, only_closest: true, commit: Commit::Auto, ..lookup([1; 32], 4) };
    let query = net.with(1, |node, now| node.query(now, spec));
    net.with(1, |node, now| node.query_demand(now, query, 16));
    net.run(500);
    let asked = net.take_events(0).into_iter().find_map(|event| match event {
        Event::Request(incoming) => Some(incoming),
        _ => None,
    });
    let asked = asked.expect("it is asked");
    net.with(0, |node, now| {
        let spec = ReplySpec {
            socket: asked.socket,
            tid: asked.tid,
            to: asked.from.addr,
            token: true,
            closer_nodes: false,
            target: None,
            error: 0,
            value: None,
        };
        node.reply(now, spec);
    });
    net.run(100);
    net.take_events(1);

    net.with(1, |node, now| node.destroy(now));
    let failed = QueryOutcome::CommitFailed(RequestError::NodeDestroyed);
    assert_eq!(outcomes(&net.take_events(1)), [(query, failed)]);
}
