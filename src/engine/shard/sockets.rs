//! The sockets of a shard, by the tokens by which its poll knows them.

use std::sync::Arc;

use mio::{Registry, Token};
use parking_lot::RwLock;

use super::super::udp::receive_batch::ReceiveBatch;

/// All that a shard knows of a socket. Called by whichever thread drives the poll, with no lock held.
pub trait Source: Send + Sync {
    /// Reads a batch. `false`: there may be more, and the poll will not say so.
    fn read(&self, batch: &mut ReceiveBatch) -> bool;

    /// Hands what was read to all who get it. `true`: the rest of what waits is to be read
    /// before any other socket.
    fn deliver(&self, batch: &mut ReceiveBatch) -> bool;
}

/// Tokens count from 0 on; those of sockets that were closed are given again.
pub struct Sockets {
    registry: Registry,
    places: RwLock<Places>,
}

#[derive(Default)]
struct Places {
    sources: Vec<Option<Arc<dyn Source>>>,
    free: Vec<usize>,
}

impl Sockets {
    pub fn new(registry: Registry) -> Self {
        Self { registry, places: RwLock::default() }
    }

    /// Of the poll that reads them.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    pub fn insert(&self, source: Arc<dyn Source>) -> Token {
        let mut places = self.places.write();
        let token = places.free.pop().unwrap_or(places.sources.len());
        if token == places.sources.len() {
            places.sources.push(None);
        }
        places.sources[token] = Some(source);
        Token(token)
    }

    pub fn remove(&self, Token(token): Token) {
        let mut places = self.places.write();
        let source = places.sources.get_mut(token).and_then(Option::take);
        if source.is_some() {
            places.free.push(token);
        }
        // It may be the last that holds the socket.
        drop(places);
    }

    pub fn get(&self, token: usize) -> Option<Arc<dyn Source>> {
        self.places.read().sources.get(token)?.clone()
    }
}
