//! Streams of ours and of `udx-native` with each other, over emulated links: the bytes are the same at
//! both ends, whatever the links do. Needs Node and the development packages; `UDX_NATIVE` names the
//! folder of another version. It runs in real time.

#[path = "../link/mod.rs"]
mod link;
mod rig;

use dht_rpc_native::udx::*;
use serde_json::json;

use self::link::Conditions;
use self::rig::{Rig, SOCKET};

const MS: u64 = 1000;

/// Nothing but the way itself.
const PLAIN: Conditions = Conditions {
    delay_us: 0,
    jitter_us: 0,
    rate: 0,
    queue: 1 << 30,
    loss: 0.0,
    duplicated: 0.0,
    held_up: 0.0,
    held_up_us: 0,
    mtu: 1500,
};

/// So many bytes each way; the bytes that were sent are those that came.
fn bulk(conditions: Conditions, bytes: usize) -> (serde_json::Value, StreamStats) {
    let mut rig = Rig::new(conditions);
    let theirs = rig.peer(2, 1, "bulk", bytes);
    let key = rig.stream(1, &theirs, bytes, true);
    rig.run("bulk", |rig| rig.ours(key).closed.is_some());
    let ours = rig.ours(key);
    let (reason, stats) = ours.closed.expect("it closed");
    assert_eq!((ours.received, ours.has_ended), (bytes, true));
    // udx-native forgets a stream that ended: who lost its last acknowledgement hears nothing more.
    let is_forgotten = reason == CloseReason::TimedOut && conditions.loss > 0.0;
    assert!(is_forgotten || reason == CloseReason::Ended, "{reason:?}");
    let (sent, received) = (ours.sent_hash(), ours.received_hash());
    let outcome = rig.outcome(theirs);
    println!("{outcome} {stats:?}");
    assert_eq!((&outcome["sent"], &outcome["received"]), (&json!(received), &json!(sent)));
    assert_eq!((&outcome["error"], &outcome["ended"]), (&json!(null), &json!(true)));
    (outcome, stats)
}

#[test]
fn bytes_are_the_same_over_loopback() {
    let (_, stats) = bulk(PLAIN, 20_000_000);
    assert_eq!(stats.mtu, 1500);
}

#[test]
fn bytes_are_the_same_where_packets_are_lost() {
    for loss in [0.03, 0.1] {
        bulk(Conditions { delay_us: 5 * MS, loss, ..PLAIN }, 2_000_000);
    }
}

#[test]
fn bytes_are_the_same_where_packets_are_late_early_and_double() {
    let conditions = Conditions {
        delay_us: 10 * MS,
        jitter_us: 3 * MS,
        duplicated: 0.05,
        held_up: 0.05,
        held_up_us: 40 * MS,
        rate: 5_000_000,
        ..PLAIN
    };
    bulk(conditions, 3_000_000);
}

#[test]
fn packets_are_as_large_as_the_path_carries() {
    for (path, found) in [(1200, 1200), (1300, 1296)] {
        let conditions = Conditions { delay_us: 2 * MS, rate: 4_000_000, mtu: path, ..PLAIN };
        let (_, stats) = bulk(conditions, 2_000_000);
        assert_eq!(stats.mtu, found);
    }
}

#[test]
fn our_direction_may_end_first() {
    let mut rig = Rig::new(PLAIN);
    let theirs = rig.peer(2, 1, "answer", 500_000);
    let key = rig.stream(1, &theirs, 300_000, true);
    rig.run("the answer", |rig| rig.ours(key).closed.is_some());
    let outcome = rig.outcome(theirs);
    assert_eq!(rig.ours(key).received, 500_000);
    assert_eq!(outcome["received"], json!(rig.ours(key).sent_hash()));
    assert_eq!(outcome["sent"], json!(rig.ours(key).received_hash()));
}

#[test]
fn their_destroy_resets_ours() {
    let mut rig = Rig::new(PLAIN);
    let theirs = rig.peer(2, 1, "destroy", 0);
    let key = rig.stream(1, &theirs, 100, false);
    rig.run("the reset", |rig| rig.ours(key).closed.is_some());
    assert_eq!(rig.ours(key).closed.map(|closed| closed.0), Some(CloseReason::Reset));
    assert_eq!(rig.outcome(theirs)["error"], json!(null));
}

#[test]
fn our_destroy_resets_theirs() {
    let mut rig = Rig::new(PLAIN);
    let theirs = rig.peer(2, 1, "wait", 0);
    let key = rig.stream(1, &theirs, 100, false);
    rig.run("the data", |rig| rig.hub.stats(key).is_some_and(|stats| stats.acked == 100));
    let now = rig.now();
    rig.hub.destroy(now, key);
    rig.run("the destroy", |rig| rig.ours(key).closed.is_some());
    let outcome = rig.outcome(theirs);
    assert_eq!((&outcome["error"], &outcome["bytes"]), (&json!("ECONNRESET"), &json!(100)));
}

#[test]
fn messages_go_both_ways() {
    let mut rig = Rig::new(PLAIN);
    let theirs = rig.peer(2, 1, "wait", 0);
    let key = rig.stream(1, &theirs, 0, false);
    let now = rig.now();
    for text in ["one", "", "three"] {
        assert_eq!(rig.hub.send_message(now, key, text.as_bytes()), Ok(true));
    }
    rig.run("the echoes", |rig| rig.ours(key).messages.len() == 3);
    assert_eq!(rig.ours(key).messages, ["one", "", "three"]);
    rig.hub.destroy(now, key);
    rig.run("the destroy", |rig| rig.ours(key).closed.is_some());
    assert_eq!(rig.outcome(theirs)["messages"], json!(["one", "", "three"]));
}

#[test]
fn a_reader_of_ours_that_waits_holds_theirs_up() {
    let mut rig = Rig::new(PLAIN);
    let bytes = 12_000_000;
    let theirs = rig.peer(2, 1, "bulk", bytes);
    let key = rig.stream(1, &theirs, 0, true);
    rig.pause(key, true);
    let full = (4 << 20) - 1500;
    rig.run("a full window", |rig| rig.ours(key).received > full);
    let end = rig.now() + 500 * MS;
    rig.run("a pause", |rig| rig.now() > end);
    let received = rig.ours(key).received;
    // A full window, and 64 packets for those that probe with data.
    let most = (4 << 20) + 65 * 1500;
    assert!(received < most, "{received} bytes");
    rig.pause(key, false);
    rig.run("the rest", |rig| rig.ours(key).closed.is_some());
    assert_eq!(rig.ours(key).received, bytes);
    assert_eq!(rig.outcome(theirs)["sent"], json!(rig.ours(key).received_hash()));
}

#[test]
fn our_remote_changes_in_mid_stream() {
    for loss in [0.0, 0.03] {
        let mut rig = Rig::new(Conditions { delay_us: 2 * MS, rate: 4_000_000, loss, ..PLAIN });
        let bytes = 2_000_000;
        let theirs = rig.peer(2, 1, "bulk", bytes);
        let key = rig.stream(1, &theirs, bytes, true);
        let has_sent = |rig: &Rig| rig.hub.stats(key).is_some_and(|stats| stats.acked > 300_000);
        rig.run("the beginning", has_sent);
        let (now, to) = (rig.now(), Remote { socket: SOCKET, id: 2, addr: theirs.other });
        let changed = rig.hub.change_remote(now, key, to, None);
        assert_eq!(changed, Ok(RemoteChange::Pending));
        rig.run("the rest", |rig| rig.ours(key).closed.is_some());
        let ours = rig.ours(key);
        assert_eq!((ours.remote_changes, ours.received), (1, bytes));
        let (sent, received) = (ours.sent_hash(), ours.received_hash());
        let outcome = rig.outcome(theirs);
        assert_eq!((&outcome["sent"], &outcome["received"]), (&json!(received), &json!(sent)));
    }
}

#[test]
fn a_relay_of_ours_joins_two_of_theirs() {
    for loss in [0.0, 0.03] {
        let mut rig = Rig::new(Conditions { loss, ..PLAIN });
        let bytes = 2_000_000;
        let (mut a, mut b) = (rig.peer(2, 1, "bulk", bytes), rig.peer(4, 3, "bulk", bytes));
        let to_a = rig.stream(1, &a, 0, false);
        let to_b = rig.stream(3, &b, 0, false);
        for (from, to) in [(to_a, to_b), (to_b, to_a)] {
            assert_eq!(rig.hub.relay_to(0, from, RelayTarget::Stream(to)), Ok(()));
        }
        // Both ends are said to have closed by their last line; the relay runs until then.
        let reader = std::thread::spawn(move || (a.outcome(), b.outcome()));
        rig.run("the relay", |_| reader.is_finished());
        let (a, b) = reader.join().expect("both said what came of it");
        assert_eq!((&a["sent"], &b["sent"]), (&b["received"], &a["received"]));
        assert_eq!((&a["bytes"], &b["bytes"]), (&json!(bytes), &json!(bytes)));
    }
}
