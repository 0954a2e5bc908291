//! Datagrams that were received together.

use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::datagram::{MAX_BATCH, Message};
use super::socket::{Socket, SocketLoad};
use super::system;
use super::tally::Tally;
use crate::net::addr::Addr;
use crate::net::transmit::MAX_DATAGRAM;

/// What was read, for those who keep a piece of it.
struct Shared(Arc<system::Buffer>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The buffer, or another one while somebody keeps a piece of it. `None`: there is no memory.
fn own(buffer: &mut Arc<system::Buffer>) -> Option<&mut system::Buffer> {
    if Arc::get_mut(buffer).is_none() {
        *buffer = Arc::new(system::Buffer::new().ok()?);
    }
    Arc::get_mut(buffer)
}

/// A buffer of [`MAX_BATCH`] messages, one a shard: whoever drives its poll reads into this one.
pub struct ReceiveBatch {
    /// Shared while somebody keeps what was read.
    buffer: Arc<system::Buffer>,
    messages: Vec<Message>,
    /// The room of messages before some were diverted.
    spare: Vec<Message>,
    round: u32,
    load: SocketLoad,
    tally: Tally,
    /// It was not counted yet: some of it may be somebody else's.
    pub is_uncounted: bool,
}

impl ReceiveBatch {
    /// # Errors
    /// The operating system's, when it has no room.
    pub(in super::super) fn new() -> io::Result<Self> {
        Ok(Self {
            buffer: Arc::new(system::Buffer::new()?),
            messages: Vec::with_capacity(MAX_BATCH),
            spare: Vec::new(),
            round: 0,
            load: SocketLoad::default(),
            tally: Tally::default(),
            is_uncounted: false,
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
        let Self { buffer, messages, round, load, tally, .. } = self;
        let Some(buffer) = own(buffer) else { return true };
        let emptied;
        (emptied, *load, *tally) = socket.receive(*round, buffer, messages);
        emptied
    }

    /// Whether one of the datagrams is as `looks_like` wants it.
    pub fn has(&self, looks_like: impl Fn(&[u8]) -> bool) -> bool {
        self.all().any(|(_, bytes)| looks_like(bytes))
    }

    /// Hands `take` messages with a datagram that `looks_like` wants, whole: from whom, the bytes, and
    /// the length of its datagrams. Those that it says are strays stay, with what was not handed over.
    /// How the socket fares is judged without the rest. Returns datagrams and bytes that stayed untouched.
    pub fn divert(
        &mut self,
        looks_like: impl Fn(&[u8]) -> bool,
        mut take: impl FnMut(SocketAddr, &Bytes, usize, &mut dyn FnMut(Range<usize>)),
    ) -> Tally {
        let mut kept = std::mem::take(&mut self.spare);
        let mut whole = None;
        let mut untouched = Tally::default();
        for message in self.messages.drain(..) {
            if !message.datagrams(&self.buffer).any(&looks_like) {
                untouched.add(message);
                kept.push(message);
                continue;
            }
            let whole = whole.get_or_insert_with(|| Bytes::from_owner(Shared(self.buffer.clone())));
            let Message { at, len, segment, from } = message;
            take(from, &whole.slice(at..at + len), segment, &mut |range: Range<usize>| {
                kept.push(Message::lone(at + range.start, range.len(), from));
            });
        }
        self.spare = std::mem::replace(&mut self.messages, kept);
        let stayed = self.messages.iter().map(|message| message.count()).sum::<usize>();
        if self.tally.datagrams as usize > 2 * stayed {
            self.load = SocketLoad::default();
        }
        untouched
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

    /// Whether nothing was read, or nothing of it is left.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}
