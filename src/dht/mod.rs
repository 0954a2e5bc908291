//! What a node of the DHT does. No socket, no clock, no thread, no global randomness.
//!
//! [`Node`] is driven by five verbs: [`Node::handle_datagram`], [`Node::handle_timeout`],
//! [`Node::poll_transmit`], [`Node::poll_event`] and [`Node::poll_timeout`], plus the calls that a
//! user makes. One law rules them: after any call that takes `now`, drain `poll_transmit` and
//! `poll_event` until they return `None`, then ask `poll_timeout` when to come back.

pub mod calls;
pub mod config;
pub mod contact;
pub mod counters;
pub mod event;
pub mod guard;
mod hash;
pub mod health;
pub mod id;
pub mod in_flight;
mod lookup;
pub mod nat;
pub mod node;
pub mod node_list;
pub mod requests;
pub mod table;
pub mod timeouts;
pub mod token;
pub mod window;
pub mod wire;

pub use calls::{
    Commit, Given, Incoming, Progress, QueryOutcome, QuerySpec, QueryState, RelaySpec, Reply,
    ReplySpec, RequestError, RequestSpec,
};
pub use config::{AdaptiveTimeoutConfig, BootstrapNode, Config};
pub use contact::{Contact, NodeEntry, Subject};
pub use counters::{Counters, SettledRequests};
pub use event::{Event, Interest, NodeStatus, Observed};
pub use guard::{Hardened, ProtectionCounters, Protections, Unproven};
pub use id::{Bytes32, Id};
pub use in_flight::{RequestInFlight, RequestKey};
pub use node::{Entrance, EntryField, Flag, Node};

// What they are about, so that users of a node need one room only.
pub use crate::net::{Addr, Now, SocketKey, Transmit};
