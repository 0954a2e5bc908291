//! Who drives a shard's poll: its own thread, or one that borrowed it.

use super::primitives::Mutex;
use super::primitives::atomic::{AtomicBool, AtomicU32, Ordering};

/// What drives the poll, behind a lock, and who should take it.
pub struct PollOwnership<D> {
    loan: Loan,
    driver: Mutex<D>,
}

impl<D> PollOwnership<D> {
    pub fn new(driver: D) -> Self {
        Self { loan: Loan::default(), driver: Mutex::new(driver) }
    }

    /// A borrower's round. What `turn` says, if the owner does not drive; otherwise the owner has to
    /// be woken if the loan is a new one, so that it lets go.
    pub fn borrow<R>(&self, turn: impl FnOnce(&mut D) -> R) -> Borrowed<R> {
        let anew = self.loan.take();
        Borrowed { anew, turn: self.driver.try_lock().map(|mut driver| turn(&mut driver)) }
    }

    /// Lends the poll to who will drive it soon. `true`: the owner has to be woken, so that it lets go.
    pub fn lend(&self) -> bool {
        self.loan.take()
    }

    /// A round of the owner's, once no borrower drives. `nap` lets a moment pass, after which a
    /// borrower that was silent meanwhile loses the loan.
    pub fn own(&self, nap: impl Fn(), turn: impl FnOnce(&mut D)) {
        while self.is_lent() {
            let beats = self.loan.beats();
            nap();
            self.loan.end_if_silent(beats);
        }
        turn(&mut self.driver.lock());
    }

    /// The borrower drives no more. `true`: its owner may nap, and is to be told.
    pub fn give_back(&self) -> bool {
        self.loan.give_back()
    }

    pub fn is_lent(&self) -> bool {
        self.loan.is_lent()
    }
}

/// What became of a borrower's round.
pub struct Borrowed<R> {
    /// The poll was not lent before.
    pub anew: bool,
    /// `None`: the owner drives.
    pub turn: Option<R>,
}

/// The state of the borrowing. It only says who should drive; who does holds the driver's lock.
#[derive(Default)]
struct Loan {
    lent: AtomicBool,
    beats: AtomicU32,
}

impl Loan {
    /// A borrower is about to drive. `true`: the poll was not lent before.
    fn take(&self) -> bool {
        self.beats.fetch_add(1, Ordering::Relaxed);
        !self.lent.swap(true, Ordering::SeqCst)
    }

    /// The borrower drives no more. `true`: the poll was lent, its owner is to be told.
    fn give_back(&self) -> bool {
        self.lent.swap(false, Ordering::SeqCst)
    }

    fn is_lent(&self) -> bool {
        self.lent.load(Ordering::SeqCst)
    }

    /// Changes whenever the borrower drives.
    fn beats(&self) -> u32 {
        self.beats.load(Ordering::Relaxed)
    }

    /// Ends the loan if the borrower was silent since the beats were `since`.
    fn end_if_silent(&self, since: u32) {
        if self.beats() == since {
            self.lent.swap(false, Ordering::SeqCst);
        }
    }
}
