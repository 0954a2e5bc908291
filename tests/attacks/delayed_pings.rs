//! Timers that others have a node set.

use std::time::Duration;

use dht_rpc_native::dht::wire::command;
use dht_rpc_native::dht::{Config, Protections};

use super::support::*;

/// More than the node's 4096.
const COUNT: usize = 5000;
const DELAY_MS: u32 = 9000;

/// Has one host ask for so many delayed pings; whether another host is served then, and how many
/// timers the flooder has.
fn served_beside_a_flood(config: Config) -> (bool, usize) {
    let victim = TestNode::alone([127, 8, 0, 1], config);
    let mut pacer = Attacker::at([127, 8, 1, 1]);
    let flooder = Attacker::at([127, 8, 2, 1]);
    let before = refused(&victim);
    let mut barrage = Barrage::new(victim.addr, &mut pacer);
    for n in 0..COUNT {
        barrage.send(&flooder.socket, &delayed_ping(n as u16, &victim, DELAY_MS));
    }
    barrage.end();
    let taken = COUNT - (refused(&victim) - before) as usize;
    let honest = Attacker::at([127, 8, 3, 1]);
    honest.send(victim.addr, &delayed_ping(77, &victim, 50));
    honest.socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    (honest.socket.recv(&mut [0; 64]).is_ok(), taken)
}

fn refused(victim: &TestNode) -> i64 {
    let counters = victim.counters();
    counters.dropped.max(counters.protections.delayed_pings_per_host)
}

fn delayed_ping(tid: u16, victim: &TestNode, delay_ms: u32) -> Vec<u8> {
    let value = delay_ms.to_le_bytes();
    internal(tid, victim.addr, command::DELAYED_PING, None, Some(&value))
}

#[test]
fn one_host_does_not_take_all_timers() {
    let _alone = alone();
    let (served, taken) = served_beside_a_flood(Config::default());
    let off = Config { protections: Protections::OFF, ..Config::default() };
    let (served_without, taken_without) = served_beside_a_flood(off);
    figure(
        "DELAYED_PINGs of 9 s from one host",
        &format!(
            "of {COUNT} waiting: {taken}, and another host is served: {served}; without `delayedPingsPerHost`: {taken_without}, {served_without}"
        ),
    );
    assert!(served && taken <= 1024);
    assert!(!served_without && taken_without <= 4096, "without it there is no place left");
}
