//! A node as a mirror: what a small request of a forged sender would have it send.

use std::time::Duration;

use dht_rpc_native::dht::wire::{self, Request, command};
use dht_rpc_native::dht::{Addr, Bytes32, Config, Hardened};

use super::support::*;

#[test]
fn no_reply_is_more_than_four_times_its_request() {
    let _alone = alone();
    let victim = TestNode::alone([127, 10, 0, 1], Config::default());
    fill(&victim);
    let mut attacker = Attacker::at([127, 10, 2, 1]);
    let requests = requests(&victim, attacker.addr);
    let mut back = vec![0; requests.len()];
    // Each has a tid of its own: a delayed ping is answered later.
    let mut count = |datagrams: Vec<Vec<u8>>| {
        for reply in datagrams {
            let tid = reply_of(&reply).expect("only replies come").tid;
            back[usize::from(tid)] += reply.len();
        }
    };
    for request in &requests {
        attacker.send(victim.addr, request);
        count(attacker.received(victim.addr));
    }
    // The longest delay that was asked for, and the time to send what was.
    std::thread::sleep(Duration::from_millis(100));
    count(attacker.received(victim.addr));
    let mut largest: f64 = 0.0;
    for (request, back) in requests.iter().zip(back) {
        let ratio = f64::from(back as u32) / request.len() as f64;
        assert!(ratio <= 4.0, "{back} bytes for {:?}", wire::decode(request));
        largest = largest.max(ratio);
    }
    let tried = requests.len();
    assert!(largest > 1.0, "something was answered");
    figure(
        "reflection: requests of senders that have shown no token",
        &format!("of {tried} forms of request the largest reply is {largest:.2} × its request"),
    );
}

/// Has a node answer many lookups in the name of one host; what that host gets for each byte.
fn amplification(config: Config) -> f64 {
    let victim = TestNode::alone([127, 10, 3, 1], config);
    fill(&victim);
    let forged = Attacker::at([127, 10, 4, 1]);
    let mut pacer = Attacker::at([127, 10, 5, 1]);
    let count = many(1000, 10_000);
    let target: Bytes32 = rand::random();
    let request = internal(1, victim.addr, command::FIND_NODE, Some(&target), None);
    let mut got = 0;
    forged.socket.set_nonblocking(true).unwrap();
    for n in 0..count {
        forged.send(victim.addr, &request);
        if n % 50 == 49 {
            pacer.settle(victim.addr);
            while let Ok(len) = forged.socket.recv(&mut [0; 2048]) {
                got += len;
            }
        }
    }
    got as f64 / (count * request.len()) as f64
}

#[test]
fn a_host_that_showed_no_token_gets_little_if_hardened() {
    let _alone = alone();
    let plain = amplification(Config::default());
    let hardened = Hardened { unproven: Hardened::ON.unproven, ..Hardened::OFF };
    let hardened = amplification(Config { hardened, ..Config::default() });
    assert!(plain > 3.0 && plain <= 4.0, "{plain}");
    assert!(hardened <= 2.2, "{hardened}");
    figure(
        "reflection: FIND_NODEs in the name of one host",
        &format!(
            "bytes that it gets for each that is sent: {plain:.2}; with `hardened: {{ unprovenBytes }}`: {hardened:.2}"
        ),
    );
}

fn fill(victim: &TestNode) {
    victim.runner.with(|node, now| {
        for n in 0..200 {
            node.add_node(now, Addr::new([127, 10, 1, n].into(), 4000));
        }
    });
}

/// Every internal command, and one that nobody serves, with and without each field.
fn requests(victim: &TestNode, attacker: Addr) -> Vec<Vec<u8>> {
    let target: Bytes32 = rand::random();
    let (forged, own) = (rand::random(), *dht_rpc_native::dht::Id::of(attacker).as_bytes());
    let values: [Option<&[u8]>; 4] =
        [None, Some(&[]), Some(&[1, 0, 0, 0]), Some(&[127, 10, 1, 1, 0xa0, 0x0f])];
    let mut requests: Vec<Vec<u8>> = Vec::new();
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
                    ..blank(requests.len() as u16, victim.addr, number)
                };
                requests.push(encode(&request));
            }
        }
    }
    requests
}
