//! Telling of what passes through, for a driver that wants to see more than what is meant for it.

use super::super::contact::NodeEntry;
use super::super::event::Event;
use super::super::in_flight::{RequestInFlight, RequestKey};
use super::super::requests::{InFlight, Session};
use super::super::wire::{self, Message};
use super::Node;
use super::requesting::{IncomingReply, RequestKind};
use super::serving::{IncomingRequest, own_request};

impl Node {
    /// The requests in flight or waiting: all, or those of a user's session.
    pub fn requests_in_flight(
        &self,
        session: Option<u32>,
    ) -> impl Iterator<Item = RequestInFlight> {
        let all = session.is_none().then(|| self.requests.keys()).into_iter().flatten();
        let some = session.map(|number| self.requests.keys_of(Session::User(number)));
        all.chain(some.into_iter().flatten()).filter_map(|key| self.request_in_flight(key))
    }

    /// Changes whenever a request comes or goes.
    pub fn requests_version(&self) -> u32 {
        self.requests.version()
    }

    /// `None` if it is not in flight.
    pub fn request_in_flight(&self, key: RequestKey) -> Option<RequestInFlight> {
        let InFlight { request, sent, .. } = self.requests.get(key)?;
        let bytes = match wire::decode(&request.datagram) {
            Some(Message::Request(bytes)) => bytes,
            _ => return None,
        };
        Some(RequestInFlight {
            key,
            user: match request.kind {
                RequestKind::User(user) => Some(user),
                _ => None,
            },
            socket: request.socket,
            tid: request.tid,
            to: request.to,
            token: bytes.token.copied(),
            internal: request.internal,
            command: request.command,
            target: bytes.target.copied(),
            value: bytes.value.map(Box::from),
            session: match request.session {
                Some(Session::User(session)) => Some(session),
                _ => None,
            },
            ttl: request.ttl,
            sent: *sent,
            retries: request.retries,
            timeout_ms: request.timeout_ms,
        })
    }

    pub(super) fn show_bucket_gained(&mut self, entry: NodeEntry) {
        if self.interest.buckets {
            self.emit(Event::BucketGained(entry));
        }
    }

    pub(super) fn show_bucket_lost(&mut self, entry: NodeEntry) {
        if self.interest.buckets {
            self.emit(Event::BucketLost(entry));
        }
    }

    pub(super) fn show_bucket_full(&mut self, entry: NodeEntry) {
        if self.interest.buckets {
            self.emit(Event::BucketFull(entry));
        }
    }

    pub(super) fn show_request(&mut self, served: &IncomingRequest<'_>) {
        if self.interest.observed.requests && served.request.internal {
            self.emit(Event::RequestSeen(Box::new(own_request(served))));
        }
    }

    pub(super) fn show_reply(&mut self, answer: &mut IncomingReply<'_>) {
        if self.interest.observed.replies {
            let reply = Box::new(self.own_reply(answer));
            answer.serial = Some(reply.serial);
            self.emit(Event::ReplySeen { socket: answer.socket, reply });
        }
    }

    pub(super) fn show_try_ended(&mut self, key: RequestKey) {
        if self.interest.observed.tries
            && let Some(sent) = self.request_sent(key)
        {
            self.emit(Event::TryEnded { key, sent });
        }
    }

    /// `request`: as it was when it failed, if it is to be told of.
    pub(super) fn show_timeout(&mut self, request: Option<RequestInFlight>) {
        if let Some(request) = request {
            self.emit(Event::TimedOut(Box::new(request)));
        }
    }
}
