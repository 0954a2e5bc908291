//! What a step of a hub produces, carried out of its lock.

use std::sync::Arc;

use bytes::Bytes;

use super::relays::Link;
use super::stream_sink::StreamSink;
use crate::udx::{SocketId, StreamKey, Transmit};

/// Capacity that an output keeps between two steps, in bytes.
const KEPT_CAPACITY: usize = 512 * 1024;

/// Packets to send, and to hand on.
#[derive(Default)]
pub struct Output {
    pub bytes: Vec<u8>,
    pub transmits: Vec<Transmit>,
    /// Room for the pieces of a stream that came together.
    pub pieces: Vec<Bytes>,
    /// Sockets that got their first stream, or lost their last one: whether they carry any.
    pub turned: Vec<(SocketId, bool)>,
    /// Packets for streams of other hubs.
    pub forwards: Vec<(Link, Bytes)>,
    /// Streams of other hubs that relay to one that is gone.
    pub orphans: Vec<Link>,
    /// Streams that are gone, and those of other hubs that they relayed to.
    pub left: Vec<(StreamKey, Link)>,
    /// Acknowledgements are held, see [`super::held_acks`].
    pub holds: bool,
    /// Who has something new.
    pub sinks: Vec<Arc<dyn StreamSink>>,
}

impl Output {
    /// This one has something new.
    pub fn note(&mut self, sink: &Arc<dyn StreamSink>) {
        if !self.sinks.last().is_some_and(|last| Arc::ptr_eq(last, sink)) {
            self.sinks.push(Arc::clone(sink));
        }
    }

    pub fn clear(&mut self) {
        self.holds = false;
        self.transmits.clear();
        self.turned.clear();
        self.forwards.clear();
        self.orphans.clear();
        self.left.clear();
        self.sinks.clear();
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_CAPACITY);
    }
}
