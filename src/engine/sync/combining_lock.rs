//! A value behind a lock, and the calls on it that came while another thread held it.

use super::primitives::{Mutex, MutexGuard};

/// Whoever finds the value held enqueues the call and asks [`CombiningLock::try_lock_pending`];
/// whoever lets go of the value asks as well. So no call stays with nobody: if the one who enqueued
/// it still finds the value held, its holder has yet to ask.
pub struct CombiningLock<T, C> {
    value: Mutex<T>,
    calls: Mutex<Vec<C>>,
}

impl<T, C> CombiningLock<T, C> {
    pub fn new(value: T) -> Self {
        Self { value: Mutex::new(value), calls: Mutex::new(Vec::new()) }
    }

    /// The value. Waits for whoever holds it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.value.lock()
    }

    /// The value, unless somebody holds it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.value.try_lock()
    }

    /// Leaves a call for whoever holds the value next.
    pub fn enqueue(&self, call: C) {
        self.calls.lock().push(call);
    }

    /// The calls that wait, for who holds the value.
    pub fn take_calls(&self) -> Vec<C> {
        std::mem::take(&mut *self.calls.lock())
    }

    /// The value, if calls wait and nobody holds it. To be asked again until there is none.
    pub fn try_lock_pending(&self) -> Option<MutexGuard<'_, T>> {
        if self.calls.lock().is_empty() { None } else { self.try_lock() }
    }
}
