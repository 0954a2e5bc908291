//! Lookups that liars lead on, and tables that are filled with what is not there.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use dht_rpc_native::dht::*;

use crate::hostile::{EVIL, counted, hello, node_up, pings};
use crate::net::{Net, Packet, command_of, find_node, lookup, reply_with, run_query};

const TARGET: Bytes32 = [9; 32];

/// Of a liar's port; they are as near to the target as any.
const FIRST_PORT: u16 = 1000;

/// More than any honest lookup comes by, see `MAX_NAMED`.
const NAMED: usize = 2048;

fn nearness(addr: Addr) -> Bytes32 {
    let id = Id::of(addr);
    std::array::from_fn(|i| id.as_bytes()[i] ^ TARGET[i])
}

fn given(addrs: &[Addr]) -> Given {
    let contact = |addr: &Addr| Contact { id: Some(Id::of(*addr)), addr: *addr };
    Given::Nodes(addrs.iter().map(contact).collect())
}

/// The `nth` list of a liar: 99 addresses where nobody is, and then another port of the liar's.
fn next_list(nth: u32) -> Vec<Addr> {
    let dead = (0..99).map(|n| Addr::new((0x4200_0000 + 99 * nth + n).into(), 9));
    dead.chain([Addr::new(EVIL, FIRST_PORT + 1 + nth as u16)]).collect()
}

/// Runs a query while `answer` says what is answered to each visit. Returns who was visited, and
/// whether the query ended within an hour.
fn misled(
    net: &mut Net,
    n: usize,
    spec: QuerySpec,
    mut answer: impl FnMut(&Packet) -> Option<(Addr, Vec<u8>)>,
) -> (BTreeSet<Addr>, bool) {
    let visit = (spec.internal, spec.command);
    let query = net.with(n, |node, now| node.query(now, spec));
    net.take_sent();
    net.take_events(n);
    net.with(n, |node, now| node.query_demand(now, query, u32::MAX));
    let own = [net.addr(n), net.client_addr(n)];
    let (mut visited, mut is_over) = (BTreeSet::new(), false);
    for _ in 0..36_000 {
        let sent = net.take_sent();
        let visits = sent
            .iter()
            .filter(|packet| own.contains(&packet.from) && command_of(packet) == Some(visit));
        for packet in visits {
            visited.insert(packet.to);
            if let Some((from, reply)) = answer(packet) {
                net.inject(n, SocketKey::Client, from, &reply);
            }
        }
        net.run(100);
        is_over |= net.take_events(n).iter().any(|event| matches!(event, Event::QueryEnd { .. }));
        if is_over {
            break;
        }
    }
    (visited, is_over)
}

/// A lookup whose only node names others and yet others, with its id or without one.
fn led_on(protections: Protections, with_id: bool) -> (usize, bool, i64) {
    let (mut net, n) = node_up(Config { protections, ..Config::default() });
    let liar = Addr::new(EVIL, FIRST_PORT);
    let spec = QuerySpec { given: given(&[liar]), retries: 0, ..find_node(TARGET) };
    let mut lists = 0;
    let (visited, ended) = misled(&mut net, n, spec, |packet| {
        // After so many it gives up, so that a lookup without a limit ends as well.
        if *packet.to.ip() != EVIL || lists == 50 {
            return None;
        }
        lists += 1;
        let id = with_id.then(|| Id::of(packet.to));
        Some((packet.to, reply_with(packet, id, &next_list(lists - 1))))
    });
    (visited.len(), ended, counted(&net, n).closer_nodes)
}

#[test]
fn a_lookup_that_is_led_on_and_on_ends() {
    for with_id in [false, true] {
        let (visited, ended, counted) = led_on(Protections::default(), with_id);
        assert!(ended && visited <= 1 + NAMED, "{visited} {ended}");
        assert!(with_id || counted > 0, "who shows no id is no result, and leads on for ever");
    }
    let (visited, _, counted) = led_on(Protections::OFF, false);
    assert!(visited > 2 * NAMED && counted == 0, "{visited} {counted}");
}

/// Who is nearer to the target than anybody else.
fn liars() -> Vec<Addr> {
    let addrs = (0..10_000).map(|i| Addr::new((0x4200_0000 + i).into(), 9));
    let mut addrs: Vec<Addr> = addrs.collect();
    addrs.sort_by_cached_key(|addr| nearness(*addr));
    addrs.truncate(30);
    addrs
}

/// Of the five honest nodes nearest to the target, how many a lookup visits that begins with a
/// liar who names them, and behind them 30 of its own kind.
fn reached(paths: u32, command: Option<u64>, answer_from: u16) -> usize {
    let mut net = Net::persistent(60);
    let hardened = Hardened { paths, ..Hardened::OFF };
    let n = net.add(Config { hardened, ..Config::default() });
    let mut honest: Vec<Addr> = (0..60).map(|n| net.addr(n)).collect();
    honest.sort_by_cached_key(|addr| nearness(*addr));
    let liars = liars();
    let liar = Addr::new(EVIL, FIRST_PORT);
    let spec = command.map_or(find_node(TARGET), |command| lookup(TARGET, command));
    let spec = QuerySpec { given: given(&[honest[58], honest[59], liar]), ..spec };
    let list: Vec<Addr> = honest[..5].iter().chain(&liars).copied().collect();
    let (visited, ended) = misled(&mut net, n, spec, |packet| {
        if *packet.to.ip() == EVIL {
            let from = Addr::new(EVIL, FIRST_PORT + answer_from);
            return Some((from, reply_with(packet, Some(Id::of(from)), &list)));
        }
        let is_liar = liars.contains(&packet.to);
        is_liar.then(|| (packet.to, reply_with(packet, Some(Id::of(packet.to)), &liars)))
    });
    assert!(ended);
    honest[..5].iter().filter(|addr| visited.contains(*addr)).count()
}

#[test]
fn a_liar_who_names_the_honest_as_well_does_not_hide_them_from_other_paths() {
    let (single, disjoint) = (reached(1, None, 0), reached(3, None, 0));
    assert!(single < 5 && disjoint == 5, "{single} {disjoint}");
}

#[test]
fn a_liar_who_answers_from_elsewhere_stays_on_its_path() {
    assert_eq!(reached(3, Some(7), 1), 5);
}

/// A node whose table is full of claims that nobody ever answers for, and a node that answers.
fn claimed(hardened: Hardened) -> (Net, usize, Addr) {
    let (mut net, n) = node_up(Config { hardened, ..Config::default() });
    let centre = *net.node(n).table_id().as_bytes();
    let addrs = (0..).map(|i: u32| Addr::new(Ipv4Addr::from_bits(0x5000_0000 + i), 4000));
    // They all belong to one bucket.
    let mut far = addrs.filter(|addr| Id::of(*addr).common_prefix(&centre) == 0);
    let honest = far.next().unwrap();
    far.take(20).for_each(|addr| hello(&mut net, n, addr));
    assert_eq!(net.node(n).nodes_len(), 20);
    (net, n, honest)
}

#[test]
fn a_lookup_does_not_begin_with_claims() {
    let verify = Hardened { verify: true, ..Hardened::OFF };
    for (hardened, expected) in [(Hardened::OFF, 20), (verify, 0)] {
        let (mut net, n, _) = claimed(hardened);
        let (visited, ended) = misled(&mut net, n, find_node(TARGET), |_| None);
        assert_eq!((visited.len(), ended), (expected, true));
    }
}

#[test]
fn whoever_answers_takes_the_place_of_a_claim() {
    let verify = Hardened { verify: true, ..Hardened::OFF };
    for (hardened, has_place) in [(Hardened::OFF, false), (verify, true)] {
        let (mut net, n, honest) = claimed(hardened);
        net.take_sent();
        net.with(n, |node, now| node.request(now, crate::net::ping(1, honest)).unwrap());
        let asked = pings(&net.take_sent()).into_iter().find(|packet| packet.to == honest);
        let reply = reply_with(&asked.unwrap(), Some(Id::of(honest)), &[]);
        net.inject(n, SocketKey::Client, honest, &reply);
        assert_eq!(net.node(n).table().contains(&Id::of(honest)), has_place);
        assert_eq!(net.node(n).nodes_len(), 20);
    }
}

/// A node that knows 30 others, all of whom answered it, when 1000 claim to be nodes and are gone.
/// Returns how many of the 20 nearest a lookup finds where the table has only those that are gone.
fn found_besides_a_crowd(lookup_reserve: bool) -> (usize, i64) {
    let mut net = Net::persistent(30);
    let hardened = Hardened { lookup_reserve, ..Hardened::OFF };
    let n = net.add(net.joining(Config { hardened, ..Config::default() }));
    net.with(n, |node, now| node.start(now));
    net.run(5000);
    run_query(&mut net, n, find_node(TARGET));
    (0..1000).for_each(|i| hello(&mut net, n, Addr::new((0x5000_0000 + i).into(), 4000)));

    let mut honest: Vec<Addr> = (0..30).map(|n| net.addr(n)).collect();
    let target = (0..=255).map(|byte| [byte; 32]).find(|target| {
        let mut nearest = Vec::new();
        net.node(n).table().closest(target, 20, &mut nearest);
        nearest.iter().all(|entry| !honest.contains(&entry.addr))
    });
    let target = target.expect("somewhere there are only those that are gone");
    let (_, state) = run_query(&mut net, n, find_node(target));
    honest.sort_by(|a, b| Id::cmp_distance(&target, &Id::of(*a), &Id::of(*b)));
    let found: Vec<Addr> = state.closest.iter().map(|reply| reply.from.addr).collect();
    let found = honest[..20].iter().filter(|addr| found.contains(addr)).count();
    (found, counted(&net, n).lookup_reserve)
}

#[test]
fn a_lookup_has_those_in_reserve_who_answered_before() {
    let (found, counted) = found_besides_a_crowd(true);
    assert!(found >= 18 && counted > 0, "{found} {counted}");
    assert_eq!(found_besides_a_crowd(false), (0, 0));
}
