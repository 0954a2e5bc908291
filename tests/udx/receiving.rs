//! What a packet does, by the order in which udx-native 1.21.3 looks at it.

use std::net::SocketAddr;

use dht_rpc_native::udx::wire::{Header, flag};
use dht_rpc_native::udx::*;

use crate::lone::*;

const DATA: u8 = flag::DATA;

fn stranger() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 66], 6666))
}

#[test]
fn what_is_no_udx_or_of_no_stream_is_not_taken_but_counted() {
    let mut lone = Lone::connected();
    let mut header = packet(DATA, 0, 0);
    assert!(lone.feed(peer(), header, b"x"));
    header.id = 99;
    assert!(!lone.feed(peer(), header, b"x"));
    for datagram in [&b""[..], &[0xff, 1], &[3; 40]] {
        let datagram = bytes::Bytes::copy_from_slice(datagram);
        assert!(!lone.hub.handle_datagram(0, ON, peer(), &datagram));
    }
    assert_eq!(lone.hub.socket_traffic(ON).packets_received, 5);
    assert_eq!(lone.hub.traffic().bytes_received, 21 + 21 + 2 + 40);
    assert_eq!(lone.stats().traffic.bytes_received, 21);
}

#[test]
fn data_comes_in_order_and_gaps_are_named() {
    let mut lone = Lone::connected();
    for seq in [0, 2, 3, 5] {
        lone.receive(packet(DATA, seq, 0), &[seq as u8]);
    }
    let sent = lone.sent();
    assert_eq!(sent.len(), 4, "one state packet a batch");
    assert!(sent.iter().all(Out::is_state));
    assert_eq!((sent[0].header.ack, sent[0].header.flags), (1, 0));
    assert_eq!((sent[3].header.ack, blocks_of(&sent[3])), (1, vec![(2, 4), (5, 6)]));
    assert_eq!(lone.data(), [0]);
    lone.receive(packet(DATA, 1, 0), &[1]);
    assert_eq!((lone.data(), blocks_of(&lone.only_sent())), (vec![1, 2, 3], vec![(5, 6)]));
    lone.receive(packet(DATA, 4, 0), &[4]);
    assert_eq!((lone.data(), lone.only_sent().header.ack), (vec![4, 5], 6));
    lone.receive(packet(DATA, 2, 0), b"again");
    assert_eq!((lone.data(), lone.only_sent().header.ack), (vec![], 6));
}

#[test]
fn a_batch_is_acknowledged_once_and_a_long_one_each_16_packets() {
    let mut lone = Lone::connected();
    for seq in 0..15 {
        lone.feed(peer(), packet(DATA, seq, 0), b"x");
    }
    lone.drain();
    assert_eq!(lone.only_sent().header.ack, 15);
    for seq in 15..55 {
        lone.feed(peer(), packet(DATA, seq, 0), b"x");
    }
    lone.drain();
    let acks: Vec<_> = lone.sent().iter().map(|out| out.header.ack).collect();
    assert_eq!(acks, [31, 47, 55]);
}

#[test]
fn at_most_50_gaps_are_named() {
    let mut lone = Lone::connected();
    for n in 1..=80 {
        lone.feed(peer(), packet(DATA, 2 * n, 0), b"x");
    }
    lone.drain();
    let last = lone.sent().pop().expect("a state packet");
    assert_eq!(blocks_of(&last).len(), 49);
    assert_eq!((blocks_of(&last)[0], blocks_of(&last)[48]), ((2, 3), (160, 161)));
}

#[test]
fn a_heartbeat_is_answered_and_nothing_else_of_it_counts() {
    let mut lone = Lone::connected();
    lone.write(b"hello");
    lone.sent();
    let header = Header { window: 0, ..packet(flag::HEARTBEAT | DATA, 0, 1) };
    lone.receive(header, b"x");
    let answer = lone.only_sent();
    assert_eq!((answer.header.flags, answer.header.seq, answer.header.ack), (0, 1, 0));
    assert_eq!((lone.data(), lone.stats().acked), (vec![], 0));
}

#[test]
fn padding_is_skipped_and_more_than_there_is_drops_the_packet() {
    let mut lone = Lone::connected();
    lone.receive(Header { data_offset: 3, ..packet(DATA, 0, 0) }, b"\0\0\0abc");
    assert_eq!(lone.data(), b"abc");
    lone.sent();
    lone.receive(Header { data_offset: 4, ..packet(DATA, 1, 0) }, b"abc");
    assert_eq!((lone.data(), lone.sent()), (vec![], vec![]));
    assert_eq!(lone.hub.drops().malformed, 1);
}

#[test]
fn numbers_wrap_around() {
    let options = StreamOptions { firewall: Firewall::Reject, seq: u32::MAX };
    let mut lone = Lone::with(Limits::default(), &options);
    let from = ConnectOptions { ack: u32::MAX - 1, ..Default::default() };
    assert_eq!(lone.hub.connect(0, lone.stream, remote(), &from), Ok(()));
    for seq in [u32::MAX - 1, 0, u32::MAX, 1] {
        lone.receive(packet(DATA, seq, u32::MAX), &[seq as u8]);
    }
    assert_eq!(lone.data(), [254, 255, 0, 1]);
    let sent = lone.sent();
    assert_eq!(blocks_of(&sent[1]), [(0, 1)]);
    assert_eq!(sent[3].header.ack, 2);
    lone.write(&[1; 3000]);
    let seqs: Vec<_> = lone.sent().iter().map(|out| out.header.seq).collect();
    assert_eq!(seqs, [u32::MAX, 0, 1]);
    lone.receive(packet(0, 2, 1), b"");
    assert_eq!(lone.stats().acked, 2 * 1152);
    lone.receive(packet(0, 2, 2), b"");
    assert_eq!(lone.stats().acked, 3000);
}

#[test]
fn an_ack_of_what_was_never_sent_voids_the_rest_and_is_not_answered() {
    let mut lone = Lone::connected();
    lone.write(b"hello");
    lone.sent();
    let header = Header { window: 0, ..packet(DATA | flag::SACK, 0, 2) };
    lone.receive(Header { data_offset: 8, ..header }, &[&blocks(&[(0, 1)])[..], b"x"].concat());
    assert_eq!((lone.data(), lone.sent()), (b"x".to_vec(), vec![]));
    assert_eq!(lone.stats().in_flight, 25);
    // The window of it does not count either.
    lone.write(b"more");
    assert_eq!(lone.sent().len(), 1);
}

#[test]
fn data_may_come_with_blocks() {
    let mut lone = Lone::connected();
    lone.write(&[1; 3000]);
    let header = Header { data_offset: 8, ..packet(DATA | flag::SACK, 0, 0) };
    lone.receive(header, &[&blocks(&[(1, 3)])[..], b"x"].concat());
    assert_eq!((lone.data(), lone.stats().in_flight), (b"x".to_vec(), 1172));
}

#[test]
fn blocks_that_cannot_be_are_skipped_one_by_one() {
    let mut lone = Lone::connected();
    lone.write(&[1; 5000]);
    let bad = [(3, 3), (4, 3), (1, 6), (0, u32::MAX), (u32::MAX, 2), (2, 3)];
    lone.receive(packet(flag::SACK, 0, 1), &blocks(&bad));
    // Five packets, one acknowledged, one named.
    assert_eq!(lone.stats().in_flight, 2 * 1172 + 412);
    lone.receive(packet(flag::SACK, 0, 1), &blocks(&[(0, 5), (4, 5)]));
    assert_eq!(lone.stats().in_flight, 2 * 1172);
}

#[test]
fn a_window_counts_if_no_newer_packet_told_one() {
    let mut lone = Lone::connected();
    let tell = |lone: &mut Lone, window, seq, ack| {
        lone.receive(Header { window, ..packet(0, seq, ack) }, b"");
        lone.sent();
    };
    let may_send = |lone: &mut Lone| {
        lone.write(b"x");
        lone.sent().iter().any(|out| out.has(DATA))
    };
    tell(&mut lone, 0, 1, 0);
    assert!(!may_send(&mut lone));
    tell(&mut lone, WINDOW, 0, 0);
    assert!(!may_send(&mut lone), "it is older by its number");
    let message = Header { window: WINDOW, ..packet(flag::MESSAGE, 1, 0) };
    lone.receive(message, b"");
    assert_eq!(lone.sent().len(), 1, "a message tells a window, too");
    tell(&mut lone, 0, 1, 1);
    tell(&mut lone, WINDOW, 1, 0);
    assert!(!may_send(&mut lone), "it is older by its acknowledgement");
}

#[test]
fn a_message_comes_whatever_its_number_and_is_not_acknowledged() {
    let mut lone = Lone::connected();
    lone.receive(packet(flag::MESSAGE, 5_000_000, 0), b"hello");
    lone.receive(packet(flag::MESSAGE, 0, 0), b"");
    let stream = lone.stream;
    let message = |text: &'static [u8]| Event::Message { stream, bytes: text.into() };
    assert_eq!(lone.told(), [message(b"hello"), message(b"")]);
    assert_eq!(lone.sent(), []);
}

#[test]
fn a_destroy_resets_whatever_is_missing_before_it() {
    let mut lone = Lone::connected();
    lone.receive(packet(flag::DESTROY, 5, 0), b"");
    assert_eq!(lone.closed(), Some(CloseReason::Reset));
    assert_eq!(lone.hub.socket_streams(ON), 0);

    let mut lone = Lone::connected();
    lone.receive(packet(DATA, 0, 0), b"x");
    lone.receive(packet(flag::DESTROY, 0, 0), b"");
    assert_eq!(lone.closed(), None, "its number is old");
}

#[test]
fn from_another_address_packets_count_within_the_window_and_move_nothing() {
    let mut lone = Lone::connected();
    lone.write(b"hello");
    lone.sent();
    lone.receive_from(stranger(), packet(DATA, 0, 1), b"x");
    assert_eq!((lone.data(), lone.stats().acked), (b"x".to_vec(), 5));
    assert_eq!(lone.only_sent().to, peer());
    let far = [packet(flag::DESTROY, 70_000, 0), packet(flag::MESSAGE, 1 << 31, 0)];
    for header in far {
        lone.receive_from(stranger(), header, b"");
    }
    assert_eq!((lone.told(), lone.hub.drops().foreign), (vec![], 2));
    lone.receive_from(stranger(), packet(flag::DESTROY, 60_000, 0), b"");
    assert_eq!(lone.closed(), Some(CloseReason::Reset));
}

#[test]
fn what_claims_to_come_after_the_end_is_not_named() {
    let mut lone = Lone::connected();
    lone.receive(packet(DATA, 5, 0), b"x");
    lone.receive(packet(flag::END, 0, 0), b"");
    let last = lone.sent().pop().expect("a state packet");
    assert_eq!((last.header.flags, last.header.ack, lone.hub.waiting_bytes()), (0, 1, 0));
    lone.receive(packet(DATA, 7, 0), b"x");
    assert_eq!((lone.only_sent().header.flags, lone.hub.waiting_bytes()), (0, 0));
}

#[test]
fn by_another_socket_the_firewall_decides() {
    let mut lone = Lone::connected();
    let mut bytes = Vec::new();
    packet(DATA, 0, 0).encode(&mut bytes);
    assert!(lone.hub.handle_datagram(0, SocketId(2), peer(), &bytes.into()));
    lone.drain();
    assert_eq!((lone.told(), lone.sent(), lone.hub.drops().rejected), (vec![], vec![], 1));
}
