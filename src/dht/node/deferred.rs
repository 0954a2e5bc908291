//! Requests that do not leave before their user had a chance to give them up.

use std::collections::HashMap;

use super::super::hash::Hashing;
use super::super::requests::{InFlight, Key};
use super::Node;
use super::requesting::RequestKind;
use crate::net::clock::Now;

/// The requests that were made so.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    /// Those that did not leave yet, in their order.
    waiting: Vec<Key>,
    /// All that are in flight, so that none has to be searched for.
    by_user: HashMap<u32, Key, Hashing>,
}

/// Places that may stay when nothing is in flight.
const KEPT: usize = 64;

impl Deferred {
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub fn insert(&mut self, user: u32, key: Key) {
        self.waiting.push(key);
        self.by_user.insert(user, key);
    }

    /// The request is no longer in flight.
    pub fn remove(&mut self, user: u32, key: Key) {
        if self.by_user.is_empty() || self.by_user.get(&user) != Some(&key) {
            return;
        }
        self.by_user.remove(&user);
        if self.by_user.is_empty() && self.by_user.capacity() > KEPT {
            self.by_user = HashMap::default();
        }
    }
}

impl Node {
    /// Sends the requests that were made to be sent later ([`super::super::RequestSpec::deferred`]).
    pub fn send_deferred(&mut self, now: Now) {
        self.requests.window.advance(now.mono_ms);
        for key in std::mem::take(&mut self.deferred.waiting) {
            if self.requests.undefer(key) {
                self.launch(now, key, false);
            }
        }
        self.settle(now);
    }

    /// Forgets a request in flight; no event follows.
    pub fn cancel(&mut self, now: Now, user: u32) {
        self.requests.window.advance(now.mono_ms);
        let known = self.deferred.by_user.get(&user).copied();
        if let Some(key) = known.or_else(|| self.key_of(user)) {
            self.forget(key);
        }
        self.settle(now);
    }

    fn key_of(&self, user: u32) -> Option<Key> {
        let is_it = |in_flight: &InFlight<RequestKind>| matches!(in_flight.request.kind, RequestKind::User(of) if of == user);
        self.requests.keys().find(|key| self.requests.get(*key).is_some_and(is_it))
    }
}
