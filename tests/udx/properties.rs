//! Whatever a link does short of never delivering: all bytes arrive, in order, and both sides close.

use dht_rpc_native::udx::*;
use proptest::prelude::*;

use crate::link::Conditions;
use crate::world::*;

fn conditions() -> impl Strategy<Value = Conditions> {
    let timing = (0u64..150_000, 0u64..20_000, prop_oneof![Just(0u64), 50_000u64..5_000_000]);
    let faults = (0.0..0.15f64, 0.0..0.1f64, 0.0..0.2f64, 0u64..200_000);
    let path = (20_000usize..400_000, 1200usize..1501);
    (timing, faults, path).prop_map(|(timing, faults, path)| Conditions {
        delay_us: timing.0,
        jitter_us: timing.1,
        rate: timing.2,
        loss: faults.0,
        duplicated: faults.1,
        held_up: faults.2,
        held_up_us: faults.3,
        queue: path.0,
        mtu: path.1,
    })
}

/// What one side does: writes of these lengths, so many µs apart, and how it reads.
#[derive(Clone, Debug)]
struct Acts {
    writes: Vec<(usize, u64)>,
    pauses: bool,
}

fn acts() -> impl Strategy<Value = Acts> {
    let write = (prop_oneof![0usize..50, 0usize..5_000, 0usize..60_000], 0u64..100_000);
    (prop::collection::vec(write, 0..12), any::<bool>())
        .prop_map(|(writes, pauses)| Acts { writes, pauses })
}

fn small_windows() -> impl Strategy<Value = u32> {
    prop_oneof![Just(4 << 20), 2_000u32..50_000]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn all_bytes_arrive_in_order_and_both_sides_close(
        conditions in conditions(),
        acts in [acts(), acts()],
        window in small_windows(),
        seed in 0u64..1000,
    ) {
        let limits = Limits { window, ..Limits::default() };
        let sides = vec![Side::with_limits(1, limits), Side::with_limits(2, limits)];
        let mut world = World::with_sides(conditions, seed, sides);
        let (a, b) = world.pair();
        let streams = [a, b];
        let mut written = [Vec::new(), Vec::new()];
        for step in 0..12 {
            for side in [A, B] {
                if acts[side].pauses {
                    world.sides[side].told_mut(streams[side]).is_paused = step % 2 == 0;
                }
                if let Some((len, pause)) = acts[side].writes.get(step) {
                    let data = bytes(*len, seed + step as u64);
                    written[side].extend_from_slice(&data);
                    world.write(side, streams[side], &data);
                    world.run(*pause);
                }
            }
        }
        for side in [A, B] {
            let now = world.now;
            world.end(side, streams[side]);
            world.sides[side].pause(now, streams[side], false);
        }
        let is_closed = |world: &World| {
            (0..2).all(|side| world.sides[side].told(streams[side]).closed.is_some())
        };
        let done = world.run_until(world.now + 3600 * SECOND, is_closed);
        prop_assert!(done, "{:?} {:?}", world.stats(A, a), world.stats(B, b));
        for side in [A, B] {
            let told = world.sides[side].told(streams[side]);
            prop_assert_eq!(told.closed, Some(CloseReason::Ended));
            prop_assert!(told.data == written[1 - side], "other bytes arrived");
            prop_assert_eq!(world.stats(side, streams[side]).acked, written[side].len() as u64);
            prop_assert_eq!(world.sides[side].hub.waiting_bytes(), 0);
        }
    }
}
