//! Whom a hub tells what comes of a stream.

use bytes::Bytes;

use crate::udx::Event;

/// Where what comes of a stream goes.
pub trait StreamSink: Send + Sync {
    /// Bytes of the stream, in order, in pieces. They share memory with what was read beside them: who
    /// keeps them for long copies them. Called under the hub's lock, as all but [`Self::wake`]: it must
    /// neither wait nor call back.
    fn data(&self, pieces: &[Bytes]);
    /// Takes over whatever else happened.
    fn event(&self, event: Event);
    /// So many of the bytes that were written are acknowledged; a writer had better wait while more
    /// than `mark` bytes are not. False if that is nobody's news.
    fn acked(&self, total: u64, mark: u64) -> bool;
    /// The hub panicked: the stream is gone, and nothing follows. Called without any lock.
    fn crashed(&self);
    /// There is something new. Called without any lock.
    fn wake(&self);
}
