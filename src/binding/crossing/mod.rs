//! How records cross, whatever they are about: a queue in either direction, a wake, the frames.

mod chunks;
#[cfg(any(feature = "node-api", test))]
pub mod errno;
pub mod inbox;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon lends some"))]
pub mod lent_memory;
pub mod outbox;
pub mod pack;

#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports it"))]
mod async_context;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod calls;
#[cfg(feature = "node-api")]
pub mod environment;
#[cfg(all(feature = "node-api", target_os = "linux"))]
mod event_loop;
#[cfg(all(feature = "node-api", not(target_os = "linux")))]
#[path = "no_event_loop.rs"]
mod event_loop;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports it"))]
mod lookup;
#[cfg(feature = "node-api")]
mod wake;
