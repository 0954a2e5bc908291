//! What JavaScript sees: free functions over handle numbers, packed records in both directions.
//!
//! Per JavaScript environment there is one weak thread-safe function, which only says that there
//! is something to drain; everything else crosses in slabs of memory that JavaScript owns. The
//! layouts are in [`records`] (to JavaScript), [`commands`] (from it) and [`view`] (reads);
//! `lib/records.js`, `lib/outgoing.js` and `lib/commands.js` are their other halves. Those three
//! and the queue of records know nothing of N-API: fuzzers and tests read and write them without
//! Node.js.

mod chunks;
pub mod commands;
pub mod outbox;
pub mod records;
pub mod view;

#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod calls;
#[cfg(feature = "node-api")]
mod config;
#[cfg(feature = "node-api")]
mod environment;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports them"))]
mod reads;
#[cfg(feature = "node-api")]
mod sink;
