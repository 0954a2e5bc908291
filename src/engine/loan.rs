//! Who drives a shard's poll: its own thread, or one that borrowed it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The state of the borrowing. It only says who should drive; who does holds the driver's lock.
#[derive(Default)]
pub struct Loan {
    lent: AtomicBool,
    beats: AtomicU32,
}

impl Loan {
    /// A borrower is about to drive. `true`: the poll was not lent before.
    pub fn take(&self) -> bool {
        self.beats.fetch_add(1, Ordering::Relaxed);
        !self.lent.swap(true, Ordering::SeqCst)
    }

    /// The borrower drives no more. `true`: the poll was lent, its owner is to be told.
    pub fn give_back(&self) -> bool {
        self.lent.swap(false, Ordering::SeqCst)
    }

    pub fn is_lent(&self) -> bool {
        self.lent.load(Ordering::SeqCst)
    }

    /// Changes whenever the borrower drives.
    pub fn beats(&self) -> u32 {
        self.beats.load(Ordering::Relaxed)
    }

    /// Ends the loan if the borrower was silent since the beats were `since`.
    pub fn end_if_silent(&self, since: u32) {
        if self.beats() == since {
            self.lent.store(false, Ordering::SeqCst);
        }
    }
}
