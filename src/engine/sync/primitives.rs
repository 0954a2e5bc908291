//! Locks and atomics of the small protocols between threads, which are also run under loom: with
//! the feature `loom` theirs are taken, which try every order of events.

#[cfg(not(feature = "loom"))]
pub use parking_lot::{Mutex, MutexGuard};
#[cfg(not(feature = "loom"))]
pub use std::sync::atomic;

#[cfg(feature = "loom")]
pub use loom::sync::atomic;

/// A lock as parking_lot's is, under loom.
///
/// Loom's own holds up who merely tries to take it: whoever takes it blocks all others that are at
/// it, until it is free again. So a poll's borrower, which tries and then wakes the sleeping owner,
/// would wait for the owner to wake by itself. Here loom's locks are held for a moment only.
#[cfg(feature = "loom")]
#[derive(Default)]
pub struct Mutex<T> {
    held: loom::sync::Mutex<bool>,
    freed: loom::sync::Condvar,
    value: loom::sync::Mutex<T>,
}

#[cfg(feature = "loom")]
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    value: Option<loom::sync::MutexGuard<'a, T>>,
}

#[cfg(feature = "loom")]
impl<T> Mutex<T> {
    pub fn new(value: T) -> Self {
        Self {
            held: loom::sync::Mutex::new(false),
            freed: loom::sync::Condvar::new(),
            value: loom::sync::Mutex::new(value),
        }
    }

    pub fn lock(&self) -> MutexGuard<'_, T> {
        let mut held = self.held.lock().unwrap();
        while *held {
            held = self.freed.wait(held).unwrap();
        }
        *held = true;
        drop(held);
        MutexGuard { mutex: self, value: Some(self.value.lock().unwrap()) }
    }

    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        if std::mem::replace(&mut *self.held.lock().unwrap(), true) {
            return None;
        }
        Some(MutexGuard { mutex: self, value: Some(self.value.lock().unwrap()) })
    }
}

#[cfg(feature = "loom")]
impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.value = None;
        if let Ok(mut held) = self.mutex.held.lock() {
            *held = false;
        }
        self.mutex.freed.notify_one();
    }
}

#[cfg(feature = "loom")]
impl<T> std::ops::Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.as_ref().expect("held until it is dropped")
    }
}

#[cfg(feature = "loom")]
impl<T> std::ops::DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.value.as_mut().expect("held until it is dropped")
    }
}
