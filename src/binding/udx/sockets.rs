//! The hubs and sockets of an environment, by their handles.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::crossing::environment::{self, Guest, Shared};
use super::streams;
use crate::engine::{Hub, SharedSocket};

/// A socket that JavaScript has a handle of.
#[derive(Clone)]
pub struct Held {
    pub socket: Arc<SharedSocket>,
    /// None of a node's own: the node closes it.
    pub hub: Option<Arc<Hub>>,
}

thread_local! {
    static HUBS: RefCell<HashMap<u32, Arc<Hub>>> = RefCell::default();
    static SOCKETS: RefCell<HashMap<u32, Held>> = RefCell::default();
}

/// What an environment asks of its sockets.
pub struct Sockets;

impl Guest for Sockets {
    // What happens on a socket is told once, or dropped.
    fn repack(&self, _: u32, _: &Arc<Shared>) {}

    fn tear_down(&self) {
        streams::tear_down();
        let hubs = HUBS.take();
        if streams::tells_end() {
            hubs.values().for_each(|hub| hub.destroy_streams());
        }
        SOCKETS.take().into_values().for_each(Held::close);
        hubs.into_values().for_each(|hub| hub.close());
    }
}

impl Held {
    fn close(self) {
        match self.hub {
            Some(hub) => hub.close_socket(&self.socket),
            None => self.socket.listen(None),
        }
    }
}

/// The handle of a hub that is new here.
pub fn insert_hub(hub: Arc<Hub>) -> u32 {
    environment::uses(hub.shard());
    let handle = environment::next_handle();
    HUBS.with_borrow_mut(|hubs| hubs.insert(handle, hub));
    handle
}

pub fn hub(handle: u32) -> Option<Arc<Hub>> {
    HUBS.with_borrow(|hubs| hubs.get(&handle).cloned())
}

/// JavaScript needs the hub no more. It has no sockets but those of nodes, which go on.
pub fn forget_hub(handle: u32) {
    if let Some(hub) = HUBS.with_borrow_mut(|hubs| hubs.remove(&handle)) {
        hub.close();
    }
}

pub fn insert(handle: u32, held: Held) {
    SOCKETS.with_borrow_mut(|sockets| sockets.insert(handle, held));
}

pub fn get(handle: u32) -> Option<Held> {
    SOCKETS.with_borrow(|sockets| sockets.get(&handle).cloned())
}

/// Closes a socket of a hub's, and forgets it; a node's own only loses its listener.
pub fn close(handle: u32) {
    if let Some(held) = SOCKETS.with_borrow_mut(|sockets| sockets.remove(&handle)) {
        held.close();
    }
}
