//! Time, which comes in as an argument.

/// The two clocks of a driver, in ms.
///
/// Deadlines live on `mono_ms`, which never jumps. `wall_ms` goes on while the machine sleeps, and
/// is how a node notices that it slept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    pub mono_ms: u64,
    pub wall_ms: u64,
}
