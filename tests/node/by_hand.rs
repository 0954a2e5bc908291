//! Requests, entries and windows that a user handles one by one.

use dht_rpc_native::dht::wire::{self, Message};
use dht_rpc_native::dht::*;

use crate::net::{Net, command_of, failures, find_node, ping, reply_to, request};

const NOBODY: Addr = Addr::new(std::net::Ipv4Addr::new(99, 9, 9, 9), 9999);

fn alone(config: Config) -> (Net, usize) {
    let mut net = Net::new();
    let n = net.add(config);
    (net, n)
}

fn prepare(net: &mut Net, n: usize, spec: &RequestSpec) -> (RequestKey, u16) {
    net.with(n, |node, now| node.prepare(now, spec, false).unwrap())
}

#[test]
fn a_prepared_request_is_counted_and_leaves_as_it_is_then() {
    let (mut net, n) = alone(Config::default());
    let (key, tid) = prepare(&mut net, n, &ping(1, NOBODY));
    net.run(5000);
    assert_eq!(net.take_sent(), [], "not by itself");
    let counters = net.node(n).counters();
    assert_eq!((counters.requests_active, counters.requests_total), (1, 1));
    assert_eq!((counters.commands_tx[0], net.node(n).inflight()), (1, 1));
    assert_eq!(net.node(n).request_sent(key), Some(0));

    let to = Addr::new([99, 1, 1, 1].into(), 1);
    let changed = RequestSpec {
        target: Some([3; 32]),
        retries: 0,
        timeout_ms: Some(70),
        ..request(9, to, 6)
    };
    net.with(n, |node, now| node.send_prepared(now, key, &changed, false).unwrap());
    let sent = net.take_sent().remove(0);
    assert_eq!((sent.to, command_of(&sent)), (to, Some((false, 6))));
    let Some(Message::Request(request)) = wire::decode(&sent.bytes) else { panic!() };
    assert_eq!((request.tid, request.target), (tid, Some(&[3; 32])));
    assert_eq!(net.node(n).request_sent(key), Some(1));
    net.run(69);
    assert_eq!(failures(&net.take_events(n)), []);
    net.run(1);
    assert_eq!(failures(&net.take_events(n)), [(1, RequestError::Timeout)], "its user stays");
    assert_eq!(net.node(n).request_sent(key), None);
}

#[test]
fn what_is_too_large_by_then_stays_prepared() {
    let (mut net, n) = alone(Config::default());
    let (key, _) = prepare(&mut net, n, &ping(1, NOBODY));
    let large = RequestSpec { value: Some(vec![0; 3000].into()), ..ping(1, NOBODY) };
    let refused = net.with(n, |node, now| node.send_prepared(now, key, &large, false));
    assert_eq!((refused, net.node(n).request_sent(key)), (Err(RequestError::TooLarge), Some(0)));
    let refused = net.with(n, |node, now| node.prepare(now, &large, false));
    assert_eq!(refused, Err(RequestError::TooLarge));
}

#[test]
fn the_sockets_take_no_prepared_request_along() {
    let now = Now { mono_ms: 1, wall_ms: 1 };
    let mut node = Node::new(Config::default(), now);
    let (key, _) = node.prepare(now, &ping(1, NOBODY), false).unwrap();
    let (other, _) = node.prepare(now, &ping(2, NOBODY), false).unwrap();
    node.send_prepared(now, other, &ping(2, NOBODY), false).unwrap();
    let mut buf = Vec::new();
    assert_eq!(node.poll_transmit(&mut buf), None);
    node.handle_bound(now, 1, 2);
    assert!(node.poll_transmit(&mut buf).is_some());
    assert_eq!(node.poll_transmit(&mut buf), None);
    assert_eq!((node.request_sent(key), node.request_sent(other)), (Some(0), Some(1)));
}

#[test]
fn a_reply_before_it_left_is_none() {
    let (mut net, n) = alone(Config::default());
    let (key, _) = prepare(&mut net, n, &ping(1, NOBODY));
    net.with(n, |node, now| node.send_prepared(now, key, &ping(1, NOBODY), false).unwrap());
    let asked = net.take_sent().remove(0);
    net.with(n, |node, now| assert!(node.drop_request(now, key)));
    let (key, tid) = prepare(&mut net, n, &ping(2, NOBODY));
    let mut reply = reply_to(&asked);
    reply[2..4].copy_from_slice(&tid.to_le_bytes());
    net.inject(n, SocketKey::Client, NOBODY, &reply);
    assert_eq!(net.node(n).request_sent(key), Some(0));
}

#[test]
fn a_try_more_and_others_than_were_planned() {
    let (mut net, n) = alone(Config { max_window: 1, ..Config::default() });
    let (key, _) = prepare(&mut net, n, &ping(1, NOBODY));
    net.with(n, |node, now| node.send_prepared(now, key, &ping(1, NOBODY), false).unwrap());
    net.with(n, |node, now| node.send_again(now, key, false));
    assert_eq!(net.node(n).request_sent(key), Some(1), "the window is full");
    net.with(n, |node, now| node.send_again(now, key, true));
    assert_eq!(net.node(n).request_sent(key), Some(2));
    net.with(n, |node, _| node.change_request(key, 1, Some(10)));
    net.run(1000);
    assert_eq!(failures(&net.take_events(n)), [(1, RequestError::Timeout)]);
    assert_eq!(net.take_sent().len(), 2);
    net.with(n, |node, now| node.send_again(now, key, true));
    assert_eq!(net.take_sent(), [], "it is over");
}

#[test]
fn a_dropped_request_of_a_users_is_forgotten_another_ones_failed() {
    let (mut net, n) = alone(Config::default());
    let given = Given::Nodes(vec![Contact { id: Some(Id::of(NOBODY)), addr: NOBODY }]);
    let spec = QuerySpec { given, ..find_node([1; 32]) };
    let query = net.with(n, |node, now| node.query(now, spec));
    net.with(n, |node, now| node.query_demand(now, query, 16));
    net.with(n, |node, now| node.request(now, ping(1, NOBODY)).unwrap());
    let keys: Vec<_> = net.node(n).requests_in_flight(None).map(|r| (r.user, r.key)).collect();
    let [(None, visit), (Some(1), own)] = keys[..] else { panic!("{keys:?}") };

    net.with(n, |node, now| assert!(node.drop_request(now, own)));
    assert!(net.take_events(n).is_empty());
    net.with(n, |node, now| assert!(node.drop_request(now, visit)));
    let events = net.take_events(n);
    let [Event::QueryEnd { outcome, state, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((*outcome, state.errors), (QueryOutcome::Done, 1));
    net.with(n, |node, now| {
        assert!(!node.drop_request(now, own) && !node.drop_request(now, visit))
    });
    assert_eq!((net.node(n).inflight(), net.node(n).counters().requests_active), (0, 0));
}

#[test]
fn who_a_named_request_went_to_leaves_the_table_without_an_answer() {
    for named in [true, false] {
        let (mut net, n) = alone(Config::default());
        net.with(n, |node, now| node.add_node(now, NOBODY));
        let spec = RequestSpec { retries: 0, ..ping(1, NOBODY) };
        let (key, _) = net.with(n, |node, now| node.prepare(now, &spec, named).unwrap());
        net.with(n, |node, now| node.send_prepared(now, key, &spec, false).unwrap());
        net.run(1000);
        assert_eq!(net.node(n).table().is_empty(), named);
    }
}

#[test]
fn the_window_can_be_read_and_written() {
    let (mut net, n) = alone(Config { max_window: 2, ..Config::default() });
    for user in 1..=4 {
        net.with(n, |node, now| node.request(now, ping(user, NOBODY)).unwrap());
    }
    let read = |net: &Net| {
        let window = net.node(n).window(net.now);
        (window.slots(), window.current(), window.total(), window.max(), window.is_full())
    };
    assert_eq!(read(&net), ([2, 0, 0, 0], 0, 2, 2, true));
    assert_eq!(net.take_sent().len(), 2);
    net.with(n, |node, now| node.change_window(now, |window| window.recv()));
    assert_eq!((read(&net).0, net.take_sent().len()), ([2, 0, 0, 0], 1), "the next took the place");
    net.with(n, |node, now| {
        node.change_window(now, |window| window.overwrite([1, 5, 0, 0], 9, 6, 0));
    });
    assert_eq!(read(&net), ([1, 5, 0, 0], 0, 6, 1, true));
    net.now.mono_ms += 750;
    assert_eq!(read(&net), ([1, 0, 0, 0], 1, 1, 1, false), "a slot later, though nothing happened");
}

#[test]
fn tokens_are_those_that_are_given_and_taken() {
    let (mut net, n) = alone(Config::default());
    net.with(n, |node, _| node.set_interest(Interest { requests: true, ..Interest::default() }));
    let host = NOBODY.ip().to_string();
    for (fresh, ms) in [(true, 0), (false, 0), (true, 7500)] {
        let token = net.with(n, |node, now| node.token(now, host.as_bytes(), fresh));
        net.run(ms);
        let mut bytes = Vec::new();
        let request = wire::Request { internal: false, ..crate::net::wire_ping(NOBODY) };
        wire::Request { token: Some(&token), ..request }.encode(&mut bytes);
        net.inject(n, SocketKey::Server, NOBODY, &bytes);
        let events = net.take_events(n);
        let taken = events.iter().any(|event| matches!(event, Event::Request(_)));
        assert!(taken, "{fresh} {ms}");
    }
}

/// Serials and ports, by the list.
fn listed(net: &Net, n: usize) -> Vec<(u32, u16)> {
    net.node(n).nodes().map(|entry| (entry.serial, entry.addr.port())).collect()
}

#[test]
fn entries_come_move_and_go_by_hand() {
    let (mut net, n) = alone(Config::default());
    let interest = Interest { nodes: true, buckets: true, ..Interest::default() };
    net.with(n, |node, _| node.set_interest(interest));
    let at = |port| Addr::new(*NOBODY.ip(), port);
    for port in [1, 2, 3] {
        let entrance = net.with(n, |node, now| node.enter_node(now, at(port)));
        assert_eq!(entrance, Entrance::Added);
    }
    assert_eq!(net.with(n, |node, now| node.enter_node(now, at(2))), Entrance::Known);
    let events = net.take_events(n);
    assert!(events.iter().all(|event| matches!(event, Event::BucketGained(_))), "{events:?}");
    assert_eq!(events.len(), 3);

    let [(first, 1), (second, 2), (third, 3)] = listed(&net, n)[..] else { panic!() };
    net.with(n, |node, _| node.touch_entry(first));
    assert_eq!(listed(&net, n), [(second, 2), (third, 3), (first, 1)]);
    assert!(net.with(n, |node, _| node.drop_entry(second, false)));
    let events = net.take_events(n);
    assert!(matches!(&events[..], [Event::BucketLost(lost)] if lost.serial == second));
    assert!(net.with(n, |node, _| node.drop_entry(first, true)));
    let events = net.take_events(n);
    assert!(matches!(&events[..], [Event::BucketLost(_), Event::NodeRemoved(_)]), "{events:?}");
    assert!(!net.with(n, |node, _| node.drop_entry(first, true)));
    assert_eq!((listed(&net, n), net.node(n).table().len()), (vec![(third, 3)], 1));
}

#[test]
fn a_full_bucket_takes_nobody_by_hand_and_says_so() {
    let (mut net, n) = alone(Config::default());
    net.with(n, |node, _| node.set_interest(Interest { buckets: true, ..Interest::default() }));
    let centre = net.node(n).table_id();
    let at = |port| Addr::new(*NOBODY.ip(), port);
    let farthest = (1..).filter(|port| centre.common_prefix(Id::of(at(*port)).as_bytes()) == 0);
    let ports: Vec<u16> = farthest.take(21).collect();
    let entrances =
        ports.iter().map(|port| net.with(n, |node, now| node.enter_node(now, at(*port))));
    let entrances: Vec<_> = entrances.collect();
    assert_eq!(entrances[..20], [Entrance::Added; 20]);
    assert_eq!(entrances[20], Entrance::Refused);
    let events = net.take_events(n);
    let Some(Event::BucketFull(refused)) = events.last() else { panic!("{events:?}") };
    assert_eq!((refused.addr, refused.id), (at(ports[20]), Id::of(at(ports[20]))));
}

#[test]
fn a_node_whose_sockets_alone_were_closed_does_not_wake_up() {
    let (mut net, n) = alone(Config::default());
    net.with(n, |node, now| node.suspend(now));
    let tick = net.node(n).tick_count();
    net.with(n, |node, now| node.reopen(now));
    assert!(!net.node(n).is_suspended());
    assert_eq!(net.node(n).tick_count(), tick);
    net.with(n, |node, now| node.handle_bound(now, 1, 2));
    net.with(n, |node, now| node.request(now, ping(1, NOBODY)).unwrap());
    assert!(net.take_events(n).is_empty());
}
