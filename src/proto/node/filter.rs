//! Datagrams that wait for the user's filter.

use super::super::id::Id;
use super::super::requests::Key;
use super::super::types::*;
use super::super::wire::{self, Message};
use super::Node;
use super::requesting::{Answer, Purpose};
use super::serving::Served;

/// Datagrams held at a time, of one node.
const MAX_HELD: usize = 4096;

/// A datagram whose sender, and candidates, are being judged.
#[derive(Debug)]
pub(super) struct Held {
    datagram: Box<[u8]>,
    from: Contact,
    socket: Socket,
    /// The request that it answers, and how long that took in ms; `None` for a request.
    answers: Option<(Key, u32)>,
    /// Candidates, in the order in which they were asked about.
    candidates: Box<[Addr]>,
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
    pub(super) fn hold_request(&mut self, served: &Served<'_>, datagram: &[u8]) {
        if !self.may_hold() {
            return;
        }
        self.hold(Held {
            datagram: datagram.into(),
            from: served.from,
            socket: served.socket,
            answers: None,
            candidates: Box::default(),
        });
    }

    pub(super) fn hold_reply(&mut self, key: Key, answer: &Answer<'_>, datagram: &[u8]) {
        if !self.may_hold() {
            return;
        }
        let visit = self
            .requests
            .get(key)
            .is_some_and(|in_flight| matches!(in_flight.request.purpose, Purpose::Visit { .. }));
        let closer = answer.reply.closer_nodes.filter(|_| visit);
        let candidates = closer.into_iter().flat_map(|nodes| nodes.iter());
        let candidates = candidates.filter(|addr| !self.is_ourselves(*addr)).collect();
        self.requests.answered(key);
        self.hold(Held {
            datagram: datagram.into(),
            from: answer.from,
            socket: answer.socket,
            answers: Some((key, answer.rtt_ms)),
            candidates,
        });
    }

    /// The filter's answer to [`Event::VerdictWanted`]: one flag for each node it was asked about.
    pub fn handle_verdict(&mut self, now: Now, key: u32, accepted: &[bool]) {
        let Some(held) = self.held.remove(&key) else {
            return;
        };
        if self.destroyed || self.suspended {
            return;
        }
        self.requests.window.advance(now.mono_ms);
        let (sender, rest) = accepted.split_first().unwrap_or((&false, &[]));
        match (wire::decode(&held.datagram), held.answers) {
            (Some(Message::Request(request)), None) => {
                let Held { socket, from, .. } = held;
                self.serve(now, &Served { socket, from, request }, *sender);
            }
            (Some(Message::Reply(reply)), Some((key, rtt_ms))) => {
                let Held { socket, from, .. } = held;
                let candidates = Some((&*held.candidates, rest));
                let verdict = Verdict { sender: *sender, candidates };
                self.complete(now, key, Answer { reply, from, socket, rtt_ms }, &verdict);
            }
            _ => {}
        }
        self.settle(now);
    }
}

impl Node {
    fn may_hold(&mut self) -> bool {
        let may = self.held.len() < MAX_HELD;
        self.counters.dropped += i64::from(!may);
        may
    }

    fn hold(&mut self, held: Held) {
        let candidates =
            held.candidates.iter().map(|addr| Contact { id: Some(Id::of(*addr)), addr: *addr });
        let nodes = std::iter::once(held.from).chain(candidates).collect();
        let key = self.next_key();
        self.held.insert(key, held);
        self.emit(Event::VerdictWanted { key, nodes });
    }

    fn is_ourselves(&self, addr: Addr) -> bool {
        Id::of(addr) == self.table.id()
    }
}
