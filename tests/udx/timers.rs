//! When what is sent again: the schedules of udx-native 1.21.3.

use dht_rpc_native::udx::wire::{Header, flag};
use dht_rpc_native::udx::*;

use crate::lone::*;

const MS: u64 = 1000;
const SECOND: u64 = 1000 * MS;

/// When packets left, in ms.
fn times(sent: &[Out]) -> Vec<u64> {
    sent.iter().map(|out| out.at / MS).collect()
}

#[test]
fn a_peer_that_is_silent_from_the_start_is_given_up_after_13_s() {
    let mut lone = Lone::connected();
    lone.write(b"hello");
    lone.run_to(13 * SECOND - 1);
    assert_eq!(times(&lone.sent()), [0, 1000, 3000, 5000, 7000, 9000, 11_000]);
    assert_eq!((lone.stats().rto_count, lone.closed()), (6, None));
    lone.run_to(13 * SECOND);
    assert_eq!(lone.closed(), Some(CloseReason::TimedOut));
    assert_eq!(lone.sent(), [], "it says nothing");
}

#[test]
fn one_that_fell_silent_is_first_probed_after_two_round_trips() {
    let mut lone = Lone::connected();
    lone.write(b"one");
    lone.now = 50 * MS;
    lone.receive(packet(0, 0, 1), b"");
    lone.now = 200 * MS;
    lone.sent();
    lone.write(b"two");
    lone.run_to(20 * SECOND);
    let sent = lone.sent();
    let since: Vec<_> = times(&sent).iter().map(|at| at - 200).collect();
    assert_eq!(since, [0, 102, 1102, 3102, 5102, 7102, 9102, 11_102]);
    assert!(sent.iter().all(|out| out.rest == b"two" && out.header.seq == 1));
    assert_eq!(lone.closed(), Some(CloseReason::TimedOut));
}

#[test]
fn progress_makes_the_count_of_timeouts_begin_anew() {
    let mut lone = Lone::connected();
    lone.write(b"one");
    lone.write(b"two");
    lone.run_to(12 * SECOND);
    assert_eq!(lone.stats().rto_count, 6);
    lone.receive(packet(0, 0, 1), b"");
    assert_eq!(lone.stats().rto_count, 0);
    lone.run_to(24 * SECOND);
    assert_eq!(lone.closed(), None);
    lone.run_to(12 * SECOND + 13 * SECOND);
    assert_eq!(lone.closed(), Some(CloseReason::TimedOut));
}

#[test]
fn at_a_timeout_one_packet_leaves_and_not_the_whole_window() {
    let mut lone = Lone::connected();
    lone.write(&[1; 10 * 1152]);
    assert_eq!(lone.sent().len(), 10);
    lone.run_to(2 * SECOND);
    let again = lone.only_sent();
    assert_eq!((again.header.seq, again.at), (0, SECOND));
}

#[test]
fn what_is_sent_again_tells_what_came_in_since() {
    let mut lone = Lone::connected();
    lone.write(b"hello");
    lone.receive(packet(flag::DATA, 0, 0), &[0; 100]);
    lone.sent();
    lone.run_to(SECOND);
    let again = lone.only_sent();
    assert_eq!((again.header.ack, again.header.window), (1, WINDOW - 100));
    assert_eq!((again.header.seq, &again.rest[..]), (0, &b"hello"[..]));
}

#[test]
fn a_closed_window_is_asked_about_without_end_by_heartbeats() {
    let mut lone = Lone::connected();
    lone.write(b"one");
    lone.receive(Header { window: 0, ..packet(0, 0, 1) }, b"");
    lone.sent();
    lone.write(b"two");
    lone.run_to(40 * SECOND);
    let sent = lone.sent();
    assert!(sent.iter().all(|out| out.header.flags == flag::HEARTBEAT && out.rest.is_empty()));
    let at: Vec<_> = [0, 1000].into_iter().chain((3000..=40_000).step_by(2000)).collect();
    assert_eq!(times(&sent), at);
    assert_eq!(lone.closed(), None);
    lone.receive(packet(0, 0, 1), b"");
    let data = lone.only_sent();
    assert_eq!((data.header.seq, &data.rest[..]), (1, &b"two"[..]));
    lone.receive(packet(0, 0, 2), b"");
    lone.run_to(80 * SECOND);
    assert_eq!(lone.sent(), []);
}

#[test]
fn no_window_is_asked_about_while_data_is_on_its_way() {
    let mut lone = Lone::connected();
    lone.write(b"one");
    lone.write(b"two");
    lone.receive(Header { window: 0, ..packet(0, 0, 1) }, b"");
    lone.sent();
    lone.write(b"three");
    lone.run_to(5 * SECOND);
    let sent = lone.sent();
    assert!(sent.len() > 2 && sent.iter().all(|out| out.rest == b"two"));
}

#[test]
fn keepalives_leave_while_nothing_is_on_its_way() {
    let mut lone = Lone::connected();
    lone.hub.set_keepalive(0, lone.stream, 100 * MS);
    lone.run_to(350 * MS);
    let sent = lone.sent();
    assert_eq!(times(&sent), [100, 200, 300]);
    assert!(sent.iter().all(|out| out.header.flags == flag::HEARTBEAT));
    lone.write(b"x");
    lone.run_to(450 * MS);
    lone.receive(packet(0, 0, 1), b"");
    lone.sent();
    lone.run_to(600 * MS);
    assert_eq!(times(&lone.sent()), [550], "it counts from the last acknowledgement");
    lone.hub.set_keepalive(lone.now, lone.stream, 0);
    lone.run_to(60 * SECOND);
    assert_eq!(lone.sent(), []);
}

#[test]
fn keepalives_that_are_set_before_begin_with_connect() {
    let mut lone = Lone::unconnected(Firewall::Reject);
    lone.hub.set_keepalive(0, lone.stream, 100 * MS);
    lone.run_to(SECOND + 30 * MS);
    assert_eq!(lone.sent(), []);
    let options = ConnectOptions::default();
    assert_eq!(lone.hub.connect(lone.now, lone.stream, remote(), &options), Ok(()));
    lone.run_to(SECOND + 150 * MS);
    assert_eq!(times(&lone.sent()), [1130]);
}
