//! Whatever becomes of its visits, a lookup keeps its promises.

use super::super::referrals::{MAX_NAMED, MAX_REFERRALS};
use super::*;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

fn contact(n: u32) -> Contact {
    let addr = Addr::new((0x0a00_0000 + n).into(), 1000);
    Contact { id: Some(Id::of(addr)), addr }
}

fn query(given: Vec<Contact>, concurrency: u32, only_closest: bool) -> Query {
    begun(given, concurrency, only_closest, false)
}

fn spec(target: Bytes32) -> QuerySpec {
    QuerySpec {
        target,
        internal: true,
        command: 2,
        value: None,
        concurrency: 10,
        retries: 5,
        force: false,
        thorough: false,
        commit: Commit::None,
        session: None,
        given: Given::Nothing,
        only_closest: false,
        rows: false,
    }
}

fn begun(given: Vec<Contact>, concurrency: u32, only_closest: bool, thorough: bool) -> Query {
    let spec = QuerySpec {
        concurrency,
        thorough,
        given: Given::Nodes(given),
        only_closest,
        ..spec([7; 32])
    };
    let mut query = Query::new(QueryOwner::User, 1, spec);
    query.phase = Phase::Looking;
    query
}

fn reply(from: Contact) -> Arc<Reply> {
    Arc::new(Reply {
        serial: 0,
        tid: 0,
        rtt_ms: 0,
        from,
        to: from.addr,
        token: None,
        closer_nodes: None,
        closer_nodes_read: Default::default(),
        error: 0,
        value: None,
    })
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Answer { names: u32 },
    Error,
    Slow,
    Timeout,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        any::<u32>().prop_map(|names| Outcome::Answer { names }),
        Just(Outcome::Error),
        Just(Outcome::Slow),
        Just(Outcome::Timeout),
    ]
}

fn end_visit(query: &mut Query, node: Contact, slow: bool, outcome: Outcome) {
    match outcome {
        Outcome::Slow | Outcome::Timeout => {
            query.visit_failed(node, slow, RequestError::Timeout);
        }
        Outcome::Error => {
            query.visit_answered(node.addr, slow, true);
        }
        Outcome::Answer { names } => {
            query.visit_answered(node.addr, slow, false);
            if node.id.is_some_and(|id| query.is_closer(&id)) {
                query.add_closest(reply(node));
            }
            for n in 0..names % 8 {
                let named = contact(names.wrapping_mul(31 + n) % 5000);
                if !query.add_named(named, node, node.addr).closer {
                    break;
                }
            }
        }
    }
    query.answer_read();
}

proptest! {
    #[test]
    fn it_ends_asks_nobody_too_often_and_never_too_many_at_a_time(
        given in 0..60u32,
        reserve in 0..20u32,
        concurrency in 1..12u32,
        only_closest in any::<bool>(),
        thorough in any::<bool>(),
        outcomes in prop::collection::vec((any::<prop::sample::Index>(), outcome()), 600),
    ) {
        let given = (0..given).map(contact).collect();
        let mut query = begun(given, concurrency, only_closest, thorough);
        query.keep_in_reserve((2_000_000..2_000_000 + reserve).map(contact));
        let mut asked: HashMap<Addr, u32> = HashMap::new();
        let mut table = (1_000_000..1_000_100).map(contact);
        let mut flying: Vec<(Contact, bool)> = Vec::new();
        let mut outcomes = outcomes.into_iter();
        loop {
            match query.next_step() {
                Step::Visit(node) | Step::VisitReserve(node) => {
                    let times = asked.entry(node.addr).or_default();
                    *times += 1;
                    prop_assert!(*times <= 1 + u32::from(thorough), "{node:?}: {times} times");
                    flying.push((node, false));
                    let quick = flying.iter().filter(|(_, slow)| !slow).count();
                    prop_assert!(quick <= concurrency.max(SLOW_START) as usize);
                }
                Step::Refill => {
                    prop_assert!(query.wanted_from_table() > 0);
                    query.add_candidate(contact(1_000_000));
                }
                Step::Widen => {
                    prop_assert!(thorough && !only_closest);
                    query.widen(table.by_ref().take(7));
                }
                Step::Finish => break,
                Step::Wait => {
                    prop_assert!(!flying.is_empty(), "it waits for nobody");
                    let Some((at, outcome)) = outcomes.next() else {
                        return Ok(());
                    };
                    let at = at.index(flying.len());
                    let (node, slow) = flying[at];
                    if matches!(outcome, Outcome::Slow) && !slow {
                        flying[at].1 = true;
                        query.visit_slowed();
                        continue;
                    }
                    end_visit(&mut query, node, slow, outcome);
                    flying.swap_remove(at);
                }
            }
            let closest = query.closest();
            prop_assert!(closest.len() <= K);
            let distances = closest.windows(2).map(|pair| {
                let (a, b) = (pair[0].from.id.unwrap(), pair[1].from.id.unwrap());
                Id::cmp_distance(&[7; 32], &a, &b)
            });
            prop_assert!(distances.into_iter().all(|ordering| ordering.is_lt()));
            prop_assert_eq!(query.inflight() as usize, flying.len());
        }
        prop_assert!(flying.is_empty() || !thorough);
        prop_assert!(flying.iter().all(|(_, slow)| *slow));
    }
}

/// A hundred nodes, the nearest first.
fn table() -> Vec<Contact> {
    let mut nodes: Vec<Contact> = (0..100).map(contact).collect();
    nodes.sort_by(|a, b| Id::cmp_distance(&[7; 32], &a.id.unwrap(), &b.id.unwrap()));
    nodes
}

/// A lookup that begins with the nearest 20 of the table, of which so many of the nearest are
/// gone. Returns how many were asked, and how many are among the closest.
fn past_the_dead(dead: usize, only_closest: bool, thorough: bool) -> (usize, usize) {
    let table = table();
    let mut query = begun(table[..K].to_vec(), 10, only_closest, thorough);
    let mut asked = HashSet::new();
    loop {
        match query.next_step() {
            Step::Visit(node) if table[..dead].iter().any(|gone| gone.addr == node.addr) => {
                query.visit_failed(node, false, RequestError::Timeout);
                asked.insert(node.addr);
            }
            Step::Visit(node) | Step::VisitReserve(node) => {
                query.visit_answered(node.addr, false, false);
                let node = Contact { id: Some(Id::of(node.addr)), ..node };
                if query.is_closer(&node.id.unwrap()) {
                    query.add_closest(reply(node));
                }
                asked.insert(node.addr);
            }
            Step::Refill => assert_eq!(query.wanted_from_table(), K),
            Step::Widen => query.widen(table.iter().copied()),
            Step::Finish => return (asked.len(), query.closest().len()),
            Step::Wait => panic!("it waits for nobody"),
        }
    }
}

#[test]
fn a_thorough_one_takes_more_of_the_table_for_those_that_are_gone() {
    assert_eq!(past_the_dead(0, false, true), (20, 20));
    assert_eq!(past_the_dead(9, false, true), (29, 20));
    assert_eq!(past_the_dead(100, false, true), (100, 0));
    assert_eq!(past_the_dead(20, false, false), (20, 0));
    assert_eq!(past_the_dead(20, true, true), (20, 0));
}

#[test]
fn where_many_near_ones_are_gone_a_thorough_one_asks_farther_ones_too() {
    assert_eq!(past_the_dead(10, false, true), (30 + K, 20));
    assert_eq!(past_the_dead(20, false, true), (40 + K, 20));
    assert_eq!(past_the_dead(10, true, true), (20, 10));
}

#[test]
fn a_new_target_sorts_the_closest_anew() {
    let table = table();
    let mut query = query(Vec::new(), 10, false);
    table[..K].iter().for_each(|node| query.add_closest(reply(*node)));
    query.change(spec([0xf5; 32]));
    let closest = query.closest().to_vec();
    let distance = |a: &Arc<Reply>, b: &Arc<Reply>| {
        Id::cmp_distance(&[0xf5; 32], &a.from.id.unwrap(), &b.from.id.unwrap())
    };
    assert!(closest.is_sorted_by(|a, b| distance(a, b).is_lt()));
    table[..K].iter().for_each(|node| query.add_closest(reply(*node)));
    assert_eq!(query.closest().len(), K);
}

#[test]
fn of_two_replies_with_one_id_the_first_stays() {
    let mut query = query(Vec::new(), 10, false);
    let first = reply(contact(1));
    query.add_closest(first.clone());
    query.add_closest(reply(contact(1)));
    assert_eq!(query.closest().len(), 1);
    assert!(Arc::ptr_eq(&query.closest()[0], &first));
}

fn name(query: &mut Query, named: u32, by: u32) -> Candidacy {
    query.add_named(contact(named), contact(by), contact(by).addr)
}

#[test]
fn a_node_that_is_down_is_reported_to_whoever_names_it_later() {
    let mut query = query(vec![contact(1)], 10, false);
    name(&mut query, 2, 1);
    name(&mut query, 2, 3);
    assert!(matches!(query.next_step(), Step::Visit(node) if node == contact(2)));
    let named_by = query.visit_failed(contact(2), false, RequestError::Timeout);
    assert_eq!(named_by, [contact(1), contact(3)]);
    assert!(name(&mut query, 2, 4).down);
}

#[test]
fn who_is_tried_out_is_asked_first_and_once() {
    let mut query = begun((0..5).map(contact).collect(), 2, false, true);
    let tried = [100, 101].map(|n| contact(n).addr);
    query.try_out([contact(0).addr].into_iter().chain(tried));
    let visits: Vec<Addr> = std::iter::from_fn(|| match query.next_step() {
        Step::Visit(to) => Some(to.addr),
        _ => None,
    })
    .collect();
    assert_eq!(visits, [tried[1], tried[0]]);
    for addr in tried {
        query.visit_failed(Contact { id: None, addr }, false, RequestError::Timeout);
    }
    while let Step::Visit(to) = query.next_step() {
        assert!(!tried.contains(&to.addr), "asked again");
        query.visit_failed(to, false, RequestError::Timeout);
    }
    assert_eq!(query.progress().errors, 2 + 5);
}

#[test]
fn others_name_no_more_nodes_than_allowed() {
    let mut query = query(vec![contact(0)], 10, false);
    query.limit_named(MAX_NAMED);
    let taken = (1..=5000).filter(|n| !name(&mut query, *n, 0).refused);
    assert_eq!(taken.count(), MAX_NAMED);
    assert!(!name(&mut query, 1, 2).refused, "it is known");
    (0..10_000).for_each(|by| assert!(name(&mut query, 1, by).closer));
    assert!(query.referrals.len() <= MAX_REFERRALS && query.seen.len() <= 1 + MAX_NAMED);
    let visits = std::iter::from_fn(|| match query.next_step() {
        Step::Visit(node) => Some(query.visit_failed(node, false, RequestError::Timeout)),
        _ => None,
    });
    assert_eq!(visits.count(), 1 + MAX_NAMED);
}

/// Who is visited now; everybody answers.
fn visited(query: &mut Query) -> Vec<Contact> {
    let visits = std::iter::from_fn(|| {
        let Step::Visit(node) = query.next_step() else {
            return None;
        };
        query.visit_answered(node.addr, false, false);
        query.answered_by(node, node.addr);
        Some(node)
    });
    visits.collect()
}

#[test]
fn whom_one_path_passes_over_another_visits() {
    let nodes = table();
    let (near, far) = nodes.split_at(K + 1);
    let (honest, liars) = (near[K], &near[..K]);
    let [lying, fair] = [far[0], far[1]];
    let mut query = query(vec![lying, fair], 100, false);
    query.spread(2);
    assert_eq!(visited(&mut query).len(), 2);
    query.add_named(honest, lying, lying.addr);
    for liar in liars {
        query.add_named(*liar, lying, lying.addr);
    }
    assert_eq!(visited(&mut query).len(), K, "{honest:?} is farther than all of them");
    query.add_named(honest, fair, fair.addr);
    assert_eq!(visited(&mut query), [honest]);
    query.add_named(honest, fair, fair.addr);
    assert!(visited(&mut query).is_empty(), "once");
}

#[test]
fn a_reserve_is_visited_when_the_candidates_are_used_up_and_while_it_helps() {
    let table = table();
    let mut query = query(table[..K].to_vec(), 100, false);
    query.keep_in_reserve(table[K..2 * K].iter().copied());
    for n in 0..K {
        let Step::Visit(node) = query.next_step() else {
            panic!("candidates come first");
        };
        if n < K / 2 {
            query.visit_failed(node, false, RequestError::Timeout);
        } else {
            query.visit_answered(node.addr, false, false);
            query.add_closest(reply(node));
        }
    }
    for nearest in &table[K..K + K / 2] {
        assert!(matches!(query.next_step(), Step::VisitReserve(node) if node == *nearest));
        query.visit_answered(nearest.addr, false, false);
        query.add_closest(reply(*nearest));
    }
    assert_eq!(query.next_step(), Step::Finish, "it has 20");
}
