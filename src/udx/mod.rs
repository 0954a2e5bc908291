//! UDX: reliable, congestion-controlled streams and messages over UDP. No socket, no clock, no
//! thread, no randomness.
//!
//! [`Hub`] is driven by five verbs: [`Hub::handle_datagram`] (or [`Hub::handle_bundle`]),
//! [`Hub::handle_timeout`], [`Hub::poll_transmit`], [`Hub::poll_event`] and [`Hub::poll_timeout`], plus
//! the calls that a user makes. One law rules them: after any call that takes `now`, drain
//! `poll_transmit` and `poll_event` until they return `None`, then ask `poll_timeout` when to come back.
//! Datagrams that were read together are best handed in together before that: what came in is
//! acknowledged once for all of them, as peers up to udx-native 1.19 do.
//!
//! The packets are those of udx-native 1.17 to 1.21. It differs from udx-native 1.21.3 on purpose in
//! these: acknowledgements are coalesced, the window is what the reader has room for, what waits out of
//! order is bounded, the end of a stream that is gone is answered for 30 s, and retransmissions leave in
//! the order of their numbers.

mod calls;
mod congestion;
mod counters;
mod deadlines;
mod error;
mod event;
mod hash;
mod held;
mod hub;
pub mod limits;
mod mtu;
mod ranges;
mod recovery;
mod seq;
mod shared;
mod slots;
mod stream;
mod tombstones;
mod transmit;
pub mod wire;

pub use calls::{
    ConnectOptions, Firewall, RelayTarget, Remote, RemoteChange, StreamOptions, StreamStats,
    Written,
};
pub use congestion::BbrState;
pub use counters::{Drops, Traffic};
pub use error::{CloseReason, Error};
pub use event::Event;
pub use hub::Hub;
pub use limits::Limits;
pub use slots::StreamKey;
pub use transmit::{SocketId, Transmit};
