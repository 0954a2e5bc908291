//! The words of reading and sending: how many, how long, from whom.

use crate::net::addr::Addr;
use crate::net::transmit::MAX_DATAGRAM;

/// How many datagrams are read before they are handed to the node, which is then locked once for
/// all of them. Larger batches hold the lock longer and save little.
pub const MAX_BATCH: usize = 32;

/// One byte more than the largest datagram, so that a larger one shows and is dropped.
pub const ROOM: usize = MAX_DATAGRAM + 1;

/// What the system says of a socket's receive buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes of memory that datagrams take which wait to be read.
    pub waiting: u32,
    /// Bytes that they may take.
    pub room: u32,
    /// Datagrams that were dropped since the socket was opened, for there was no room. Wraps.
    pub lost: u32,
}

/// The length of a datagram and who sent it.
pub type Entry = (usize, Addr);
