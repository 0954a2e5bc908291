//! Replies that nobody asked for, and those that guess at what was asked.

use dht_rpc_native::dht::wire::command::PING;
use dht_rpc_native::dht::{Config, Event, Hardened, Id};

use super::support::*;

const ALL_TIDS: std::ops::RangeInclusive<u16> = 0..=u16::MAX;

#[test]
fn replies_that_were_not_asked_for_do_nothing() {
    let _alone = alone();
    let victim = TestNode::alone([127, 2, 0, 1], Config::default());
    let mut attacker = Attacker::at([127, 2, 1, 1]);
    let attackers = [Attacker::at([127, 2, 1, 2]), Attacker::at([127, 2, 1, 3])];
    let before = victim.counters();
    let mut barrage = Barrage::new(victim.addr, &mut attacker);
    for tid in ALL_TIDS {
        let by = &attackers[usize::from(tid) % 2];
        let closer = [by.addr];
        let forged = reply(tid, victim.addr, Some(&Id::of(by.addr)), &closer);
        barrage.send(&by.socket, &forged);
    }
    let sent = barrage.end();
    let after = victim.counters();
    assert_eq!(after.responses, before.responses);
    assert_eq!(victim.known(), [], "nobody gets into the table by replying");
    assert!(victim.events().iter().all(|e| !matches!(e, Event::Response { .. })));
    figure("replies that were not asked for", &format!("of {sent}, with every tid, accepted: 0"));
}

/// Guesses all tids of one request that a silent node was asked; how many of the guesses, or
/// what else, ended it.
fn guesses_accepted(config: Config, internal: bool) -> usize {
    let victim = TestNode::alone([127, 2, 2, 1], config);
    let mut pacer = Attacker::at([127, 2, 3, 1]);
    let asked = Attacker::at([127, 2, 3, 2]);
    let guesser = Attacker::at([127, 2, 3, 3]);
    let command = if internal { PING } else { 7 };
    let spec = request(1, asked.addr, internal, command, 60_000);
    victim.runner.request(spec).unwrap();
    let (_, datagram) = asked.receive();

    let mut barrage = Barrage::new(victim.addr, &mut pacer);
    for tid in ALL_TIDS {
        barrage.send(&guesser.socket, &reply(tid, victim.addr, None, &[]));
    }
    barrage.end();
    // The one who was asked answers after all that.
    asked.send(victim.addr, &reply(tid_of(&datagram).unwrap(), victim.addr, None, &[]));
    let from = victim.wait_for(|event| match event {
        Event::Response { user: 1, reply, .. } => Some(reply.from.addr),
        Event::Failure { error, .. } => panic!("{error:?}"),
        _ => None,
    });
    usize::from(from != asked.addr)
}

#[test]
fn guessed_tids_answer_no_internal_command() {
    let _alone = alone();
    let accepted = guesses_accepted(Config::default(), true);
    assert_eq!(accepted, 0);
    figure(
        "guessed tids, against an internal command in flight",
        &format!("of 65536 guesses from another port accepted: {accepted}"),
    );
}

#[test]
fn guessed_tids_answer_a_user_request_unless_hardened() {
    let _alone = alone();
    let left = guesses_accepted(Config::default(), false);
    assert_eq!(left, 1, "a reply to a user's command may come from anywhere: relays need it");
    let hardened = Hardened { asked_address: true, ..Hardened::OFF };
    let accepted = guesses_accepted(Config { hardened, ..Config::default() }, false);
    assert_eq!(accepted, 0);
    figure(
        "guessed tids, against a user's request in flight",
        &format!(
            "of 65536 guesses, all that there are, accepted: {left}; with `hardened: {{ askedAddress }}`: {accepted}"
        ),
    );
}
