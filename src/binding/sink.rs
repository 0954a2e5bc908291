//! Where the events of one node become records.

use std::sync::Arc;

use super::environment::Shared;
use super::outbox::Outbox;
use super::records::{self, Kind};
use crate::engine::Sink;
use crate::proto::{Event, Transmit};

/// Packs what comes of JavaScript's own call, which looks at it as soon as the call is done.
pub struct Own {
    pub handle: u32,
    pub outbox: Arc<Outbox>,
}

impl Sink for Own {
    fn event(&self, event: Event) -> bool {
        self.outbox.push(false, |out| records::event(out, self.handle, &event))
    }

    fn send(&self, transmit: &Transmit, bytes: &[u8]) -> bool {
        self.outbox.push(false, |out| records::send(out, self.handle, transmit, bytes))
    }

    fn network_changed(&self) {}
    fn crashed(&self, _: &str) {}
    fn closed(&self) {}
    fn wake(&self) {}
}

/// Packs the events of the node `handle` for its environment.
pub struct Packer {
    pub handle: u32,
    pub shared: Arc<Shared>,
}

impl Sink for Packer {
    fn event(&self, event: Event) -> bool {
        let droppable = matches!(event, Event::Request(_));
        self.shared.outbox.push(droppable, |out| records::event(out, self.handle, &event))
    }

    fn send(&self, transmit: &Transmit, bytes: &[u8]) -> bool {
        let write = |out: &mut Vec<u8>| records::send(out, self.handle, transmit, bytes);
        self.shared.outbox.push(true, write)
    }

    fn network_changed(&self) {
        self.plain(Kind::NetworkChange);
    }

    fn crashed(&self, message: &str) {
        self.shared.outbox.push(false, |out| records::crashed(out, self.handle, message));
    }

    fn closed(&self) {
        self.plain(Kind::Closed);
    }

    fn wake(&self) {
        self.shared.wake();
    }
}

impl Packer {
    fn plain(&self, kind: Kind) {
        self.shared.outbox.push(false, |out| records::plain(out, kind, self.handle));
    }
}
