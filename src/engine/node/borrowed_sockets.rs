//! Sockets of the user's that a node sends by.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::RwLock;

use super::super::shard::shared_socket::SharedSocket;

/// Sockets before those that are gone are looked for.
const SWEEP_ABOVE: usize = 64;

type Numbers = RwLock<HashMap<u32, Weak<SharedSocket>>>;

/// By the numbers by which the node knows them. Most nodes have none.
#[derive(Default)]
pub struct BorrowedSockets {
    sockets: OnceLock<Box<Numbers>>,
}

impl BorrowedSockets {
    pub fn insert(&self, number: u32, socket: &Arc<SharedSocket>) {
        let mut sockets = self.sockets.get_or_init(Box::default).write();
        if sockets.len() > SWEEP_ABOVE {
            sockets.retain(|_, socket| socket.strong_count() > 0);
        }
        sockets.insert(number, Arc::downgrade(socket));
    }

    /// Whether that number is the engine's to send by, if only into the void as the socket is closed.
    pub fn contains(&self, number: u32) -> bool {
        self.sockets.get().is_some_and(|sockets| sockets.read().contains_key(&number))
    }

    /// Runs `f` on the socket, if it lives. `false`: it never was one of these.
    pub fn with(&self, number: u32, f: impl FnOnce(&SharedSocket)) -> bool {
        let Some(sockets) = self.sockets.get() else { return false };
        let Some(socket) = sockets.read().get(&number).cloned() else { return false };
        if let Some(socket) = socket.upgrade() {
            f(&socket);
        }
        true
    }
}
