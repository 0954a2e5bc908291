//! What JavaScript sees: free functions over handle numbers, packed records in both directions.
//!
//! Per JavaScript environment there is one weak thread-safe function, which only says that there
//! is something to drain; everything else crosses in slabs of memory that JavaScript owns. The
//! layouts are in `crossing/pack.rs` (the frame), [`dht::records`] (to JavaScript),
//! [`dht::commands`] (from it) and [`dht::view`] (reads); `lib/crossing/record.js`,
//! `lib/dht/records.js`, `lib/dht/request-packer.js` and `lib/dht/query-packer.js` are their other
//! halves. Those and the queue of records know nothing of N-API: fuzzers and tests read and write
//! them without Node.js.

pub mod crossing;
pub mod dht;
#[cfg(feature = "node-api")]
#[cfg_attr(test, allow(dead_code, reason = "only the addon exports it"))]
mod open;
pub mod udx;
