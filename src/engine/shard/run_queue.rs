//! What waits for a shard's thread: deadlines of tenants, and tenants with calls. Whoever brings some
//! learns whether the thread sleeps too long for it.

use super::super::sync::park_deadline::ParkDeadline;
use super::super::sync::primitives::Mutex;
use super::deadlines::Deadlines;

/// See the module's page. Tenants go by their keys, times are µs of the monotonic clock.
#[derive(Default)]
pub struct RunQueue {
    deadlines: Mutex<Deadlines>,
    called: Mutex<Vec<usize>>,
    parked: ParkDeadline,
}

impl RunQueue {
    /// Moves a tenant's deadline; [`NEVER`](super::deadlines::NEVER) is none. `true`: the thread sleeps
    /// too long for it, which is to be asked of [`Self::ring`] once no lock is held.
    pub fn arm(&self, key: usize, old: u64, new: u64) -> bool {
        self.deadlines.lock().set(key, old, new);
        self.parked.is_later_than(new)
    }

    /// Has the thread run a tenant's calls. `true`: it sleeps, the caller has to wake it.
    pub fn call(&self, key: usize) -> bool {
        self.called.lock().push(key);
        self.ring()
    }

    /// `true`: the thread sleeps and nobody has woken it yet, the caller has to.
    pub fn ring(&self) -> bool {
        self.parked.ring()
    }

    /// The thread is about to sleep. Returns until when it may: 0 is not at all, because there is
    /// something to do or `stay_awake` says so.
    pub fn fall_asleep(&self, stay_awake: impl FnOnce() -> bool) -> u64 {
        let deadlines = self.deadlines.lock();
        let next = deadlines.next();
        self.parked.set(next);
        drop(deadlines);
        if !self.called.lock().is_empty() || stay_awake() { 0 } else { next }
    }

    /// The thread sleeps no more.
    pub fn wake_up(&self) {
        self.parked.clear();
    }

    /// Takes one tenant whose deadline has come.
    pub fn pop_due(&self, now_us: u64) -> Option<(u64, usize)> {
        self.deadlines.lock().pop_due(now_us)
    }

    /// Whether tenants have calls.
    pub fn are_called(&self) -> bool {
        !self.called.lock().is_empty()
    }

    /// Swaps the tenants with calls for an empty list.
    pub fn take_called(&self, empty: &mut Vec<usize>) {
        std::mem::swap(empty, &mut *self.called.lock());
    }
}
