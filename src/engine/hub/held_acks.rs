//! Acknowledgements that wait for what JavaScript says to the data.
//!
//! Who drives a shard's poll between two turns of an event loop is about to hand over what came, and the
//! answer is made by the same thread. It carries the acknowledgement, so that a small exchange is two
//! datagrams, not four. Where no answer comes the acknowledgement leaves at the end of the turn, or
//! after [`HELD_US`] by the shard.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// Datagrams that are a small exchange.
pub const FEW: u32 = 4;

/// For so long they are held at most, in µs.
pub const HELD_US: u64 = 1000;

/// A hub that may hold some.
pub trait Holder: Send + Sync {
    /// They leave.
    fn send_held(&self);
}

thread_local! {
    static ARE_HELD: Cell<bool> = const { Cell::new(false) };
    static HOLDING: RefCell<Vec<Arc<dyn Holder>>> = const { RefCell::new(Vec::new()) };
}

/// Whether this thread is about to say something to what comes.
pub fn are_held() -> bool {
    ARE_HELD.get()
}

/// Holds acknowledgements of data that comes while `f` runs. True, beside what it returns: there are
/// some, for [`release`].
pub fn hold<R>(f: impl FnOnce() -> R) -> (R, bool) {
    struct Held;
    impl Drop for Held {
        fn drop(&mut self) {
            ARE_HELD.set(false);
        }
    }
    ARE_HELD.set(true);
    let held = Held;
    let result = f();
    drop(held);
    (result, are_some())
}

/// Whether this thread holds some.
pub fn are_some() -> bool {
    HOLDING.with_borrow(|holding| !holding.is_empty())
}

/// Those of this hub are held.
pub fn note(hub: Arc<dyn Holder>) {
    HOLDING.with_borrow_mut(|holding| {
        if !holding.iter().any(|known| Arc::ptr_eq(known, &hub)) {
            holding.push(hub);
        }
    });
}

/// What this thread held leaves, unless it has.
pub fn release() {
    for hub in HOLDING.take() {
        hub.send_held();
    }
}
