//! Tokens of others, tokens of the past, tokens out of thin air.

use std::time::Duration;

use dht_rpc_native::dht::wire::{INVALID_TOKEN, Request};
use dht_rpc_native::dht::{Bytes32, Event, ReplySpec};

use super::support::*;

/// The longest that a token lives.
const LIFE: Duration = Duration::from_millis(15_000);

/// Asks with a token; whether the user gets to see it, or it is refused.
fn is_accepted(victim: &TestNode, by: &mut Attacker, token: &Bytes32) -> bool {
    let request = Request { internal: false, token: Some(token), ..blank(9, victim.addr, 7) };
    by.send(victim.addr, &encode(&request));
    let replies = by.received(victim.addr);
    let mut replies = replies.iter().filter_map(|datagram| reply_of(datagram));
    let refused = replies.any(|reply| reply.error == INVALID_TOKEN);
    let seen = victim.events().iter().any(|event| matches!(event, Event::Request(_)));
    assert!(refused != seen, "either refused or seen");
    seen
}

/// A token as a user's reply brings it.
fn obtain(victim: &TestNode, by: &Attacker) -> Bytes32 {
    let request = Request { internal: false, ..blank(8, victim.addr, 7) };
    by.send(victim.addr, &encode(&request));
    let incoming = victim.wait_for(|event| match event {
        Event::Request(incoming) => Some(incoming.clone()),
        _ => None,
    });
    victim.runner.with(|node, now| {
        let spec = ReplySpec {
            socket: incoming.socket,
            tid: incoming.tid,
            to: incoming.from.addr,
            token: true,
            closer_nodes: false,
            target: None,
            error: 0,
            value: None,
        };
        node.reply(now, spec);
    });
    let (_, datagram) = by.receive();
    *reply_of(&datagram).unwrap().token.unwrap()
}

#[test]
fn tokens_are_of_one_host_and_one_time() {
    let _alone = alone();
    let victim = TestNode::alone([127, 4, 0, 1], reads_all());
    victim.listen();
    let mut owner = Attacker::at([127, 4, 1, 1]);
    let mut neighbour = Attacker::at([127, 4, 1, 1]);
    let token = obtain(&victim, &owner);
    assert!(is_accepted(&victim, &mut owner, &token));
    assert!(is_accepted(&victim, &mut neighbour, &token), "a token is its host's");

    let thieves = many(100, 250);
    let stolen = (0..thieves).filter(|n| {
        let mut thief = Attacker::at([127, 4, 2, 1 + *n as u8]);
        is_accepted(&victim, &mut thief, &token)
    });
    let stolen = stolen.count();
    let guesses = many(500, 10_000);
    let forged = (0..guesses).filter(|n| {
        let mut near = token;
        near[n % 32] ^= 1 << (n % 8);
        let guess = if n % 2 == 0 { near } else { rand::random() };
        is_accepted(&victim, &mut owner, &guess)
    });
    let forged = forged.count();
    assert_eq!((stolen, forged), (0, 0));
    figure("stolen tokens, of another host", &format!("of {thieves} accepted: {stolen}"));
    figure("forged tokens, most of them one bit off", &format!("of {guesses} accepted: {forged}"));

    // 15 s are for the script; tests/node and src/dht/token.rs hold the same in virtual time.
    if is_long() {
        std::thread::sleep(LIFE + Duration::from_millis(100));
        assert!(!is_accepted(&victim, &mut owner, &token));
        figure("stale tokens, of the right host, 15.1 s old", "of 1 accepted: 0");
    }
}
