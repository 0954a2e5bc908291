//! What a node does. No socket, no clock, no thread, no global randomness.
//!
//! [`Node`] is driven by five verbs: [`Node::handle_datagram`], [`Node::handle_timeout`],
//! [`Node::poll_transmit`], [`Node::poll_event`] and [`Node::poll_timeout`], plus the calls that a
//! user makes. One law rules them: after any call that takes `now`, drain `poll_transmit` and
//! `poll_event` until they return `None`, then ask `poll_timeout` when to come back.

pub mod guard;
mod hash;
pub mod health;
pub mod id;
pub mod nat;
pub mod node;
pub mod node_list;
pub mod query;
pub mod requests;
pub mod table;
pub mod timeouts;
pub mod token;
pub mod types;
pub mod window;
pub mod wire;

pub use guard::{Hardened, ProtectionCounters, Protections, Unproven};
pub use id::Id;
pub use node::{EntryField, Flag, Node};
pub use types::*;
