//! Bytes arrive, all of them and in order, and both sides close.

use dht_rpc_native::udx::*;

use crate::link::Conditions;
use crate::world::*;

/// Sends both ways, ends both, and waits for both to close.
fn transfer(conditions: Conditions, seed: u64, there: usize, back: usize) -> World {
    let mut world = World::new(conditions, seed);
    let (a, b) = world.pair();
    let (to_b, to_a) = (bytes(there, seed + 1), bytes(back, seed + 2));
    world.write(A, a, &to_b);
    world.write(B, b, &to_a);
    world.end(A, a);
    world.end(B, b);
    let is_closed = |world: &World| {
        world.sides[A].told(a).closed.is_some() && world.sides[B].told(b).closed.is_some()
    };
    let done = world.run_until(world.now + 600 * SECOND, is_closed);
    let (told_a, told_b) = (world.sides[A].told(a), world.sides[B].told(b));
    assert!(done, "{:?} {:?}", world.stats(A, a), world.stats(B, b));
    let reasons = (told_a.closed, told_b.closed);
    assert_eq!(reasons, (Some(CloseReason::Ended), Some(CloseReason::Ended)), "seed {seed}");
    assert!(told_a.data == to_a && told_b.data == to_b, "seed {seed}: other bytes arrived");
    assert!(told_a.has_ended && told_b.has_ended);
    world
}

#[test]
fn bytes_arrive_over_a_good_link() {
    let world = transfer(Conditions::default(), 1, 3_000_000, 1_000_000);
    assert_eq!(world.sides[A].hub.drops(), Drops::default());
}

#[test]
fn bytes_arrive_over_a_bad_link() {
    for seed in 0..4 {
        let conditions = Conditions {
            delay_us: 20_000,
            jitter_us: 2_000,
            rate: 2_000_000,
            queue: 100_000,
            loss: 0.05,
            duplicated: 0.02,
            held_up: 0.02,
            ..Conditions::default()
        };
        transfer(conditions, seed, 1_000_000, 300_000);
    }
}

#[test]
fn sixteen_streams_of_one_socket_share_a_link_and_mix_no_bytes() {
    let conditions = Conditions { rate: 20_000_000, queue: 200_000, ..Conditions::default() };
    let mut world = World::new(conditions, 1);
    let streams: Vec<_> = (0..16).map(|n| world.pair_of(2 * n, 2 * n + 1)).collect();
    for (n, (a, _)) in streams.iter().enumerate() {
        world.write(A, *a, &bytes(1_000_000, n as u64));
        world.end(A, *a);
    }
    let done = |world: &World| streams.iter().all(|(_, b)| world.sides[B].told(*b).has_ended);
    assert!(world.run_until(world.now + 60 * SECOND, done));
    for (n, (_, b)) in streams.iter().enumerate() {
        assert!(world.sides[B].told(*b).data == bytes(1_000_000, n as u64), "stream {n}");
    }
}
