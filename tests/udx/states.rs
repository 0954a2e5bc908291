//! How streams begin and end.

use dht_rpc_native::udx::wire::flag;
use dht_rpc_native::udx::*;

use crate::link::Conditions;
use crate::lone::*;
use crate::world::{A, B, SECOND, World, bytes};

#[test]
fn connecting_sends_nothing_and_pays_what_is_owed() {
    let mut lone = Lone::connected();
    lone.drain();
    assert_eq!(lone.sent(), []);

    let mut lone = Lone::unconnected(Firewall::Accept);
    lone.receive(packet(flag::DATA | flag::END, 0, 0), b"hello");
    assert_eq!((lone.sent(), lone.told().len()), (vec![], 1), "the end is owed as well");
    let connected = lone.hub.connect(0, lone.stream, remote(), &ConnectOptions::default());
    assert_eq!(connected, Ok(()));
    lone.drain();
    assert_eq!(lone.only_sent().header.ack, 1);
    assert_eq!(lone.told(), [Event::End { stream: lone.stream }]);
}

#[test]
fn what_is_written_together_shares_packets_and_the_end_joins_it() {
    let mut lone = Lone::connected();
    assert!(!lone.hub.may_transmit());
    for piece in ["hello ", "world"] {
        lone.hub.write(0, lone.stream, piece.into()).expect("it is written");
    }
    assert!(lone.hub.may_transmit());
    lone.end();
    let sent = lone.only_sent();
    assert_eq!((sent.header.flags, &sent.rest[..]), (flag::DATA | flag::END, &b"hello world"[..]));
    lone.receive(packet(0, 0, 1), b"");
    assert_eq!(lone.closed(), None, "the peer's direction is open");
    lone.receive(packet(flag::END, 0, 1), b"");
    assert_eq!(lone.only_sent().header.ack, 1);
    assert_eq!(lone.closed(), Some(CloseReason::Ended));
}

#[test]
fn the_first_packet_holds_what_fits_1200_bytes() {
    let mut lone = Lone::connected();
    lone.write(&[1; 3000]);
    let lens: Vec<_> = lone.sent().iter().map(|out| out.rest.len()).collect();
    assert_eq!(lens, [1152, 1152, 696]);
}

#[test]
fn either_direction_may_end_long_before_the_other() {
    let mut world = World::new(Conditions::default(), 1);
    let (a, b) = world.pair();
    world.end(A, a);
    world.run(100 * SECOND);
    assert!(world.sides[B].told(b).has_ended);
    for n in 0..5 {
        world.write(B, b, &[n; 5000]);
        world.run(20 * SECOND);
    }
    assert_eq!(world.sides[A].told(a).data.len(), 25_000);
    assert_eq!((world.sides[A].told(a).closed, world.sides[B].told(b).closed), (None, None));
    world.end(B, b);
    world.run(SECOND);
    let closed = (world.sides[A].told(a).closed, world.sides[B].told(b).closed);
    assert_eq!(closed, (Some(CloseReason::Ended), Some(CloseReason::Ended)));
}

#[test]
fn a_stream_that_ended_leaves_its_socket_though_nobody_reads() {
    let mut world = World::new(Conditions::default(), 1);
    let (a, b) = world.pair();
    world.sides[B].told_mut(b).is_paused = true;
    world.write(A, a, &[1; 100_000]);
    world.end(A, a);
    world.end(B, b);
    world.run(5 * SECOND);
    assert_eq!(world.sides[B].told(b).closed, Some(CloseReason::Ended));
    assert_eq!(world.sides[B].hub.socket_streams(ON), 0);
    assert_eq!(world.sides[B].told(b).data.len(), 100_000);
}

#[test]
fn a_destroy_is_told_the_peer_once() {
    let mut lone = Lone::connected();
    lone.write(b"hello");
    lone.sent();
    lone.hub.destroy(0, lone.stream);
    lone.drain();
    let sent = lone.only_sent();
    assert_eq!((sent.header.flags, sent.header.seq), (flag::DESTROY, 1));
    assert_eq!(lone.closed(), Some(CloseReason::Destroyed));
    lone.run_to(100 * SECOND);
    assert_eq!((lone.sent(), lone.told()), (vec![], vec![]));

    let mut lone = Lone::unconnected(Firewall::Reject);
    lone.hub.destroy(0, lone.stream);
    lone.drain();
    assert_eq!((lone.sent(), lone.closed()), (vec![], Some(CloseReason::Destroyed)));
}

#[test]
fn a_destroy_meets_a_stream_before_it_is_connected() {
    let mut lone = Lone::unconnected(Firewall::Accept);
    lone.receive(packet(flag::DESTROY, 0, 0), b"");
    assert_eq!(lone.closed(), Some(CloseReason::Reset));
    let connected = lone.hub.connect(0, lone.stream, remote(), &ConnectOptions::default());
    assert_eq!(connected, Err(Error::Closed));
    lone.hub.destroy(0, lone.stream);
}

/// Ends of both directions, with the last state packets of A lost.
fn lost_last_words(lost: usize) -> World {
    let mut world = World::new(Conditions::default(), 1);
    let (a, b) = world.pair();
    world.write(B, b, &bytes(5000, 1));
    world.end(A, a);
    world.run(SECOND);
    world.end(B, b);
    let (mut left, to) = (lost, world.sides[B].addr(ON));
    world.filter = Box::new(move |datagram| {
        let is_lost = datagram.to == to && left > 0;
        left -= usize::from(is_lost);
        !is_lost
    });
    world.run(20 * SECOND);
    assert_eq!(world.sides[A].told(a).closed, Some(CloseReason::Ended));
    assert_eq!(world.sides[B].told(b).closed, Some(CloseReason::Ended), "{lost} lost");
    world
}

#[test]
fn the_end_of_a_stream_that_is_gone_is_answered_for_30_s() {
    for lost in [1, 3] {
        lost_last_words(lost);
    }
}

#[test]
fn a_tombstone_goes_with_its_socket_and_when_the_id_is_used_again() {
    let closed = || {
        let mut lone = Lone::connected();
        lone.end();
        lone.receive(packet(flag::END, 0, 1), b"");
        assert_eq!(lone.closed(), Some(CloseReason::Ended));
        lone.sent();
        lone
    };
    let mut lone = closed();
    assert!(lone.feed(peer(), packet(flag::END, 0, 1), b""));
    lone.drain();
    let answer = lone.only_sent();
    assert_eq!((answer.header.id, answer.header.ack, answer.header.seq), (PEER_ID, 1, 1));
    assert!(!lone.feed(peer(), packet(0, 0, 1), b""), "only what takes a number is answered");
    lone.run_to(31 * SECOND);
    assert!(!lone.feed(peer(), packet(flag::END, 0, 1), b""));

    let mut lone = closed();
    lone.hub.remove_socket(0, ON);
    assert!(!lone.feed(peer(), packet(flag::END, 0, 1), b""));

    let mut lone = closed();
    let again = lone.hub.create_stream(0, ID, &StreamOptions::default()).expect("a stream");
    assert!(lone.feed(peer(), packet(flag::END, 0, 1), b""));
    lone.drain();
    assert_eq!(lone.sent(), [], "the firewall of the new stream rejects");
    assert_ne!(again, lone.stream);
}

#[test]
fn calls_at_the_wrong_time_are_refused() {
    let mut lone = Lone::unconnected(Firewall::Reject);
    let (hub, stream) = (&mut lone.hub, lone.stream);
    let write = |hub: &mut Hub| hub.write(0, stream, "x".into()).map(|_| ());
    let options = ConnectOptions::default();
    assert_eq!(write(hub), Err(Error::WriteBeforeConnect));
    assert_eq!(hub.end(0, stream), Err(Error::NotConnected));
    assert_eq!(hub.send_message(0, stream, b"x"), Ok(false));
    assert_eq!(hub.change_remote(0, stream, remote(), None), Err(Error::NotYetConnected));
    let nowhere = Remote { addr: ([10, 0, 0, 9], 0).into(), ..remote() };
    assert_eq!(hub.connect(0, stream, nowhere, &options), Err(Error::BadPort));
    let unknown = Remote { socket: SocketId(77), ..remote() };
    assert_eq!(hub.connect(0, stream, unknown, &options), Err(Error::SocketClosed));
    hub.close_socket(SocketId(2));
    let closing = Remote { socket: SocketId(2), ..remote() };
    assert_eq!(hub.connect(0, stream, closing, &options), Err(Error::SocketClosed));
    assert_eq!(hub.connect(0, stream, remote(), &options), Ok(()));
    assert_eq!(hub.connect(0, stream, remote(), &options), Err(Error::AlreadyConnected));
    assert_eq!(hub.change_remote(0, stream, closing, None), Err(Error::SocketClosed));
    assert_eq!(hub.end(0, stream), Ok(()));
    assert_eq!((write(hub), hub.end(0, stream)), (Err(Error::BrokenPipe), Err(Error::BrokenPipe)));
    hub.destroy(0, stream);
    assert_eq!((write(hub), hub.end(0, stream)), (Err(Error::Closed), Err(Error::Closed)));
    assert_eq!(hub.send_message(0, stream, b"x"), Ok(false));
}

#[test]
fn a_second_stream_of_an_id_takes_its_place_and_neither_end_hurts_the_other() {
    let mut lone = Lone::connected();
    let second = lone.hub.create_stream(0, ID, &StreamOptions::default()).expect("a stream");
    assert_eq!(lone.hub.stream_of(ID), Some(second));
    lone.hub.destroy(0, lone.stream);
    assert_eq!(lone.hub.stream_of(ID), Some(second));
    lone.hub.destroy(0, second);
    assert_eq!(lone.hub.stream_of(ID), None);
}

#[test]
fn messages_need_no_order_and_no_room() {
    let mut world = World::new(Conditions::default(), 1);
    let (a, b) = world.pair();
    for text in ["one", "", "three"] {
        let sent = world.sides[A].hub.send_message(world.now, a, text.as_bytes());
        assert_eq!(sent, Ok(true));
    }
    let max = limits::MAX_MESSAGE;
    let sent = world.sides[A].hub.send_message(world.now, a, &vec![0; max + 1]);
    assert_eq!(sent, Err(Error::MessageTooLong { len: max + 1, max }));
    world.run(SECOND);
    assert_eq!(world.sides[B].told(b).messages, ["one", "", "three"]);
    assert_eq!(world.stats(A, a).traffic.packets_transmitted, 3, "messages count");
    assert_eq!(world.sides[B].bytes_sent, 0, "and are not acknowledged");
}

#[test]
fn a_stream_may_be_its_own_peer() {
    let mut world = World::new(Conditions::default(), 1);
    let a = world.stream(A, 0, Firewall::Reject);
    world.connect(A, a, A, 0);
    world.write(A, a, b"hello");
    world.end(A, a);
    world.run(SECOND);
    let told = world.sides[A].told(a);
    assert_eq!((&told.data[..], told.closed), (&b"hello"[..], Some(CloseReason::Ended)));
}

#[test]
fn what_is_counted_agrees_between_stream_socket_and_hub() {
    let mut world = World::new(Conditions { loss: 0.05, ..Default::default() }, 3);
    let (a, b) = world.pair();
    world.write(A, a, &bytes(300_000, 1));
    world.run(20 * SECOND);
    for (side, stream) in [(A, a), (B, b)] {
        let hub = &world.sides[side].hub;
        let traffic = world.stats(side, stream).traffic;
        assert_eq!((traffic, traffic), (hub.socket_traffic(ON), hub.traffic()));
    }
    assert_eq!(world.sides[B].told(b).data.len(), 300_000);
    assert_eq!(world.stats(A, a).acked, world.sides[A].told(a).acked);
}

#[test]
fn a_socket_that_gets_its_first_stream_or_loses_its_last_one_is_told_once() {
    let mut hub = Hub::default();
    hub.open_socket(ON);
    let connected = |hub: &mut Hub| {
        let stream = hub.create_stream(0, 1, &StreamOptions::default()).expect("there is room");
        hub.connect(0, stream, remote(), &ConnectOptions::default()).expect("it is open");
        stream
    };
    let first = connected(&mut hub);
    assert_eq!((hub.poll_turned(), hub.poll_turned()), (Some((ON, true)), None));
    hub.destroy(0, first);
    let second = connected(&mut hub);
    assert_eq!(hub.poll_turned(), None, "it has one as before");
    hub.destroy(0, second);
    assert_eq!((hub.poll_turned(), hub.poll_turned()), (Some((ON, false)), None));
    let third = connected(&mut hub);
    hub.destroy(0, third);
    assert_eq!(hub.poll_turned(), None, "it has none as before");
    connected(&mut hub);
    hub.remove_socket(0, ON);
    assert_eq!(hub.poll_turned(), None, "it is gone");
}
