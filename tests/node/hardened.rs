//! What a node does on request against hostile peers, each with and without.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use dht_rpc_native::dht::wire::{self, Message, command};
use dht_rpc_native::dht::*;

use crate::hostile::{EVIL, answered, counted, hello, node_up, pings, say};
use crate::net::{Net, find_node, reply_with, request, run_query};

const HONEST: Addr = Addr::new(Ipv4Addr::new(99, 1, 2, 3), 5);
const TARGET: Bytes32 = [9; 32];

fn up(hardened: Hardened) -> (Net, usize) {
    node_up(Config { hardened, ..Config::default() })
}

/// A node that shows its id.
fn public(hardened: Hardened) -> (Net, usize) {
    let addr = Addr::new([88, 9, 9, 9].into(), 49_737);
    let mut net = Net::new();
    let config = Config { ephemeral: Some(false), public_address: Some(addr), ..Config::default() };
    let n = net.add_at(*addr.ip(), addr.port(), Config { firewalled: false, hardened, ..config });
    net.with(n, |node, now| node.start(now));
    (net, n)
}

fn asking(internal: bool, command: u64) -> wire::Request<'static> {
    let (id, token, value) = (None, None, None);
    wire::Request { tid: 7, to: HONEST, id, token, internal, command, target: Some(&TARGET), value }
}

/// Whom a node hands out.
fn handed_out(net: &mut Net, n: usize) -> Vec<Addr> {
    net.take_sent();
    say(net, n, HONEST, asking(true, command::FIND_NODE));
    let sent = net.take_sent();
    match wire::decode(&sent[0].bytes) {
        Some(Message::Reply(reply)) => {
            reply.closer_nodes.map_or(Vec::new(), |nodes| nodes.iter().collect())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_only_asked_is_not_handed_out_before_it_answered() {
    let newcomer = Addr::new(EVIL, 5);
    let (mut net, n) = up(Hardened::OFF);
    hello(&mut net, n, newcomer);
    assert_eq!(handed_out(&mut net, n), [newcomer]);

    let (mut net, n) = up(Hardened { verify: true, ..Hardened::OFF });
    hello(&mut net, n, newcomer);
    let sent = pings(&net.take_sent());
    let [asked] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!((asked.to, handed_out(&mut net, n)), (newcomer, vec![]));
    net.inject(n, SocketKey::Client, newcomer, &reply_with(asked, None, &[]));
    assert_eq!(handed_out(&mut net, n), [], "it did not show its id");

    net.with(n, |node, now| node.request(now, crate::net::ping(1, newcomer)).unwrap());
    let asked = net.take_sent().remove(0);
    net.inject(n, SocketKey::Client, newcomer, &reply_with(&asked, Some(Id::of(newcomer)), &[]));
    assert_eq!(handed_out(&mut net, n), [newcomer]);
    assert_eq!(counted(&net, n).verify, 1);

    net.with(n, |node, now| node.add_node(now, HONEST));
    assert!(handed_out(&mut net, n).contains(&HONEST), "the user's own are taken at their word");
}

#[test]
fn claims_cause_a_bounded_number_of_pings() {
    let (mut net, n) = up(Hardened { verify: true, ..Hardened::OFF });
    net.take_sent();
    (0..200).for_each(|i| hello(&mut net, n, Addr::new([66, 6, i, 6].into(), 5)));
    let claims = net.node(n).nodes_len();
    assert!(claims > 32, "{claims}");
    assert_eq!(pings(&net.take_sent()).len(), 16);
    net.run(1900);
    assert_eq!(pings(&net.take_sent()).len(), 16, "each once more");
    assert_eq!(handed_out(&mut net, n), []);
    net.run(20_000);
    assert_eq!(net.node(n).nodes_len(), 0, "who does not stand by a claim leaves");
    assert_eq!(counted(&net, n).verify, claims as i64);
}

#[test]
fn a_claim_that_answers_without_its_id_leaves() {
    let (mut net, n) = up(Hardened { verify: true, ..Hardened::OFF });
    net.take_sent();
    let newcomer = Addr::new(EVIL, 5);
    hello(&mut net, n, newcomer);
    let asked = pings(&net.take_sent());
    net.inject(n, SocketKey::Client, newcomer, &reply_with(&asked[0], None, &[]));
    assert_eq!(net.node(n).nodes_len(), 0);
}

#[test]
fn a_claim_is_looked_into_after_a_suspension() {
    let (mut net, n) = up(Hardened { verify: true, ..Hardened::OFF });
    let newcomer = Addr::new(EVIL, 5);
    hello(&mut net, n, newcomer);
    net.with(n, |node, now| node.suspend(now));
    net.with(n, |node, now| node.resume(now));
    net.with(n, |node, now| node.handle_bound(now, 1, 2));
    net.take_sent();
    net.run(5000);
    let sent = net.take_sent();
    let asked = pings(&sent).into_iter().find(|sent| sent.to == newcomer).expect("a ping");
    net.inject(n, SocketKey::Client, newcomer, &reply_with(&asked, Some(Id::of(newcomer)), &[]));
    assert_eq!(handed_out(&mut net, n), [newcomer]);
}

#[test]
fn no_number_of_paths_is_too_large() {
    let mut net = Net::persistent(3);
    let hardened = Hardened { paths: u32::MAX, ..Hardened::OFF };
    let n = net.add(net.joining(Config { hardened, ..Config::default() }));
    net.with(n, |node, now| node.start(now));
    net.run(5000);
    let (outcome, state) = run_query(&mut net, n, find_node(TARGET));
    assert_eq!((outcome, state.closest.len()), (QueryOutcome::Done, 3));
}

#[test]
fn a_host_and_a_subnet_have_so_many_entries() {
    let entries = |hardened| {
        let (mut net, n) = up(hardened);
        (1..=12).for_each(|port| hello(&mut net, n, Addr::new(EVIL, port)));
        let of_host = net.node(n).nodes_len();
        (100..120).for_each(|host| hello(&mut net, n, Addr::new([66, 6, 6, host].into(), 5)));
        let in_all = net.node(n).nodes_len();
        hello(&mut net, n, HONEST);
        let capped = hardened != Hardened::OFF;
        assert!(!capped || net.node(n).table().contains(&Id::of(HONEST)));
        let counters = counted(&net, n);
        (of_host, in_all, counters.per_host, counters.per_subnet)
    };
    let caps = Hardened { per_host: Some(3), per_subnet: Some(8), ..Hardened::OFF };
    assert_eq!(entries(caps), (3, 8, 9, 15));
    let (of_host, in_all, ..) = entries(Hardened::OFF);
    assert!(of_host == 12 && in_all >= 25, "{of_host} {in_all}");
}

#[test]
fn a_place_is_free_again_when_an_entry_leaves() {
    let (mut net, n) = up(Hardened { per_host: Some(1), ..Hardened::OFF });
    let [first, second] = [1, 2].map(|port| Addr::new(EVIL, port));
    hello(&mut net, n, first);
    hello(&mut net, n, second);
    assert!(!net.node(n).table().contains(&Id::of(second)));
    net.with(n, |node, now| {
        node.tick(now);
        node.set_tick_count(9 * 8 - 1);
        node.tick(now);
    });
    net.run(4100);
    assert_eq!(net.node(n).nodes_len(), 0, "the silent one is gone");
    hello(&mut net, n, second);
    assert!(net.node(n).table().contains(&Id::of(second)));
}

/// Bytes of a reply, its token and its error.
type Fetched = (usize, Bytes32, u64);

/// Sends what a user answers with 1000 bytes; returns what comes back.
fn fetch(net: &mut Net, n: usize, token: Option<&Bytes32>) -> Fetched {
    let request = wire::Request { token, ..asking(false, 5) };
    let bytes = exchange(net, n, request, Some(&[1; 1000]));
    match wire::decode(&bytes) {
        Some(Message::Reply(reply)) => (bytes.len(), *reply.token.unwrap(), reply.error),
        other => panic!("{other:?}"),
    }
}

/// Sends what a user answers with that value, a token and closer nodes; returns the answer.
fn exchange(net: &mut Net, n: usize, request: wire::Request<'_>, value: Option<&[u8]>) -> Vec<u8> {
    net.take_sent();
    let mut bytes = Vec::new();
    request.encode(&mut bytes);
    net.inject(n, SocketKey::Server, HONEST, &bytes);
    let incoming = net.take_events(n).into_iter().find_map(|event| match event {
        Event::Request(incoming) => Some(*incoming),
        _ => None,
    });
    let incoming = incoming.expect("the user is asked");
    let spec = ReplySpec {
        socket: incoming.socket,
        tid: incoming.tid,
        to: incoming.from.addr,
        token: true,
        closer_nodes: true,
        target: incoming.target.as_ref(),
        error: 0,
        value,
    };
    net.with(n, |node, now| node.reply(now, spec));
    net.take_sent().remove(0).bytes
}

#[test]
fn who_shows_no_token_gets_a_limited_number_of_bytes() {
    let limits = Unproven { bytes: 4096, factor: 2 };
    let asked: usize = 43;
    for unproven in [Some(limits), None] {
        let (mut net, n) = up(Hardened { unproven, ..Hardened::OFF });
        net.with(n, |node, _| {
            node.set_interest(Interest { requests: true, ..Interest::default() })
        });
        let replies: Vec<Fetched> = (0..50).map(|_| fetch(&mut net, n, None)).collect();
        let (values, refused): (Vec<Fetched>, Vec<Fetched>) =
            replies.iter().partition(|(_, _, error)| *error == 0);
        let bytes: usize = replies.iter().map(|(len, ..)| len).sum();
        assert!(values.iter().all(|(len, ..)| *len > 1000));
        assert!(refused.iter().all(|(len, _, error)| *len == asked && *error == 2));
        match unproven {
            Some(_) => assert!(bytes <= 4096 + 2 * 50 * asked && values.len() >= 4, "{bytes}"),
            None => assert!(bytes > 50_000),
        }

        let (_, token, _) = replies[49];
        let (len, _, error) = fetch(&mut net, n, Some(&token));
        assert!(len > 1000 && error == 0, "a token opens the way");
        assert!(fetch(&mut net, n, None).0 > 1000, "for a while");
        assert_eq!(counted(&net, n).unproven_bytes, refused.len() as i64);
    }
}

#[test]
fn what_always_leaves_is_less_than_four_times_its_request() {
    let limits = Unproven { bytes: 512, factor: 2 };
    let smallest = wire::Request { target: None, ..asking(false, 1) };
    let asked = smallest.encoded_len();
    for (value, full) in [(None, 74), (Some(&[1; 100][..]), 175)] {
        for unproven in [Some(limits), None] {
            let hardened = Hardened { unproven, ..Hardened::OFF };
            let (mut net, n) = public(hardened);
            net.with(n, |node, _| {
                node.set_interest(Interest { requests: true, ..Interest::default() })
            });
            let lens: Vec<usize> =
                (0..100).map(|_| exchange(&mut net, n, smallest, value).len()).collect();
            assert_eq!(lens[0], full);
            match unproven {
                Some(_) => assert!(lens[99] < 4 * asked, "{} to {asked}", lens[99]),
                None => assert!(lens[99] == full && full > 4 * asked),
            }
            let cut = counted(&net, n).unproven_bytes;
            assert_eq!(cut > 50, unproven.is_some(), "{cut}");
        }
    }
}

#[test]
fn thousands_of_hosts_do_not_silence_a_node_for_others() {
    let unproven = Some(Unproven { bytes: 100, factor: 2 });
    let (mut net, n) = public(Hardened { unproven, ..Hardened::OFF });
    (0..20).for_each(|i| {
        net.with(n, |node, now| node.add_node(now, Addr::new([77, 0, i, 1].into(), 1000)));
    });
    let mut bytes = Vec::new();
    // Its answer, which always leaves, is longer than what it earns.
    wire::Request { target: None, ..asking(true, command::PING) }.encode(&mut bytes);
    for i in 0..20_000 {
        let loud = Addr::new((0x5000_0000 + i).into(), 5);
        net.inject(n, SocketKey::Server, loud, &bytes);
    }
    net.take_sent();
    bytes.clear();
    asking(true, command::FIND_NODE).encode(&mut bytes);
    net.inject(n, SocketKey::Server, HONEST, &bytes);
    let sent = net.take_sent();
    let Some(Message::Reply(reply)) = wire::decode(&sent[0].bytes) else { panic!("{sent:?}") };
    // Twice 43 bytes, less the head, the id and the count.
    assert_eq!(reply.closer_nodes.map(|nodes| nodes.len()), Some(7));
}

#[test]
fn closer_nodes_are_cut_to_what_the_asker_may_get() {
    let (mut net, n) =
        up(Hardened { unproven: Some(Unproven { bytes: 0, factor: 2 }), ..Hardened::OFF });
    (0..20).for_each(|i| {
        net.with(n, |node, now| node.add_node(now, Addr::new([77, 0, i, 1].into(), 1000)));
    });
    // 2 * 43 bytes less 10 of the head and 1 of the count, by 6.
    assert_eq!(handed_out(&mut net, n).len(), 12);
    assert_eq!(counted(&net, n).unproven_bytes, 1);
}

#[test]
fn the_asked_address_must_answer() {
    for (asked_address, accepted) in [(true, 0), (false, 1)] {
        let (mut net, n) = up(Hardened { asked_address, ..Hardened::OFF });
        net.with(n, |node, now| node.request(now, request(1, HONEST, 3)).unwrap());
        let asked = net.take_sent().remove(0);
        let reply = reply_with(&asked, None, &[]);
        net.inject(n, SocketKey::Client, Addr::new(EVIL, 5), &reply);
        assert_eq!(answered(&mut net, n), accepted);
        assert_eq!(counted(&net, n).asked_address, 1 - accepted as i64);
        net.inject(n, SocketKey::Client, HONEST, &reply);
        assert_eq!(answered(&mut net, n), 1 - accepted);

        let [asked, other] = [1, 2].map(|last| Addr::new([192, 168, 0, last].into(), 5));
        net.with(n, |node, now| node.request(now, crate::net::ping(2, asked)).unwrap());
        let reply = reply_with(&net.take_sent().remove(0), None, &[]);
        net.inject(n, SocketKey::Client, other, &reply);
        assert_eq!(answered(&mut net, n), accepted, "a private host has several addresses");
    }
}

#[test]
fn a_hardened_lookup_finds_the_nearest_in_an_honest_network() {
    let mut net = Net::persistent(60);
    let hardened = Hardened { per_host: None, per_subnet: None, ..Hardened::ON };
    let n = net.add(net.joining(Config { hardened, ..Config::default() }));
    net.with(n, |node, now| node.start(now));
    net.run(5000);
    let (outcome, state) = run_query(&mut net, n, find_node(TARGET));
    assert_eq!(outcome, QueryOutcome::Done);
    let found: BTreeSet<Addr> = state.closest.iter().map(|reply| reply.from.addr).collect();
    let mut addrs: Vec<Addr> = (0..60).map(|n| net.addr(n)).collect();
    addrs.sort_by_cached_key(|addr| nearness(*addr));
    assert!(addrs[..20].iter().all(|addr| found.contains(addr)));
}

fn nearness(addr: Addr) -> Bytes32 {
    let mut distance = *Id::of(addr).as_bytes();
    distance.iter_mut().zip(TARGET).for_each(|(byte, target)| *byte ^= target);
    distance
}

/// Who name only each other, and are nearer to the target than anybody else.
fn liars() -> Vec<Addr> {
    let mut addrs: Vec<Addr> =
        (0..10_000).map(|i| Addr::new((0x4200_0000 + i).into(), 9)).collect();
    addrs.sort_by_cached_key(|addr| nearness(*addr));
    addrs.truncate(40);
    addrs
}

/// Of the five honest nodes nearest to the target, how many a lookup visits among liars.
fn reached(paths: u32) -> usize {
    let mut net = Net::persistent(60);
    let liars = liars();
    let hardened = Hardened { paths, ..Hardened::OFF };
    let n = net.add(Config { hardened, ..Config::default() });
    let mut honest: Vec<Addr> = (0..60).map(|n| net.addr(n)).collect();
    honest.sort_by_cached_key(|addr| nearness(*addr));
    let given = [honest[58], honest[59], liars[30]];
    let given = given.map(|addr| Contact { id: Some(Id::of(addr)), addr });
    let spec = QuerySpec { given: Given::Nodes(given.into()), ..find_node(TARGET) };
    let query = net.with(n, |node, now| node.query(now, spec));
    net.take_sent();
    net.with(n, |node, now| node.query_demand(now, query, u32::MAX));
    let own = [net.addr(n), net.client_addr(n)];
    let mut visited = BTreeSet::new();
    for _ in 0..300 {
        let mut sent = net.take_sent();
        while !sent.is_empty() {
            for packet in sent.iter().filter(|packet| own.contains(&packet.from)) {
                visited.insert(packet.to);
                if liars.contains(&packet.to) {
                    let reply = reply_with(packet, Some(Id::of(packet.to)), &liars[..20]);
                    net.inject(n, SocketKey::Client, packet.to, &reply);
                }
            }
            sent = net.take_sent();
        }
        net.run(20);
    }
    assert!(net.take_events(n).iter().any(|event| matches!(event, Event::QueryEnd { .. })));
    honest[..5].iter().filter(|addr| visited.contains(*addr)).count()
}

#[test]
fn liars_lead_one_path_astray_and_not_the_others() {
    let (single, disjoint) = (reached(1), reached(3));
    assert!(single < 5 && disjoint == 5, "{single} {disjoint}");
}
