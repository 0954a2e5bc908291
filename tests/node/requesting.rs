//! Tries, time-outs, the window, sessions, and the ends of requests.

use dht_rpc_native::dht::requests::MAX_INFLIGHT;
use dht_rpc_native::dht::*;

use crate::net::{
    Net, Packet, command_of, failures, find_node, ping, reply_to, request, run_query,
};

const NOBODY: Addr = Addr::new(std::net::Ipv4Addr::new(99, 9, 9, 9), 9999);

fn alone() -> (Net, usize) {
    let mut net = Net::new();
    let n = net.add(Config::default());
    (net, n)
}

fn times(sent: &[Packet], since_ms: u64) -> Vec<u64> {
    sent.iter().map(|packet| packet.at_ms - since_ms).collect()
}

#[test]
fn four_tries_a_second_apart_with_the_same_bytes() {
    let (mut net, n) = alone();
    let start_ms = net.now.mono_ms;
    net.with(n, |node, now| node.request(now, request(1, NOBODY, 5)).unwrap());
    net.run(3999);
    assert_eq!(failures(&net.take_events(n)), []);
    net.run(1);
    assert_eq!(failures(&net.take_events(n)), [(1, RequestError::Timeout)]);
    let sent = net.take_sent();
    assert_eq!(times(&sent, start_ms), [0, 1000, 2000, 3000]);
    assert!(sent.iter().all(|packet| packet.bytes == sent[0].bytes));
    let counters = net.node(n).counters();
    assert_eq!((counters.timeouts, counters.retries, counters.requests_active), (1, 3, 0));
}

#[test]
fn retries_and_time_outs_are_the_callers_choice() {
    let (mut net, n) = alone();
    let start_ms = net.now.mono_ms;
    let once = RequestSpec { retries: 0, timeout_ms: Some(2500), ..request(1, NOBODY, 5) };
    net.with(n, |node, now| node.request(now, once).unwrap());
    net.run(2499);
    assert_eq!(failures(&net.take_events(n)), []);
    net.run(1);
    assert_eq!(failures(&net.take_events(n)), [(1, RequestError::Timeout)]);
    assert_eq!(times(&net.take_sent(), start_ms), [0]);
}

#[test]
fn a_query_tries_six_times_and_a_forced_one_once() {
    for (force, expected) in [(false, vec![0, 1000, 2000, 3000, 4000, 5000]), (true, vec![0])] {
        let (mut net, n) = alone();
        let start_ms = net.now.mono_ms;
        let given = Given::Nodes(vec![Contact { id: Some(Id::of(NOBODY)), addr: NOBODY }]);
        let spec = QuerySpec { force, given, ..find_node([1; 32]) };
        let (outcome, state) = run_query(&mut net, n, spec);
        assert_eq!((outcome, state.errors, state.successes), (QueryOutcome::Done, 1, 0));
        assert_eq!(times(&net.take_sent(), start_ms), expected);
    }
}

#[test]
fn requests_wait_for_the_sockets() {
    let later = |ms| Now { mono_ms: ms, wall_ms: ms };
    let mut node = Node::new(Config::default(), later(0));
    node.request(later(0), request(1, NOBODY, 5)).unwrap();
    let mut buf = Vec::new();
    node.handle_timeout(later(4000));
    assert_eq!((node.poll_transmit(&mut buf), node.counters().retries), (None, 0));

    node.handle_bound(later(4000), 1, 2);
    let sent = node.poll_transmit(&mut buf).unwrap();
    assert_eq!((sent.socket, sent.to, sent.len), (SocketKey::Client, NOBODY, buf.len()));
    assert_eq!(node.poll_timeout(), Some(5000), "both the tick and a second from the sending");
}

#[test]
fn a_reply_to_an_internal_command_comes_from_where_it_was_asked() {
    let asked_then_from = [
        ("88.1.1.1:5000", "88.1.1.1:5000", true),
        ("88.1.1.1:5000", "88.1.1.1:5001", false),
        ("88.1.1.1:5000", "88.1.1.2:5000", false),
        ("127.0.0.1:5000", "10.0.0.2:5000", true),
        ("0.0.0.0:5000", "127.0.0.1:5000", true),
        ("192.168.1.5:5000", "10.0.0.2:5000", true),
        ("169.254.1.5:5000", "10.0.0.2:5000", true),
        ("10.1.1.5:5000", "10.0.0.2:5001", false),
    ];
    for (asked, from, accepted) in asked_then_from {
        for internal in [true, false] {
            let (mut net, n) = alone();
            let spec = RequestSpec { internal, ..request(1, asked.parse().unwrap(), 0) };
            net.with(n, |node, now| node.request(now, spec).unwrap());
            let reply = reply_to(&net.take_sent()[0]);
            net.inject(n, SocketKey::Client, from.parse().unwrap(), &reply);
            let answered = net.node(n).inflight() == 0;
            assert_eq!(answered, accepted || !internal, "{asked} {from} {internal}");
        }
    }
}

#[test]
fn a_second_reply_is_ignored() {
    let (mut net, n) = alone();
    net.with(n, |node, now| node.request(now, ping(1, NOBODY)).unwrap());
    let reply = reply_to(&net.take_sent()[0]);
    net.inject(n, SocketKey::Client, NOBODY, &reply);
    net.inject(n, SocketKey::Client, NOBODY, &reply);
    let responses = net.take_events(n).into_iter();
    assert_eq!(responses.filter(|e| matches!(e, Event::Response { .. })).count(), 1);
    assert_eq!(net.node(n).counters().responses, 1);
}

#[test]
fn the_window_holds_back_what_is_over_eighty_until_there_is_a_place() {
    let (mut net, n) = alone();
    for user in 0..200 {
        net.with(n, |node, now| node.request(now, ping(user, NOBODY)).unwrap());
    }
    let first = net.take_sent();
    assert_eq!(first.len(), 80);
    let reply = reply_to(&first[0]);
    net.inject(n, SocketKey::Client, NOBODY, &reply);
    assert_eq!(net.take_sent().len(), 1, "a reply makes a place");

    let start_ms = net.now.mono_ms;
    net.run(749);
    assert_eq!(net.take_sent(), []);
    net.run(1);
    assert_eq!(times(&net.take_sent(), start_ms), [750; 80], "another slot, twice 80 in all");
    net.run(749);
    assert_eq!(net.take_sent(), []);
    net.run(60_000);
    assert_eq!(failures(&net.take_events(n)).len(), 199);
    assert_eq!((net.node(n).inflight(), net.node(n).counters().requests_active), (0, 0));
}

#[test]
fn what_waits_leaves_in_order_and_before_what_comes_later() {
    let (mut net, n) = alone();
    for command in 0..83 {
        net.with(n, |node, now| node.request(now, request(0, NOBODY, command)).unwrap());
    }
    let first = net.take_sent();
    for packet in &first[..4] {
        let reply = reply_to(packet);
        net.inject(n, SocketKey::Client, NOBODY, &reply);
        net.with(n, |node, now| node.request(now, request(0, NOBODY, 1000)).unwrap());
    }
    let later: Vec<_> = net.take_sent().iter().filter_map(command_of).collect();
    assert_eq!(later, [(false, 80), (false, 81), (false, 82), (false, 1000)]);
}

#[test]
fn requests_in_flight_are_bounded() {
    let (mut net, n) = alone();
    let full = MAX_INFLIGHT as u32;
    for user in 0..full {
        net.with(n, |node, now| node.request(now, ping(user, NOBODY)).unwrap());
    }
    let total = net.node(n).counters().requests_total;
    let refused = net.with(n, |node, now| node.request(now, ping(full, NOBODY)));
    assert_eq!(refused, Err(RequestError::TooMany));
    let counters = net.node(n).counters();
    assert_eq!((counters.dropped, counters.requests_total), (1, total));
    net.with(n, |node, now| (0..full).rev().take(100).for_each(|user| node.cancel(now, user)));
    assert_eq!(net.node(n).inflight(), MAX_INFLIGHT - 100);
    net.with(n, |node, now| node.request(now, ping(full, NOBODY)).unwrap());
}

#[test]
fn what_does_not_fit_a_datagram_is_refused() {
    let (mut net, n) = alone();
    let sized =
        |len: usize| RequestSpec { value: Some(vec![0; len].into()), ..request(1, NOBODY, 0) };
    net.with(n, |node, now| node.request(now, sized(2034)).unwrap());
    assert_eq!(net.take_sent()[0].bytes.len(), 2048);
    let refused = net.with(n, |node, now| node.request(now, sized(2035)));
    assert_eq!(refused, Err(RequestError::TooLarge));
    assert_eq!(net.node(n).inflight(), 1);
}

#[test]
fn a_session_drops_its_requests_without_a_word() {
    let (mut net, n) = alone();
    for user in 0..4 {
        let session = Some(user % 2);
        let spec = RequestSpec { session, ..ping(user, NOBODY) };
        net.with(n, |node, now| node.request(now, spec).unwrap());
    }
    net.with(n, |node, now| node.session_destroy(now, 1));
    assert_eq!(net.node(n).inflight(), 2);
    net.run(5000);
    let expected = [(0, RequestError::Timeout), (2, RequestError::Timeout)];
    assert_eq!(failures(&net.take_events(n)), expected);
    assert_eq!(net.node(n).counters().requests_active, 0);
}

#[test]
fn a_query_carries_on_when_its_session_is_destroyed() {
    let mut net = Net::persistent(6);
    let given = Given::Nodes((1..4).map(|i| Contact { id: None, addr: net.addr(i) }).collect());
    let spec = QuerySpec { session: Some(5), concurrency: 1, given, ..find_node([1; 32]) };
    let query = net.with(0, |node, now| node.query(now, spec));
    net.with(0, |node, now| node.query_demand(now, query, 16));
    net.with(0, |node, now| node.session_destroy(now, 5));
    let state = net.node(0).query_state(query).unwrap();
    assert!(state.errors >= 3, "{state:?}");
    let ended = net
        .take_events(0)
        .into_iter()
        .any(|event| matches!(event, Event::QueryEnd { outcome: QueryOutcome::Done, .. }));
    assert!(ended, "nobody is left to ask");
}

#[test]
fn a_cancelled_request_is_never_heard_of() {
    let (mut net, n) = alone();
    net.with(n, |node, now| node.request(now, ping(1, NOBODY)).unwrap());
    net.with(n, |node, now| node.cancel(now, 1));
    net.with(n, |node, now| node.cancel(now, 1));
    net.run(5000);
    assert!(net.take_events(n).is_empty());
    let counters = net.node(n).counters();
    assert_eq!((counters.requests_active, counters.timeouts), (0, 0));
}

#[test]
fn adaptive_time_outs_follow_the_destination() {
    let mut net = Net::new();
    let adaptive = AdaptiveTimeoutConfig { jitter_ms: 0, ..AdaptiveTimeoutConfig::default() };
    let n = net.add(Config { adaptive_timeout: Some(adaptive), ..Config::default() });
    let start_ms = net.now.mono_ms;
    net.with(n, |node, now| node.request(now, ping(1, NOBODY)).unwrap());
    net.run(10_000);
    assert_eq!(times(&net.take_sent(), start_ms), [0, 250, 750, 1750]);

    net.with(n, |node, now| node.request(now, ping(2, NOBODY)).unwrap());
    let reply = reply_to(&net.take_sent()[0]);
    net.run(240);
    net.inject(n, SocketKey::Client, NOBODY, &reply);
    let start_ms = net.now.mono_ms;
    net.with(n, |node, now| node.request(now, ping(3, NOBODY)).unwrap());
    net.run(20_000);
    assert_eq!(times(&net.take_sent(), start_ms), [0, 480, 1440, 2880]);
}
