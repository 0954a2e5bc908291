//! A Rust engine for `dht-rpc`, the Kademlia RPC network under HyperDHT.
//!
//! The house has three rooms, and arrows go one way only:
//!
//! - [`proto`]: what a node does. No socket, no clock, no thread.
//! - [`engine`]: what runs it. Shards that each own a poll, the two sockets of each node, timers,
//!   name lookups, network interfaces.
//! - [`binding`]: what JavaScript sees. Handles, the event slab, conversions.

#[doc(hidden)]
pub mod binding;
pub mod engine;
pub mod proto;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
