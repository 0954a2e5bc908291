//! Asking the user's filter. The answer to a request never waits for what it says; what becomes of
//! the sender does, and a lookup's candidates.

use std::net::Ipv4Addr;

use super::super::calls::Incoming;
use super::super::contact::{Contact, Subject};
use super::super::event::Event;
use super::super::id::Id;
use super::super::requests::Key;
use super::super::wire::{self, Message};
use super::Node;
use super::requesting::{IncomingReply, RequestKind};
use super::serving::IncomingRequest;
use super::verdicts::{Change, Sighting};
use crate::net::addr::Addr;
use crate::net::clock::Now;
use crate::net::socket_key::SocketKey;

/// What waits for a filter at a time because of requests, of one node, and as much because of
/// replies: what others ask takes no place from the answers to the node's own requests.
const MAX_HELD: usize = 4096;

/// Who is being judged, and what follows from it.
#[derive(Debug)]
pub(super) struct Question {
    subjects: Box<[Subject]>,
    then: Then,
}

#[derive(Debug)]
enum Then {
    /// A request is looked at.
    Read(HeldDatagram),
    /// Senders of requests are known, or not; then the user hears of their commands.
    Admit { sightings: Vec<Sighting>, commands: Vec<Incoming> },
    /// Who answered is known, or not.
    AdmitAnswerer(Sighting),
    /// The answer to a request counts.
    Complete(HeldReply),
    /// The verdicts are those of before, or not.
    Review,
}

#[derive(Debug)]
struct HeldDatagram {
    datagram: Box<[u8]>,
    from: Contact,
    socket: SocketKey,
}

/// The answer to a request, which took so many ms.
#[derive(Debug)]
struct HeldReply {
    held: HeldDatagram,
    key: Key,
    rtt_ms: u32,
    /// `None` if it is the first subject.
    sender: Option<bool>,
    /// Of each closer node what is known; `None` is the next subject.
    candidates: Box<[Option<bool>]>,
}

/// Where the sender of a request stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It was judged, or nobody waits for that.
    Known,
    /// This question is about it.
    Asked(u32),
    /// Too many wait.
    Refused,
}

/// What the filter said of a reply.
pub(super) struct Verdict<'a> {
    /// `None`: nothing yet.
    pub sender: Option<bool>,
    candidates: Option<&'a [bool]>,
}

impl Verdict<'_> {
    pub fn accept_all() -> Self {
        Self { sender: Some(true), candidates: None }
    }

    /// Whether the closer node at this place may become a candidate.
    pub fn accepts(&self, place: usize) -> bool {
        self.candidates.is_none_or(|accepted| accepted.get(place).copied().unwrap_or(false))
    }
}

impl Node {
    pub(super) fn hold_unread(&mut self, socket: SocketKey, from: Addr, datagram: &[u8]) {
        if !self.may_hold_one(from) {
            return;
        }
        let from = Contact { id: None, addr: from };
        let then = Then::Read(HeldDatagram { datagram: datagram.into(), from, socket });
        let key = self.hold(Box::from([from.into()]), then);
        self.emit(Event::RequestVerdictWanted { key, from: from.addr });
    }

    /// The sender of a request is known from now on, or once the filter said so.
    pub(super) fn admit_sender(&mut self, now: Now, served: &IncomingRequest<'_>) -> Admission {
        let IncomingRequest { socket, from, request } = served;
        let sample = !self.is_external(*socket);
        let sighting = Sighting { from: *from, to: request.to, sample, proven: false };
        let subject = Subject::from(*from);
        if self.admit_if_known(now, sighting) {
            return Admission::Known;
        }
        match self.verdicts.as_ref().and_then(|verdicts| verdicts.awaited(subject)) {
            Some(Some(key)) => return Admission::Asked(key),
            Some(None) if request.internal => return Admission::Known,
            Some(None) => return self.ask_together().map_or(Admission::Refused, Admission::Asked),
            None => {}
        }
        if !self.may_hold_one(from.addr) {
            return Admission::Refused;
        }
        if request.internal
            && let Some(verdicts) = &mut self.verdicts
            && verdicts.postpone(now.mono_ms, sighting)
        {
            return Admission::Known;
        }
        Admission::Asked(self.ask_about(vec![sighting]))
    }

    /// A user's command, of which JavaScript hears once its sender is judged.
    pub(super) fn hand_over(&mut self, command: Incoming, sender: Admission) {
        match sender {
            Admission::Known => self.emit(Event::Request(Box::new(command))),
            Admission::Asked(key) => self.hold_command(key, command),
            Admission::Refused => {}
        }
    }

    /// A reply came to a request of ours.
    pub(super) fn judge_reply(
        &mut self,
        now: Now,
        key: Key,
        answer: IncomingReply<'_>,
        datagram: &[u8],
    ) {
        let sender = match self.is_behind_others(key) {
            true => None,
            false => self.recall(now, answer.from.into()),
        };
        let candidates = self.recall_candidates(now, key, &answer);
        let unknown = candidates.iter().any(Option::is_none);
        if sender.is_none() && self.needs_sender(key) || unknown {
            return self.hold_reply(key, &answer, datagram, sender, candidates);
        }
        let accepted: Box<[bool]> = candidates.iter().flatten().copied().collect();
        self.complete(now, key, answer, &Verdict { sender, candidates: Some(&accepted) });
    }

    /// Who answered is known from now on, or once the filter said so. Returns whether it has an id
    /// and was accepted.
    pub(super) fn admit_answerer(
        &mut self,
        now: Now,
        answer: &IncomingReply<'_>,
        verdict: &Verdict<'_>,
    ) -> bool {
        let sample = !self.is_external(answer.socket);
        let sighting = Sighting { from: answer.from, to: answer.reply.to, sample, proven: true };
        if let Some(accepted) = verdict.sender {
            return self.admit(now, sighting, accepted);
        }
        if self.may_hold_reply() {
            let subjects = Box::from([answer.from.into()]);
            self.ask_filter(subjects, Then::AdmitAnswerer(sighting));
        }
        false
    }

    /// Asks about all that are to be asked about at some time, for a driver that waits for it.
    pub fn ask_now(&mut self) {
        self.ask_together();
    }

    /// Asks once more about those in use whose verdicts are old, and about those who had time.
    pub(super) fn ask_due(&mut self, now: Now) {
        if self.verdicts.as_ref().is_some_and(|verdicts| verdicts.is_together_due(now.mono_ms)) {
            self.ask_together();
        }
        let due = self.verdicts.as_mut().map(|verdicts| verdicts.due(now.mono_ms));
        if let Some(subjects) = due.filter(|due| !due.is_empty()) {
            self.ask_filter(subjects.into(), Then::Review);
        }
    }

    pub(super) fn next_question(&self) -> Option<u64> {
        self.verdicts.as_ref()?.next_question()
    }

    pub(super) fn forget_held(&mut self) {
        self.held.clear();
        self.held_replies = 0;
        self.held_requests = 0;
        self.guard.held.clear();
        if let Some(verdicts) = &mut self.verdicts {
            verdicts.interrupt();
        }
    }

    /// The filter's answer to [`Event::VerdictWanted`] or [`Event::RequestVerdictWanted`]: one flag
    /// for each node it was asked about.
    pub fn handle_verdict(&mut self, now: Now, key: u32, accepted: &[bool]) {
        let Some(Question { subjects, then }) = self.held.remove(&key) else {
            return;
        };
        self.give_place(&then);
        if self.destroyed || self.suspended {
            return;
        }
        self.requests.window.advance(now.mono_ms);
        let mut verdicts = accepted.iter().copied().chain(std::iter::repeat(false));
        if let Then::Read(held) = &then {
            let accepted = verdicts.next() == Some(true);
            self.read_held(now, held, accepted);
            return self.settle(now);
        }
        for (subject, accepted) in subjects.iter().zip(verdicts.by_ref()) {
            self.decide(now, *subject, accepted);
        }
        let accepted = &accepted[..accepted.len().min(subjects.len())];
        match then {
            Then::Admit { sightings, commands } => {
                let accepted = accepted.iter().chain(std::iter::repeat(&false));
                for (sighting, accepted) in sightings.into_iter().zip(accepted) {
                    self.admit(now, sighting, *accepted);
                }
                for command in commands {
                    self.emit(Event::Request(Box::new(command)));
                }
            }
            Then::AdmitAnswerer(sighting) => {
                self.admit(now, sighting, accepted.first() == Some(&true));
            }
            Then::Complete(reply) => self.complete_held(now, reply, accepted),
            Then::Read(_) | Then::Review => {}
        }
        self.settle(now);
    }
}

impl Node {
    fn recall(&mut self, now: Now, subject: Subject) -> Option<bool> {
        self.verdicts.as_mut()?.recall(now.mono_ms, subject)
    }

    fn admit_if_known(&mut self, now: Now, sighting: Sighting) -> bool {
        let known =
            if self.config.filter { self.recall(now, sighting.from.into()) } else { Some(true) };
        if let Some(accepted) = known {
            self.admit(now, sighting, accepted);
        }
        known.is_some()
    }

    fn hold_command(&mut self, key: u32, command: Incoming) {
        if !self.may_hold_one(command.from.addr) {
            return;
        }
        match self.held.get_mut(&key).map(|question| &mut question.then) {
            Some(Then::Admit { commands, .. }) => commands.push(command),
            _ => self.give_one(*command.from.addr.ip()),
        }
    }

    /// The question, if there was anybody to ask about.
    fn ask_together(&mut self) -> Option<u32> {
        let sightings = self.verdicts.as_mut()?.take_together();
        (!sightings.is_empty()).then(|| self.ask_about(sightings))
    }

    /// About senders of requests.
    fn ask_about(&mut self, sightings: Vec<Sighting>) -> u32 {
        let subjects: Box<[Subject]> =
            sightings.iter().map(|sighting| sighting.from.into()).collect();
        let key =
            self.ask_filter(subjects.clone(), Then::Admit { sightings, commands: Vec::new() });
        if let Some(verdicts) = &mut self.verdicts {
            subjects.iter().for_each(|subject| verdicts.await_one(*subject, key));
        }
        key
    }

    /// Returns whether it has an id and was accepted.
    fn admit(&mut self, now: Now, sighting: Sighting, accepted: bool) -> bool {
        let Sighting { from, to, sample, proven } = sighting;
        if !accepted {
            if let Some(verdicts) = &mut self.verdicts {
                verdicts.refuse(from.into(), sighting);
            }
            return false;
        }
        let is_known = |id| self.table.find(&id, from.addr).is_some();
        let is_new = self.verdicts.is_some() && !from.id.is_some_and(is_known);
        let kept = self.add_from_network(now, sample, from, to, proven);
        if is_new && let Some(verdicts) = &mut self.verdicts {
            verdicts.entered(now.mono_ms, from.into());
        }
        kept
    }

    fn decide(&mut self, now: Now, subject: Subject, accepted: bool) {
        let Some(verdicts) = &mut self.verdicts else {
            return;
        };
        let Change { sighting, leaves } = verdicts.decide(now.mono_ms, subject, accepted);
        if let Some(sighting) = sighting {
            self.admit(now, sighting, true);
        }
        if leaves {
            self.remove_node(&Id::of(subject.addr), subject.addr);
        }
    }

    /// Of each closer node of an answer to a lookup what is known.
    fn recall_candidates(
        &mut self,
        now: Now,
        key: Key,
        answer: &IncomingReply<'_>,
    ) -> Box<[Option<bool>]> {
        let is_visit = matches!(self.kind_of(key), Some(RequestKind::Visit { .. }));
        let Some(nodes) = answer.reply.closer_nodes.filter(|_| is_visit) else {
            return Box::default();
        };
        let readable = self.readable_closer_nodes(nodes.len());
        let mut recall = |addr: Addr| {
            // Whom nobody can ask is no candidate in any case.
            if addr.port() == 0 {
                return Some(false);
            }
            self.recall(now, Subject { addr, has_id: true })
        };
        nodes.iter().take(readable).map(&mut recall).collect()
    }

    /// Whether it matters to what was asked whether the sender of the answer is accepted.
    fn needs_sender(&self, key: Key) -> bool {
        match self.kind_of(key) {
            Some(
                RequestKind::Visit { .. }
                | RequestKind::Check { .. }
                | RequestKind::Swap(_)
                | RequestKind::Verify { .. }
                | RequestKind::QuickFirewall
                | RequestKind::Probe { .. },
            ) => true,
            Some(
                RequestKind::User(_)
                | RequestKind::Commit { .. }
                | RequestKind::DownHint
                | RequestKind::Bootstrap { .. },
            )
            | None => false,
        }
    }

    /// Whether an answer must not overtake those that came before it: it counts whether the
    /// bootstrap's lookup was over by then.
    fn is_behind_others(&self, key: Key) -> bool {
        self.held_replies > 0 && matches!(self.kind_of(key), Some(RequestKind::QuickFirewall))
    }

    fn kind_of(&self, key: Key) -> Option<&RequestKind> {
        self.requests.get(key).map(|in_flight| &in_flight.request.kind)
    }

    fn hold_reply(
        &mut self,
        key: Key,
        answer: &IncomingReply<'_>,
        datagram: &[u8],
        sender: Option<bool>,
        candidates: Box<[Option<bool>]>,
    ) {
        if !self.may_hold_reply() {
            return;
        }
        self.requests.answered(key);
        let closer = answer.reply.closer_nodes.into_iter().flat_map(|nodes| nodes.iter());
        let unknown = closer.zip(&candidates).filter(|(_, known)| known.is_none());
        let unknown = unknown.map(|(addr, _)| Subject { addr, has_id: true });
        let first = sender.is_none().then(|| answer.from.into());
        let subjects = first.into_iter().chain(unknown).collect();
        let IncomingReply { from, socket, rtt_ms, .. } = *answer;
        let held = HeldDatagram { datagram: datagram.into(), from, socket };
        let reply = HeldReply { held, key, rtt_ms, sender, candidates };
        self.ask_together();
        self.ask_filter(subjects, Then::Complete(reply));
    }

    /// `accepted`: what the filter said of those that nothing was known of.
    fn complete_held(&mut self, now: Now, reply: HeldReply, accepted: &[bool]) {
        let HeldReply { held, key, rtt_ms, sender, candidates } = reply;
        let HeldDatagram { datagram, from, socket } = held;
        let Some(Message::Reply(reply)) = wire::decode(&datagram) else {
            return;
        };
        let mut said = accepted.iter().copied();
        let mut known = |known: Option<bool>| known.or_else(|| said.next()).unwrap_or(false);
        let sender = Some(known(sender));
        let candidates: Box<[bool]> = candidates.iter().map(|one| known(*one)).collect();
        let verdict = Verdict { sender, candidates: Some(&candidates) };
        let answer = IncomingReply { reply, from, socket, rtt_ms, serial: None };
        self.complete(now, key, answer, &verdict);
    }

    fn read_held(&mut self, now: Now, held: &HeldDatagram, accepted: bool) {
        let HeldDatagram { datagram, from, socket } = held;
        self.counters.protections.filter_request += i64::from(!accepted);
        if !accepted {
            return;
        }
        if *socket == SocketKey::Server {
            self.heard_on_server(*from.addr.ip());
        }
        if let Some(Message::Request(request)) = wire::decode(datagram) {
            self.handle_request(now, *socket, from.addr, request, datagram.len());
        }
    }

    /// Whether a request of `from`, or its sender, may wait.
    fn may_hold_one(&mut self, from: Addr) -> bool {
        let free = MAX_HELD.saturating_sub(self.held_requests);
        let may = self.may_hold_request(*from.ip(), free);
        self.held_requests += usize::from(may);
        may
    }

    fn give_one(&mut self, host: Ipv4Addr) {
        self.held_requests -= 1;
        self.guard.held.give(host);
    }

    /// Takes one of the places for replies.
    fn may_hold_reply(&mut self) -> bool {
        let may = self.held_replies < MAX_HELD;
        self.held_replies += usize::from(may);
        self.counters.dropped += i64::from(!may);
        may
    }

    fn give_place(&mut self, then: &Then) {
        match then {
            Then::Complete(_) | Then::AdmitAnswerer(_) => self.held_replies -= 1,
            Then::Read(held) => self.give_one(*held.from.addr.ip()),
            Then::Admit { sightings, commands } => {
                let senders = sightings.iter().map(|sighting| sighting.from);
                let senders = senders.chain(commands.iter().map(|command| command.from));
                senders.for_each(|from| self.give_one(*from.addr.ip()));
            }
            Then::Review => {}
        }
    }

    fn ask_filter(&mut self, subjects: Box<[Subject]>, then: Then) -> u32 {
        let key = self.hold(subjects.clone(), then);
        self.emit(Event::VerdictWanted { key, nodes: subjects });
        key
    }

    fn hold(&mut self, subjects: Box<[Subject]>, then: Then) -> u32 {
        let key = self.next_key();
        self.held.insert(key, Question { subjects, then });
        key
    }
}
