//! Peers and strangers that mean harm: what they cost is bounded.

use bytes::Bytes;
use dht_rpc_native::udx::wire::{Header, flag};
use dht_rpc_native::udx::*;

use crate::lone::*;

#[test]
fn numbers_far_ahead_cost_nothing_beyond_65_536() {
    let mut lone = Lone::connected();
    for seq in [65_536, 70_000, 1 << 25, (1 << 31) - 1] {
        lone.receive(packet(flag::DATA, seq, 0), b"x");
    }
    assert_eq!((lone.hub.drops().reassembly, lone.hub.waiting_bytes()), (4, 0));
    lone.receive(packet(flag::DATA, 65_535, 0), b"x");
    assert_eq!(lone.hub.waiting_bytes(), 1 + limits::PACKET_COST);
}

#[test]
fn a_flood_of_packets_out_of_order_is_bounded_in_bytes_however_small_they_are() {
    for len in [0, 1, 1400] {
        let limits = Limits { reassembly: 5 << 20, ..Limits::default() };
        let mut lone = Lone::with(limits, &StreamOptions::default());
        let connected = lone.hub.connect(0, lone.stream, remote(), &ConnectOptions::default());
        assert_eq!(connected, Ok(()));
        for seq in 1..65_536 {
            lone.feed(peer(), packet(flag::DATA, seq, 0), &vec![1; len]);
            if seq % 64 == 0 {
                lone.drain();
                lone.out.clear();
            }
        }
        assert!(lone.hub.waiting_bytes() <= 5 << 20);
        assert!(lone.hub.drops().reassembly > 10_000);
        // What was missing comes: all that waited is handed over, and takes no room any more.
        lone.receive(packet(flag::DATA, 0, 0), b"x");
        lone.hub.consumed(0, lone.stream, u64::MAX);
        assert_eq!(lone.hub.waiting_bytes(), 0);
    }
}

#[test]
fn all_streams_together_keep_no_more_out_of_order_than_the_hub_may() {
    let limits = Limits { reassembly_total: 10_000, ..Limits::default() };
    let mut hub = Hub::new(limits);
    hub.open_socket(ON);
    for id in 0..100 {
        let options = StreamOptions { firewall: Firewall::Accept, seq: 0 };
        let stream = hub.create_stream(0, id, &options).expect("a stream");
        let mut bytes = Vec::new();
        Header { id, ..packet(flag::DATA, 1, 0) }.encode(&mut bytes);
        bytes.extend_from_slice(&[1; 500]);
        assert!(hub.handle_datagram(0, ON, peer(), &bytes.into()));
        assert!(hub.waiting_bytes() <= 10_000);
        if id == 99 {
            hub.destroy(0, stream);
        }
    }
    assert_eq!(hub.drops().reassembly, 100 - 10_000 / (500 + limits::PACKET_COST) as u64);
}

#[test]
fn blocks_of_any_length_and_number_name_a_packet_once() {
    let mut lone = Lone::connected();
    lone.write(&vec![1; 4_000_000]);
    let sent = lone.sent().len() as u32;
    let all: Vec<_> = (0..253).map(|_| (1, sent)).collect();
    for _ in 0..1000 {
        lone.receive(packet(flag::SACK, 0, 0), &blocks(&all));
    }
    assert_eq!((lone.stats().fast_recoveries, lone.stats().retransmits), (1, 1));
    assert!(lone.stats().in_flight <= 10 * 1172);
}

#[test]
fn lying_acknowledgements_open_no_flood() {
    // A peer that acknowledges at once whatever it can guess gets no more than it acknowledges.
    let mut lone = Lone::connected();
    lone.write(&vec![1; 10_000_000]);
    let mut ack = 0;
    for _ in 0..1000 {
        ack += 50;
        lone.receive(packet(0, 0, ack), b"");
    }
    let stats = lone.stats();
    assert!(
        stats.traffic.packets_transmitted <= 10,
        "no time has passed: the bucket is not refilled"
    );
    assert_eq!(stats.acked, 0, "they lie");
}

/// A peer that says it has room for anything, and names all that comes but the first packet.
#[test]
fn a_window_that_lies_leaves_no_more_unacknowledged_than_a_stream_may_have() {
    const FIRST: u32 = 1;
    let mut lone = Lone::connected();
    let lie = |flags| Header { window: u32::MAX, ..packet(flags, 0, FIRST) };
    lone.write(b"x");
    lone.now = 1000;
    lone.receive(lie(0), b"");
    lone.write(&vec![1; 100_000_000]);
    let mut next = 2;
    while lone.now < 8_000_000 {
        let sent = lone.sent();
        next = sent.iter().map(|out| out.header.seq + 1).max().unwrap_or(next).max(next);
        lone.run_to(lone.now + 1000);
        lone.receive(lie(flag::SACK), &blocks(&[(FIRST + 1, next)]));
        assert!(next as usize - 1 <= limits::MAX_OUTSTANDING);
    }
    assert!(next as usize > limits::MAX_OUTSTANDING / 2, "it goes on beyond the gap: {next}");
    assert_eq!(lone.stats().acked, 1);
    // What the peer never takes ends the stream.
    lone.run_to(60_000_000);
    assert_eq!(lone.closed(), Some(CloseReason::TimedOut));
}

#[test]
fn guessed_ids_are_strays_and_cost_no_memory() {
    let mut lone = Lone::connected();
    for id in (0..100_000).filter(|id| *id != ID) {
        assert!(!lone.feed(peer(), Header { id, ..packet(flag::DATA, 0, 0) }, b"x"));
    }
    lone.drain();
    assert_eq!((lone.told(), lone.sent(), lone.hub.waiting_bytes()), (vec![], vec![], 0));
}

#[test]
fn half_open_streams_are_bounded_and_quick_to_go_through() {
    let mut hub = Hub::new(Limits { streams: 100_000, ..Limits::default() });
    hub.open_socket(ON);
    let options = StreamOptions { firewall: Firewall::Ask, seq: 0 };
    for id in 0..100_000 {
        hub.create_stream(0, id, &options).expect("a stream");
        let mut bytes = Vec::new();
        Header { id, ..packet(flag::DATA, 0, 0) }.encode(&mut bytes);
        bytes.resize(1000, 1);
        assert!(hub.handle_datagram(0, ON, peer(), &bytes.into()));
    }
    let too_many = hub.create_stream(0, 1 << 20, &options);
    assert_eq!(too_many, Err(Error::TooManyStreams { max: 100_000 }));
    assert!(hub.waiting_bytes() <= 4 << 20, "{}", hub.waiting_bytes());
    assert!(hub.drops().held > 90_000);
    assert_eq!(hub.poll_timeout(), None, "none of them has a deadline");
}

#[test]
fn a_backlog_has_an_end() {
    let limits = Limits { backlog: 1000, ..Limits::default() };
    let mut lone = Lone::with(limits, &StreamOptions::default());
    let connected = lone.hub.connect(0, lone.stream, remote(), &ConnectOptions::default());
    assert_eq!(connected, Ok(()));
    lone.write(&[1; 1000]);
    let full = lone.hub.write(0, lone.stream, Bytes::from_static(b"x")).map(|_| ());
    assert_eq!(full, Err(Error::BacklogFull { max: 1000 }));
    lone.receive(packet(0, 0, 1), b"");
    lone.write(&[1; 1000]);
}

#[test]
fn messages_that_nobody_sends_are_bounded() {
    let mut lone = Lone::connected();
    let mut sent = 0;
    while lone.hub.send_message(0, lone.stream, &[1; 60_000]) == Ok(true) {
        sent += 1;
    }
    assert_eq!((sent, lone.hub.drops().outbox), ((4 << 20) / 60_020 + 1, 1));
    lone.drain();
    assert_eq!(lone.hub.send_message(0, lone.stream, b"x"), Ok(true));
}

#[test]
fn a_machine_that_slept_loses_no_stream() {
    let mut lone = Lone::connected();
    lone.write(b"hello");
    lone.now = 3600 * 1_000_000;
    lone.hub.handle_timeout(lone.now);
    lone.drain();
    assert_eq!(lone.closed(), None);
    assert_eq!(lone.stats().rto_count, 1);
    lone.receive(packet(0, 0, 1), b"");
    assert_eq!(lone.stats().rto_count, 0);
}
