//! When a sleeping thread wakes by itself, so that whoever needs it earlier knows to wake it.

use super::primitives::atomic::{AtomicU64, Ordering};

/// The state of a thread that does not sleep.
const AWAKE: u64 = 0;

/// Set before the sleeper looks for work the last time; whoever brings work looks at it after that
/// work is in place. So one of the two sees the other. All writes are swaps, which cost what a
/// store of that order costs and leave loom one order of them only.
#[derive(Default)]
pub struct ParkDeadline {
    /// In µs; [`AWAKE`] if nobody sleeps.
    at: AtomicU64,
}

impl ParkDeadline {
    /// The thread is about to sleep until `at` at the latest, in µs.
    pub fn set(&self, at: u64) {
        self.at.swap(at.max(AWAKE + 1), Ordering::SeqCst);
    }

    /// The thread is awake.
    pub fn clear(&self) {
        self.at.swap(AWAKE, Ordering::SeqCst);
    }

    /// Whether the thread sleeps too long for something that is due at `at`.
    pub fn is_later_than(&self, at: u64) -> bool {
        at < self.at.load(Ordering::SeqCst)
    }

    /// `true`: the thread sleeps and nobody has woken it yet; the caller has to.
    pub fn ring(&self) -> bool {
        // Looked at first: most of the time the thread is awake, and a load keeps its cache line.
        self.at.load(Ordering::SeqCst) != AWAKE && self.at.swap(AWAKE, Ordering::SeqCst) != AWAKE
    }
}
