//! Ids that are not their senders'.

use dht_rpc_native::dht::wire::command::PING;
use dht_rpc_native::dht::{Bytes32, Contact, Event, Given, Id, QuerySpec};

use super::support::*;

#[test]
fn forged_ids_get_nobody_into_a_table() {
    let _alone = alone();
    let victim = TestNode::alone([127, 3, 0, 1], reads_all());
    victim.listen();
    let mut attacker = Attacker::at([127, 3, 1, 1]);
    let other = Attacker::at([127, 3, 1, 2]);
    let own_of_victim = *victim.runner.with(|node, _| node.table_id()).unwrap().as_bytes();
    let others = *Id::of(other.addr).as_bytes();

    let count = many(2000, 50_000);
    let mut barrage = Barrage::new(victim.addr, &mut attacker);
    for n in 0..count {
        let id: Bytes32 = match n % 4 {
            0 => own_of_victim,
            1 => *Id::of(victim.addr).as_bytes(),
            2 => rand::random(),
            _ => {
                let mut near = own_of_victim;
                near[31] ^= n as u8 | 1;
                near
            }
        };
        let internal = n % 8 < 4;
        let forged = wire_request(n, &victim, id, internal);
        barrage.send(&other.socket, &forged);
    }
    let sent = barrage.end();
    assert_eq!(victim.known(), []);
    let shown = victim.events().into_iter().filter(|event| match event {
        Event::Request(incoming) => incoming.from.id.is_some(),
        _ => false,
    });
    assert_eq!(shown.count(), 0, "a user sees no id that is not the sender's");
    figure("requests with forged ids", &format!("of {sent} believed: 0, in the table: 0"));

    // The same sender with its own id is believed: the test can fail.
    other.send(victim.addr, &wire_request(0, &victim, others, true));
    attacker.settle(victim.addr);
    assert!(victim.knows(other.addr));
}

#[test]
fn forged_ids_of_replies_are_no_results() {
    let _alone = alone();
    let victim = TestNode::alone([127, 3, 2, 1], reads_all());
    let target: Bytes32 = rand::random();
    let liars: Vec<_> = (1..=20).map(|n| Attacker::at([127, 3, 3, n])).collect();
    let given = liars.iter().map(|liar| Contact { id: None, addr: liar.addr }).collect();
    let spec = QuerySpec { given: Given::Nodes(given), ..find_node(target) };
    let found = std::thread::scope(|scope| {
        for liar in &liars {
            // The nearest id there can be.
            scope.spawn(move || {
                let (from, datagram) = liar.receive();
                let id = Id::from_bytes(target);
                liar.send(from, &reply(tid_of(&datagram).unwrap(), from, Some(&id), &[]));
            });
        }
        victim.look_up(spec)
    });
    assert_eq!(found, []);
    assert_eq!(victim.known(), []);
    figure("replies with forged ids", &format!("of {} liars among the results: 0", liars.len()));
}

fn wire_request(n: usize, victim: &TestNode, id: Bytes32, internal: bool) -> Vec<u8> {
    let request = blank(n as u16, victim.addr, PING);
    encode(&dht_rpc_native::dht::wire::Request { id: Some(&id), internal, ..request })
}
