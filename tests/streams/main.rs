//! Streams of hubs on real sockets, with each other and with `udx-native`.

mod rig;

use dht_rpc_native::udx::*;

use self::rig::{End, hex, hub, open};

/// Two streams that are connected to one another, each on a hub and a socket of its own.
fn pair() -> (End, End) {
    let (a, b) = (hub(), hub());
    let ((at_a, to_a), (at_b, to_b)) = (open(&a), open(&b));
    let (one, two) = (End::new(&a, 1, Firewall::Reject), End::new(&b, 2, Firewall::Reject));
    one.hub.connect(one.key, &at_a, 2, to_b, 0).expect("connected");
    two.hub.connect(two.key, &at_b, 1, to_a, 0).expect("connected");
    (one, two)
}

#[test]
fn many_bytes_are_the_same_at_the_other_end() {
    let bytes = 100_000_000;
    let (mut one, two) = pair();
    two.hub.end(two.key).expect("it ends");
    std::thread::scope(|scope| {
        scope.spawn(|| two.read_until("all bytes", |came| came.closed.is_some()));
        one.write_all(bytes);
        one.hub.end(one.key).expect("it ends");
        one.wait("the end", |came| came.closed.is_some());
    });
    assert_eq!(two.came(|came| (came.received, came.has_ended)), (bytes, true));
    assert_eq!(two.received_hash(), hex(&one.sent));
    let (reason, stats) = one.came(|came| came.closed.clone()).expect("it closed");
    assert_eq!(reason, CloseReason::Ended);
    println!("{stats:?}");
}
