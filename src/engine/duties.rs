//! What waits for a shard's thread: deadlines of nodes, and nodes with calls. Whoever brings some
//! learns whether the thread sleeps too long for it.

use super::alarm::Alarm;
use super::sync::Mutex;
use super::timers::Timers;

/// See the module's page. Nodes go by their keys, times are ms of the monotonic clock.
#[derive(Default)]
pub struct Duties {
    timers: Mutex<Timers>,
    called: Mutex<Vec<usize>>,
    alarm: Alarm,
}

impl Duties {
    /// Moves a node's deadline; [`NEVER`](super::timers::NEVER) is none. `true`: the thread sleeps
    /// too long for it, which is to be asked of [`Self::ring`] once no lock is held.
    pub fn arm(&self, key: usize, old: u64, new: u64) -> bool {
        self.timers.lock().set(key, old, new);
        self.alarm.is_later_than(new)
    }

    /// Has the thread run a node's calls. `true`: it sleeps, the caller has to wake it.
    pub fn call(&self, key: usize) -> bool {
        self.called.lock().push(key);
        self.ring()
    }

    /// `true`: the thread sleeps and nobody has woken it yet, the caller has to.
    pub fn ring(&self) -> bool {
        self.alarm.ring()
    }

    /// The thread is about to sleep. Returns until when it may: 0 is not at all, because there is
    /// something to do or `stay_awake` says so.
    pub fn fall_asleep(&self, stay_awake: impl FnOnce() -> bool) -> u64 {
        let timers = self.timers.lock();
        let next = timers.next();
        self.alarm.set(next);
        drop(timers);
        if !self.called.lock().is_empty() || stay_awake() { 0 } else { next }
    }

    /// The thread sleeps no more.
    pub fn wake_up(&self) {
        self.alarm.clear();
    }

    /// Takes one node whose deadline has come.
    pub fn pop_due(&self, now_ms: u64) -> Option<(u64, usize)> {
        self.timers.lock().pop_due(now_ms)
    }

    /// Whether nodes have calls.
    pub fn are_called(&self) -> bool {
        !self.called.lock().is_empty()
    }

    /// Swaps the nodes with calls for an empty list.
    pub fn take_called(&self, empty: &mut Vec<usize>) {
        std::mem::swap(empty, &mut *self.called.lock());
    }
}
