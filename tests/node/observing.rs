//! What a node tells of that is not meant for its driver.

use dht_rpc_native::dht::wire::command;
use dht_rpc_native::dht::*;

use crate::net::{Net, find_node, ping, reply_to, reply_with, request, run_query, wire_ping};

const NOBODY: Addr = Addr::new(std::net::Ipv4Addr::new(99, 9, 9, 9), 9999);
const ALL: Interest = Interest {
    requests: true,
    nodes: true,
    buckets: true,
    observed: Observed { requests: true, replies: true, timeouts: true, tries: true },
};

/// A node whose driver wants `interest`.
fn alone(interest: Interest) -> (Net, usize) {
    let mut net = Net::new();
    let n = net.add(Config::default());
    net.with(n, |node, _| node.set_interest(interest));
    (net, n)
}

fn names(events: &[Event]) -> Vec<&'static str> {
    let name = |event: &Event| match event {
        Event::Request(_) => "request",
        Event::Response { .. } => "response",
        Event::Failure { .. } => "failure",
        Event::NodeAdded(_) => "added",
        Event::NodeRemoved(_) => "removed",
        Event::NatUpdate { .. } => "nat",
        Event::BucketGained(_) => "gained",
        Event::BucketLost(_) => "lost",
        Event::BucketFull(_) => "full",
        Event::RequestSeen(_) => "request seen",
        Event::ReplySeen { .. } => "reply seen",
        Event::TimedOut(_) => "timed out",
        Event::TryEnded { .. } => "try ended",
        _ => "other",
    };
    events.iter().map(name).collect()
}

fn bytes(request: wire::Request<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    bytes
}

#[test]
fn who_wants_nothing_more_is_told_nothing_more() {
    let (mut net, n) = alone(Interest { requests: true, ..Interest::default() });
    net.inject(n, SocketKey::Server, NOBODY, &bytes(wire_ping(NOBODY)));
    net.with(n, |node, now| node.request(now, ping(1, NOBODY)).unwrap());
    net.with(n, |node, now| node.add_node(now, NOBODY));
    net.run(5000);
    assert_eq!(names(&net.take_events(n)), ["failure"]);
}

#[test]
fn internal_commands_are_seen_before_what_follows_from_them() {
    let (mut net, n) = alone(ALL);
    let id = Id::of(NOBODY);
    let known = wire::Request { id: Some(id.as_bytes()), ..wire_ping(net.client_addr(n)) };
    net.inject(n, SocketKey::Client, NOBODY, &bytes(known));
    let user = wire::Request { internal: false, command: 9, ..wire_ping(NOBODY) };
    net.inject(n, SocketKey::Server, NOBODY, &bytes(user));
    let unknown = wire::Request { command: 77, ..wire_ping(NOBODY) };
    net.inject(n, SocketKey::Server, NOBODY, &bytes(unknown));
    let odd = wire::Request { token: Some(&[1; 32]), ..wire_ping(NOBODY) };
    net.inject(n, SocketKey::Server, NOBODY, &bytes(odd));

    let events = net.take_events(n);
    let expected = ["request seen", "gained", "nat", "added", "request", "request seen"];
    assert_eq!(names(&events), expected, "a user's command is told of once, a bad token never");
    let [Event::RequestSeen(seen), ..] = &events[..] else { panic!() };
    assert_eq!((seen.socket, seen.tid, seen.command), (SocketKey::Client, 7, command::PING));
    assert_eq!(seen.from, Contact { id: Some(id), addr: NOBODY });
    let [.., Event::RequestSeen(seen)] = &events[..] else { panic!() };
    assert_eq!((seen.socket, seen.command), (SocketKey::Server, 77));
}

#[test]
fn replies_are_seen_once_with_the_serial_that_they_have_later() {
    let (mut net, n) = alone(ALL);
    net.with(n, |node, now| node.request(now, ping(1, NOBODY)).unwrap());
    let asked = net.take_sent().remove(0);
    net.inject(n, SocketKey::Client, NOBODY, &reply_with(&asked, Some(Id::of(NOBODY)), &[]));
    net.inject(n, SocketKey::Client, NOBODY, &reply_to(&asked));
    let events = net.take_events(n);
    assert_eq!(names(&events), ["reply seen", "gained", "nat", "added", "response"]);
    let [Event::ReplySeen { socket, reply: seen }, .., Event::Response { reply, .. }] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!((*socket, &**seen), (SocketKey::Client, &**reply));

    let mut net = Net::persistent(5);
    net.with(1, |node, _| node.set_interest(ALL));
    net.take_events(1);
    let spec = QuerySpec { rows: true, ..find_node([5; 32]) };
    run_query(&mut net, 1, spec);
    let events = net.take_events(1);
    let seen = events.iter().filter_map(|event| match event {
        Event::ReplySeen { reply, .. } => Some(reply.serial),
        _ => None,
    });
    let rows = events.iter().filter_map(|event| match event {
        Event::QueryRow { reply, .. } => Some(reply.serial),
        _ => None,
    });
    let (seen, rows): (Vec<u32>, Vec<u32>) = (seen.collect(), rows.collect());
    assert_eq!(rows.len(), 4);
    assert_eq!(seen, rows);
}

#[test]
fn a_request_that_times_out_is_shown_as_it_was_after_its_failure() {
    let (mut net, n) = alone(ALL);
    net.with(n, |node, now| node.add_node(now, NOBODY));
    net.take_events(n);
    let spec = RequestSpec {
        token: Some([1; 32]),
        target: Some([2; 32]),
        value: Some(Box::from([3; 5])),
        session: Some(4),
        retries: 1,
        timeout_ms: Some(500),
        ttl: 6,
        ..request(7, NOBODY, 8)
    };
    net.with(n, |node, now| node.request(now, spec).unwrap());
    let tid = u16::from_le_bytes([net.sent[0].bytes[2], net.sent[0].bytes[3]]);
    net.run(1000);

    let events = net.take_events(n);
    assert_eq!(names(&events), ["try ended", "try ended", "failure", "timed out"]);
    let [Event::TryEnded { key, sent: 1 }, Event::TryEnded { key: again, sent: 2 }, ..] =
        &events[..]
    else {
        panic!("{events:?}");
    };
    let [.., Event::TimedOut(shown)] = &events[..] else { panic!() };
    assert_eq!([key, again], [&shown.key; 2]);
    let RequestInFlight { user, socket, to, token, target, value, .. } = &**shown;
    assert_eq!((*user, *socket, shown.tid), (Some(7), SocketKey::Client, tid));
    assert_eq!((to.id, to.addr), (None, NOBODY));
    assert_eq!((token, target), (&Some([1; 32]), &Some([2; 32])));
    assert_eq!(value.as_deref(), Some(&[3; 5][..]));
    assert_eq!((shown.internal, shown.command, shown.session), (false, 8, Some(4)));
    let RequestInFlight { ttl, sent, retries, timeout_ms, .. } = **shown;
    assert_eq!((ttl, sent, retries, timeout_ms), (6, 2, 1, Some(500)));
    assert_eq!(net.node(n).request_in_flight(shown.key), None);
}

#[test]
fn who_is_removed_for_its_silence_is_told_of_after_the_request() {
    let (mut net, n) = alone(ALL);
    net.with(n, |node, now| node.add_node(now, NOBODY));
    net.take_events(n);
    run_query(&mut net, n, find_node([1; 32]));
    let events = net.take_events(n);
    let [.., Event::TimedOut(shown), Event::BucketLost(lost), Event::NodeRemoved(removed)] =
        &events[..events.len() - 1]
    else {
        panic!("{events:?}");
    };
    assert_eq!((shown.user, shown.to.id), (None, Some(Id::of(NOBODY))));
    assert_eq!((lost.addr, removed.addr), (NOBODY, NOBODY));
    assert!(matches!(events.last(), Some(Event::QueryEnd { .. })));
}

#[test]
fn what_is_in_flight_can_be_looked_at() {
    let (mut net, n) = alone(Interest::default());
    let version = net.node(n).requests_version();
    let one = RequestSpec { session: Some(3), ..request(1, NOBODY, 5) };
    net.with(n, |node, now| node.request(now, one).unwrap());
    net.with(n, |node, now| node.request(now, ping(2, NOBODY)).unwrap());
    assert_ne!(net.node(n).requests_version(), version);

    let users = |session| {
        let all = net.node(n).requests_in_flight(session);
        all.map(|request| (request.user, request.command, request.sent)).collect::<Vec<_>>()
    };
    assert_eq!(users(None), [(Some(1), 5, 1), (Some(2), 0, 1)]);
    assert_eq!(users(Some(3)), [(Some(1), 5, 1)]);
    assert_eq!(users(Some(4)), []);
    let all: Vec<_> = net.node(n).requests_in_flight(None).collect();
    assert_eq!(net.node(n).request_in_flight(all[1].key).as_ref(), Some(&all[1]));
}
