//! Timers that others have a node set.

use dht_rpc_native::proto::Config;
use dht_rpc_native::proto::wire::command;

use super::support::*;

const DELAY_MS: u32 = 8000;

/// Has one host ask for so many delayed pings; whether another host is served then, and how many
/// were refused.
fn served_beside(config: Config, count: usize) -> (bool, i64) {
    let victim = TestNode::alone([127, 8, 0, 1], config);
    let mut pacer = Attacker::at([127, 8, 1, 1]);
    let flooder = Attacker::at([127, 8, 2, 1]);
    let before = victim.counters().dropped;
    let mut barrage = Barrage::new(victim.addr, &mut pacer);
    for n in 0..count {
        barrage.send(&flooder.socket, &delayed_ping(n as u16, &victim, DELAY_MS));
    }
    barrage.end();
    let honest = Attacker::at([127, 8, 3, 1]);
    honest.send(victim.addr, &delayed_ping(77, &victim, 50));
    honest.socket.set_read_timeout(Some(std::time::Duration::from_secs(2))).unwrap();
    let served = honest.socket.recv(&mut [0; 64]).is_ok();
    (served, victim.counters().dropped - before)
}

fn delayed_ping(tid: u16, victim: &TestNode, delay_ms: u32) -> Vec<u8> {
    let value = delay_ms.to_le_bytes();
    internal(tid, victim.addr, command::DELAYED_PING, None, Some(&value))
}

#[test]
fn delayed_pings_of_others_are_bounded() {
    let _alone = alone();
    let count = many(3000, 20_000);
    let (served, refused) = served_beside(Config::default(), count);
    assert!(refused >= count as i64 - 1024);
    figure(
        "DELAYED_PINGs of 8 s from one host",
        &format!("of {count} refused: {refused}; another host was served: {served}"),
    );
}
