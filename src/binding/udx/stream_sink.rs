//! Where what comes of a stream becomes records, and bytes beside them.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::super::crossing::environment::Shared;
use super::super::crossing::outbox::RecordClass;
use super::lane::{Lane, Piece};
use super::records;
use crate::engine::StreamSink;
use crate::udx::{Event, StreamStats, limits};

/// Bytes that travel in their record, where JavaScript waits for them.
const INLINE: usize = 4096;

/// Bytes of backlog beyond which a writer waits before anything is known of the way: what goes in ten
/// packets beside what always may.
const FIRST_MARK: u64 = limits::BACKLOG_SLACK + 10 * 1152;

/// Bytes that are acknowledged of which JavaScript hears unasked.
const NEWS: u64 = 128 * 1024;

/// What is acknowledged, and who waits for that.
struct Acks {
    total: u64,
    mark: u64,
    told: u64,
    wanted: Option<u64>,
    /// How much a writer had written that waits for the backlog to fall below the mark.
    writer: Option<u64>,
}

impl Default for Acks {
    fn default() -> Self {
        Self { total: 0, mark: FIRST_MARK, told: 0, wanted: None, writer: None }
    }
}

impl Acks {
    fn are_news(&self) -> bool {
        let is_drained = |written| written <= self.total.saturating_add(self.mark);
        self.total - self.told >= NEWS
            || self.wanted.is_some_and(|wanted| wanted <= self.total)
            || self.writer.is_some_and(is_drained)
    }
}

/// Packs what comes of the stream `handle`.
pub struct RecordSink {
    pub handle: u32,
    pub shared: Arc<Shared>,
    lane: Mutex<Lane>,
    last: Mutex<Option<Box<StreamStats>>>,
    acks: Mutex<Acks>,
}

impl RecordSink {
    pub fn new(handle: u32, shared: Arc<Shared>) -> Self {
        Self {
            handle,
            shared,
            lane: Mutex::default(),
            last: Mutex::default(),
            acks: Mutex::default(),
        }
    }

    /// The bytes of the oldest record that says that there are some.
    pub fn take(&self) -> Option<Piece> {
        self.lane.lock().take()
    }

    /// JavaScript is told nothing more.
    pub fn close(&self) {
        self.lane.lock().close(Some(&self.shared.memory));
    }

    /// Its figures when it closed, whether JavaScript was told of that or not.
    pub fn last_figures(&self) -> Option<Box<StreamStats>> {
        self.last.lock().clone()
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

    /// Whether a writer of so many bytes may go on. If not, a record says when.
    pub fn is_drained(&self, written: u64) -> bool {
        let mut acks = self.acks.lock();
        let is_drained = written <= acks.total.saturating_add(acks.mark);
        acks.writer = (!is_drained).then_some(written);
        is_drained
    }

    /// How many bytes are acknowledged, told or not.
    pub fn acked_total(&self) -> u64 {
        self.acks.lock().total
    }

    /// A record says when so many bytes are acknowledged.
    pub fn watch(&self, written: u64) {
        let mut acks = self.acks.lock();
        acks.wanted = Some(written);
        if acks.are_news() {
            self.tell_acked(&mut acks);
            self.wake();
        }
    }

    fn tell_acked(&self, acks: &mut Acks) {
        let (total, mark) = (acks.total, acks.mark);
        acks.told = total;
        acks.wanted = acks.wanted.filter(|wanted| *wanted > total);
        acks.writer = acks.writer.filter(|written| *written > total.saturating_add(mark));
        self.tell(RecordClass::Always, |out| records::acked(out, self.handle, total, mark));
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
        if let Event::Closed { stats, .. } = &event {
            *self.last.lock() = Some(stats.clone());
        }
        let mut lane = self.lane.lock();
        if lane.is_closed() {
            return;
        }
        let class = match event {
            Event::Message { .. } => RecordClass::Sends,
            _ => RecordClass::Always,
        };
        // A message that finds no room must not cost a piece either.
        if self.tell(class, |out| records::stream_event(out, self.handle, &event)) {
            lane.seal();
        }
    }

    fn acked(&self, total: u64, mark: u64) -> bool {
        let mut acks = self.acks.lock();
        (acks.total, acks.mark) = (total, mark);
        let are_news = acks.are_news();
        if are_news {
            self.tell_acked(&mut acks);
        }
        are_news
    }

    fn crashed(&self) {
        let mut lane = self.lane.lock();
        if lane.is_closed() {
            return;
        }
        lane.seal();
        self.tell(RecordClass::Always, |out| records::crashed(out, self.handle));
    }

    fn wake(&self) {
        self.shared.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::udx::{Firewall, Hub, Limits, StreamOptions};

    #[test]
    fn a_flood_of_messages_costs_no_piece_for_each_byte_of_data() {
        let sink = RecordSink::new(1, Arc::default());
        let options = StreamOptions { firewall: Firewall::Reject, seq: 0 };
        let stream = Hub::new(Limits::default()).create_stream(0, 1, &options).unwrap();
        let message = || Event::Message { stream, bytes: Bytes::from(vec![0; 1000]) };
        let told = |out: &mut Vec<u8>| records::stream_event(out, 1, &message());
        while sink.shared.outbox.push(RecordClass::Sends, told) {}
        for _ in 0..1000 {
            sink.data(&[Bytes::from_static(b"x")]);
            sink.event(message());
        }
        assert_eq!(std::iter::from_fn(|| sink.take()).count(), 1);
    }
}
