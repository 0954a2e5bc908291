//! The process's two clocks.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::proto::Now;

/// Reads both clocks, in whole ms. `mono_ms` counts from the first reading.
pub fn now() -> Now {
    static START: OnceLock<Instant> = OnceLock::new();
    let mono = START.get_or_init(Instant::now).elapsed();
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Now { mono_ms: mono.as_millis() as u64, wall_ms: wall.as_millis() as u64 }
}
