//! Datagrams that were received together.

use std::io;

use super::datagram::{MAX_BATCH, Message};
use super::socket::{Socket, SocketLoad};
use super::system;
use crate::net::addr::Addr;
use crate::net::transmit::MAX_DATAGRAM;

/// A buffer of [`MAX_BATCH`] messages, one a shard: whoever drives its poll reads into this one.
pub struct ReceiveBatch {
    buffer: system::Buffer,
    messages: Vec<Message>,
    round: u32,
    load: SocketLoad,
}

impl ReceiveBatch {
    /// # Errors
    /// The operating system's, when it has no room.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            buffer: system::Buffer::new()?,
            messages: Vec::with_capacity(MAX_BATCH),
            round: 0,
            load: SocketLoad::default(),
        })
    }

    /// The shard polled anew.
    pub fn next_round(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// Reads what is there, or what one round may read of it. `false`: there may be more, and the
    /// poll will not say so.
    pub fn fill(&mut self, socket: &Socket) -> bool {
        self.messages.clear();
        let Self { buffer, messages, round, load } = self;
        let (emptied, fares) = socket.receive(*round, buffer, messages);
        *load = fares;
        emptied
    }

    /// The datagrams, those of bundles among them. One that is too long is none.
    pub fn iter(&self) -> impl Iterator<Item = (Addr, &[u8])> {
        let datagrams = |message: Message| {
            let from = message.from;
            message.datagrams(&self.buffer).map(move |bytes| (from, bytes))
        };
        let all = self.messages.iter().copied().flat_map(datagrams);
        all.filter(|(_, bytes)| bytes.len() <= MAX_DATAGRAM)
    }

    /// How the socket fares of which these were read, see [`Socket::receive`].
    pub fn load(&self) -> SocketLoad {
        self.load
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
