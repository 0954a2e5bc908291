//! Where what comes to sockets and hubs becomes records.

use std::sync::Arc;

use super::super::crossing::environment::Shared;
use super::super::crossing::outbox::RecordClass;
use super::records;
use crate::engine::{Hub, Listener, ReceiveBatch, Watcher};

/// Packs what comes on the socket `handle`.
pub struct MessageSink {
    pub handle: u32,
    pub shared: Arc<Shared>,
    /// Which counts what finds no room; a node's own socket may have none.
    pub hub: Option<Arc<Hub>>,
}

impl Listener for MessageSink {
    fn hear(&self, batch: &ReceiveBatch) {
        let mut dropped = 0;
        for (from, bytes) in batch.datagrams() {
            let write = |out: &mut Vec<u8>| records::message(out, self.handle, from, bytes);
            if !self.shared.outbox.push(RecordClass::Requests, write) {
                dropped += 1;
            }
        }
        if let Some(hub) = self.hub.as_ref().filter(|_| dropped > 0) {
            hub.count_dropped(dropped);
        }
        if !batch.is_empty() {
            self.shared.wake();
        }
    }
}

/// Tells of changes of the network interfaces, for the hub `handle`.
pub struct InterfaceSink {
    pub handle: u32,
    pub shared: Arc<Shared>,
}

impl Watcher for InterfaceSink {
    fn network_changed(&self) {
        let write = |out: &mut Vec<u8>| records::network_change(out, self.handle);
        self.shared.outbox.push(RecordClass::Always, write);
        self.shared.wake();
    }
}
