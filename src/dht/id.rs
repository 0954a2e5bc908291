//! Identity: an id is the hash of an address, distance is XOR.

use std::cmp::Ordering;
use std::fmt;

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use crate::net::addr::{Addr, encode_addr};

/// A round-trip token, a target or a seed: 32 bytes.
pub type Bytes32 = [u8; 32];

/// The id of a node: 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 32]);

impl Id {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// BLAKE2b-256 of the 6 bytes that `addr` takes on the wire.
    ///
    /// A received id counts only if it equals this one for the address that it came from.
    pub fn of(addr: Addr) -> Self {
        Self(Blake2b::<U32>::digest(encode_addr(addr)).into())
    }

    /// How many leading bits are shared with `other`: 0 to 256.
    pub fn common_prefix(&self, other: &[u8; 32]) -> usize {
        let differing = self.0.iter().zip(other).position(|(a, b)| a != b);
        match differing {
            Some(i) => i * 8 + (self.0[i] ^ other[i]).leading_zeros() as usize,
            None => 256,
        }
    }

    /// Whether `a` or `b` is nearer to `target`: `Less` if `a` is.
    pub fn cmp_distance(target: &[u8; 32], a: &Id, b: &Id) -> Ordering {
        for ((t, a), b) in words(target).zip(words(&a.0)).zip(words(&b.0)) {
            if a != b {
                return (a ^ t).cmp(&(b ^ t));
            }
        }
        Ordering::Equal
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn words(bytes: &[u8; 32]) -> impl Iterator<Item = u64> {
    let (chunks, _) = bytes.as_chunks::<8>();
    chunks.iter().map(|chunk| u64::from_be_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_prefix_counts_bits() {
        let zero = Id([0; 32]);
        assert_eq!(zero.common_prefix(&[0; 32]), 256);
        for bit in 0..256 {
            let mut other = [0; 32];
            other[bit / 8] = 0x80 >> (bit % 8);
            assert_eq!(zero.common_prefix(&other), bit);
            other[31] |= 1;
            assert_eq!(zero.common_prefix(&other), bit);
        }
    }

    #[test]
    fn distance_is_the_xor_read_from_the_first_byte() {
        let ids = [1u16, 2, 3, 4].map(|port| Id::of(Addr::new([10, 0, 0, 1].into(), port)));
        let xor = |a: &Id, b: &Id| std::array::from_fn::<u8, 32, _>(|i| a.0[i] ^ b.0[i]);
        for target in &ids {
            for a in &ids {
                for b in &ids {
                    let expected = xor(target, a).cmp(&xor(target, b));
                    assert_eq!(Id::cmp_distance(&target.0, a, b), expected);
                }
            }
        }
    }

    #[test]
    fn debug_is_hex() {
        assert_eq!(format!("{:?}", Id([0x0a; 32])), "0a".repeat(32));
    }
}
