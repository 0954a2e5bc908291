//! Many hosts that claim to be nodes, and are gone a moment later.

use std::time::{Duration, Instant};

use dht_rpc_native::dht::wire::{Request, command};
use dht_rpc_native::dht::{Addr, Bytes32, Config, Hardened, Id};

use super::support::*;

const HONEST: usize = 30;
const CROWD: usize = 1000;
/// More would leave each too little of the window to end in time.
const AT_ONCE: usize = 20;
/// Between two rounds in which a node checks those that it has not heard from longest.
const TICKS: usize = 8;

struct Crowded {
    share: f64,
    lost: usize,
    known: usize,
    own: Lookups,
    others: Lookups,
}

/// Puts the crowd before a node; returns the share of the closer nodes that it then hands out
/// which are of the crowd, how many honest nodes it lost, and how its own lookups and those of the
/// other honest nodes fare.
fn crowd_before(config: Config, lookups: usize) -> Crowded {
    let nodes = TestNode::network(HONEST);
    let victim = TestNode::joining([127, 5, 0, 1], &nodes[0], config);
    let mut pacer = Attacker::at([127, 5, 1, 1]);
    for node in &nodes {
        let target = *Id::of(victim.addr).as_bytes();
        node.look_up(find_node(target));
    }
    let known = victim.known();

    let mut crowd = Vec::new();
    let mut barrage = Barrage::new(victim.addr, &mut pacer);
    for n in 0..CROWD {
        let member = Attacker::at([127, 6, (n / 250) as u8, (n % 250) as u8 + 1]);
        let id = *Id::of(member.addr).as_bytes();
        let request = Request { id: Some(&id), ..blank(n as u16, victim.addr, command::PING) };
        barrage.send(&member.socket, &encode(&request));
        crowd.push(member.addr);
    }
    barrage.end();

    let share = share_handed_out(&victim, &mut pacer, &crowd);
    let others: Vec<_> = nodes.iter().collect();
    let mut all: Vec<Addr> = nodes.iter().map(|node| node.addr).collect();
    let mut own = Lookups { made: 0, good: 0 };
    for targets in targets(&victim, lookups).chunks(AT_ONCE) {
        own.add(Lookups::at_once(&victim, &all, targets));
    }
    all.push(victim.addr);
    let others = Lookups::by(&others, &all, lookups);
    let of_the_crowd = |known: &[Addr]| known.iter().filter(|addr| crowd.contains(addr)).count();
    let before = of_the_crowd(&victim.known());
    (0..many(10, 64)).for_each(|_| check_some(&victim));
    let now_known = victim.known();
    assert!(before == 0 || of_the_crowd(&now_known) < before, "nobody was checked");
    let lost = known.iter().filter(|addr| !now_known.contains(addr)).count();
    Crowded { share, lost, known: known.len(), own, others }
}

/// Any, and by turns with them as many near the node itself, where it knows few and has the most room for a crowd.
fn targets(node: &TestNode, count: usize) -> Vec<Bytes32> {
    let near = |mut target: Bytes32| {
        target[0] = Id::of(node.addr).as_bytes()[0];
        target
    };
    (0..count / 2).flat_map(|_| [rand::random(), near(rand::random())]).collect()
}

/// A round of checks, and the time for whoever is silent.
fn check_some(victim: &TestNode) {
    (0..TICKS).for_each(|_| victim.runner.with(|node, now| node.tick(now)).unwrap());
    let deadline = Instant::now() + PATIENCE;
    while victim.runner.with(|node, _| node.inflight()).unwrap() > 0 {
        assert!(Instant::now() < deadline, "checks end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Of what a node hands out, the share that is of the crowd.
fn share_handed_out(victim: &TestNode, by: &mut Attacker, crowd: &[Addr]) -> f64 {
    let (mut theirs, mut all) = (0, 0);
    for _ in 0..50 {
        let target: Bytes32 = rand::random();
        let request = internal(1, victim.addr, command::FIND_NODE, Some(&target), None);
        by.send(victim.addr, &request);
        for datagram in by.received(victim.addr) {
            let Some(reply) = reply_of(&datagram) else { continue };
            for addr in reply.closer_nodes.iter().flat_map(|nodes| nodes.iter()) {
                all += 1;
                theirs += usize::from(crowd.contains(&addr));
            }
        }
    }
    assert!(all > 0);
    f64::from(theirs as u32) / f64::from(all)
}

#[test]
fn a_thousand_hosts_that_claim_to_be_nodes_displace_nobody() {
    let _alone = alone();
    let Crowded { share, lost, known, own, others } = crowd_before(impatient(), many(20, 200));
    assert_eq!(lost, 0);
    assert!(others.share() >= 0.99, "{others}");
    assert!(share > 0.1, "they are handed out: {share}");
    let hardened = Hardened { verify: true, lookup_reserve: true, ..Hardened::OFF };
    let guarded = crowd_before(Config { hardened, ..impatient() }, many(20, 200));
    assert_eq!((guarded.share, guarded.lost), (0.0, 0));
    assert!(guarded.own.share() >= 0.99, "{}", guarded.own);
    figure(
        "1000 hosts claim to be nodes, then fall silent",
        &format!(
            "live nodes removed: {lost} of {known}; lookups that succeeded: its own {own}, those of others {others}; of the closer nodes then handed out {:.0} % are of the crowd, with `hardened: {{ verify, lookupReserve }}` {:.0} %, and of its own lookups {} succeed",
            100.0 * share,
            100.0 * guarded.share,
            guarded.own
        ),
    );
}
