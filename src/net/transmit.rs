//! A datagram on its way out.

use super::addr::Addr;
use super::socket_key::SocketKey;

/// Bytes of a datagram; longer ones are neither sent nor read. What the reference's socket reads.
pub const MAX_DATAGRAM: usize = 2048;

/// A datagram to be sent. Its bytes were appended to the buffer given to `poll_transmit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    pub socket: SocketKey,
    pub to: Addr,
    /// Time to live of the packet; 0 is the socket's default.
    pub ttl: u8,
    /// How many bytes were appended.
    pub len: usize,
}
