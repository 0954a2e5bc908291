//! Answering others.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::super::calls::{Incoming, RelaySpec, ReplySpec};
use super::super::contact::Contact;
use super::super::id::Id;
use super::super::wire::{self, INVALID_TOKEN, MAX_DATAGRAM, ReplyHead, UNKNOWN_COMMAND, command};
use super::Node;
use super::filter::Admission;
use crate::net::addr::{Addr, decode_addr};
use crate::net::clock::Now;
use crate::net::socket_key::SocketKey;

/// Checks under way at a time, beyond which a down hint is only acknowledged.
const MAX_CHECKS: u32 = 10;

/// DELAYED_PINGs not answered yet, of one node.
const MAX_DELAYED_PINGS: usize = 4096;

/// Pings to be answered later.
#[derive(Debug, Default)]
pub(super) struct DelayedPings {
    /// By (ms, order of arrival).
    due: BTreeMap<(u64, u64), (SocketKey, Addr, u16)>,
    count: u64,
}

impl DelayedPings {
    pub fn next(&self) -> Option<u64> {
        self.due.first_key_value().map(|((at_ms, _), _)| *at_ms)
    }

    fn clear(&mut self) {
        self.due.clear();
    }
}

/// A request on its way to an answer, its id and token verified.
pub(super) struct IncomingRequest<'a> {
    pub socket: SocketKey,
    pub from: Contact,
    pub request: wire::Request<'a>,
}

impl Node {
    pub(super) fn handle_request(
        &mut self,
        now: Now,
        socket: SocketKey,
        from: Addr,
        request: wire::Request<'_>,
        datagram_len: usize,
    ) {
        let from = self.contact(from, request.id);
        let host = *from.addr.ip();
        let served = IncomingRequest { socket, from, request };
        if let Some(token) = request.token
            && !self.tokens.verify(now.mono_ms, host, token, &mut self.rng)
        {
            self.credit(now, host, datagram_len, false);
            return self.refuse(now, &served, INVALID_TOKEN, true);
        }
        self.credit(now, host, datagram_len, request.token.is_some());
        self.serve(now, &served);
    }

    pub(super) fn send_reply(&mut self, now: Now, spec: &ReplySpec<'_>) {
        let unbound = self.ports.is_none() && !matches!(spec.socket, SocketKey::Foreign(_));
        if self.destroyed || self.suspended || unbound || spec.to.port() == 0 {
            return;
        }
        let id = self.shown_id(spec.socket);
        let token =
            spec.token.then(|| self.tokens.issue(now.mono_ms, *spec.to.ip(), &mut self.rng));
        self.closest_addrs.clear();
        if let Some(target) = spec.target.filter(|_| spec.closer_nodes) {
            self.find_closer_nodes(target);
        }
        let mut bare = ReplyHead {
            tid: spec.tid,
            to: spec.to,
            id: id.as_ref().map(Id::as_bytes),
            token: token.as_ref(),
            closer_nodes: &[],
            error: spec.error,
            value: spec.value,
        };
        let limited = self.guard.allowance.is_some();
        if limited && !self.fit_allowance(now, spec, &mut bare) {
            return self.ask_for_token(now, spec);
        }
        let head = ReplyHead { closer_nodes: &self.closest_addrs, ..bare };
        if head.encoded_len() > MAX_DATAGRAM {
            return;
        }
        if !self.outbox.push(spec.socket, spec.to, 0, |out| head.encode(out)) {
            self.counters.dropped += 1;
        }
    }

    pub(super) fn send_relay(&mut self, spec: &RelaySpec<'_>) {
        let unbound = self.ports.is_none() && !matches!(spec.socket, SocketKey::Foreign(_));
        if self.destroyed || self.suspended || unbound || spec.to.port() == 0 {
            return;
        }
        let id = self.shown_id(spec.socket);
        let request = wire::Request {
            tid: spec.tid,
            to: spec.to,
            id: id.as_ref().map(Id::as_bytes),
            token: None,
            internal: spec.internal,
            command: spec.command,
            target: spec.target,
            value: spec.value,
        };
        if request.encoded_len() > MAX_DATAGRAM {
            return;
        }
        if !self.outbox.push(spec.socket, spec.to, 0, |out| request.encode(out)) {
            self.counters.dropped += 1;
        }
    }

    pub(super) fn forget_delayed_pings(&mut self) {
        self.delayed_pings.clear();
        self.guard.delayed_pings.clear();
    }

    /// Answers the delayed ping that is due first.
    pub(super) fn answer_delayed_ping(&mut self, now: Now) {
        if let Some((_, (socket, to, tid))) = self.delayed_pings.due.pop_first() {
            self.guard.delayed_pings.give(*to.ip());
            self.acknowledge(now, socket, to, tid);
        }
    }
}

impl Node {
    /// Answers a request, or hands it to the user.
    fn serve(&mut self, now: Now, served: &IncomingRequest<'_>) {
        self.show_request(served);
        let sender = match served.from.id {
            Some(_) => self.admit_sender(now, served),
            None => Admission::Known,
        };
        if served.request.internal {
            self.serve_internal(now, served);
        } else if self.interest.requests {
            self.hand_over(own_request(served), sender);
        } else {
            self.refuse(now, served, UNKNOWN_COMMAND, false);
        }
    }

    fn serve_internal(&mut self, now: Now, served: &IncomingRequest<'_>) {
        let IncomingRequest { socket, from, request } = served;
        match request.command {
            command::PING => self.acknowledge(now, *socket, from.addr, request.tid),
            command::PING_NAT => self.serve_ping_nat(now, served),
            command::FIND_NODE => {
                if request.target.is_some() {
                    self.send_reply(now, &reply_to(served, 0, false));
                }
            }
            command::DOWN_HINT => self.serve_down_hint(now, served),
            command::DELAYED_PING => self.serve_delayed_ping(now, served),
            _ => self.refuse(now, served, UNKNOWN_COMMAND, false),
        }
    }

    fn serve_ping_nat(&mut self, now: Now, served: &IncomingRequest<'_>) {
        let value = served.request.value.and_then(|value| value.first_chunk());
        let Some(port) = value.map(|port| u16::from_le_bytes(*port)) else {
            return;
        };
        let other = Addr::new(*served.from.addr.ip(), port);
        self.acknowledge(now, served.socket, other, served.request.tid);
    }

    fn serve_down_hint(&mut self, now: Now, served: &IncomingRequest<'_>) {
        let Some(down) = served.request.value.and_then(decode_addr) else {
            return;
        };
        if self.checks < MAX_CHECKS {
            self.hinted_down(now, *served.from.addr.ip(), down);
        }
        self.acknowledge(now, served.socket, served.from.addr, served.request.tid);
    }

    fn hinted_down(&mut self, now: Now, by: Ipv4Addr, down: Addr) {
        let tick = self.tick;
        let Some(slot) = self.table.find(&Id::of(down), down) else {
            return;
        };
        let Some(entry) = self.table.entry(slot) else {
            return;
        };
        let due = entry.pinged < tick || entry.down_hints == 0;
        if !due || !self.may_hint(by) {
            return;
        }
        if let Some(entry) = self.table.entry_mut(slot) {
            entry.down_hints = entry.down_hints.saturating_add(1);
            self.check(now, slot);
        }
    }

    fn serve_delayed_ping(&mut self, now: Now, served: &IncomingRequest<'_>) {
        let value = served.request.value.and_then(|value| value.first_chunk());
        let Some(delay_ms) = value.map(|delay| u32::from_le_bytes(*delay)) else {
            return;
        };
        if delay_ms > self.config.max_ping_delay_ms {
            return;
        }
        let free = MAX_DELAYED_PINGS.saturating_sub(self.delayed_pings.due.len());
        if !self.may_delay_ping(*served.from.addr.ip(), free) {
            return;
        }
        // A timer of 0 ms is one of 1 ms, as it is for JavaScript.
        let at_ms = now.mono_ms.saturating_add(u64::from(delay_ms.max(1)));
        let pings = &mut self.delayed_pings;
        pings.count += 1;
        let waiting = (served.socket, served.from.addr, served.request.tid);
        pings.due.insert((at_ms, pings.count), waiting);
    }

    /// An empty reply: no token, no closer nodes.
    fn acknowledge(&mut self, now: Now, socket: SocketKey, to: Addr, tid: u16) {
        let spec = ReplySpec {
            socket,
            tid,
            to,
            token: false,
            closer_nodes: false,
            target: None,
            error: 0,
            value: None,
        };
        self.send_reply(now, &spec);
    }

    fn refuse(&mut self, now: Now, served: &IncomingRequest<'_>, error: u64, token: bool) {
        self.send_reply(now, &reply_to(served, error, token));
    }
}

/// A reply without value, and with closer nodes if there is a target.
fn reply_to<'a>(served: &IncomingRequest<'a>, error: u64, token: bool) -> ReplySpec<'a> {
    ReplySpec {
        socket: served.socket,
        tid: served.request.tid,
        to: served.from.addr,
        token,
        closer_nodes: true,
        target: served.request.target,
        error,
        value: None,
    }
}

/// A request that outlives its datagram.
pub(super) fn own_request(served: &IncomingRequest<'_>) -> Incoming {
    let request = &served.request;
    Incoming {
        socket: served.socket,
        tid: request.tid,
        from: served.from,
        to: request.to,
        token: request.token.copied(),
        command: request.command,
        target: request.target.copied(),
        value: request.value.map(Box::from),
    }
}
