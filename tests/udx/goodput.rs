//! How much gets through: loss, distance, short queues, and two streams that share.

use dht_rpc_native::udx::*;

use crate::link::Conditions;
use crate::world::*;

const MS: u64 = 1000;

/// Bytes a second, of a stream that always has data, and its figures.
fn goodput(conditions: Conditions, seconds: u64) -> (u64, StreamStats) {
    goodput_woken_each(1, conditions, 3, seconds)
}

/// The same, of threads that look each `grain_us` what came in.
fn goodput_woken_each(
    grain_us: u64,
    conditions: Conditions,
    seed: u64,
    seconds: u64,
) -> (u64, StreamStats) {
    let mut world = World::new(conditions, seed);
    world.grain_us = grain_us;
    let (a, b) = world.pair();
    let most = conditions.rate as usize * seconds as usize * 2;
    world.write(A, a, &bytes(most, 1));
    world.run(seconds * SECOND);
    let stats = world.stats(A, a);
    let received = world.sides[B].told(b).data.len() as u64;
    (received / seconds, stats)
}

#[test]
fn a_link_is_filled_though_it_loses() {
    for (loss, least) in [(0.0, 1_150_000), (0.01, 1_150_000), (0.03, 1_140_000), (0.1, 1_100_000)]
    {
        let conditions = Conditions {
            delay_us: 25 * MS,
            rate: 1_250_000,
            queue: 100_000,
            loss,
            ..Conditions::default()
        };
        let (rate, stats) = goodput(conditions, 20);
        assert!(rate > least, "{rate} bytes a second of 1 250 000 at a loss of {loss}");
        let sent = stats.traffic.packets_transmitted as f64;
        assert!((stats.retransmits as f64) < sent * (loss * 1.1 + 0.02), "{stats:?}");
    }
}

#[test]
fn what_a_path_takes_is_found_though_one_packet_in_ten_is_lost() {
    for seed in 0..8 {
        let conditions = Conditions {
            delay_us: 25 * MS,
            rate: 2_500_000,
            queue: 120_000,
            loss: 0.1,
            ..Conditions::default()
        };
        let (rate, _) = goodput_woken_each(4 * MS, conditions, seed, 10);
        assert!(rate > 1_700_000, "{rate} bytes a second of 2 500 000, seed {seed}");
    }
}

#[test]
fn a_long_way_is_filled() {
    let conditions = Conditions {
        delay_us: 300 * MS,
        jitter_us: 20 * MS,
        rate: 1_250_000,
        queue: 1_000_000,
        ..Conditions::default()
    };
    let (rate, _) = goodput(conditions, 40);
    assert!(rate > 950_000, "{rate} bytes a second of 1 250 000");
}

#[test]
fn a_long_way_on_which_packets_overtake_each_other_is_filled() {
    for seed in 1..4 {
        let conditions = Conditions {
            delay_us: 300 * MS,
            jitter_us: 50 * MS,
            rate: 2_500_000,
            queue: 2_000_000,
            ..Conditions::default()
        };
        let (rate, stats) = goodput_woken_each(MS, conditions, seed, 30);
        assert!(rate > 1_600_000, "{rate} bytes a second of 2 500 000, seed {seed}");
        let sent = stats.traffic.packets_transmitted;
        assert!(stats.retransmits * 25 < sent, "{} of {sent}", stats.retransmits);
    }
}

#[test]
fn a_short_queue_is_not_flooded() {
    let conditions =
        Conditions { delay_us: 10 * MS, rate: 1_250_000, queue: 15_000, ..Conditions::default() };
    let (rate, stats) = goodput(conditions, 20);
    assert!(rate > 1_000_000, "{rate} bytes a second of 1 250 000");
    let sent = stats.traffic.packets_transmitted;
    assert!(stats.retransmits * 10 < sent, "{} of {sent}", stats.retransmits);
}

#[test]
fn a_thread_that_wakes_late_makes_no_slow_stream() {
    for grain_us in [1, MS, 5 * MS, 20 * MS] {
        let conditions =
            Conditions { delay_us: 2 * MS, rate: 5_000_000, queue: 500_000, ..Default::default() };
        let mut world = World::new(conditions, 3);
        world.grain_us = grain_us;
        let (a, b) = world.pair();
        world.write(A, a, &bytes(60_000_000, 1));
        world.run(5 * SECOND);
        let rate = world.sides[B].told(b).data.len() / 5;
        assert!(rate > 4_000_000, "{rate} bytes a second of 5 000 000, woken each {grain_us} µs");
    }
}

#[test]
fn two_streams_share_a_link() {
    let conditions =
        Conditions { delay_us: 20 * MS, rate: 2_500_000, queue: 100_000, ..Conditions::default() };
    let mut world = World::new(conditions, 3);
    let (a, b) = world.pair();
    world.write(A, a, &bytes(120_000_000, 1));
    world.run(5 * SECOND);
    let (c, d) = world.pair_of(3, 4);
    world.write(A, c, &bytes(60_000_000, 2));
    // What the first has in advance, the second gets within a cycle of measuring the round trip.
    world.run(20 * SECOND);
    let before = [b, d].map(|stream| world.sides[B].told(stream).data.len());
    world.run(20 * SECOND);
    let after = [b, d].map(|stream| world.sides[B].told(stream).data.len());
    let [first, second] = [0, 1].map(|n| (after[n] - before[n]) as f64);
    assert!(first + second > 20.0 * 2_200_000.0);
    let share = first / (first + second);
    assert!((0.3..0.7).contains(&share), "{share}");
}
