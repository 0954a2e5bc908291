//! Packets that count as lost and are only late, and those that are lost again and again.

use dht_rpc_native::udx::wire::{Header, flag};
use dht_rpc_native::udx::*;

use crate::lone::*;

const MS: u64 = 1000;

/// A stream of ten packets on their way, of which the first round trip took 40 ms.
fn with_ten_sent() -> Lone {
    let mut lone = Lone::unconnected(Firewall::Reject);
    // No probe of the path's MTU, whose loss says nothing.
    let options = ConnectOptions { route_mtu: Some(1200), ..Default::default() };
    assert_eq!(lone.hub.connect(0, lone.stream, remote(), &options), Ok(()));
    lone.write(b"x");
    lone.now = 40 * MS;
    lone.receive(packet(0, 0, 1), b"");
    lone.write(&[1; 10 * 1152]);
    assert_eq!(lone.sent().len(), 1 + 10);
    lone
}

/// Numbers of the packets that left, and when, in ms.
fn sent(lone: &mut Lone) -> Vec<(u32, u64)> {
    lone.sent().iter().map(|out| (out.header.seq, out.at / MS)).collect()
}

#[test]
fn one_that_was_only_late_ends_the_recovery_and_gets_more_time_from_then_on() {
    let mut lone = with_ten_sent();
    let before = lone.stats().cwnd;
    lone.now = 80 * MS;
    lone.receive(packet(flag::SACK, 0, 1), &blocks(&[(2, 5)]));
    assert_eq!(sent(&mut lone), [(1, 80)], "three beyond it arrived");
    lone.now = 81 * MS;
    lone.receive(packet(0, 0, 5), b"");
    assert!(lone.stats().cwnd > before, "nothing was lost");
    // The next gap: two quarters of the round trip, whatever arrived beyond it.
    lone.receive(packet(flag::SACK, 0, 5), &blocks(&[(6, 11)]));
    assert_eq!(sent(&mut lone), []);
    lone.run_to(101 * MS);
    assert_eq!(sent(&mut lone), [(5, 101)]);
}

#[test]
fn where_everything_is_lost_what_is_missing_is_probed_for_before_the_timeout() {
    let mut lone = with_ten_sent();
    lone.now = 80 * MS;
    lone.receive(packet(flag::SACK, 0, 1), &blocks(&[(2, 5)]));
    lone.sent();
    lone.run_to(1000 * MS);
    let times: Vec<_> = sent(&mut lone).iter().map(|(_, at)| at - 80).collect();
    // After 2 round trips, then each time after twice as long.
    assert_eq!(times, [80, 240, 560]);
    assert_eq!(lone.stats().rto_count, 0);
}

#[test]
fn probes_for_what_is_missing_put_no_timeout_off() {
    let mut lone = with_ten_sent();
    for at in [80, 480, 880] {
        lone.run_to(at * MS);
        lone.receive(packet(flag::SACK, 0, 1), &blocks(&[(2, 5 + at as u32 / 400)]));
    }
    lone.run_to(1100 * MS);
    assert_eq!(lone.stats().rto_count, 1, "the oldest did not arrive within a second");
}

#[test]
fn a_packet_that_is_lost_twice_while_others_arrive_is_no_silence() {
    let mut lone = with_ten_sent();
    for at in 2..26 {
        lone.run_to(at * 40 * MS);
        let highest = lone.stats().traffic.packets_transmitted as u32;
        lone.write(&[1; 2 * 1152]);
        let end = (5 + at as u32).min(highest - lone.stats().retransmits as u32);
        lone.receive(packet(flag::SACK, 0, 1), &blocks(&[(2, end)]));
    }
    lone.sent();
    let before = lone.stats();
    lone.run_to(1045 * MS);
    let after = lone.stats();
    assert_eq!((before.rto_count, after.rto_count), (0, 1));
    assert!(after.cwnd >= before.cwnd, "{} {}", before.cwnd, after.cwnd);
}

#[test]
fn beyond_a_gap_another_window_is_sent_and_no_more() {
    let mut lone = Lone::connected();
    let window = 8 * 1152;
    let told = |flags, ack| Header { window, ..packet(flags, 0, ack) };
    lone.write(b"x");
    lone.now = 40 * MS;
    lone.receive(told(0, 1), b"");
    lone.write(&vec![1; 100 * 1152]);
    let mut next = sent(&mut lone).len() as u32;
    assert_eq!(next, 1 + 8);
    for _ in 0..20 {
        lone.now += 40 * MS;
        lone.receive(told(flag::SACK, 1), &blocks(&[(2, next)]));
        let highest = sent(&mut lone).iter().map(|(seq, _)| seq + 1).max();
        next = next.max(highest.unwrap_or(0));
    }
    assert!((1 + 12..=1 + 16).contains(&next), "{next}");
}
