//! Losses: what is sent again, how soon, and how large packets may be.

use std::collections::BTreeMap;

use dht_rpc_native::udx::wire::{Header, flag};
use dht_rpc_native::udx::*;

use crate::link::Conditions;
use crate::lone::*;
use crate::world::{A, B, Datagram, SECOND, World, bytes};

const MS: u64 = 1000;

fn header_of(datagram: &Datagram) -> Header {
    Header::decode(&datagram.bytes).expect("a header")
}

/// A has sent `len` bytes to B, and every byte arrived.
fn sent(mut world: World, len: usize) -> (World, StreamStats) {
    let (a, b) = world.pair();
    let data = bytes(len, 9);
    world.write(A, a, &data);
    world.end(A, a);
    let done = |world: &World| world.sides[B].told(b).has_ended;
    assert!(world.run_until(world.now + 900 * SECOND, done), "{:?}", world.stats(A, a));
    assert!(world.sides[B].told(b).data == data);
    let stats = world.stats(A, a);
    (world, stats)
}

#[test]
fn the_lost_packet_of_ten_is_sent_again_after_a_round_trip() {
    let mut lone = Lone::connected();
    lone.write(&[1; 11_000]);
    assert_eq!(lone.sent().len(), 10);
    lone.now = 20 * MS;
    lone.receive(packet(0, 0, 1), b"");
    for last in [3, 4, 5] {
        lone.receive(packet(flag::SACK, 0, 1), &blocks(&[(2, last)]));
    }
    let again: Vec<_> = lone.sent().iter().map(|out| out.header.seq).collect();
    assert_eq!(again, [1], "three beyond it arrived");
    assert_eq!((lone.stats().fast_recoveries, lone.stats().retransmits), (1, 1));
    lone.receive(packet(0, 0, 10), b"");
    assert_eq!(lone.stats().in_flight, 0);
    lone.run_to(60 * SECOND);
    assert_eq!(lone.sent(), []);
}

#[test]
fn one_gap_is_given_a_quarter_of_the_round_trip_in_case_of_reordering() {
    let mut lone = Lone::connected();
    lone.write(&[1; 5 * 1152]);
    lone.now = 40 * MS;
    lone.sent();
    lone.receive(packet(0, 0, 1), b"");
    lone.receive(packet(flag::SACK, 0, 1), &blocks(&[(2, 3)]));
    assert_eq!(lone.sent(), []);
    lone.run_to(60 * MS);
    let again = lone.only_sent();
    assert_eq!(again.header.seq, 1);
    assert!((50 * MS..=51 * MS).contains(&again.at), "at {}", again.at);
}

/// The eight events of the example in RFC 8985, section 3.4: the tail of a flight is lost.
#[test]
fn a_lost_tail_is_probed_for_and_recovered_without_a_timeout() {
    let mut lone = Lone::connected();
    lone.write(b"p0");
    lone.now = 100 * MS;
    lone.receive(packet(0, 0, 1), b"");
    lone.sent();
    for piece in ["p1", "p2", "p3"] {
        lone.write(piece.as_bytes());
    }
    assert_eq!(lone.sent().len(), 3);
    // P1 arrives, P2 and P3 are lost: after two round trips P3 is sent once more.
    lone.now = 200 * MS;
    lone.receive(packet(0, 0, 2), b"");
    lone.run_to(450 * MS);
    let probe = lone.only_sent();
    assert_eq!((probe.header.seq, &probe.rest[..], probe.at), (3, &b"p3"[..], 400 * MS));
    // Its SACK shows that P2 is missing, and a reordering window later P2 is sent again.
    lone.now = 500 * MS;
    lone.receive(packet(flag::SACK, 0, 2), &blocks(&[(3, 4)]));
    lone.run_to(530 * MS);
    let again = lone.only_sent();
    assert_eq!((again.header.seq, &again.rest[..]), (2, &b"p2"[..]));
    lone.now = 600 * MS;
    lone.receive(packet(0, 0, 4), b"");
    assert_eq!((lone.stats().in_flight, lone.stats().rto_count), (0, 0));
    assert_eq!(lone.stats().fast_recoveries, 1);
}

#[test]
fn every_third_packet_is_dropped_twice_and_all_bytes_arrive() {
    let mut world = World::new(Conditions::default(), 1);
    let mut drops: BTreeMap<u32, u32> = BTreeMap::new();
    world.filter = Box::new(move |datagram| {
        let header = header_of(datagram);
        let count = drops.entry(header.seq).or_default();
        let is_dropped = header.has(flag::DATA) && header.seq.is_multiple_of(3) && *count < 2;
        *count += u32::from(is_dropped);
        !is_dropped
    });
    let (_, stats) = sent(world, 5_000_000);
    let packets = 5_000_000 / 1452;
    assert!(stats.retransmits >= 2 * packets / 3);
    assert!(stats.retransmits < packets, "{} of {packets}", stats.retransmits);
}

#[test]
fn a_retransmission_is_the_same_piece_as_before() {
    let mut world = World::new(Conditions { loss: 0.05, ..Default::default() }, 5);
    world.sides[A].sent = Some(Vec::new());
    let (world, stats) = sent(world, 1_000_000);
    assert!(stats.retransmits > 20);
    let mut pieces = BTreeMap::new();
    for (_, packet) in world.sides[A].sent.iter().flatten() {
        let header = Header::decode(packet).expect("a header");
        if header.has(flag::DATA | flag::END) {
            let payload = packet.slice(20 + usize::from(header.data_offset)..);
            let known = pieces.entry(header.seq).or_insert_with(|| payload.clone());
            assert!(*known == payload, "packet {} was cut anew", header.seq);
        }
    }
}

#[test]
fn packets_grow_to_what_the_path_carries() {
    for (path, found, probes_lost) in [(1200, 1200, 3), (1300, 1296, 3), (1500, 1500, 0)] {
        let world = World::new(Conditions { mtu: path, rate: 3_000_000, ..Default::default() }, 1);
        let (world, stats) = sent(world, 3_000_000);
        assert_eq!((path, usize::from(stats.mtu)), (path, found));
        assert_eq!((path, world.links[A].lost), (path, probes_lost));
        assert_eq!(stats.retransmits as usize, probes_lost, "what a probe carried came again");
        assert_eq!(stats.fast_recoveries, 0, "a lost probe says nothing of congestion");
    }
}

#[test]
fn a_route_that_is_known_to_carry_less_is_not_tried() {
    let mut lone = Lone::unconnected(Firewall::Reject);
    let options = ConnectOptions { route_mtu: Some(1280), ..Default::default() };
    assert_eq!(lone.hub.connect(0, lone.stream, remote(), &options), Ok(()));
    for ack in 1..200 {
        lone.write(&[1; 1152]);
        lone.now += 10 * MS;
        lone.receive(packet(0, 0, ack), b"");
    }
    assert_eq!(lone.stats().mtu, 1280);
    assert!(lone.sent().iter().all(|out| out.rest.len() + 48 <= 1280));
}

#[test]
fn reordering_alone_causes_few_retransmissions() {
    let conditions = Conditions { delay_us: 50 * MS, jitter_us: 2 * MS, ..Conditions::default() };
    let (_, stats) = sent(World::new(conditions, 2), 5_000_000);
    let packets = stats.traffic.packets_transmitted;
    assert!(stats.retransmits * 20 < packets, "{} of {packets}", stats.retransmits);
}

#[test]
fn a_blackout_shorter_than_13_s_costs_no_stream() {
    for ms in [100, 700, 3000, 10_000] {
        let mut world = World::new(Conditions { rate: 1_000_000, ..Default::default() }, 1);
        let (a, b) = world.pair();
        let data = bytes(8_000_000, 3);
        world.write(A, a, &data);
        world.end(A, a);
        world.run(2 * SECOND);
        world.links.iter_mut().for_each(|link| link.is_down = true);
        world.run(ms * MS);
        world.links.iter_mut().for_each(|link| link.is_down = false);
        let before = world.sides[B].told(b).data.len();
        world.run(5 * SECOND);
        let after = world.sides[B].told(b).data.len();
        assert!(after - before > 2_000_000, "{} bytes in 5 s after {ms} ms", after - before);
        world.run(60 * SECOND);
        assert!(world.sides[B].told(b).data == data);
    }
}
