//! Datagrams that wait for the user's filter.

use super::super::contact::Contact;
use super::super::event::Event;
use super::super::id::Id;
use super::super::requests::Key;
use super::super::wire::{self, Message};
use super::Node;
use super::requesting::{IncomingReply, RequestKind};
use super::serving::IncomingRequest;
use crate::net::addr::Addr;
use crate::net::clock::Now;
use crate::net::socket_key::SocketKey;

/// Requests held at a time, of one node, and as many replies: what others ask takes no place from
/// the answers to the node's own requests.
const MAX_HELD: usize = 4096;

/// A datagram whose sender, and candidates, are being judged.
#[derive(Debug)]
pub(super) struct HeldDatagram {
    datagram: Box<[u8]>,
    from: Contact,
    socket: SocketKey,
    stage: Stage,
    /// Candidates, in the order in which they were asked about.
    candidates: Box<[Addr]>,
}

/// What a held datagram is, and how far it got.
#[derive(Debug)]
enum Stage {
    /// A request of which nothing was looked at yet.
    Unread,
    /// A request whose sender's id is verified.
    Request,
    /// The answer to a request, which took so many ms.
    Reply { key: Key, rtt_ms: u32 },
}

/// What the filter said of a reply.
pub(super) struct Verdict<'a> {
    pub sender: bool,
    candidates: Option<(&'a [Addr], &'a [bool])>,
}

impl Verdict<'_> {
    pub fn accept_all() -> Self {
        Self { sender: true, candidates: None }
    }

    /// Whether each closer node may become a candidate, to be asked in the order of the reply.
    pub fn reader(&self) -> impl FnMut(Addr) -> bool {
        let mut asked = self.candidates.map(|(addrs, accepted)| {
            let flags = accepted.iter().chain(std::iter::repeat(&false));
            addrs.iter().zip(flags).peekable()
        });
        move |addr| match &mut asked {
            None => true,
            Some(asked) => asked.next_if(|(next, _)| **next == addr).is_some_and(|(_, ok)| *ok),
        }
    }
}

impl Node {
    pub(super) fn hold_unread(&mut self, socket: SocketKey, from: Addr, datagram: &[u8]) {
        let from = Contact { id: None, addr: from };
        if let Some(key) = self.hold_one(Stage::Unread, socket, from, datagram) {
            self.emit(Event::RequestVerdictWanted { key, from: from.addr });
        }
    }

    pub(super) fn hold_request(&mut self, served: &IncomingRequest<'_>, datagram: &[u8]) {
        let IncomingRequest { socket, from, .. } = *served;
        if let Some(key) = self.hold_one(Stage::Request, socket, from, datagram) {
            self.emit(Event::VerdictWanted { key, nodes: vec![from] });
        }
    }

    pub(super) fn hold_reply(&mut self, key: Key, answer: &IncomingReply<'_>, datagram: &[u8]) {
        if self.held_replies >= MAX_HELD {
            self.counters.dropped += 1;
            return;
        }
        let visit = self
            .requests
            .get(key)
            .is_some_and(|in_flight| matches!(in_flight.request.kind, RequestKind::Visit { .. }));
        let closer = answer.reply.closer_nodes.filter(|_| visit);
        let readable = self.readable_closer_nodes(closer.map_or(0, |nodes| nodes.len()));
        let candidates = closer.into_iter().flat_map(|nodes| nodes.iter()).take(readable);
        let candidates: Box<[Addr]> = candidates.filter(|addr| !self.is_ourselves(*addr)).collect();
        self.requests.answered(key);
        self.held_replies += 1;
        let contacts =
            candidates.iter().map(|addr| Contact { id: Some(Id::of(*addr)), addr: *addr });
        let nodes = std::iter::once(answer.from).chain(contacts).collect();
        let key = self.hold(HeldDatagram {
            datagram: datagram.into(),
            from: answer.from,
            socket: answer.socket,
            stage: Stage::Reply { key, rtt_ms: answer.rtt_ms },
            candidates,
        });
        self.emit(Event::VerdictWanted { key, nodes });
    }

    pub(super) fn forget_held(&mut self) {
        self.held.clear();
        self.held_replies = 0;
        self.guard.held.clear();
    }

    /// The filter's answer to [`Event::VerdictWanted`] or [`Event::RequestVerdictWanted`]: one flag
    /// for each node it was asked about.
    pub fn handle_verdict(&mut self, now: Now, key: u32, accepted: &[bool]) {
        let Some(held) = self.held.remove(&key) else {
            return;
        };
        match held.stage {
            Stage::Reply { .. } => self.held_replies -= 1,
            _ => self.guard.held.give(*held.from.addr.ip()),
        }
        if self.destroyed || self.suspended {
            return;
        }
        self.requests.window.advance(now.mono_ms);
        let (sender, rest) = accepted.split_first().unwrap_or((&false, &[]));
        let HeldDatagram { socket, from, .. } = held;
        match (wire::decode(&held.datagram), held.stage) {
            (Some(Message::Request(request)), Stage::Unread) => {
                if *sender {
                    if socket == SocketKey::Server {
                        self.heard_on_server(*from.addr.ip());
                    }
                    self.handle_request(now, socket, from.addr, request, &held.datagram);
                }
                self.counters.protections.filter_request += i64::from(!*sender);
            }
            (Some(Message::Request(request)), Stage::Request) => {
                self.serve(now, &IncomingRequest { socket, from, request }, *sender);
            }
            (Some(Message::Reply(reply)), Stage::Reply { key, rtt_ms }) => {
                let candidates = Some((&*held.candidates, rest));
                let verdict = Verdict { sender: *sender, candidates };
                let answer = IncomingReply { reply, from, socket, rtt_ms, serial: None };
                self.complete(now, key, answer, &verdict);
            }
            _ => {}
        }
        self.settle(now);
    }
}

impl Node {
    /// Holds a request, if its host may have one more held.
    fn hold_one(
        &mut self,
        stage: Stage,
        socket: SocketKey,
        from: Contact,
        datagram: &[u8],
    ) -> Option<u32> {
        let free = MAX_HELD.saturating_sub(self.held.len() - self.held_replies);
        if !self.may_hold_request(*from.addr.ip(), free) {
            return None;
        }
        let (datagram, candidates) = (datagram.into(), Box::default());
        Some(self.hold(HeldDatagram { datagram, from, socket, stage, candidates }))
    }

    fn hold(&mut self, held: HeldDatagram) -> u32 {
        let key = self.next_key();
        self.held.insert(key, held);
        key
    }

    fn is_ourselves(&self, addr: Addr) -> bool {
        Id::of(addr) == self.table.id()
    }
}
