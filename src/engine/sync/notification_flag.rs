//! A wake that is made once for all that comes before it is heard.

use super::primitives::atomic::{AtomicBool, Ordering};

/// Whether a reader was told that there is something to read. Writers put it in place, then
/// [`NotificationFlag::raise`]; the reader [`NotificationFlag::lower`]s, then looks: nothing falls between. All writes are
/// swaps, which cost what a store of that order costs and leave loom one order of them only.
#[derive(Default)]
pub struct NotificationFlag(AtomicBool);

impl NotificationFlag {
    /// `true`: the reader does not know yet, the caller has to wake it.
    pub fn raise(&self) -> bool {
        !self.0.load(Ordering::SeqCst) && !self.0.swap(true, Ordering::SeqCst)
    }

    /// What is put in place from here on is told anew.
    pub fn lower(&self) {
        self.0.swap(false, Ordering::SeqCst);
    }

    /// The reader will look by itself: what is put in place from here on is not told.
    pub fn suppress(&self) {
        self.0.swap(true, Ordering::SeqCst);
    }
}
