//! Numbers of packets. On the wire they are 32 bits and wrap; inside they are 64 bits and never do.

/// The number of a packet. Its low 32 bits are what the wire says.
pub type Seq = u64;

/// The first number of a direction that begins with `wire`. What lies half the numbers below it can
/// still be told.
pub const fn first(wire: u32) -> Seq {
    (1 << 32) + wire as u64
}

/// What the wire says.
pub const fn to_wire(seq: Seq) -> u32 {
    seq as u32
}

/// The number that the wire means: of all that end in these 32 bits, the one closest to `near`.
pub const fn expand(near: Seq, wire: u32) -> Seq {
    let distance = wire.wrapping_sub(near as u32) as i32;
    near.wrapping_add_signed(distance as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_closest_one_around_every_wrap() {
        for near in [first(0), first(5), first(u32::MAX), first(0) + (7 << 32)] {
            for distance in [0, 1, -1, 70_000, -70_000, i32::MAX, i32::MIN] {
                let meant = near.wrapping_add_signed(i64::from(distance));
                assert_eq!(expand(near, to_wire(meant)), meant);
            }
        }
    }
}
