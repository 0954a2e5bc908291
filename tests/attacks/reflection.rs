//! A node as a mirror: what a small request of a forged sender would have it send.

use dht_rpc_native::proto::wire::{Request, command};
use dht_rpc_native::proto::{Addr, Bytes32, Config};

use super::support::*;

#[test]
fn no_reply_is_more_than_four_times_its_request() {
    let _alone = alone();
    let victim = TestNode::alone([127, 10, 0, 1], Config::default());
    victim.runner.with(|node, now| {
        for n in 0..200 {
            node.add_node(now, Addr::new([127, 10, 1, n].into(), 4000));
        }
    });
    let mut attacker = Attacker::at([127, 10, 2, 1]);
    let mut largest: f64 = 0.0;
    let mut tried = 0;
    for (name, request) in requests(&victim, attacker.addr) {
        attacker.send(victim.addr, &request);
        let back: usize = attacker.received(victim.addr).iter().map(|reply| reply.len()).sum();
        let ratio = back as f64 / request.len() as f64;
        assert!(ratio <= 4.0, "{name}: {back} bytes for {}", request.len());
        largest = largest.max(ratio);
        tried += 1;
    }
    assert!(largest > 1.0, "something was answered");
    figure(
        "reflection: requests of senders that have shown no token",
        &format!("of {tried} forms of request the largest reply is {largest:.2} × its request"),
    );
}

/// Every internal command, and one that nobody serves, with and without each field.
fn requests(victim: &TestNode, attacker: Addr) -> Vec<(String, Vec<u8>)> {
    let target: Bytes32 = rand::random();
    let (forged, own) = (rand::random(), *dht_rpc_native::proto::Id::of(attacker).as_bytes());
    let values: [Option<&[u8]>; 4] =
        [None, Some(&[]), Some(&[1, 0, 0, 0]), Some(&[127, 10, 1, 1, 0xa0, 0x0f])];
    let mut requests = Vec::new();
    for number in [0, 1, 2, 3, 4, 5, 200] {
        for fields in 0..16 {
            let has = |bit: u8| fields & bit != 0;
            for value in values {
                let port = attacker.port().to_le_bytes();
                let value = if number == command::PING_NAT { Some(&port[..]) } else { value };
                let request = Request {
                    internal: !has(8),
                    id: has(1).then_some(&own),
                    token: has(2).then_some(&forged),
                    target: has(4).then_some(&target),
                    value,
                    ..blank(5, victim.addr, number)
                };
                requests.push((format!("{request:?}"), encode(&request)));
            }
        }
    }
    requests
}
