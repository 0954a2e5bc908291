//! Ticks, checks, full buckets, hints, sleep.

use dht_rpc_native::dht::wire::{self, command};
use dht_rpc_native::dht::*;

use crate::net::{Net, Packet, command_of, find_node, ping, reply_with, run_query};

/// A node that is up, knows nobody, and tells of every change of its table.
fn ready() -> (Net, usize) {
    let mut net = Net::new();
    let n = net.add(Config::default());
    net.with(n, |node, now| {
        node.set_interest(Interest { nodes: true, ..Interest::default() });
        node.start(now);
    });
    net.take_events(n);
    (net, n)
}

/// Addresses whose ids share no prefix with the table's id: they all belong to one bucket.
fn farthest(node: &Node) -> impl Iterator<Item = Addr> + use<> {
    let centre = *node.table_id().as_bytes();
    let addrs = (0..).map(|i: u32| Addr::new((0x5000_0000 + i).into(), 4000));
    addrs.filter(move |addr| Id::of(*addr).common_prefix(&centre) == 0)
}

fn known(net: &Net, n: usize, addr: Addr) -> bool {
    net.node(n).table().contains(&Id::of(addr))
}

/// A ping from a node that shows its id.
fn hello(net: &mut Net, n: usize, from: Addr) {
    say(net, n, from, command::PING, None);
}

fn say(net: &mut Net, n: usize, from: Addr, command: u64, value: Option<&[u8]>) {
    let id = Id::of(from);
    let request = wire::Request {
        tid: 1,
        to: net.client_addr(n),
        id: Some(id.as_bytes()),
        token: None,
        internal: true,
        command,
        target: None,
        value,
    };
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    net.inject(n, SocketKey::Client, from, &bytes);
}

fn pings(sent: &[Packet]) -> Vec<&Packet> {
    sent.iter().filter(|packet| command_of(packet) == Some((true, command::PING))).collect()
}

fn hint(net: &mut Net, n: usize, from: Addr, down: Addr) -> Vec<Packet> {
    net.take_sent();
    say(net, n, from, command::DOWN_HINT, Some(&wire::encode_addr(down)));
    net.take_sent()
}

#[test]
fn a_full_bucket_gives_a_dead_entrys_place_to_a_new_node() {
    let (mut net, n) = ready();
    let mut addrs = farthest(net.node(n));
    let old: Vec<Addr> = addrs.by_ref().take(20).collect();
    for addr in &old {
        hello(&mut net, n, *addr);
    }
    let new = addrs.next().unwrap();
    net.take_sent();
    hello(&mut net, n, new);
    assert_eq!(pings(&net.take_sent()).len(), 0, "everyone was heard of in this tick");

    net.with(n, |node, now| node.tick(now));
    let before = net.node(n).tick_count();
    hello(&mut net, n, old[0]);
    net.take_sent();
    hello(&mut net, n, new);
    let sent = net.take_sent();
    let [ping] = pings(&sent)[..] else {
        panic!("{sent:?}");
    };
    assert!(old[1..].contains(&ping.to), "the stalest, not the one heard of just now");
    net.take_events(n);
    net.run(4100);
    assert!(known(&net, n, new) && !known(&net, n, ping.to));
    let events = net.take_events(n);
    let [.., Event::NodeRemoved(removed), Event::NodeAdded(added)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((removed.addr, added.addr, added.added), (ping.to, new, before));
}

#[test]
fn a_full_bucket_keeps_an_entry_that_answers() {
    let (mut net, n) = ready();
    let mut addrs = farthest(net.node(n));
    for addr in addrs.by_ref().take(20) {
        hello(&mut net, n, addr);
    }
    net.with(n, |node, now| node.tick(now));
    let new: Vec<Addr> = addrs.take(5).collect();
    net.take_sent();
    new.iter().for_each(|addr| hello(&mut net, n, *addr));
    let sent = net.take_sent();
    let asked = pings(&sent);
    assert_eq!(asked.len(), 3, "no more than three such pings at a time");
    for ping in asked {
        let reply = reply_with(ping, Some(Id::of(ping.to)), &[]);
        net.inject(n, SocketKey::Client, ping.to, &reply);
        assert!(known(&net, n, ping.to));
    }
    assert!(new.iter().all(|addr| !known(&net, n, *addr)));
    hello(&mut net, n, new[0]);
    assert_eq!(pings(&net.take_sent()).len(), 1, "and then again");
}

#[test]
fn old_and_recently_pinged_entries_are_left_alone() {
    let (mut net, n) = ready();
    let mut addrs = farthest(net.node(n));
    let old: Vec<Addr> = addrs.by_ref().take(20).collect();
    old.iter().for_each(|addr| hello(&mut net, n, *addr));
    let tick = net.node(n).tick_count();
    net.with(n, |node, _| node.set_tick_count(tick + 361));
    old.iter().for_each(|addr| hello(&mut net, n, *addr));
    net.with(n, |node, _| node.set_tick_count(tick + 361 + 11));
    net.take_sent();
    let new = addrs.next().unwrap();
    hello(&mut net, n, new);
    assert_eq!(pings(&net.take_sent()).len(), 0);
    net.with(n, |node, _| node.set_tick_count(tick + 361 + 12));
    hello(&mut net, n, new);
    assert_eq!(pings(&net.take_sent()).len(), 1);
}

#[test]
fn a_down_hint_removes_a_dead_node_and_no_live_one() {
    let (mut net, n) = ready();
    let mut addrs = farthest(net.node(n));
    let (teller, dead, live) =
        (addrs.next().unwrap(), addrs.next().unwrap(), addrs.next().unwrap());
    hello(&mut net, n, dead);
    hello(&mut net, n, live);

    let stranger = addrs.next().unwrap();
    assert_eq!(hint(&mut net, n, teller, stranger).len(), 1, "acknowledged, not checked");
    assert_eq!(hint(&mut net, n, teller, dead).len(), 2);
    assert_eq!(hint(&mut net, n, teller, dead).len(), 1, "once in a tick");
    let sent = hint(&mut net, n, teller, live);
    let ping = *pings(&sent).first().unwrap();
    assert_eq!(ping.to, live);
    let reply = reply_with(ping, Some(Id::of(live)), &[]);
    net.inject(n, SocketKey::Client, live, &reply);
    net.run(4500);
    assert!(known(&net, n, live) && !known(&net, n, dead));
    assert_eq!(net.node(n).table().get(&Id::of(live)).unwrap().down_hints, 1);
}

#[test]
fn a_checked_node_that_lost_its_id_leaves() {
    let (mut net, n) = ready();
    let addr = farthest(net.node(n)).next().unwrap();
    hello(&mut net, n, addr);
    let sent = hint(&mut net, n, Addr::new([1, 2, 3, 4].into(), 5), addr);
    let ping = *pings(&sent).first().unwrap();
    let reply = reply_with(ping, None, &[]);
    net.inject(n, SocketKey::Client, addr, &reply);
    assert!(!known(&net, n, addr));
}

#[test]
fn at_most_ten_checks_at_a_time() {
    let (mut net, n) = ready();
    let addrs: Vec<Addr> = farthest(net.node(n)).take(15).collect();
    addrs.iter().for_each(|addr| hello(&mut net, n, *addr));
    let teller = Addr::new([1, 2, 3, 4].into(), 5);
    let checked = |addr: &Addr| pings(&hint(&mut net, n, teller, *addr)).len();
    assert_eq!(addrs.iter().map(checked).sum::<usize>(), 10);
}

#[test]
fn every_eighth_tick_the_silent_are_pinged() {
    let (mut net, n) = ready();
    let addrs: Vec<Addr> = farthest(net.node(n)).take(12).collect();
    let start = net.node(n).tick_count();
    addrs.iter().for_each(|addr| hello(&mut net, n, *addr));
    net.with(n, |node, _| {
        node.set_tick_count((start & !7) + 100 * 8 - 1);
        node.set_refresh_ticks(1000);
    });
    net.take_sent();
    net.with(n, |node, now| node.tick(now));
    let sent = net.take_sent();
    let asked: Vec<Addr> = pings(&sent).iter().map(|packet| packet.to).collect();
    assert_eq!(asked, addrs[..5], "those heard of longest ago");
    net.run(4500);
    assert!(!addrs[..5].iter().any(|addr| known(&net, n, *addr)));
    assert!(addrs[5..].iter().all(|addr| known(&net, n, *addr)));

    net.with(n, |node, _| node.set_tick_count(9 * 8 - 1));
    addrs[5..].iter().for_each(|addr| hello(&mut net, n, *addr));
    net.take_sent();
    net.with(n, |node, now| node.tick(now));
    assert_eq!(pings(&net.take_sent()).len(), 2, "the oldest was heard of a tick ago");
}

#[test]
fn an_idle_node_refreshes_every_five_minutes() {
    let mut net = Net::persistent(25);
    net.run(60_000);
    net.with(1, |node, _| node.set_refresh_ticks(60));
    let total = net.node(1).counters().queries_total;
    net.run(59 * 5000);
    assert_eq!(net.node(1).counters().queries_total, total);
    net.run(5000);
    assert_eq!(net.node(1).counters().queries_total, total + 1);
    assert_eq!(net.node(1).refresh_ticks(), 60);
    net.run(10_000);
    let (outcome, _) = run_query(&mut net, 1, find_node([1; 32]));
    assert_eq!((outcome, net.node(1).refresh_ticks()), (QueryOutcome::Done, 60));
}

#[test]
fn a_sleep_makes_everything_look_old() {
    let mut net = Net::persistent(8);
    let n = net.add(net.joining(Config::default()));
    net.with(n, |node, now| node.start(now));
    net.run(241 * 5000);
    assert!(!net.node(n).is_ephemeral());
    let tick = net.node(n).tick_count();
    net.take_events(n);
    net.take_sent();
    net.sleep(60_000);
    net.run(5000);
    let events = net.take_events(n);
    assert!(matches!(events[..], [Event::Ephemeral, Event::Wakeup]), "{events:?}");
    let node = net.node(n);
    assert!(node.is_ephemeral() && node.tick_count() >= tick + 719);
    assert_eq!((node.tick_count() & 7, node.refresh_ticks()), (6, 60));
    assert_eq!(node.stable_ticks(), 719);
    let own = [net.addr(n), net.client_addr(n)];
    let mine = |packet: &Packet| own.contains(&packet.from);
    let refreshed = |packet: &Packet| command_of(packet) == Some((true, command::FIND_NODE));
    assert!(net.take_sent().iter().any(|packet| mine(packet) && refreshed(packet)));
    let others: Vec<Event> = net.take_events(0);
    assert!(others.iter().any(|event| matches!(event, Event::Wakeup)));
    assert!(!net.node(0).is_ephemeral(), "who was told to be persistent stays so");
}

#[test]
fn a_silent_network_is_noticed() {
    let mut net = Net::persistent(8);
    net.run(20_000);
    for n in 1..8 {
        net.peers[n].dead = true;
    }
    net.take_events(0);
    for round in 0..8u32 {
        for user in 0..6 {
            let spec = crate::net::ping(round * 10 + user, Addr::new([99, 9, 9, 9].into(), 9));
            net.with(0, |node, now| node.request(now, spec).unwrap());
        }
        net.run(5000);
    }
    assert!(!net.node(0).health().online);
    let updates = net.take_events(0).into_iter();
    assert_eq!(updates.filter(|event| matches!(event, Event::NetworkUpdate)).count(), 1);
}

#[test]
fn named_nodes_are_there_at_once() {
    let mut net = Net::new();
    let n = net.add(Config::default());
    let addrs: Vec<Addr> = (1..4).map(|i| Addr::new([77, 0, 0, i].into(), 1000)).collect();
    for addr in addrs.iter().chain(&addrs[..1]) {
        net.with(n, |node, now| node.add_node(now, *addr));
    }
    let listed: Vec<Addr> = net.node(n).nodes().map(|entry| entry.addr).collect();
    assert_eq!(listed, [addrs[1], addrs[2], addrs[0]]);
    assert_eq!(net.node(n).latest_nodes().next().unwrap().addr, addrs[0]);
    assert_eq!(net.node(n).nat().size(), 0);
}

#[test]
fn a_tick_that_comes_late_puts_off_those_after_it_only_if_it_was_long() {
    let at = |ms| Now { mono_ms: ms, wall_ms: ms };
    let mut node = Node::new(Config::default(), at(0));
    assert_eq!(node.poll_timeout(), Some(5000));
    node.handle_timeout(at(5050));
    assert_eq!(node.poll_timeout(), Some(10_000));
    node.handle_timeout(at(10_400));
    assert_eq!(node.poll_timeout(), Some(15_400));
    node.handle_timeout(at(15_399));
    assert_eq!(node.poll_timeout(), Some(15_400), "not before its time");
}

#[test]
fn a_driver_may_put_off_ticks_and_nothing_else() {
    let at = |ms| Now { mono_ms: ms, wall_ms: ms };
    let hundreds = |ms: u64| ms.next_multiple_of(100);
    let mut node = Node::new(Config::default(), at(10));
    assert_eq!(node.poll_timeout_with(hundreds), Some(5100));
    node.handle_bound(at(4000), 1, 2);
    let peer = Addr::new([77, 0, 0, 1].into(), 1000);
    for (user, timeout_ms, next_ms) in [(1, 1200, 5100), (2, 1050, 5050), (3, 1010, 5010)] {
        let timeout_ms = Some(timeout_ms);
        node.request(at(4000), RequestSpec { timeout_ms, ..ping(user, peer) }).unwrap();
        assert_eq!(node.poll_timeout_with(hundreds), Some(next_ms));
    }
    node.suspend(at(4000));
    assert_eq!(node.poll_timeout_with(hundreds), None);
}
