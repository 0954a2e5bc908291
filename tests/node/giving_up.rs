//! Requests and queries that their user gives up.

use dht_rpc_native::dht::*;

use crate::net::{Net, find_node, lookup, ping, reply_to, request};

const NOBODY: Addr = Addr::new(std::net::Ipv4Addr::new(99, 9, 9, 9), 9999);

fn alone() -> (Net, usize) {
    let mut net = Net::new();
    let n = net.add(Config::default());
    (net, n)
}

fn deferred(user: u32) -> RequestSpec {
    RequestSpec { deferred: true, ..request(user, NOBODY, u64::from(user)) }
}

fn ask(net: &mut Net, n: usize, spec: RequestSpec) {
    net.with(n, |node, now| node.request(now, spec).unwrap());
}

fn commands(net: &mut Net) -> Vec<u64> {
    let sent = net.take_sent();
    sent.iter().filter_map(crate::net::command_of).map(|(_, command)| command).collect()
}

#[test]
fn what_is_given_up_before_it_leaves_is_not_sent() {
    let (mut net, n) = alone();
    ask(&mut net, n, deferred(1));
    ask(&mut net, n, RequestSpec { session: Some(7), ..deferred(2) });
    ask(&mut net, n, deferred(3));
    assert_eq!(net.node(n).counters().requests_active, 3);
    net.with(n, |node, now| node.cancel(now, 1));
    net.with(n, |node, now| node.session_destroy(now, 7));
    net.with(n, |node, now| node.send_deferred(now));
    net.with(n, |node, now| node.send_deferred(now));
    assert_eq!(commands(&mut net), [3]);
    assert_eq!(net.node(n).counters().requests_active, 1);
    net.with(n, |node, now| node.cancel(now, 3));
    net.run(5000);
    assert!(net.take_events(n).is_empty() && net.take_sent().is_empty());
    assert_eq!(net.node(n).counters().requests_active, 0);
}

#[test]
fn what_is_asked_meanwhile_leaves_in_its_turn() {
    let (mut net, n) = alone();
    ask(&mut net, n, request(1, NOBODY, 1));
    ask(&mut net, n, deferred(2));
    ask(&mut net, n, request(3, NOBODY, 3));
    assert_eq!(commands(&mut net), [1]);
    net.with(n, |node, now| node.send_deferred(now));
    assert_eq!(commands(&mut net), [2, 3]);
    ask(&mut net, n, request(4, NOBODY, 4));
    assert_eq!(commands(&mut net), [4]);
}

#[test]
fn neither_binding_nor_time_sends_what_is_to_leave_later() {
    let mut node = Node::new(Config::default(), Net::new().now);
    let now = Net::new().now;
    node.request(now, deferred(1)).unwrap();
    node.handle_bound(now, 1, 2);
    node.handle_timeout(Now { mono_ms: now.mono_ms + 4000, ..now });
    assert!(node.poll_transmit(&mut Vec::new()).is_none());
    node.send_deferred(now);
    assert!(node.poll_transmit(&mut Vec::new()).is_some());
}

#[test]
fn what_was_to_leave_before_there_was_a_socket_leaves_with_it() {
    let now = Net::new().now;
    let mut node = Node::new(Config::default(), now);
    node.request(now, deferred(1)).unwrap();
    node.send_deferred(now);
    assert!(node.poll_transmit(&mut Vec::new()).is_none());
    node.handle_bound(now, 1, 2);
    assert!(node.poll_transmit(&mut Vec::new()).is_some());
}

#[test]
fn a_place_in_the_window_is_given_back() {
    let mut net = Net::new();
    let n = net.add(Config { max_window: 2, ..Config::default() });
    (1..=4).for_each(|user| ask(&mut net, n, deferred(user)));
    net.with(n, |node, now| node.send_deferred(now));
    assert_eq!(commands(&mut net), [1, 2]);
    net.with(n, |node, now| node.cancel(now, 3)); // it had none
    assert_eq!(commands(&mut net), []);
    net.with(n, |node, now| node.cancel(now, 1));
    assert_eq!(commands(&mut net), [4]);
}

#[test]
fn answered_ones_are_settled_as_ever() {
    let (mut net, n) = alone();
    ask(&mut net, n, deferred(1));
    net.with(n, |node, now| node.send_deferred(now));
    let sent = net.take_sent();
    net.inject(n, SocketKey::Client, NOBODY, &reply_to(&sent[0]));
    net.with(n, |node, now| node.cancel(now, 1));
    let events = net.take_events(n);
    assert!(matches!(events.last(), Some(Event::Response { user: 1, .. })), "{events:?}");
    assert_eq!(net.node(n).counters().responses, 1);
}

/// A query that has asked three silent nodes in a session of the user's, in which there is a ping.
fn asking(net: &mut Net, n: usize) -> u32 {
    let silent = |i| Contact { id: None, addr: Addr::new([99, 9, 9, i].into(), 9999) };
    let given = Given::Nodes((1..4).map(silent).collect());
    let spec = QuerySpec { session: Some(5), given, only_closest: true, ..find_node([1; 32]) };
    let query = net.with(n, |node, now| node.query(now, spec));
    net.with(n, |node, now| node.query_demand(now, query, 16));
    ask(net, n, RequestSpec { session: Some(5), ..ping(9, NOBODY) });
    assert_eq!(net.take_sent().len(), 4);
    query
}

#[test]
fn a_query_that_is_given_up_leaves_nothing_in_flight_in_whatever_session() {
    let (mut net, n) = alone();
    let query = asking(&mut net, n);
    net.with(n, |node, now| node.query_cancel(now, query));
    assert_eq!((net.node(n).inflight(), net.node(n).counters().queries_active), (1, 0));
    net.run(1500);
    assert_eq!(net.take_sent().len(), 1, "the ping alone is tried again");
    assert!(net.node(n).query_state(query).is_none());

    let query = asking(&mut net, n);
    net.with(n, |node, now| node.query_destroy(now, query));
    assert_eq!(net.node(n).inflight(), 5, "its visits outlive a query that is destroyed");
}

#[test]
fn commits_of_a_query_that_is_given_up_are_not_tried_again() {
    let mut net = Net::persistent(4);
    let commit = QuerySpec { commit: Commit::Auto, ..lookup([1; 32], 1) };
    let query = net.with(0, |node, now| node.query(now, commit));
    (1..4).for_each(|n| {
        net.peers[n].node.set_interest(Interest { requests: true, ..Interest::default() })
    });
    net.with(0, |node, now| node.query_demand(now, query, 16));
    net.run(15);
    for n in 1..4 {
        for event in net.take_events(n) {
            answer(&mut net, n, &event);
        }
    }
    net.run(15);
    assert!(net.node(0).inflight() > 0, "commits wait for their answers");
    net.with(0, |node, now| node.query_cancel(now, query));
    assert_eq!(net.node(0).inflight(), 0);
}

/// With a token, if it is a request.
fn answer(net: &mut Net, n: usize, event: &Event) {
    let Event::Request(incoming) = event else { return };
    let Incoming { socket, tid, from, target, .. } = &**incoming;
    let spec = ReplySpec {
        socket: *socket,
        tid: *tid,
        to: from.addr,
        token: true,
        closer_nodes: true,
        target: target.as_ref(),
        error: 0,
        value: None,
    };
    net.with(n, |node, now| node.reply(now, spec));
}

fn alarms(net: &mut Net, n: usize) -> Vec<u32> {
    let alarm = |event: &Event| match event {
        Event::Alarm { number } => Some(*number),
        _ => None,
    };
    net.take_events(n).iter().filter_map(alarm).collect()
}

#[test]
fn alarms_ring_once_in_their_order_and_not_early() {
    let (mut net, n) = alone();
    net.with(n, |node, now| [(1, 50), (2, 20), (3, 20)].map(|(k, ms)| node.set_alarm(now, k, ms)));
    net.with(n, |node, _| node.clear_alarm(3));
    net.with(n, |node, _| node.clear_alarm(4));
    net.run(20);
    assert_eq!(alarms(&mut net, n), []);
    net.run(1);
    assert_eq!(alarms(&mut net, n), [2]);
    net.with(n, |node, now| node.set_alarm(now, 1, 100));
    net.run(100);
    assert_eq!(alarms(&mut net, n), [], "it was set anew");
    net.run(100);
    assert_eq!(alarms(&mut net, n), [1]);
}

#[test]
fn alarms_ring_for_a_suspended_node_and_not_for_one_that_is_gone() {
    let (mut net, n) = alone();
    net.with(n, |node, now| [1, 2].map(|k| node.set_alarm(now, k, k * 100)));
    net.with(n, |node, now| node.suspend(now));
    net.run(150);
    assert_eq!(alarms(&mut net, n), [1]);
    net.with(n, |node, now| node.destroy(now));
    assert_eq!(net.node(n).poll_timeout(), None);
    net.with(n, |node, now| node.handle_timeout(Now { mono_ms: now.mono_ms + 1000, ..now }));
    assert_eq!(alarms(&mut net, n), []);
}
