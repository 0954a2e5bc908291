//! Datagrams of no size that the protocol knows.

use dht_rpc_native::dht::wire::command::PING;
use dht_rpc_native::dht::{Config, Event};

use super::support::*;

#[test]
fn oversized_and_empty_datagrams_are_dropped() {
    let _alone = alone();
    let victim = TestNode::alone([127, 11, 0, 1], Config::default());
    victim.listen();
    let mut attacker = Attacker::at([127, 11, 1, 1]);
    let mut pacer = Attacker::at([127, 11, 1, 2]);
    // What is cut off at 2048 bytes would be a good request.
    let request = internal(3, victim.addr, PING, None, None);
    let sizes = [0, 1, 2049, 4096, 9000, 65_507];
    let mut sent = 0;
    for _ in 0..many(50, 1000) {
        for size in sizes {
            let mut datagram = request.clone();
            datagram.resize(size, 0);
            // A large one takes most of the room that the node's socket has.
            attacker.send(victim.addr, &datagram);
            pacer.settle(victim.addr);
            sent += 1;
        }
    }
    assert_eq!(attacker.received(victim.addr).len(), 0);
    assert!(victim.events().iter().all(|event| !matches!(event, Event::Request(_))));
    figure(
        "datagrams of 0, 1, 2049, 4096, 9000 and 65507 bytes",
        &format!("of {sent} answered or told of: 0"),
    );

    // The largest that there is does get an answer: the test can fail.
    let mut largest = request;
    largest.resize(2048, 0);
    attacker.send(victim.addr, &largest);
    assert_eq!(attacker.received(victim.addr).len(), 1);
}
