//! Where the events of one node become records.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::crossing::environment::Shared;
use super::super::crossing::outbox::{Outbox, RecordClass};
use super::classes::class_of;
use super::records::{self, Kind};
use crate::dht::Event;
use crate::engine::Sink;
use crate::net::Transmit;

/// Packs what comes of JavaScript's own call, which looks at it as soon as the call is done. What
/// comes of a query goes the way of its rows, some of which may wait there: its end is its last.
pub struct OwnCallSink {
    handle: u32,
    outbox: Arc<Outbox>,
    /// Where rows wait. Of a node that ends nobody takes them any more: its queries end at once.
    rows: Option<Arc<Shared>>,
    /// Something waits with the rest of the environment's.
    wakes: AtomicBool,
}

impl OwnCallSink {
    pub fn new(handle: u32, outbox: Arc<Outbox>, shared: Arc<Shared>) -> Self {
        Self { handle, outbox, rows: Some(shared), wakes: AtomicBool::new(false) }
    }

    /// For the call that ends the node.
    pub fn last(handle: u32, outbox: Arc<Outbox>) -> Self {
        Self { handle, outbox, rows: None, wakes: AtomicBool::new(false) }
    }
}

impl Sink for OwnCallSink {
    fn event(&self, event: Event) -> bool {
        let of_query = matches!(
            event,
            Event::QueryRow { .. }
                | Event::QueryProgress { .. }
                | Event::QueryCommit { .. }
                | Event::QueryEnd { .. }
        );
        let rows = self.rows.as_ref().filter(|_| of_query);
        self.wakes.fetch_or(rows.is_some(), Ordering::Relaxed);
        let outbox = rows.map_or(&*self.outbox, |shared| &shared.outbox);
        outbox.push(RecordClass::Always, |out| records::event(out, self.handle, &event))
    }

    fn send(&self, transmit: &Transmit, bytes: &[u8]) -> bool {
        self.outbox
            .push(RecordClass::Always, |out| records::send(out, self.handle, transmit, bytes))
    }

    fn network_changed(&self) {}
    fn crashed(&self, _: &str) {}
    fn closed(&self) {}

    fn wake(&self) {
        if let Some(shared) = self.rows.as_ref().filter(|_| self.wakes.load(Ordering::Relaxed)) {
            shared.wake();
        }
    }
}

/// Packs the events of the node `handle` for its environment.
pub struct RecordSink {
    pub handle: u32,
    pub shared: Arc<Shared>,
}

impl Sink for RecordSink {
    fn event(&self, event: Event) -> bool {
        let outbox = &self.shared.outbox;
        let write = |out: &mut Vec<u8>| records::event(out, self.handle, &event);
        if matches!(event, Event::Status(_)) {
            outbox.push_latest(self.handle, write);
            return true;
        }
        outbox.push(class_of(&event), write)
    }

    fn send(&self, transmit: &Transmit, bytes: &[u8]) -> bool {
        let write = |out: &mut Vec<u8>| records::send(out, self.handle, transmit, bytes);
        self.shared.outbox.push(RecordClass::Sends, write)
    }

    fn network_changed(&self) {
        self.shared
            .outbox
            .push(RecordClass::Always, |out| records::plain(out, Kind::NetworkChange, self.handle));
    }

    fn crashed(&self, message: &str) {
        self.shared
            .outbox
            .push(RecordClass::Always, |out| records::crashed(out, self.handle, message));
    }

    // JavaScript alone ends nodes: it knows, and looks at what was left in the call that did it.
    fn closed(&self) {}

    fn wake(&self) {
        self.shared.wake();
    }
}
