//! Locks and atomics of the small protocols between threads, which are also run under loom: with
//! the feature `loom` theirs are taken, which try every order of events.

#[cfg(not(feature = "loom"))]
pub use parking_lot::{Mutex, MutexGuard};
#[cfg(not(feature = "loom"))]
pub use std::sync::atomic;

#[cfg(feature = "loom")]
pub use loom::sync::{MutexGuard, atomic};

/// Loom's lock, called as parking_lot's is.
#[cfg(feature = "loom")]
#[derive(Default)]
pub struct Mutex<T>(loom::sync::Mutex<T>);

#[cfg(feature = "loom")]
impl<T> Mutex<T> {
    pub fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock().ok()
    }
}
