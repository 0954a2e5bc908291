//! How maps by address and by tid hash: in a few instructions, and seeded, so that nobody can craft
//! addresses that collide.

#[cfg(not(fuzzing))]
pub use foldhash::fast::RandomState as Hashing;

/// A fuzzer compares runs of one input edge by edge: in each of them a map is searched alike.
#[cfg(fuzzing)]
pub use foldhash::fast::FixedState as Hashing;
