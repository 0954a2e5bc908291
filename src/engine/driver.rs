//! Steps a sans-IO core under its lock, and carries out what came of it once the lock is free.
//!
//! ```text
//! lock ── step ── collect ── rearm ──┐ unlock
//!                                    └── carry out: send, wake
//! ```
//!
//! The lock is held for computing only: nobody holds it across a system call, a wait or a callback.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::LocalKey;

use super::shard::Shard;
use super::shard::deadlines::NEVER;
use super::shard::tenant::Panic;
use super::sync::combining_lock::CombiningLock;
use super::sync::primitives::MutexGuard;

/// A state machine that has to be drained after each step.
pub trait Core {
    /// What its steps take as the time.
    type Time: Copy;
    /// What steps produce besides events; reused from step to step.
    type Output: Default + 'static;
    /// Where events go.
    type Sink: ?Sized;

    /// The time by its clock.
    fn now() -> Self::Time;
    /// The output that this thread reuses.
    fn output() -> &'static LocalKey<RefCell<Self::Output>>;
    /// Moves what a step produced out of the core.
    fn collect(&mut self, output: &mut Self::Output, sink: &Self::Sink);
    /// When it wants to be woken, in µs of the monotonic clock, or [`NEVER`].
    fn deadline(&mut self) -> u64;
    /// Empties an output that was carried out.
    fn clear(output: &mut Self::Output);
}

type Call<C> = Box<dyn FnOnce(&mut C, <C as Core>::Time) + Send>;

/// A core behind its lock, on a shard.
pub struct Driver<C: Core> {
    state: CombiningLock<State<C>, Call<C>>,
    shard: Arc<Shard>,
    /// By which the shard knows it.
    key: AtomicUsize,
}

/// What the lock is for.
pub struct State<C> {
    core: C,
    /// When the shard's deadline for it comes.
    armed: u64,
    closed: bool,
    /// Its key may be another tenant's by now.
    released: bool,
}

impl<C: Core> Driver<C> {
    pub fn new(core: C, shard: Arc<Shard>) -> Self {
        let state = State { core, armed: NEVER, closed: false, released: false };
        Self { state: CombiningLock::new(state), shard, key: AtomicUsize::new(usize::MAX) }
    }

    pub fn shard(&self) -> &Arc<Shard> {
        &self.shard
    }

    pub fn key(&self) -> usize {
        self.key.load(Ordering::Relaxed)
    }

    pub fn set_key(&self, key: usize) {
        self.key.store(key, Ordering::Relaxed);
    }

    /// The core. Waits for whoever holds it, which is for microseconds.
    pub fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock()
    }

    /// The core, unless somebody holds it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, State<C>>> {
        self.state.try_lock()
    }

    /// The core, if calls wait and nobody holds it. To be asked again until there is none.
    pub fn try_lock_pending(&self) -> Option<MutexGuard<'_, State<C>>> {
        self.state.try_lock_pending()
    }

    /// The core, whose deadline `at` has come.
    pub fn lock_due(&self, at: u64) -> MutexGuard<'_, State<C>> {
        let mut state = self.lock();
        if state.armed == at {
            state.armed = NEVER;
        }
        state
    }

    /// Leaves a call for whoever holds the core next.
    pub fn enqueue(&self, call: impl FnOnce(&mut C, C::Time) + Send + 'static) {
        self.state.enqueue(Box::new(call));
    }

    /// Runs the calls that wait and then `f`, collects what comes of it, lets go of the lock, and
    /// only then has it carried out. `None`: the core is gone.
    ///
    /// # Errors
    /// What the core panicked with. It is gone then.
    pub fn step<R>(
        &self,
        mut state: MutexGuard<'_, State<C>>,
        sink: &C::Sink,
        f: impl FnOnce(&mut C, C::Time) -> R,
        carry_out: impl FnOnce(&mut C::Output),
    ) -> Result<Option<R>, Panic> {
        if state.closed {
            drop(self.state.take_calls());
            return Ok(None);
        }
        let mut output = C::output().take();
        let now = C::now();
        let result = catch_unwind(AssertUnwindSafe(|| {
            self.state.take_calls().into_iter().for_each(|call| call(&mut state.core, now));
            let result = f(&mut state.core, now);
            state.core.collect(&mut output, sink);
            let wakes_shard = self.rearm(&mut state);
            (result, wakes_shard)
        }));
        state.closed |= result.is_err();
        drop(state);
        carry_out(&mut output);
        C::clear(&mut output);
        C::output().set(output);
        let (result, wakes_shard) = result?;
        if wakes_shard {
            self.shard.wake_if_asleep();
        }
        Ok(Some(result))
    }

    /// The core is gone. `false`: it was closed before.
    pub fn close(&self) -> bool {
        let mut state = self.lock();
        state.closed = true;
        if std::mem::replace(&mut state.released, true) {
            return false;
        }
        let armed = std::mem::replace(&mut state.armed, NEVER);
        self.shard.arm(self.key(), armed, NEVER);
        true
    }

    /// Nobody may step the core any more. `false`: it was closed before.
    pub fn give_up(&self) -> bool {
        let mut state = self.lock();
        state.closed = true;
        !state.released
    }

    /// Looks at what is left of a core that [`Self::give_up`] gave up.
    pub fn remains<R>(&self, f: impl FnOnce(&mut C) -> R) -> R {
        f(&mut self.lock().core)
    }

    fn rearm(&self, state: &mut State<C>) -> bool {
        let deadline = state.core.deadline();
        // A deadline that moved back fires early and finds nothing: cheaper than moving it.
        if self.key() == usize::MAX || deadline >= state.armed {
            return false;
        }
        let old = std::mem::replace(&mut state.armed, deadline);
        self.shard.arm(self.key(), old, deadline)
    }
}
