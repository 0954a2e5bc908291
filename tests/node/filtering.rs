//! Senders and candidates that the user's filter is asked about.

use dht_rpc_native::dht::wire::{self, command};
use dht_rpc_native::dht::*;

use crate::net::{Net, find_node, ping, reply_to, reply_with, wire_ping};

const PEER: Addr = Addr::new(std::net::Ipv4Addr::new(99, 1, 2, 3), 4000);

fn filtered() -> (Net, usize) {
    let mut net = Net::new();
    let n = net.add(Config { filter: true, ..Config::default() });
    (net, n)
}

fn contact(addr: Addr) -> Contact {
    Contact { id: Some(Id::of(addr)), addr }
}

/// Every datagram leads to a question.
fn filtered_without_memory(protections: Protections) -> (Net, usize) {
    let mut net = Net::new();
    let config = Config { filter: true, keep_verdicts: false, protections, ..Config::default() };
    let n = net.add(config);
    (net, n)
}

pub fn subject(addr: Addr) -> Subject {
    contact(addr).into()
}

fn wanted(net: &mut Net, n: usize) -> (u32, Vec<Subject>) {
    match &net.take_events(n)[..] {
        [Event::VerdictWanted { key, nodes }] => (*key, nodes.to_vec()),
        other => panic!("{other:?}"),
    }
}

pub fn answer(net: &mut Net, n: usize, key: u32, accepted: &[bool]) {
    net.with(n, |node, now| node.handle_verdict(now, key, accepted));
}

fn hello(net: &mut Net, n: usize, id: Option<Id>) {
    hello_from(net, n, PEER, id);
}

pub fn hello_from(net: &mut Net, n: usize, from: Addr, id: Option<Id>) {
    let id = id.as_ref().map(Id::as_bytes);
    let request = wire::Request { id, ..wire_ping(net.client_addr(n)) };
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    net.inject(n, SocketKey::Client, from, &bytes);
}

#[test]
fn a_request_is_answered_at_once_and_its_sender_waits_for_the_verdict() {
    for accepted in [true, false] {
        let (mut net, n) = filtered();
        hello(&mut net, n, Some(Id::of(PEER)));
        assert_eq!(net.take_sent().len(), 1, "nobody waits for a verdict");
        assert_eq!((net.node(n).nodes_len(), net.node(n).nat().size()), (0, 0));
        let (key, nodes) = wanted(&mut net, n);
        assert_eq!(nodes, [subject(PEER)]);
        assert_eq!(nodes[0].id(), Some(Id::of(PEER)));
        answer(&mut net, n, key, &[accepted]);
        assert_eq!(net.take_sent(), []);
        assert_eq!(net.node(n).table().contains(&Id::of(PEER)), accepted);
        assert_eq!(net.node(n).nat().size() == 1, accepted);
        answer(&mut net, n, key, &[true]);
        assert_eq!(net.node(n).table().contains(&Id::of(PEER)), accepted, "one verdict each");
    }
    let (mut net, n) = filtered();
    hello(&mut net, n, None);
    assert_eq!(net.take_sent().len(), 1);
    assert!(net.take_events(n).is_empty(), "without id there is nothing to ask");
}

#[test]
fn a_reply_is_handed_on_at_once_and_its_sender_waits_for_the_verdict() {
    let (mut net, n) = filtered();
    net.with(n, |node, now| node.request(now, ping(1, PEER)).unwrap());
    let request = net.take_sent().remove(0);
    net.run(30);
    net.inject(n, SocketKey::Client, PEER, &reply_to(&request));
    net.inject(n, SocketKey::Client, PEER, &reply_to(&request));
    let events = net.take_events(n);
    let [Event::VerdictWanted { key, nodes }, Event::Response { user: 1, reply, .. }] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(**nodes, [Subject { addr: PEER, has_id: false }]);
    assert_eq!((nodes[0].id(), reply.rtt_ms), (None, 30));
    assert_eq!((net.node(n).nat().size(), net.node(n).inflight()), (0, 0));
    answer(&mut net, n, *key, &[true]);
    assert_eq!(net.node(n).nat().size(), 1);
}

#[test]
fn a_check_waits_for_the_verdict_and_counts_from_when_it_was_answered() {
    let (mut net, n) = filtered();
    net.with(n, |node, now| node.add_node(now, PEER));
    let down = [99, 1, 2, 3, 0xa0, 0x0f];
    let hint = wire::Request {
        command: command::DOWN_HINT,
        value: Some(&down),
        ..wire_ping(net.client_addr(n))
    };
    let mut bytes = Vec::new();
    hint.encode(&mut bytes);
    net.inject(n, SocketKey::Client, Addr::new([99, 1, 2, 9].into(), 4000), &bytes);
    let checked = net.take_sent().into_iter().find(|packet| packet.to == PEER).unwrap();
    net.inject(n, SocketKey::Client, PEER, &reply_with(&checked, Some(Id::of(PEER)), &[]));
    let (key, nodes) = wanted(&mut net, n);
    assert_eq!(nodes, [subject(PEER)]);
    net.run(4900);
    assert_eq!(net.take_sent(), [], "no further try");
    answer(&mut net, n, key, &[false]);
    assert_eq!(net.node(n).nodes_len(), 0, "who is refused counts as silent");
}

#[test]
fn candidates_that_are_rejected_are_not_visited() {
    let (mut net, n) = filtered();
    let given = Given::Nodes(vec![contact(PEER)]);
    let spec = QuerySpec { given, ..find_node([1; 32]) };
    let query = net.with(n, |node, now| node.query(now, spec));
    net.with(n, |node, now| node.query_demand(now, query, 16));
    let visit = net.take_sent().remove(0);
    let named: Vec<Addr> = (1..5).map(|i| Addr::new([77, 0, 0, i].into(), 1000)).collect();
    net.inject(n, SocketKey::Client, PEER, &reply_with(&visit, Some(Id::of(PEER)), &named));
    let (key, nodes) = wanted(&mut net, n);
    let expected: Vec<Subject> = [PEER].iter().chain(&named).map(|addr| subject(*addr)).collect();
    assert_eq!(nodes, expected);
    net.with(n, |node, now| node.handle_verdict(now, key, &[true, true, false, true, false]));
    let mut visited: Vec<Addr> = net.take_sent().iter().map(|packet| packet.to).collect();
    visited.sort();
    assert_eq!(visited, [named[0], named[2]]);
}

#[test]
fn a_verdict_on_what_is_gone_is_ignored() {
    let (mut net, n) = filtered();
    let spec = QuerySpec { given: Given::Nodes(vec![contact(PEER)]), ..find_node([1; 32]) };
    let query = net.with(n, |node, now| node.query(now, spec));
    net.with(n, |node, now| node.query_demand(now, query, 16));
    let visit = net.take_sent().remove(0);
    net.inject(n, SocketKey::Client, PEER, &reply_with(&visit, Some(Id::of(PEER)), &[]));
    let (key, _) = wanted(&mut net, n);
    net.with(n, |node, now| node.query_destroy(now, query));
    answer(&mut net, n, key, &[true]);
    assert!(net.take_events(n).is_empty());
    assert_eq!(net.node(n).counters().responses, 0);
}

#[test]
fn what_is_held_is_bounded_and_everybody_is_answered() {
    let (mut net, n) = filtered_without_memory(Protections::default());
    (0..5000).for_each(|_| hello(&mut net, n, Some(Id::of(PEER))));
    assert_eq!(net.take_events(n).len(), 2048, "one host leaves half of it to the others");
    assert_eq!(net.node(n).counters().dropped, 5000 - 2048);
    for i in 1..5000 {
        let from = Addr::new((0x6300_0000 + i).into(), 4000);
        hello_from(&mut net, n, from, Some(Id::of(from)));
    }
    assert_eq!(net.take_events(n).len(), 2048);
    assert_eq!(net.take_sent().len(), 9999);

    let (mut net, n) = filtered_without_memory(Protections::OFF);
    (0..5000).for_each(|_| hello(&mut net, n, Some(Id::of(PEER))));
    assert_eq!(net.take_events(n).len(), 4096);
}

#[test]
fn requests_that_wait_take_no_place_from_replies() {
    let (mut net, n) = filtered_without_memory(Protections::OFF);
    (0..5000).for_each(|_| hello(&mut net, n, Some(Id::of(PEER))));
    assert_eq!(net.take_events(n).len(), 4096, "there is room for no more");
    net.take_sent();
    net.with(n, |node, now| node.request(now, ping(1, PEER)).unwrap());
    let request = net.take_sent().remove(0);
    net.inject(n, SocketKey::Client, PEER, &reply_to(&request));
    let events = net.take_events(n);
    let [Event::VerdictWanted { key, .. }, Event::Response { user: 1, .. }] = events[..] else {
        panic!("{events:?}");
    };
    answer(&mut net, n, key, &[true]);
    assert_eq!(net.node(n).nat().size(), 1);
}

#[test]
fn requests_are_not_looked_at_before_their_sender_is_judged() {
    let mut net = Net::new();
    let n = net.add(Config { filter_request: true, ..Config::default() });
    for (round, accepted) in [(0, false), (1, true)] {
        hello(&mut net, n, Some(Id::of(PEER)));
        assert_eq!((net.take_sent(), net.node(n).nodes_len()), (vec![], 0));
        let events = net.take_events(n);
        let [Event::RequestVerdictWanted { key, from }] = events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(from, PEER);
        net.with(n, |node, now| node.handle_verdict(now, key, &[accepted]));
        assert_eq!(net.take_sent().len(), round);
        assert_eq!(net.node(n).nodes_len(), round);
        assert_eq!(net.node(n).counters().protections.filter_request, 1);
    }
    net.inject(n, SocketKey::Client, PEER, &[3, 255, 1]);
    let asked = |event: &Event| matches!(event, Event::RequestVerdictWanted { .. });
    assert!(!net.take_events(n).iter().any(asked), "what cannot be read is not asked about");
}

#[test]
fn both_filters_are_asked_one_after_the_other() {
    let mut net = Net::new();
    let n = net.add(Config { filter: true, filter_request: true, ..Config::default() });
    hello(&mut net, n, Some(Id::of(PEER)));
    let events = net.take_events(n);
    let [Event::RequestVerdictWanted { key, .. }] = events[..] else {
        panic!("{events:?}");
    };
    net.with(n, |node, now| node.handle_verdict(now, key, &[true]));
    let (key, nodes) = wanted(&mut net, n);
    assert_eq!(nodes, [subject(PEER)]);
    answer(&mut net, n, key, &[true]);
    assert_eq!((net.take_sent().len(), net.node(n).nodes_len()), (1, 1));
}
