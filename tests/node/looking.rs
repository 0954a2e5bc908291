//! Lookups, commits, rows, and the hints that they send.

use dht_rpc_native::dht::wire::{self, Message, command};
use dht_rpc_native::dht::*;

use crate::net::{Net, Packet, command_of, find_node, lookup, reply_with, run_query};

const TARGET: Bytes32 = [0xa5; 32];

fn nearest(net: &Net, except: usize) -> Vec<Addr> {
    let others = (0..net.peers.len()).filter(|n| *n != except);
    let mut addrs: Vec<Addr> = others.map(|n| net.addr(n)).collect();
    addrs.sort_by(|a, b| Id::cmp_distance(&TARGET, &Id::of(*a), &Id::of(*b)));
    addrs.truncate(20);
    addrs
}

fn addrs(state: &QueryState) -> Vec<Addr> {
    state.closest.iter().map(|reply| reply.from.addr).collect()
}

/// Takes the user's requests that came in at any node, and answers them all.
fn serve_users(net: &mut Net) -> Vec<(usize, Incoming)> {
    let mut served = Vec::new();
    for n in 0..net.peers.len() {
        let (requests, others): (Vec<Event>, Vec<Event>) =
            net.take_events(n).into_iter().partition(|event| matches!(event, Event::Request(_)));
        net.peers[n].events = others;
        for event in requests {
            let Event::Request(incoming) = event else {
                continue;
            };
            let spec = ReplySpec {
                socket: incoming.socket,
                tid: incoming.tid,
                to: incoming.from.addr,
                token: true,
                closer_nodes: true,
                target: incoming.target.as_ref(),
                error: 0,
                value: Some(b"ok"),
            };
            net.with(n, |node, now| node.reply(now, spec));
            served.push((n, *incoming));
        }
    }
    served
}

fn contact(addr: Addr) -> Contact {
    Contact { id: Some(Id::of(addr)), addr }
}

fn visits(sent: &[Packet]) -> Vec<&Packet> {
    sent.iter().filter(|packet| command_of(packet) == Some((true, command::FIND_NODE))).collect()
}

#[test]
fn a_lookup_finds_the_true_twenty_nearest() {
    let mut net = Net::persistent(60);
    let (outcome, state) = run_query(&mut net, 7, find_node(TARGET));
    assert_eq!((outcome, state.errors), (QueryOutcome::Done, 0));
    assert_eq!(addrs(&state), nearest(&net, 7));
    assert_eq!(net.node(7).counters().queries_active, 0);
}

#[test]
fn a_commit_writes_to_the_twenty_nearest_with_their_tokens() {
    let mut net = Net::persistent(50);
    for n in 0..50 {
        net.with(n, |node, _| {
            node.set_interest(Interest { requests: true, ..Interest::default() })
        });
    }
    let client = net.add(net.joining(Config::default()));
    net.with(client, |node, now| node.start(now));
    net.run(2000);
    let value = Some(Box::from(&b"data"[..]));
    let spec = QuerySpec { commit: Commit::Auto, value, ..lookup(TARGET, 4) };
    let query = net.with(client, |node, now| node.query(now, spec));
    net.with(client, |node, now| node.query_demand(now, query, u32::MAX));
    let mut written = Vec::new();
    for _ in 0..100 {
        net.run(10);
        let served = serve_users(&mut net);
        written.extend(served.into_iter().filter(|(_, request)| request.token.is_some()));
    }
    let mut written: Vec<Addr> = written.iter().map(|(n, _)| net.addr(*n)).collect();
    let mut expected = nearest(&net, client);
    written.sort();
    expected.sort();
    assert_eq!(written, expected);
    let ended = net
        .take_events(client)
        .into_iter()
        .any(|event| matches!(event, Event::QueryEnd { outcome: QueryOutcome::Done, .. }));
    assert!(ended);
}

#[test]
fn commits_fail_when_nobody_is_there_and_when_all_of_them_do() {
    let mut net = Net::persistent(1);
    let spec = QuerySpec { commit: Commit::Auto, ..lookup(TARGET, 4) };
    let alone = net.add(Config::default());
    let (outcome, _) = run_query(&mut net, alone, spec.clone());
    assert_eq!(outcome, QueryOutcome::TooFewNodes);
    let (outcome, _) =
        run_query(&mut net, alone, QuerySpec { commit: Commit::User, ..spec.clone() });
    assert_eq!(outcome, QueryOutcome::TooFewNodes);

    let given = || Given::Nodes(vec![contact(Addr::new([88, 255, 255, 1].into(), 49_737))]);
    let spec = QuerySpec { given: given(), internal: true, command: command::FIND_NODE, ..spec };
    let (outcome, state) = run_query(&mut net, alone, spec);
    assert_eq!(outcome, QueryOutcome::CommitFailed(RequestError::NoToken));
    assert_eq!(state.closest.len(), 1);
}

#[test]
fn a_users_own_commit_gets_the_closest_replies() {
    let mut net = Net::persistent(5);
    let spec = QuerySpec { commit: Commit::User, ..find_node(TARGET) };
    let query = net.with(2, |node, now| node.query(now, spec));
    net.with(2, |node, now| node.query_demand(now, query, 1));
    net.run(1000);
    let events = net.take_events(2);
    let closest = events.iter().find_map(|event| match event {
        Event::QueryCommit { query: number, state } if *number == query => Some(addrs(state)),
        _ => None,
    });
    assert_eq!(closest, Some(nearest(&net, 2)));
    assert_eq!(net.node(2).counters().queries_active, 1);
    net.with(2, |node, now| node.query_destroy(now, query));
    net.with(2, |node, now| node.query_destroy(now, query));
    assert_eq!(net.node(2).counters().queries_active, 0);
    assert!(net.node(2).query_state(query).is_none());
}

#[test]
fn nothing_is_sent_before_somebody_reads_and_visits_stop_when_there_is_no_room() {
    let mut net = Net::persistent(40);
    net.take_sent();
    let spec = QuerySpec { rows: true, concurrency: 2, ..find_node(TARGET) };
    let query = net.with(3, |node, now| node.query(now, spec));
    let rows = |net: &mut Net| {
        let events = net.take_events(3).into_iter();
        events.filter(|event| matches!(event, Event::QueryRow { .. })).count()
    };
    assert_eq!((visits(&net.take_sent()).len(), net.node(3).counters().queries_active), (0, 1));
    net.with(3, |node, now| node.query_demand(now, query, 2));
    assert_eq!(visits(&net.take_sent()).len(), 2);
    net.run(1000);
    assert_eq!(rows(&mut net), 3, "the first made place for one more visit");
    net.with(3, |node, now| node.query_demand(now, query, 100));
    net.run(1000);
    assert!(rows(&mut net) > 17);
}

#[test]
fn candidates_are_visited_last_in_first_out() {
    let mut net = Net::new();
    let n = net.add(Config::default());
    let given: Vec<Contact> =
        (1..4).map(|i| contact(Addr::new([77, 0, 0, i].into(), 1000))).collect();
    let expected: Vec<Addr> = given.iter().map(|node| node.addr).collect();
    let spec = QuerySpec { given: Given::Nodes(given), ..find_node(TARGET) };
    let query = net.with(n, |node, now| node.query(now, spec));
    net.with(n, |node, now| node.query_demand(now, query, 16));
    let sent = net.take_sent();
    assert_eq!(visits(&sent).iter().map(|packet| packet.to).collect::<Vec<_>>(), expected);
}

#[test]
fn a_full_list_of_given_nodes_starts_wide_then_slows_down_until_enough_are_in() {
    let mut net = Net::new();
    let n = net.add(Config::default());
    let given: Vec<Contact> =
        (1..41).map(|i| contact(Addr::new([77, 0, 0, i].into(), 1000))).collect();
    let spec = QuerySpec { given: Given::Nodes(given), ..find_node(TARGET) };
    let query = net.with(n, |node, now| node.query(now, spec));
    net.with(n, |node, now| node.query_demand(now, query, 16));
    let first = net.take_sent();
    assert_eq!(first.len(), 10);
    let mut started = Vec::new();
    for visit in &first {
        net.inject(n, SocketKey::Client, visit.to, &reply_with(visit, None, &[]));
        started.push(net.take_sent().len());
    }
    assert_eq!(started, [0, 0, 0, 0, 0, 0, 0, 1, 1, 8]);
}

#[test]
fn slow_visits_make_place_for_others() {
    let mut net = Net::new();
    let n = net.add(Config::default());
    let given: Vec<Contact> =
        (1..6).map(|i| contact(Addr::new([77, 0, 0, i].into(), 1000))).collect();
    let spec = QuerySpec { given: Given::Nodes(given), concurrency: 2, ..find_node(TARGET) };
    let query = net.with(n, |node, now| node.query(now, spec));
    net.with(n, |node, now| node.query_demand(now, query, 16));
    assert_eq!(net.take_sent().len(), 2);
    net.run(1000);
    let hosts: Vec<u8> = net.take_sent().iter().map(|packet| packet.to.ip().octets()[3]).collect();
    assert_eq!(hosts, [3, 1, 4, 2], "each slow one starts another, then tries again");
    assert_eq!(net.node(n).query_state(query).unwrap().inflight, 4);
}

#[test]
fn a_timeout_is_told_to_whoever_named_the_node() {
    for (limit, send, expected) in
        [(Some(50), true, 2), (Some(1), true, 1), (None, true, 2), (Some(50), false, 0)]
    {
        let mut net = Net::new();
        let config =
            Config { send_down_hints: send, down_hints_rate_limit: limit, ..Config::default() };
        let n = net.add(config);
        let namers: Vec<Addr> = (1..3).map(|i| Addr::new([77, 0, 0, i].into(), 1000)).collect();
        let down = Addr::new([66, 0, 0, 1].into(), 1000);
        let given = Given::Nodes(namers.iter().map(|addr| contact(*addr)).collect());
        let query =
            net.with(n, |node, now| node.query(now, QuerySpec { given, ..find_node(TARGET) }));
        net.with(n, |node, now| node.query_demand(now, query, 16));
        for visit in net.take_sent() {
            let reply = reply_with(&visit, Some(Id::of(visit.to)), &[down]);
            net.inject(n, SocketKey::Client, visit.to, &reply);
        }
        net.run(6000);
        let sent = net.take_sent();
        let hints: Vec<&Packet> = sent
            .iter()
            .filter(|packet| command_of(packet) == Some((true, command::DOWN_HINT)))
            .collect();
        assert_eq!(hints.len(), expected, "{limit:?} {send}");
        for hint in hints {
            let Some(Message::Request(request)) = wire::decode(&hint.bytes) else {
                panic!("{hint:?}");
            };
            assert_eq!(request.value, Some(&wire::encode_addr(down)[..]));
            assert!(namers.contains(&hint.to));
        }
    }
}

#[test]
fn error_replies_count_as_errors_and_lead_on() {
    let mut net = Net::persistent(30);
    let (outcome, state) = run_query(&mut net, 1, lookup(TARGET, 99));
    assert_eq!((outcome, state.successes), (QueryOutcome::Done, 0));
    assert!(state.errors >= 20 && state.closest.is_empty(), "{state:?}");
}

#[test]
fn only_the_given_nodes_are_asked_if_so_wished() {
    let mut net = Net::persistent(30);
    let given = Given::Nodes((1..4).map(|n| contact(net.addr(n))).collect());
    let spec = QuerySpec { given, only_closest: true, ..find_node(TARGET) };
    let (outcome, state) = run_query(&mut net, 9, spec);
    assert_eq!((outcome, state.successes), (QueryOutcome::Done, 3));
}

#[test]
fn a_destroyed_query_drops_what_it_has_in_flight() {
    let mut net = Net::persistent(30);
    let before = net.node(9).inflight();
    let query = net.with(9, |node, now| node.query(now, find_node(TARGET)));
    net.with(9, |node, now| node.query_demand(now, query, 16));
    assert_eq!(net.node(9).inflight(), before + 10);
    net.with(9, |node, now| node.query_destroy(now, query));
    assert_eq!(net.node(9).inflight(), before);
    net.take_events(9);
    net.run(1000);
    let events = net.take_events(9);
    assert!(!events.iter().any(|event| matches!(event, Event::QueryEnd { .. })));
}

#[test]
fn a_query_ends_when_only_slow_visits_are_left_and_the_result_is_full() {
    let mut net = Net::persistent(60);
    for n in [3, 14, 15, 26, 35] {
        net.peers[n].dead = true;
    }
    let start_ms = net.now.mono_ms;
    let (outcome, state) = run_query(&mut net, 7, find_node(TARGET));
    assert_eq!((outcome, state.closest.len()), (QueryOutcome::Done, 20));
    assert!(net.now.mono_ms - start_ms < 4000, "it does not wait for six tries");
    assert_eq!(net.node(7).counters().requests_active, net.node(7).inflight() as i64);
}
