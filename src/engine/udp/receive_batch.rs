//! Datagrams that were received together.

use std::io;

use super::datagram::{MAX_BATCH, Message};
use std::net::SocketAddr;

use super::socket::{Socket, SocketLoad};
use super::system;
use super::tally::Tally;
use crate::net::addr::Addr;
use crate::net::transmit::MAX_DATAGRAM;

/// A buffer of [`MAX_BATCH`] messages, one a shard: whoever drives its poll reads into this one.
pub struct ReceiveBatch {
    buffer: system::Buffer,
    messages: Vec<Message>,
    round: u32,
    load: SocketLoad,
    tally: Tally,
}

impl ReceiveBatch {
    /// # Errors
    /// The operating system's, when it has no room.
    pub(in super::super) fn new() -> io::Result<Self> {
        Ok(Self {
            buffer: system::Buffer::new()?,
            messages: Vec::with_capacity(MAX_BATCH),
            round: 0,
            load: SocketLoad::default(),
            tally: Tally::default(),
        })
    }

    /// The shard polled anew.
    pub fn next_round(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// Reads what is there, or what one round may read of it. `false`: there may be more, and the
    /// poll will not say so.
    pub fn fill(&mut self, socket: &Socket) -> bool {
        self.clear();
        let Self { buffer, messages, round, load, tally } = self;
        let emptied;
        (emptied, *load, *tally) = socket.receive(*round, buffer, messages);
        emptied
    }

    /// Forgets what was read.
    pub fn clear(&mut self) {
        self.messages.clear();
        self.tally = Tally::default();
    }

    /// The datagrams, those of bundles among them. Of one that is too long what the reference reads.
    pub fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.all().map(|(from, bytes)| (from, &bytes[..bytes.len().min(MAX_DATAGRAM)]))
    }

    /// Those of IPv4. One that is too long is none.
    pub fn iter(&self) -> impl Iterator<Item = (Addr, &[u8])> {
        self.all().filter_map(|(from, bytes)| match from {
            SocketAddr::V4(from) if bytes.len() <= MAX_DATAGRAM => Some((from, bytes)),
            _ => None,
        })
    }

    fn all(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        let datagrams = |message: Message| {
            let from = message.from;
            message.datagrams(&self.buffer).map(move |bytes| (from, bytes))
        };
        self.messages.iter().copied().flat_map(datagrams)
    }

    /// What was read, counted.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// How the socket fares of which these were read, see [`Socket::receive`].
    pub fn load(&self) -> SocketLoad {
        self.load
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
