//! The process's two clocks.

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::net::clock::Now;

/// The monotonic clock, from its first reading on.
pub fn mono() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// The same in whole ms.
pub fn mono_ms() -> u64 {
    mono().as_millis() as u64
}

/// The same in whole µs.
pub fn mono_us() -> u64 {
    mono().as_micros() as u64
}

/// Reads both clocks, in whole ms. The wall clock is read once for each ms of the other: it is
/// there to notice that the machine slept, and the steps of busy nodes are far shorter than that.
pub fn now() -> Now {
    thread_local! {
        static LAST: Cell<Now> = const { Cell::new(Now { mono_ms: u64::MAX, wall_ms: 0 }) };
    }
    let mono_ms = mono_ms();
    let last = LAST.get();
    if last.mono_ms == mono_ms {
        return last;
    }
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Now { mono_ms, wall_ms: wall.as_millis() as u64 };
    LAST.set(now);
    now
}
