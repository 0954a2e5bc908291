//! Where a node's events go.

use crate::dht::Event;
use crate::net::transmit::Transmit;

/// Where a node's events go.
pub trait Sink: Send + Sync {
    /// Takes an event over. Called under the node's lock: it must neither wait nor call back.
    /// `false`: there is no room, the event is dropped and counted.
    fn event(&self, event: Event) -> bool;
    /// A datagram that leaves by a socket of the user's.
    /// `false`: there is no room, it is dropped and counted.
    fn send(&self, transmit: &Transmit, bytes: &[u8]) -> bool;
    /// The machine's network interfaces changed.
    fn network_changed(&self);
    /// The node panicked and is gone.
    fn crashed(&self, message: &str);
    /// The node's sockets are closed and nothing more will come.
    fn closed(&self);
    /// There is something new. Called without any lock.
    fn wake(&self);
}
