//! Streams of hubs on real sockets, with each other and with `udx-native`.

mod limits;
mod peer;
mod rig;

use std::sync::Arc;

use bytes::Bytes;
use dht_rpc_native::engine::StreamSink;
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
    let (reason, stats) = one.came(|came| came.closed).expect("it closed");
    assert_eq!(reason, CloseReason::Ended);
    assert_eq!((stats.written, stats.acked), (bytes as u64, bytes as u64));
}

#[test]
fn what_streams_do_is_counted_on_them_their_socket_and_their_hub() {
    let (a, b) = (hub(), hub());
    let ((at_a, to_a), (at_b, to_b)) = (open(&a), open(&b));
    let (mut one, two) = (End::new(&a, 1, Firewall::Reject), End::new(&b, 2, Firewall::Reject));
    a.connect(one.key, &at_a, 2, to_b, 0).expect("connected");
    b.connect(two.key, &at_b, 1, to_a, 0).expect("connected");
    std::thread::scope(|scope| {
        scope.spawn(|| two.read_until("all bytes", |came| came.received == 3_000_000));
        one.write_all(3_000_000);
    });
    for (end, socket) in [(&one, &at_a), (&two, &at_b)] {
        let figures = end.hub.figures(&[end.key], &[socket]);
        let traffic = figures.streams[0].expect("it lives").traffic;
        let (socket, total) = (figures.sockets[0], figures.total);
        assert_eq!(socket, total);
        assert_eq!(
            (total.bytes_sent, total.packets_sent),
            (traffic.bytes_transmitted, traffic.packets_transmitted)
        );
        assert_eq!(
            (total.bytes_received, total.packets_received),
            (traffic.bytes_received, traffic.packets_received)
        );
    }
}

/// It panics at whatever comes, and when it is told of that.
struct Touchy;

impl StreamSink for Touchy {
    fn data(&self, _: &[Bytes]) {
        panic!("as a hub might");
    }
    fn event(&self, _: Event) {}
    fn acked(&self, _: u64, _: u64) -> bool {
        false
    }
    fn crashed(&self) {
        panic!("again");
    }
    fn wake(&self) {}
}

#[test]
fn of_a_hub_that_panics_each_stream_is_told_once() {
    let (a, b) = (hub(), hub());
    let ((at_a, to_a), (at_b, to_b)) = (open(&a), open(&b));
    let options = StreamOptions { firewall: Firewall::Reject, seq: 0 };
    let touchy = a.create_stream(1, &options, Arc::new(Touchy)).expect("a stream");
    let (other, unconnected) =
        (End::new(&a, 3, Firewall::Reject), End::new(&a, 4, Firewall::Reject));
    let peer = End::new(&b, 2, Firewall::Reject);
    a.connect(touchy, &at_a, 2, to_b, 0).expect("connected");
    a.connect(other.key, &at_a, 5, to_b, 0).expect("connected");
    b.connect(peer.key, &at_b, 1, to_a, 0).expect("connected");
    b.write(peer.key, Bytes::from_static(b"whatever")).expect("it is written");
    for end in [&other, &unconnected] {
        end.wait("the word", |came| came.crashes > 0);
    }
    assert_eq!(a.write(other.key, Bytes::from_static(b"late")), Err(Error::Closed));
    let late = a.create_stream(9, &options, Arc::new(Touchy));
    assert_eq!(late, Err(Error::Closed));
    a.close();
    assert_eq!([&other, &unconnected].map(|end| end.came(|came| came.crashes)), [1, 1]);
    assert!(b.stats(peer.key).is_some(), "no other hub is gone");
}

#[test]
fn a_relay_between_two_hubs_hands_on_what_comes_and_ends_with_its_target() {
    let hubs = [hub(), hub(), hub(), hub()];
    let sockets: Vec<_> = hubs.iter().map(open).collect();
    let ends: Vec<_> = (0..4).map(|n| End::new(&hubs[n], n as u32, Firewall::Reject)).collect();
    // 0 with 1, 2 with 3; 1 and 2 relay to one another.
    for (near, far) in [(0, 1), (1, 0), (2, 3), (3, 2)] {
        let (socket, to) = (&sockets[near].0, sockets[far].1);
        hubs[near].connect(ends[near].key, socket, far as u32, to, 0).expect("connected");
    }
    hubs[1].relay_to(ends[1].key, &hubs[2], ends[2].key).expect("it relays");
    hubs[2].relay_to(ends[2].key, &hubs[1], ends[1].key).expect("it relays");
    let again = hubs[1].relay_to(ends[1].key, &hubs[2], ends[2].key);
    assert_eq!(again, Err(Error::BadRelay));
    let mut ends = ends;
    let mut writer = End::of(&ends[0]);
    std::thread::scope(|scope| {
        scope.spawn(|| ends[3].read_until("all bytes", |came| came.received == 5_000_000));
        writer.write_all(5_000_000);
    });
    assert_eq!(ends[3].received_hash(), hex(&writer.sent));
    let last = ends.remove(2);
    hubs[2].destroy(last.key);
    let relay = &ends[1];
    relay.wait("the other half", |came| came.closed.is_some());
    assert_eq!(
        relay.came(|came| came.closed.map(|closed| closed.0)),
        Some(CloseReason::RelayClosed)
    );
}
