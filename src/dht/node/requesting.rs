//! Asking others: sending, matching replies, time-outs, and who hears of the outcome.

use std::sync::OnceLock;

use super::super::calls::{Reply, RequestError, RequestSpec};
use super::super::contact::Contact;
use super::super::event::Event;
use super::super::id::Bytes32;
use super::super::requests::{InFlight, Key, New, RETRIES, Session};
use super::super::timeouts::DEFAULT_TIMEOUT_MS;
use super::super::wire::{self, MAX_DATAGRAM, command};
use super::Node;
use super::filter::Verdict;
use super::members::{EntryRef, Swap};
use crate::net::addr::Addr;
use crate::net::clock::Now;
use crate::net::socket_key::SocketKey;

/// Why a request was made, which is who hears of its outcome.
#[derive(Debug)]
pub(super) enum RequestKind {
    User(u32),
    Visit {
        query: u32,
        slow: bool,
    },
    /// It may be repeated so often.
    Commit {
        query: u32,
        again: u8,
    },
    DownHint,
    Check {
        entry: EntryRef,
        seen: i32,
    },
    Swap(Box<Swap>),
    Verify {
        entry: EntryRef,
    },
    QuickFirewall,
    Probe {
        probe: u32,
    },
    Bootstrap {
        resolution: u32,
    },
}

/// A request to be made.
pub(super) struct OutgoingRequest<'a> {
    pub to: Contact,
    pub command: u64,
    pub internal: bool,
    pub kind: RequestKind,
    pub value: Option<&'a [u8]>,
    pub target: Option<&'a Bytes32>,
    pub token: Option<&'a Bytes32>,
    pub session: Option<Session>,
    pub socket: Option<SocketKey>,
    pub ttl: u8,
    pub retries: u8,
    pub timeout_ms: Option<u32>,
    /// Do not wait for the window.
    pub force: bool,
}

impl<'a> OutgoingRequest<'a> {
    /// A plain internal request.
    pub fn internal(command: u64, to: Contact, value: Option<&'a [u8]>, kind: RequestKind) -> Self {
        Self {
            to,
            command,
            internal: true,
            kind,
            value,
            target: None,
            token: None,
            session: None,
            socket: None,
            ttl: 0,
            retries: RETRIES,
            timeout_ms: None,
            force: false,
        }
    }

    /// One that a user makes.
    pub fn of_user(spec: &'a RequestSpec) -> Self {
        Self {
            to: Contact { id: None, addr: spec.to },
            command: spec.command,
            internal: spec.internal,
            kind: RequestKind::User(spec.user),
            value: spec.value.as_deref(),
            target: spec.target.as_ref(),
            token: spec.token.as_ref(),
            session: spec.session.map(Session::User),
            socket: spec.socket,
            ttl: spec.ttl,
            retries: spec.retries,
            timeout_ms: spec.timeout_ms,
            force: false,
        }
    }
}

/// A reply to one of our requests, and the circumstances under which it came.
pub(super) struct IncomingReply<'a> {
    pub reply: wire::Reply<'a>,
    pub from: Contact,
    pub socket: SocketKey,
    pub rtt_ms: u32,
    /// That of the reply, once it was told.
    pub serial: Option<u32>,
}

impl Node {
    /// Registers and counts a request, and sends it as soon as it may leave.
    pub(super) fn ask(&mut self, now: Now, ask: OutgoingRequest<'_>) -> Result<Key, RequestError> {
        let force = ask.force;
        let key = self.register(now, ask)?;
        self.launch(now, key, force);
        Ok(key)
    }

    /// Registers and counts a request. The rest of a refused one's circumstances is dropped: nobody
    /// else hears of it.
    pub(super) fn register(
        &mut self,
        now: Now,
        ask: OutgoingRequest<'_>,
    ) -> Result<Key, RequestError> {
        if self.destroyed {
            return Err(RequestError::Destroyed);
        }
        if self.suspended {
            return Err(RequestError::Suspended);
        }
        let socket = ask.socket.unwrap_or(self.socket_in_use());
        let id = self.shown_id(socket);
        let mut request = wire::Request {
            tid: 0,
            to: ask.to.addr,
            id: id.as_ref().map(|id| id.as_bytes()),
            token: ask.token,
            internal: ask.internal,
            command: ask.command,
            target: ask.target,
            value: ask.value,
        };
        let len = request.encoded_len();
        if len > MAX_DATAGRAM {
            return Err(RequestError::TooLarge);
        }
        let Some(tid) = self.requests.unused_tid() else {
            self.counters.dropped += 1;
            return Err(RequestError::TooMany);
        };
        request.tid = tid;
        let mut datagram = Vec::with_capacity(len);
        request.encode(&mut datagram);

        self.count_request(ask.internal, ask.command);
        Ok(self.requests.insert(New {
            kind: ask.kind,
            to: ask.to,
            socket,
            ttl: ask.ttl,
            internal: ask.internal,
            command: ask.command,
            retries: ask.retries,
            timeout_ms: ask.timeout_ms,
            session: ask.session,
            made_ms: now.mono_ms,
            tid,
            datagram: datagram.into_boxed_slice(),
        }))
    }

    /// Sends a try, or puts it in the queue for the window. Without a socket it stays as it is.
    pub(super) fn launch(&mut self, now: Now, key: Key, force: bool) {
        let Some(request) = self.requests.get(key) else {
            return;
        };
        let has_socket = matches!(request.request.socket, SocketKey::Foreign(_));
        if self.ports.is_none() && !has_socket {
            return;
        }
        self.requests.window.advance(now.mono_ms);
        if !force && (self.requests.window.is_full() || self.requests.has_waiting()) {
            self.requests.wait(key);
            return;
        }
        self.send_try(now, key);
    }

    /// Sends what waits for the window, as far as it has places.
    pub(super) fn release_waiting(&mut self, now: Now) {
        while let Some(key) = self.requests.next_to_leave() {
            self.send_try(now, key);
        }
    }

    pub(super) fn handle_reply(
        &mut self,
        now: Now,
        socket: SocketKey,
        from: Addr,
        reply: wire::Reply<'_>,
        datagram: &[u8],
    ) {
        let Some(key) = self.requests.find(reply.tid) else {
            return;
        };
        let Some(in_flight) = self.requests.get(key) else {
            return;
        };
        let request = &in_flight.request;
        let (sent, made_ms) = (in_flight.sent, request.made_ms);
        if sent == 0 || in_flight.is_answered() {
            return;
        }
        let (asked, internal) = (request.to.addr, request.internal);
        if !self.may_have_answered(internal, asked, from) {
            return;
        }
        let rtt_ms = elapsed_ms(now, made_ms);
        if sent <= 2
            && let Some(timeouts) = &mut self.timeouts
        {
            timeouts.put(now.mono_ms, asked, rtt_ms);
        }
        let from = self.contact(from, reply.id);
        let answer = IncomingReply { reply, from, socket, rtt_ms, serial: None };
        if self.config.filter {
            self.judge_reply(now, key, answer, datagram);
        } else {
            self.complete(now, key, answer, &Verdict::accept_all());
        }
    }

    pub(super) fn complete(
        &mut self,
        now: Now,
        key: Key,
        mut answer: IncomingReply<'_>,
        verdict: &Verdict<'_>,
    ) {
        let Some(InFlight { request, .. }) = self.forget(key) else {
            return;
        };
        if let Some(rx) = counted(&mut self.counters.commands_rx, request.internal, request.command)
        {
            *rx += 1;
        }
        self.counters.responses += 1;

        self.show_reply(&mut answer);
        let kept = self.admit_answerer(now, &answer, verdict);
        match request.kind {
            RequestKind::User(user) => {
                let internal = self.count_response(request.internal, request.command);
                let reply = Box::new(self.own_reply(&answer));
                self.emit(Event::Response { user, internal, reply });
            }
            RequestKind::Visit { query, slow } => {
                self.visit_answered(now, query, slow, request.to.addr, answer, verdict);
            }
            RequestKind::Commit { query, again } => {
                self.commit_answered(now, query, again, request.to.addr, &answer);
            }
            RequestKind::DownHint => {}
            RequestKind::Check { entry, seen } => self.check_answered(entry, seen, kept),
            RequestKind::Swap(swap) => self.swap_answered(now, *swap, kept),
            RequestKind::Verify { entry } => self.verify_answered(now, entry, kept),
            RequestKind::QuickFirewall => self.quick_check_over(true),
            RequestKind::Probe { probe } => self.probe_answered(probe, &answer),
            RequestKind::Bootstrap { resolution } => self.bootstrap_pinged(now, resolution, true),
        }
    }

    pub(super) fn request_timed_out(&mut self, now: Now, key: Key) {
        self.show_try_ended(key);
        let Some(in_flight) = self.requests.get_mut(key) else {
            return;
        };
        if let RequestKind::Visit { query, slow } = &mut in_flight.request.kind
            && !std::mem::replace(slow, true)
        {
            let query = *query;
            self.visit_slowed(now, query);
        }
        let Some(in_flight) = self.requests.get(key) else {
            return;
        };
        if in_flight.sent <= u32::from(in_flight.request.retries) {
            self.counters.retries += 1;
            self.launch(now, key, false);
            return;
        }
        self.counters.timeouts += 1;
        let to = in_flight.request.to;
        let shown = self.interest.observed.timeouts.then(|| self.request_in_flight(key)).flatten();
        self.fail(now, key, RequestError::Timeout);
        self.show_timeout(shown);
        if let Some(id) = to.id
            && let Some(slot) = self.table.find(&id, to.addr)
            && let Some(entry) = self.table.entry(slot)
            && self.may_remove_silent(now, EntryRef::of(slot, entry))
        {
            self.remove_node(&id, to.addr);
        }
    }

    /// Takes a request out of flight and tells whoever made it.
    pub(super) fn fail(&mut self, now: Now, key: Key, error: RequestError) {
        let Some(InFlight { request, .. }) = self.forget(key) else {
            return;
        };
        match request.kind {
            RequestKind::User(user) => self.tell_failure(user, error),
            RequestKind::Visit { query, slow } => {
                self.visit_failed(now, query, slow, request.to, error);
            }
            RequestKind::Commit { query, again } => {
                self.commit_failed(now, query, again, request.to.addr, error);
            }
            RequestKind::DownHint => {}
            RequestKind::QuickFirewall => self.quick_check_over(false),
            RequestKind::Check { entry, .. } => self.check_failed(now, entry),
            RequestKind::Swap(swap) => self.swap_unanswered(now, *swap),
            RequestKind::Verify { entry } => self.verify_failed(now, entry, error),
            RequestKind::Probe { probe } => self.probe_failed(probe),
            RequestKind::Bootstrap { resolution } => self.bootstrap_pinged(now, resolution, false),
        }
    }

    /// Takes a request out of flight without telling anybody.
    pub(super) fn forget(&mut self, key: Key) -> Option<InFlight<RequestKind>> {
        let removed = self.requests.remove(key)?;
        self.counters.requests_active -= 1;
        if let RequestKind::User(user) = removed.request.kind {
            self.deferred.remove(user, key);
        }
        Some(removed)
    }

    /// Fails everything in flight, and what is made meanwhile.
    pub(super) fn fail_all(&mut self, now: Now, error: RequestError) {
        loop {
            let last = self.requests.keys().next_back();
            let Some(key) = last else {
                return;
            };
            self.fail(now, key, error);
        }
    }

    /// Drops a session's requests without telling anybody.
    pub(super) fn forget_session(&mut self, session: Session) {
        while let Some(key) = self.requests.first_of(session) {
            self.forget(key);
        }
    }

    /// A reply that outlives its datagram.
    pub(super) fn own_reply(&mut self, answer: &IncomingReply<'_>) -> Reply {
        let serial = answer.serial.unwrap_or_else(|| {
            self.reply_serial = self.reply_serial.wrapping_add(1);
            self.reply_serial
        });
        let reply = &answer.reply;
        Reply {
            serial,
            tid: reply.tid,
            rtt_ms: answer.rtt_ms,
            from: answer.from,
            to: reply.to,
            token: reply.token.copied(),
            closer_nodes: reply.closer_nodes.map(|nodes| nodes.iter().collect()),
            closer_nodes_read: OnceLock::new(),
            error: reply.error,
            value: reply.value.map(Box::from),
        }
    }

    /// A datagram on another socket than the one in use tells nothing new about our NAT.
    pub(super) fn is_external(&self, socket: SocketKey) -> bool {
        self.ports.is_none() || socket != self.socket_in_use()
    }
}

impl Node {
    fn send_try(&mut self, now: Now, key: Key) {
        let Some(in_flight) = self.requests.get(key) else {
            return;
        };
        let request = &in_flight.request;
        let to = request.to.addr;
        if to.port() != 0 {
            let encode = |out: &mut Vec<u8>| out.extend_from_slice(&request.datagram);
            if !self.outbox.push(request.socket, to, request.ttl, encode) {
                self.counters.dropped += 1;
            }
        }
        let attempt = in_flight.sent + 1;
        let timeout_ms = match (request.timeout_ms, &mut self.timeouts) {
            (Some(fixed_ms), _) if fixed_ms > 0 => fixed_ms,
            (_, Some(adaptive)) => adaptive.get(now.mono_ms, to, attempt, &mut self.rng),
            _ => DEFAULT_TIMEOUT_MS,
        };
        let deadline_ms = now.mono_ms.saturating_add(u64::from(timeout_ms.max(1)));
        self.requests.arm(key, deadline_ms);
    }

    /// Tells the user that a request failed.
    pub(super) fn tell_failure(&mut self, user: u32, error: RequestError) {
        self.settled.all += 1;
        self.settled.timeouts += i64::from(error == RequestError::Timeout);
        self.emit(Event::Failure { user, error });
    }

    /// Counts a request of the user's that is answered. Returns its command if that is counted.
    fn count_response(&mut self, internal: bool, command: u64) -> Option<u8> {
        self.settled.all += 1;
        self.settled.responses += 1;
        *counted(&mut self.settled.commands_rx, internal, command)? += 1;
        u8::try_from(command).ok()
    }

    fn count_request(&mut self, internal: bool, command: u64) {
        self.tid_count = self.tid_count.wrapping_add(1);
        if let Some(tx) = counted(&mut self.counters.commands_tx, internal, command) {
            *tx += 1;
        }
        self.counters.requests_active += 1;
        self.counters.requests_total += 1;
    }
}

fn counted(counters: &mut [i64; 4], internal: bool, command: u64) -> Option<&mut i64> {
    counters.get_mut(usize::try_from(command).ok()?).filter(|_| internal)
}

fn elapsed_ms(now: Now, since_ms: u64) -> u32 {
    u32::try_from(now.mono_ms.saturating_sub(since_ms)).unwrap_or(u32::MAX)
}

/// A request that only asks for a sign of life.
pub(super) fn ping<'a>(to: Addr, kind: RequestKind) -> OutgoingRequest<'a> {
    OutgoingRequest::internal(command::PING, Contact { id: None, addr: to }, None, kind)
}
