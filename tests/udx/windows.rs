//! Receive windows: readers that do not keep up, peers that do not heed them.

use dht_rpc_native::udx::wire::{Header, flag};
use dht_rpc_native::udx::*;

use crate::link::Conditions;
use crate::lone::*;
use crate::world::{A, B, SECOND, World, bytes};

const MIB: usize = 1 << 20;

#[test]
fn a_reader_that_waits_holds_its_sender_up_and_loses_nothing() {
    let mut world = World::new(Conditions::default(), 1);
    let (a, b) = world.pair();
    let sent = bytes(12 * MIB, 1);
    world.sides[B].told_mut(b).is_paused = true;
    assert!(!world.write(A, a, &sent).is_drained);
    world.end(A, a);
    world.run(30 * SECOND);
    let received = world.sides[B].told(b).data.len();
    let about = 4 * MIB - 1500..=4 * MIB + 1500;
    assert!(about.contains(&received), "{received} bytes of a window of 4 MiB");
    assert_eq!(world.sides[B].hub.drops(), Drops::default(), "the sender heeds the window");
    let now = world.now;
    world.sides[B].pause(now, b, false);
    world.run(10 * SECOND);
    assert!(world.sides[B].told(b).data == sent && world.sides[B].told(b).has_ended);
    assert_eq!(world.stats(A, a).retransmits, 0);
    assert!(world.sides[A].told(a).drains > 0);
}

#[test]
fn a_window_that_opens_is_told_at_once_and_not_crumb_by_crumb() {
    let limits = Limits { window: 100_000, ..Limits::default() };
    let mut lone = Lone::with(limits, &StreamOptions::default());
    let connected = lone.hub.connect(0, lone.stream, remote(), &ConnectOptions::default());
    assert_eq!(connected, Ok(()));
    for seq in 0..100 {
        lone.receive(packet(flag::DATA, seq, 0), &[1; 1000]);
    }
    assert_eq!(lone.sent().pop().map(|out| out.header.window), Some(0));
    lone.hub.consumed(0, lone.stream, 5_000);
    lone.drain();
    assert_eq!(lone.sent(), [], "a crumb");
    lone.hub.consumed(0, lone.stream, 20_000);
    lone.drain();
    assert_eq!(lone.only_sent().header.window, 25_000);
    lone.hub.consumed(0, lone.stream, u64::MAX);
    lone.drain();
    assert_eq!(lone.sent(), [], "the peer knows that it is open");
    assert_eq!(lone.stats().consumed, 100_000);
}

#[test]
fn a_peer_that_probes_with_data_is_answered_and_64_packets_are_taken() {
    let limits = Limits { window: 1000, ..Limits::default() };
    let mut lone = Lone::with(limits, &StreamOptions::default());
    let connected = lone.hub.connect(0, lone.stream, remote(), &ConnectOptions::default());
    assert_eq!(connected, Ok(()));
    lone.receive(packet(flag::DATA, 0, 0), &[1; 1000]);
    for seq in 1..=70 {
        lone.receive(packet(flag::DATA, seq, 0), &[2; 1000]);
    }
    let acks: Vec<_> = lone.sent().iter().map(|out| out.header.ack).collect();
    assert_eq!((acks.len(), acks.last()), (71, Some(&65)));
    assert_eq!(lone.data().len(), 65_000);
    // Of the rest one is next; those behind it wait as if it were missing.
    assert_eq!(lone.hub.drops().window, 1);
    lone.receive(packet(flag::END, 71, 0), b"");
    lone.hub.consumed(0, lone.stream, 65_000);
    lone.receive(packet(flag::DATA, 65, 0), &[2; 1000]);
    assert_eq!(lone.data().len(), 6000, "it and the five behind it");
}

#[test]
fn a_bare_end_comes_though_the_window_is_closed() {
    let limits = Limits { window: 1000, ..Limits::default() };
    let mut world = World::with_sides(
        Conditions::default(),
        1,
        vec![crate::world::Side::new(1), crate::world::Side::with_limits(2, limits)],
    );
    let (a, b) = world.pair();
    world.sides[B].told_mut(b).is_paused = true;
    world.write(A, a, &[1; 1000]);
    world.run(SECOND);
    world.end(A, a);
    world.run(SECOND);
    assert!(world.sides[B].told(b).has_ended);
}

#[test]
fn a_small_window_is_filled_packet_by_packet() {
    let mut lone = Lone::connected();
    let tell = |lone: &mut Lone, window, ack| {
        lone.receive(Header { window, ..packet(0, 0, ack) }, b"");
        lone.sent().len()
    };
    tell(&mut lone, 100, 0);
    lone.write(&[1; 8 * 1152]);
    assert_eq!(lone.sent().len(), 1, "less than a packet is one");
    assert_eq!(tell(&mut lone, 3 * 1152, 1), 3);
    assert_eq!(tell(&mut lone, 3 * 1152 - 1, 3), 1);
    assert_eq!(tell(&mut lone, 0, 5), 1, "a heartbeat");
}

#[test]
fn a_writer_is_told_to_wait_by_the_backlog_and_when_to_go_on() {
    let mut lone = Lone::connected();
    let slack = limits::BACKLOG_SLACK as usize + 10 * 1152;
    assert!(lone.write(&vec![1; slack]).is_drained);
    assert!(!lone.write(&[1]).is_drained);
    let drains = |lone: &mut Lone| {
        lone.told().iter().filter(|event| matches!(event, Event::Drain { .. })).count()
    };
    assert_eq!(drains(&mut lone), 0);
    lone.receive(packet(0, 0, 1), b"");
    assert_eq!(drains(&mut lone), 1);
    lone.receive(packet(0, 0, 2), b"");
    assert_eq!(drains(&mut lone), 0);
    assert!(lone.write(b"").is_drained, "nothing is no backlog");
}
