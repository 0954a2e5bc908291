//! Where what comes of a stream becomes records, and bytes beside them.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::super::crossing::environment::Shared;
use super::super::crossing::outbox::RecordClass;
use super::lane::{Lane, Piece};
use super::records;
use crate::engine::StreamSink;
use crate::udx::Event;

/// Bytes that travel in their record, where JavaScript waits for them.
const INLINE: usize = 4096;

/// Packs what comes of the stream `handle`.
pub struct RecordSink {
    pub handle: u32,
    pub shared: Arc<Shared>,
    lane: Mutex<Lane>,
}

impl RecordSink {
    pub fn new(handle: u32, shared: Arc<Shared>) -> Self {
        Self { handle, shared, lane: Mutex::default() }
    }

    /// The bytes of the oldest record that says that there are some.
    pub fn take(&self) -> Option<Piece> {
        self.lane.lock().take()
    }

    /// JavaScript is told nothing more.
    pub fn close(&self) {
        self.lane.lock().close(Some(&self.shared.memory));
    }

    /// JavaScript is gone, and its memory with it.
    pub fn tear_down(&self) {
        self.lane.lock().close(None);
        self.shared.memory.clear();
    }

    /// What came of a verdict was told.
    pub fn tell_handled(&self) {
        self.tell(RecordClass::Always, |out| records::handled(out, self.handle));
        self.wake();
    }

    fn tell(&self, class: RecordClass, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        self.shared.outbox.push(class, write)
    }
}

impl StreamSink for RecordSink {
    fn data(&self, pieces: &[Bytes]) {
        let len: usize = pieces.iter().map(Bytes::len).sum();
        let mut lane = self.lane.lock();
        if len <= INLINE && !self.shared.outbox.is_filled() {
            lane.seal();
            let write = |out: &mut Vec<u8>| records::data(out, self.handle, len, pieces);
            self.tell(RecordClass::Always, write);
            return;
        }
        for _ in 0..lane.push(pieces, &self.shared.memory) {
            self.tell(RecordClass::Always, |out| records::bytes_wait(out, self.handle));
        }
    }

    fn event(&self, event: Event) {
        self.lane.lock().seal();
        let class = match event {
            Event::Message { .. } => RecordClass::Sends,
            _ => RecordClass::Always,
        };
        self.tell(class, |out| records::stream_event(out, self.handle, &event));
    }

    fn acked(&self, total: u64, mark: u64) {
        self.tell(RecordClass::Always, |out| records::acked(out, self.handle, total, mark));
    }

    fn wake(&self) {
        self.shared.wake();
    }
}
