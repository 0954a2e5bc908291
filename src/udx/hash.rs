//! How maps by id and by socket hash: in a few instructions.

#[cfg(not(fuzzing))]
pub use foldhash::fast::RandomState as Hashing;

/// A fuzzer compares runs of one input edge by edge: in each of them a map is searched alike.
#[cfg(fuzzing)]
pub use foldhash::fast::FixedState as Hashing;
