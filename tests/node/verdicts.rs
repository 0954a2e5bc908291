//! What a filter said of others counts for a while.

use dht_rpc_native::dht::*;

use crate::filtering::{answer, hello_from};
use crate::net::{Net, find_node, reply_with, wire_ping};

const PEER: Addr = Addr::new(std::net::Ipv4Addr::new(99, 1, 2, 3), 4000);

fn filtered() -> (Net, usize) {
    let mut net = Net::new();
    let n = net.add(Config { filter: true, ..Config::default() });
    (net, n)
}

/// Whom the filter is asked about, question by question.
fn questions(net: &mut Net, n: usize) -> Vec<(u32, Vec<Subject>)> {
    let events = net.take_events(n).into_iter();
    let questions = events.filter_map(|event| match event {
        Event::VerdictWanted { key, nodes } => Some((key, nodes.into_vec())),
        _ => None,
    });
    questions.collect()
}

/// Answers all of them alike. Returns how many nodes were asked about.
fn say(net: &mut Net, n: usize, accepted: bool) -> usize {
    let questions = questions(net, n);
    for (key, nodes) in &questions {
        answer(net, n, *key, &vec![accepted; nodes.len()]);
    }
    questions.iter().map(|(_, nodes)| nodes.len()).sum()
}

fn hello(net: &mut Net, n: usize) {
    hello_from(net, n, PEER, Some(Id::of(PEER)));
}

fn knows(net: &Net, n: usize) -> bool {
    net.node(n).table().contains(&Id::of(PEER))
}

#[test]
fn a_verdict_is_kept_for_a_minute() {
    let (mut net, n) = filtered();
    hello(&mut net, n);
    assert_eq!(say(&mut net, n, true), 1);
    net.run(60_000);
    net.take_events(n);
    hello(&mut net, n);
    assert_eq!(questions(&mut net, n), [], "it counts until there is a new one");
    net.run(0);
    assert_eq!(say(&mut net, n, true), 1, "which is asked for at once");
    net.run(60_001);
    net.take_events(n);
    hello(&mut net, n);
    assert_eq!(say(&mut net, n, true), 1, "after a minute nothing is known");
}

#[test]
fn who_is_in_use_is_asked_about_once_a_second() {
    let (mut net, n) = filtered();
    let mut asked = 0;
    for _ in 0..100 {
        hello(&mut net, n);
        net.run(50);
        asked += say(&mut net, n, true);
    }
    assert_eq!(asked, 5);
}

#[test]
fn a_filter_that_changes_its_mind_is_heard_within_a_second() {
    let (mut net, n) = filtered();
    hello(&mut net, n);
    say(&mut net, n, false);
    net.run(300);
    hello(&mut net, n);
    net.run(699);
    assert_eq!((say(&mut net, n, true), knows(&net, n)), (0, false));
    net.run(1);
    assert_eq!((say(&mut net, n, true), knows(&net, n)), (1, true));
    assert_eq!(net.node(n).nat().size(), 1, "its last word counts");
}

#[test]
fn who_came_in_by_an_old_verdict_leaves_with_the_new_one() {
    for accepted in [true, false] {
        let (mut net, n) = filtered();
        hello(&mut net, n);
        say(&mut net, n, true);
        let serial = net.node(n).nodes().next().unwrap().serial;
        net.with(n, |node, _| node.drop_entry(serial, false));
        net.run(2000);
        hello(&mut net, n);
        assert!(knows(&net, n));
        net.run(0);
        assert_eq!((say(&mut net, n, accepted), knows(&net, n)), (1, accepted));
    }
}

#[test]
fn who_is_in_the_table_by_a_true_verdict_stays_there() {
    let (mut net, n) = filtered();
    hello(&mut net, n);
    say(&mut net, n, true);
    net.run(2000);
    hello(&mut net, n);
    net.run(0);
    assert_eq!((say(&mut net, n, false), knows(&net, n)), (1, true));
}

#[test]
fn one_question_is_enough_for_many_requests() {
    let (mut net, n) = filtered();
    (0..5000).for_each(|_| hello(&mut net, n));
    assert_eq!(net.take_sent().len(), 5000, "all are answered");
    assert_eq!(questions(&mut net, n).len(), 1);
    assert_eq!(net.node(n).counters().dropped, 0);
}

#[test]
fn a_command_waits_for_the_verdict_on_its_sender() {
    let (mut net, n) = filtered();
    net.with(n, |node, _| node.set_interest(Interest { requests: true, ..Interest::default() }));
    let command = |net: &mut Net, command| {
        let id = Id::of(PEER);
        let request = wire::Request {
            internal: false,
            command,
            id: Some(id.as_bytes()),
            ..wire_ping(net.client_addr(n))
        };
        let mut bytes = Vec::new();
        request.encode(&mut bytes);
        net.inject(n, SocketKey::Client, PEER, &bytes);
    };
    (0..5000).for_each(|i| command(&mut net, i));
    let [Event::VerdictWanted { key, .. }] = net.take_events(n)[..] else {
        panic!("one question for all");
    };
    assert_eq!(net.node(n).counters().dropped, 5000 - 2047, "not more than a host's share");
    answer(&mut net, n, key, &[false]);
    let commands = |net: &mut Net| {
        let events = net.take_events(n).into_iter();
        let commands = events.filter_map(|event| match event {
            Event::Request(incoming) => Some(incoming.command),
            _ => None,
        });
        commands.collect::<Vec<_>>()
    };
    assert_eq!(commands(&mut net), (0..2047).collect::<Vec<_>>(), "in their order");
    (0..5000).for_each(|i| command(&mut net, i));
    assert_eq!(commands(&mut net).len(), 5000, "nobody waits any more");
}

#[test]
fn lookups_go_on_by_what_is_known_while_nobody_answers() {
    let (mut net, n) = filtered();
    let named: Vec<Addr> = (1..5).map(|i| Addr::new([77, 0, 0, i].into(), 1000)).collect();
    for round in 0..2 {
        let given = Given::Nodes(vec![Contact { id: Some(Id::of(PEER)), addr: PEER }]);
        let spec = QuerySpec { given, ..find_node([1; 32]) };
        let query = net.with(n, |node, now| node.query(now, spec));
        net.with(n, |node, now| node.query_demand(now, query, 16));
        let visit = net.take_sent().into_iter().find(|packet| packet.to == PEER).unwrap();
        net.inject(n, SocketKey::Client, PEER, &reply_with(&visit, Some(Id::of(PEER)), &named));
        for (key, nodes) in questions(&mut net, n) {
            assert_eq!((round, nodes.len()), (0, 5));
            answer(&mut net, n, key, &[true, true, false, true, false]);
        }
        let mut visited: Vec<Addr> = net.take_sent().iter().map(|packet| packet.to).collect();
        visited.sort();
        assert_eq!(visited, [named[0], named[2]]);
        net.with(n, |node, now| node.query_destroy(now, query));
    }
}

#[test]
fn many_senders_are_asked_about_together() {
    let (mut net, n) = filtered();
    let addr = |i: u32| Addr::new((0x6300_0000 + i).into(), 4000);
    for i in 0..40 {
        hello_from(&mut net, n, addr(i), Some(Id::of(addr(i))));
    }
    let lens = |questions: &[(u32, Vec<Subject>)]| -> Vec<usize> {
        questions.iter().map(|(_, nodes)| nodes.len()).collect()
    };
    let first = questions(&mut net, n);
    assert_eq!(lens(&first), [1; 16], "a few do not wait");
    assert_eq!(net.take_sent().len(), 40);
    net.run(49);
    assert_eq!(questions(&mut net, n), []);
    net.run(1);
    let rest = questions(&mut net, n);
    assert_eq!(lens(&rest), [24]);
    for (key, nodes) in first.iter().chain(&rest) {
        answer(&mut net, n, *key, &vec![true; nodes.len()]);
    }
    assert_eq!(net.node(n).nodes_len(), 40);
}

#[test]
fn without_memory_every_datagram_is_a_question() {
    let mut net = Net::new();
    let n = net.add(Config { filter: true, keep_verdicts: false, ..Config::default() });
    for _ in 0..3 {
        hello(&mut net, n);
        assert_eq!(say(&mut net, n, true), 1);
    }
    net.run(2000);
    assert_eq!(questions(&mut net, n), []);
}

#[test]
fn what_is_kept_is_bounded() {
    let (mut net, n) = filtered();
    let addr = |i: u32| Addr::new((0x6300_0000 + i).into(), 4000);
    let greet = |net: &mut Net, i| {
        hello_from(net, n, addr(i), Some(Id::of(addr(i))));
        net.with(n, |node, _| node.ask_now());
    };
    for i in 0..10_000 {
        greet(&mut net, i);
        assert_eq!(say(&mut net, n, false), 1);
        if i % 1000 == 0 {
            net.run(1);
        }
    }
    let known = |net: &mut Net, i: u32| {
        greet(net, i);
        say(net, n, false) == 0
    };
    let recent = (7_000..10_000).filter(|i| known(&mut net, *i)).count();
    assert_eq!(recent, 3000, "the latest are kept");
    assert!(!known(&mut net, 0), "the oldest are not");
}

#[test]
fn who_waits_while_the_node_is_suspended_is_forgotten() {
    let (mut net, n) = filtered();
    hello(&mut net, n);
    let asked = questions(&mut net, n);
    net.with(n, |node, now| node.suspend(now));
    net.with(n, |node, now| node.resume(now));
    net.with(n, |node, now| node.handle_bound(now, 1, 2));
    answer(&mut net, n, asked[0].0, &[true]);
    assert!(!knows(&net, n));
    net.take_events(n);
    hello(&mut net, n);
    assert_eq!(say(&mut net, n, true), 1, "it is asked about anew");
    assert!(knows(&net, n));
}
