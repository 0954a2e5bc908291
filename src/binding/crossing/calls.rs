//! The functions that open an environment and drain what waits for it.
//!
//! Those that fill a slab return the bytes written.

use std::time::Instant;

use napi::bindgen_prelude::{BufferSlice, Function, JsValue, Result, Unknown};
use napi::{Env, sys};
use napi_derive::napi;

use super::outbox::BATCH;
use super::wake::Wake;
use super::{environment, event_loop};
use crate::engine::{self, NotificationFlag, held_acks};

/// The monotonic clock in ms, with their fractions.
#[napi(catch_unwind)]
pub fn now() -> f64 {
    engine::mono().as_secs_f64() * 1000.0
}

/// Calls `function` in a later turn of the event loop, which waits for it: where what the runtime has for that was replaced.
#[napi(catch_unwind)]
pub fn later(env: Env, function: Function<'_, (), ()>) -> Result<()> {
    Wake::once(env, function)
}

/// Throws where nobody catches.
#[napi(catch_unwind)]
pub fn throw_uncaught(env: Env, error: Unknown<'_>) {
    // SAFETY: a value of this environment.
    unsafe { sys::napi_fatal_exception(env.raw(), error.raw()) };
}

/// The last node of this environment is gone.
#[napi(catch_unwind)]
pub fn close(environment: u32) {
    event_loop::forget(environment);
    environment::close(environment);
}

/// Has `wake` called from now on, in the place of what [`open`](super::super::open::open) was given.
#[napi(catch_unwind)]
pub fn rewake(env: Env, environment: u32, wake: Function<'_, (), ()>, alive: bool) -> Result<()> {
    environment::rewake(env, environment, wake, alive)
}

/// Keeps the process alive while nodes live.
#[napi(catch_unwind, js_name = "ref")]
pub fn reference(env: Env, environment: u32, on: bool) {
    environment::reference(env, environment, on);
}

/// Moves waiting records to the slab, `batch` bytes but for the last ones; 0 if there are none.
/// With `patient` it may wait for them for a moment, see [`AdaptiveSpin`](crate::engine::AdaptiveSpin).
#[napi(catch_unwind)]
pub fn drain(environment: u32, patient: bool, batch: u32, mut slab: BufferSlice<'_>) -> u32 {
    let batch = batch as usize;
    let Some(shared) = environment::shared(environment) else { return 0 };
    environment::repack(&shared);
    let mut spin = shared.spin.lock();
    spin.wake_up(Instant::now());
    shared.notified.lower();
    let mut len = shared.outbox.drain(&mut slab, batch);
    if len == 0 && patient {
        shared.notified.suppress();
        spin.spin(Instant::now, || shared.outbox.is_filled());
        shared.notified.lower();
        len = shared.outbox.drain(&mut slab, batch);
    }
    if len == 0 {
        spin.fall_asleep(Instant::now());
    }
    len as u32
}

/// Moves to the slab what came of JavaScript's own calls; 0 if nothing did.
#[napi(catch_unwind)]
pub fn drain_own(mut slab: BufferSlice<'_>) -> u32 {
    environment::drain_own(&mut slab) as u32
}

/// Added to what [`drive`] returns: something was ready.
const READY: u32 = 1 << 30;
/// Added to what [`drive`] returns: a poll had been taken back meanwhile.
const ANEW: u32 = 1 << 31;
/// Added to what [`drive`] returns: there is more to drain.
const MORE: u32 = 1 << 29;

/// Added to what [`drive`] returns: acknowledgements are held, for [`release_acks`].
const HELD: u32 = 1 << 28;

/// Runs the shards' polls on this thread without waiting, then drains. Returns the bytes, and flags.
#[napi(catch_unwind)]
pub fn drive(environment: u32, mut slab: BufferSlice<'_>) -> u32 {
    let Some(shared) = environment::shared(environment) else { return 0 };
    let (driven, held) = {
        let _suppressed = Suppressed::new(&shared.notified);
        held_acks::hold(environment::drive)
    };
    let len = shared.outbox.drain(&mut slab, BATCH) as u32;
    let flag = |on: bool, bit: u32| if on { bit } else { 0 };
    let more = shared.outbox.is_filled();
    len | flag(held, HELD) | flag(driven.ready, READY) | flag(driven.anew, ANEW) | flag(more, MORE)
}

/// What the turn had to say to what came is said: acknowledgements that it did not carry leave.
#[napi(catch_unwind)]
pub fn release_acks() {
    held_acks::release();
}

/// Prepares for `callback` to be called when a poll that [`wait_on_polls`] watches is readable.
/// `false`: JavaScript's event loop cannot do that. To be asked in Node only, as others pretend.
#[napi(catch_unwind)]
pub fn prepare_to_wait(env: Env, environment: u32, callback: Function<'_, (), ()>) -> bool {
    event_loop::prepare(env, environment, &callback)
}

/// Has JavaScript's event loop wait on the polls, which [`drive`] borrows. `false`: it cannot.
#[napi(catch_unwind)]
pub fn wait_on_polls(environment: u32) -> bool {
    event_loop::wait(environment)
}

/// JavaScript's event loop waits on the polls no more.
#[napi(catch_unwind)]
pub fn leave_polls(environment: u32) {
    event_loop::leave(environment);
}

/// Gives the polls back to the shards.
#[napi(catch_unwind)]
pub fn release() {
    environment::release();
}

/// Nobody wakes JavaScript while this lives, a panic or not.
struct Suppressed<'a>(&'a NotificationFlag);

impl<'a> Suppressed<'a> {
    fn new(flag: &'a NotificationFlag) -> Self {
        flag.suppress();
        Self(flag)
    }
}

impl Drop for Suppressed<'_> {
    fn drop(&mut self) {
        self.0.lower();
    }
}
