//! What holds by default against hostile peers, each with and without.

use std::net::Ipv4Addr;

use dht_rpc_native::dht::wire::{self, command};
use dht_rpc_native::dht::*;

use crate::hostile::{EVIL, answered, counted, hello, node_up, pings, say};
use crate::net::{Net, Packet, command_of, find_node, ping, reply_with, request};

const HONEST: Ipv4Addr = Ipv4Addr::new(99, 1, 2, 3);

fn asking(command: u64) -> wire::Request<'static> {
    wire::Request {
        tid: 7,
        to: Addr::new(HONEST, 1),
        id: None,
        token: None,
        internal: true,
        command,
        target: None,
        value: None,
    }
}

/// A node that is up and has these protections.
fn up(protections: Protections) -> (Net, usize) {
    node_up(Config { protections, ..Config::default() })
}

/// Everyone who was pinged answers; returns who that was.
fn answer_pings(net: &mut Net, n: usize) -> Vec<Addr> {
    let asked = pings(&net.take_sent());
    for ping in &asked {
        let reply = reply_with(ping, Some(Id::of(ping.to)), &[]);
        net.inject(n, SocketKey::Client, ping.to, &reply);
    }
    asked.iter().map(|ping| ping.to).collect()
}

#[test]
fn a_flooding_host_is_cut_to_its_budget_and_others_are_served() {
    let flood = |host_budget| {
        let (mut net, n) = up(Protections { host_budget, ..Protections::default() });
        for ms in 0..3000 {
            (0..2).for_each(|_| say(&mut net, n, Addr::new(EVIL, 5), asking(command::PING)));
            if ms % 100 == 0 {
                say(&mut net, n, Addr::new(HONEST, 5), asking(command::PING));
            }
            if ms == 999 {
                net.take_sent();
            }
            net.run(1);
        }
        let sent = net.take_sent();
        let to = |host| sent.iter().filter(|packet| *packet.to.ip() == host).count();
        (to(EVIL), to(HONEST), counted(&net, n).host_budget)
    };
    let (evil, honest, dropped) = flood(Some(400));
    assert_eq!((evil, honest), (800, 20));
    assert!(dropped >= 3200, "{dropped}");
    assert_eq!(flood(None), (4000, 20, 0));
}

#[test]
fn under_pressure_the_busiest_are_dropped_first() {
    let pressed = |load_shedding| {
        let limits = Protections { load_shedding, host_budget: None, ..Protections::default() };
        let (mut net, n) = up(limits);
        for round in 0..100 {
            net.with(n, |node, _| node.handle_pressure(round % 10));
            let evil = (1..32).map(|port| Addr::new(EVIL, port));
            let all = evil.chain([Addr::new(HONEST, 5)]);
            all.for_each(|addr| say(&mut net, n, addr, asking(command::PING)));
            net.run(10);
        }
        // Calm again: everyone is heard.
        net.with(n, |node, _| node.handle_pressure(0));
        (0..10).for_each(|_| say(&mut net, n, Addr::new(EVIL, 9), asking(command::PING)));
        let sent = net.take_sent();
        let to = |host| sent.iter().filter(|packet| *packet.to.ip() == host).count();
        (to(EVIL), to(HONEST), counted(&net, n).load_shedding)
    };
    let (evil, honest, dropped) = pressed(true);
    assert!(evil < 1500 && honest > 80, "{evil} {honest}");
    assert_eq!(evil + honest + dropped as usize, 3210);
    assert_eq!(pressed(false), (3110, 100, 0));
}

#[test]
fn one_hosts_hints_cause_so_many_checks_a_tick() {
    let hints = |hints_per_host| {
        let (mut net, n) = up(Protections { hints_per_host, ..Protections::default() });
        let live: Vec<Addr> = (0..15).map(|i| Addr::new([77, 0, i, 1].into(), 1000)).collect();
        live.iter().for_each(|addr| net.with(n, |node, now| node.add_node(now, *addr)));
        net.with(n, |node, now| node.tick(now));
        net.take_sent();
        let mut checked = Vec::new();
        for host in [EVIL, HONEST] {
            let mut caused = 0;
            for (port, addr) in (1..).zip(&live) {
                let value = wire::encode_addr(*addr);
                let hint = wire::Request { value: Some(&value), ..asking(command::DOWN_HINT) };
                say(&mut net, n, Addr::new(host, port), hint);
                caused += answer_pings(&mut net, n).len();
            }
            checked.push(caused);
        }
        assert_eq!(net.node(n).nodes_len(), 15, "the living stay");
        (checked, counted(&net, n).hints_per_host)
    };
    assert_eq!(hints(Some(4)), (vec![4, 4], 11 + 7));
    assert_eq!(hints(None), (vec![15, 0], 0));
}

#[test]
fn one_hosts_newcomers_cause_so_many_pings_of_full_buckets_a_tick() {
    let swaps = |swaps_per_host| {
        let (mut net, n) = up(Protections { swaps_per_host, ..Protections::default() });
        let centre = *net.node(n).table_id().as_bytes();
        let far = |addr: &Addr| Id::of(*addr).common_prefix(&centre) == 0;
        let others = (0..).map(|i: u32| Addr::new((0x5000_0000 + i).into(), 4000)).filter(far);
        let old: Vec<Addr> = others.take(20).collect();
        old.iter().for_each(|addr| hello(&mut net, n, *addr));
        net.with(n, |node, now| node.tick(now));
        net.take_sent();
        let newcomers = (1..).map(|port| Addr::new(EVIL, port)).filter(far);
        let mut pinged = 0;
        for addr in newcomers.take(15) {
            hello(&mut net, n, addr);
            pinged += answer_pings(&mut net, n).len();
        }
        assert!(old.iter().all(|addr| net.node(n).table().contains(&Id::of(*addr))));
        (pinged, counted(&net, n).swaps_per_host)
    };
    assert_eq!(swaps(Some(6)), (6, 9));
    assert_eq!(swaps(None), (15, 0));
}

#[test]
fn one_host_has_so_many_delayed_pings_waiting() {
    let delayed = |delayed_pings_per_host| {
        let limits = Protections { delayed_pings_per_host, ..Protections::default() };
        let (mut net, n) = up(limits);
        let value = 10_000u32.to_le_bytes();
        let delay = wire::Request { value: Some(&value), ..asking(command::DELAYED_PING) };
        (0..5000).for_each(|_| say(&mut net, n, Addr::new(EVIL, 5), delay));
        (0..10).for_each(|_| say(&mut net, n, Addr::new(HONEST, 5), delay));
        net.take_sent();
        net.run(10_000);
        let sent = net.take_sent();
        let to = |host| sent.iter().filter(|packet| *packet.to.ip() == host).count();
        say(&mut net, n, Addr::new(EVIL, 5), delay);
        let answered = (to(EVIL), to(HONEST));
        net.run(10_000);
        assert_eq!(net.take_sent().len(), 1, "the places are free again");
        (answered, counted(&net, n).delayed_pings_per_host)
    };
    assert_eq!(delayed(Some(100)), ((100, 10), 4900));
    assert_eq!(delayed(None), ((4096, 0), 5000 - 4096 + 10));
}

#[test]
fn who_is_not_heard_among_losses_stays_until_they_are_over() {
    let known = |flood_grace| {
        let limits = Protections { flood_grace, ..Protections::default() };
        let (mut net, n) = up(limits);
        let live = Addr::new(HONEST, 5);
        net.with(n, |node, now| node.add_node(now, live));
        net.with(n, |node, now| node.tick(now));
        let value = wire::encode_addr(live);
        let hint = wire::Request { value: Some(&value), ..asking(command::DOWN_HINT) };
        for ms in 0..5000 {
            if ms % 250 == 0 {
                net.with(n, |node, now| node.handle_losses(now));
            }
            if ms == 500 {
                say(&mut net, n, Addr::new(EVIL, 5), hint);
            }
            net.run(1);
        }
        let in_the_flood = net.node(n).nodes_len();
        net.run(60_000);
        (in_the_flood, net.node(n).nodes_len(), counted(&net, n).flood_grace)
    };
    assert_eq!(known(true), (1, 0, 1));
    assert_eq!(known(false), (0, 0, 0));
}

#[test]
fn losses_that_never_end_keep_the_living_and_not_the_dead() {
    let mut net = Net::persistent(2);
    let dead = Addr::new(HONEST, 5);
    let (n, live) = (1, net.addr(0));
    net.with(n, |node, now| node.add_node(now, dead));
    for _ in 0..10 * 60 * 4 {
        net.with(n, |node, now| node.handle_losses(now));
        net.run(250);
    }
    let known: Vec<Addr> = net.node(n).nodes().map(|entry| entry.addr).collect();
    assert_eq!(known, [live]);
    assert_eq!(counted(&net, n).flood_grace, 3);
}

#[test]
fn requests_that_fail_together_among_losses_count_once() {
    let (mut net, n) = up(Protections::default());
    let silent = Addr::new(HONEST, 5);
    net.with(n, |node, now| node.add_node(now, silent));
    for _ in 0..3 {
        let nodes = vec![Contact { id: Some(Id::of(silent)), addr: silent }];
        let spec = QuerySpec { given: Given::Nodes(nodes), ..find_node([9; 32]) };
        let queries: Vec<u32> =
            (0..10).map(|_| net.with(n, |node, now| node.query(now, spec.clone()))).collect();
        for query in queries {
            net.with(n, |node, now| node.query_demand(now, query, u32::MAX));
        }
        for _ in 0..60 {
            net.with(n, |node, now| node.handle_losses(now));
            net.run(100);
        }
    }
    assert_eq!(net.node(n).nodes_len(), 1);
}

#[test]
fn a_reply_leads_a_lookup_to_so_many() {
    let visited = |closer_nodes| {
        let (mut net, n) = up(Protections { closer_nodes, ..Protections::default() });
        let liar = Addr::new(EVIL, 5);
        let nodes = vec![Contact { id: Some(Id::of(liar)), addr: liar }];
        let spec = QuerySpec { given: Given::Nodes(nodes), ..find_node([9; 32]) };
        let query = net.with(n, |node, now| node.query(now, spec));
        net.take_sent();
        net.with(n, |node, now| node.query_demand(now, query, u32::MAX));
        let asked = net.take_sent();
        let dead: Vec<Addr> = (0..300).map(|i| Addr::new((0x4200_0000 + i).into(), 9)).collect();
        let reply = reply_with(&asked[0], Some(Id::of(liar)), &dead);
        net.inject(n, SocketKey::Client, liar, &reply);
        net.run(120_000);
        let sent = net.take_sent();
        let visit = |packet: &&Packet| command_of(packet) == Some((true, command::FIND_NODE));
        let mut to: Vec<Addr> = sent.iter().filter(visit).map(|packet| packet.to).collect();
        to.sort();
        to.dedup();
        (to.len(), counted(&net, n).closer_nodes)
    };
    assert_eq!(visited(Some(40)), (40, 1));
    assert_eq!(visited(None), (300, 0));
}

#[test]
fn replies_that_nobody_asked_for_mean_nothing() {
    let (mut net, n) = up(Protections::default());
    let peer = Addr::new(HONEST, 5);
    net.with(n, |node, now| node.request(now, ping(1, peer)).unwrap());
    let asked = net.take_sent().remove(0);
    let mut reply = reply_with(&asked, Some(Id::of(peer)), &[]);
    let tid = u16::from_le_bytes([reply[2], reply[3]]);
    for other in (0..=u16::MAX).filter(|other| *other != tid) {
        reply[2..4].copy_from_slice(&other.to_le_bytes());
        net.inject(n, SocketKey::Client, peer, &reply);
    }
    assert_eq!((answered(&mut net, n), net.node(n).nodes_len()), (0, 0));
    assert_eq!(counted(&net, n).unasked_replies, 65_535);

    reply[2..4].copy_from_slice(&tid.to_le_bytes());
    for wrong in [Addr::new(EVIL, 5), Addr::new(HONEST, 6)] {
        net.inject(n, SocketKey::Client, wrong, &reply);
    }
    assert_eq!((answered(&mut net, n), counted(&net, n).wrong_source), (0, 2));
    net.inject(n, SocketKey::Client, peer, &reply);
    assert_eq!(answered(&mut net, n), 1);
}

#[test]
fn no_internal_reply_is_more_than_four_times_its_request() {
    let mut net = Net::persistent(40);
    let from = Addr::new(HONEST, 5);
    let (target, token) = ([9; 32], [1; 32]);
    let port = 6u16.to_le_bytes();
    let (down, delay) = (wire::encode_addr(from), 1u32.to_le_bytes());
    let values: [Option<&[u8]>; 4] = [None, Some(&port), Some(&down), Some(&delay)];
    let mut worst: f64 = 0.0;
    for command in 0..6 {
        for (value, target, token, internal) in values
            .iter()
            .flat_map(|value| [None, Some(&target)].map(|target| (*value, target)))
            .flat_map(|(value, target)| [None, Some(&token)].map(|token| (value, target, token)))
            .flat_map(|(value, target, token)| {
                [true, false].map(|internal| (value, target, token, internal))
            })
        {
            let request = wire::Request { value, target, token, internal, ..asking(command) };
            net.take_sent();
            let mut bytes = Vec::new();
            request.encode(&mut bytes);
            net.inject(1, SocketKey::Server, from, &bytes);
            net.run(5);
            let own = net.addr(1);
            let replies = net.take_sent().into_iter();
            let len: usize = replies
                .filter(|packet| packet.from == own && packet.to.ip() == from.ip())
                .map(|packet| packet.bytes.len())
                .sum();
            worst = worst.max(len as f64 / bytes.len() as f64);
        }
    }
    assert!(worst > 3.5 && worst <= 4.0, "{worst}");
}

#[test]
fn a_users_command_may_be_answered_by_a_third_node() {
    let (mut net, n) = up(Protections::default());
    net.with(n, |node, now| node.request(now, request(1, Addr::new(HONEST, 5), 3)).unwrap());
    let asked = net.take_sent().remove(0);
    net.inject(n, SocketKey::Client, Addr::new(EVIL, 9), &reply_with(&asked, None, &[]));
    assert_eq!(answered(&mut net, n), 1);
}
