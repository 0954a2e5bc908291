//! A Rust engine for `dht-rpc`, the Kademlia RPC network under HyperDHT.
//!
//! Each room imports only what stands below it:
//!
//! ```text
//! binding   what JavaScript sees: handles, packed records in both directions
//!    │
//! engine    what runs it: shards that each own a poll, sockets, deadlines, name lookups
//!    │
//! dht, udx  what a node does, and what streams do: no socket, no clock, no thread
//!    │
//!   net     the words that they share: address, time, socket, datagram
//! ```

#[doc(hidden)]
pub mod binding;
pub mod dht;
pub mod engine;
pub mod net;
pub mod udx;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
