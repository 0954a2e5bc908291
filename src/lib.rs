//! A Rust engine for `dht-rpc`, the Kademlia RPC network under HyperDHT.
//!
//! Each room imports only what stands below it:
//!
//! ```text
//! binding   what JavaScript sees: handles, packed records in both directions
//!    │
//! engine    what runs it: shards that each own a poll, sockets, deadlines, name lookups
//!    │
//!   dht     what a node does: no socket, no clock, no thread
//!    │
//!   net     the words that they share: address, time, socket, datagram
//! ```

#[doc(hidden)]
pub mod binding;
pub mod dht;
pub mod engine;
pub mod net;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
