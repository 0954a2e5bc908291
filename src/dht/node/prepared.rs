//! Requests that their user makes, changes, sends and drops one by one.

use super::super::calls::{RequestError, RequestSpec};
use super::super::contact::Contact;
use super::super::id::{Bytes32, Id};
use super::super::in_flight::RequestKey;
use super::super::window::Window;
use super::super::wire::{self, MAX_DATAGRAM};
use super::Node;
use super::requesting::{OutgoingRequest, RequestKind};
use crate::net::clock::Now;

impl Node {
    /// Registers and counts a request that leaves with [`Node::send_prepared`]. Returns its tid as
    /// well. If it is `named` it goes to whom the table has at that address: without an answer he
    /// leaves it.
    ///
    /// # Errors
    /// As those of [`Node::request`].
    pub fn prepare(
        &mut self,
        now: Now,
        spec: &RequestSpec,
        named: bool,
    ) -> Result<(RequestKey, u16), RequestError> {
        let mut ask = OutgoingRequest::of_user(spec);
        ask.to.id = named.then(|| Id::of(spec.to));
        let key = self.register(now, ask)?;
        self.requests.defer(key);
        let tid = self.requests.get(key).map_or(0, |in_flight| in_flight.request.tid);
        Ok((key, tid))
    }

    /// Sends a prepared request as `spec` says now, if it is still to be sent. Its tid, its user
    /// and its session stay. With `force` it does not wait for the window.
    ///
    /// # Errors
    /// `TooLarge`: it is as it was.
    pub fn send_prepared(
        &mut self,
        now: Now,
        key: RequestKey,
        spec: &RequestSpec,
        force: bool,
    ) -> Result<(), RequestError> {
        let socket = spec.socket.unwrap_or(self.socket_in_use());
        let id = self.shown_id(socket);
        let Some(in_flight) = self.requests.get_mut(key) else {
            return Ok(());
        };
        let request = wire::Request {
            tid: in_flight.request.tid,
            to: spec.to,
            id: id.as_ref().map(|id| id.as_bytes()),
            token: spec.token.as_ref(),
            internal: spec.internal,
            command: spec.command,
            target: spec.target.as_ref(),
            value: spec.value.as_deref(),
        };
        let len = request.encoded_len();
        if len > MAX_DATAGRAM {
            return Err(RequestError::TooLarge);
        }
        let mut datagram = Vec::with_capacity(len);
        request.encode(&mut datagram);
        let new = &mut in_flight.request;
        if new.to.addr != spec.to {
            new.to = Contact { id: None, addr: spec.to };
        }
        new.socket = socket;
        new.ttl = spec.ttl;
        new.internal = spec.internal;
        new.command = spec.command;
        new.retries = spec.retries;
        new.timeout_ms = spec.timeout_ms;
        new.datagram = datagram.into_boxed_slice();
        self.requests.undefer(key);
        self.send_again(now, key, force);
        Ok(())
    }

    /// One more try of a request in flight, at once. With `force` it does not wait for the window.
    pub fn send_again(&mut self, now: Now, key: RequestKey, force: bool) {
        self.launch(now, key, force);
        self.settle(now);
    }

    /// Takes a request out of flight: a user's without an event, others as failed with
    /// `Destroyed`. Whether it was in flight.
    pub fn drop_request(&mut self, now: Now, key: RequestKey) -> bool {
        self.requests.window.advance(now.mono_ms);
        let Some(in_flight) = self.requests.get(key) else {
            return false;
        };
        if matches!(in_flight.request.kind, RequestKind::User(_)) {
            self.forget(key);
        } else {
            self.fail(now, key, RequestError::Destroyed);
        }
        self.settle(now);
        true
    }

    /// Sends after the first and the time-out of a request, from its next try on.
    pub fn change_request(&mut self, key: RequestKey, retries: u8, timeout_ms: Option<u32>) {
        if let Some(in_flight) = self.requests.get_mut(key) {
            in_flight.request.retries = retries;
            in_flight.request.timeout_ms = timeout_ms;
        }
    }

    /// Tries so far of a request in flight.
    pub fn request_sent(&self, key: RequestKey) -> Option<u32> {
        self.requests.get(key).map(|in_flight| in_flight.sent)
    }

    /// A round-trip token for whoever is named `host`: a fresh one, or one that is only accepted.
    pub fn token(&mut self, now: Now, host: &[u8], fresh: bool) -> Bytes32 {
        self.tokens.of_name(now.mono_ms, host, fresh, &mut self.rng)
    }

    /// The congestion window, right now.
    pub fn window(&self, now: Now) -> Window {
        let mut window = self.requests.window.clone();
        window.advance(now.mono_ms);
        window
    }

    /// Changes the congestion window; who waits for a place in it leaves.
    pub fn change_window(&mut self, now: Now, change: impl FnOnce(&mut Window)) {
        self.requests.window.advance(now.mono_ms);
        change(&mut self.requests.window);
        self.settle(now);
    }
}
