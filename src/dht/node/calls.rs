//! What a user asks of a node, beyond lookups and the life cycle.

use super::super::calls::{RelaySpec, ReplySpec, RequestError, RequestSpec};
use super::super::event::Interest;
use super::super::requests::Session;
use super::Node;
use super::network_state::UpdateRequester;
use super::requesting::{OutgoingRequest, RequestKind};
use crate::net::addr::Addr;
use crate::net::clock::Now;

impl Node {
    /// Makes a request; exactly one [`Event::Response`] or [`Event::Failure`] follows.
    ///
    /// # Errors
    /// `Destroyed`, `Suspended`, `TooLarge` and `TooMany`: nothing was sent or counted, no event
    /// follows.
    pub fn request(&mut self, now: Now, spec: RequestSpec) -> Result<(), RequestError> {
        self.requests.window.advance(now.mono_ms);
        let ask = OutgoingRequest::of_user(&spec);
        if !spec.deferred && !self.deferred.is_waiting() {
            return self.ask(now, ask).map(|_| ());
        }
        let key = self.register(now, ask)?;
        self.requests.defer(key);
        self.deferred.insert(spec.user, key);
        Ok(())
    }

    /// Makes a request as [`Node::request`] does, but a refusal comes as [`Event::Failure`] too:
    /// for callers who cannot wait for its result.
    pub fn submit(&mut self, now: Now, spec: RequestSpec) {
        let user = spec.user;
        if let Err(error) = self.request(now, spec) {
            self.tell_failure(user, error);
        }
    }

    /// Tells that a request was none that could be made.
    pub fn refuse_request(&mut self, user: u32) {
        self.tell_failure(user, RequestError::TooLarge);
    }

    /// Takes everything of a session out of flight: a user's requests without an event, a query's
    /// visits as failed with `Destroyed`. The session may be used on.
    pub fn session_destroy(&mut self, now: Now, session: u32) {
        self.requests.window.advance(now.mono_ms);
        while let Some(key) = self.requests.first_of(Session::User(session)) {
            let in_flight = self.requests.get(key);
            if in_flight.is_some_and(|r| matches!(r.request.kind, RequestKind::User(_))) {
                self.forget(key);
            } else {
                self.fail(now, key, RequestError::Destroyed);
            }
        }
        self.settle(now);
    }

    /// Answers a user's command. Silently nothing for port 0 or more than 2048 bytes.
    pub fn reply(&mut self, now: Now, spec: ReplySpec<'_>) {
        self.send_reply(now, &spec);
    }

    /// Hands a user's command on. Silently nothing for port 0 or more than 2048 bytes.
    pub fn relay(&mut self, _now: Now, spec: RelaySpec<'_>) {
        self.send_relay(&spec);
    }

    /// Adds a node without asking the filter; refreshes one that is known.
    pub fn add_node(&mut self, now: Now, addr: Addr) {
        if !self.destroyed {
            self.requests.window.advance(now.mono_ms);
            self.add_named(now, addr);
        }
    }

    /// A lookup in the background for any known node.
    pub fn refresh(&mut self, now: Now) {
        if !self.destroyed {
            self.requests.window.advance(now.mono_ms);
            self.refresh_now();
            self.settle(now);
        }
    }

    /// Does at once what is done every 5 s.
    pub fn tick(&mut self, now: Now) {
        if !self.destroyed {
            self.requests.window.advance(now.mono_ms);
            self.on_tick(now);
            self.settle(now);
        }
    }

    /// What follows a sleep of the machine.
    pub fn wakeup(&mut self, _now: Now) {
        if !self.destroyed {
            self.wake_up();
        }
    }

    /// One more sample of our own address.
    pub fn nat_add(&mut self, addr: Addr) {
        if !self.destroyed {
            self.nat_sample(addr);
        }
    }

    /// One more sample of our own address, of which no event tells. Returns how many of the kept
    /// samples are like it.
    pub fn nat_add_quietly(&mut self, addr: Addr) -> usize {
        self.nat.add(addr);
        self.nat.hits(addr)
    }

    /// Judges the health by these counters, as each tick does by its own.
    pub fn update_health(&mut self, responses: i64, timeouts: i64) {
        if !self.destroyed {
            self.judge_health(responses, timeouts);
        }
    }

    /// Forgets the ticks that the health was judged by, and is online.
    pub fn reset_health(&mut self) {
        if !self.destroyed {
            self.health.reset();
            self.follow_health();
        }
    }

    /// Looks at the firewall, and goes persistent unless `only_firewall`. One
    /// [`Event::NetworkState`] follows, unless the node is destroyed.
    pub fn update_network_state(&mut self, now: Now, user: u32, only_firewall: bool) {
        if !self.destroyed {
            self.requests.window.advance(now.mono_ms);
            self.update_state(now, UpdateRequester::User(user), only_firewall);
            self.settle(now);
        }
    }

    pub fn set_interest(&mut self, interest: Interest) {
        self.interest = interest;
    }

    /// See [`Config::bootstrap_dynamic`].
    pub fn set_bootstrap_dynamic(&mut self, dynamic: bool) {
        self.config.bootstrap_dynamic = dynamic;
    }
}
