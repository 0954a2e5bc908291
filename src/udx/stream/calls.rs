//! What a user does with a stream.

use bytes::Bytes;

use super::super::calls::Written;
use super::super::error::{CloseReason, Error};
use super::super::event::Event;
use super::super::limits::{BACKLOG_SLACK, MAX_MESSAGE};
use super::super::shared::Shared;
use super::super::wire::flag;
use super::{Outgoing, Stream};

impl Stream {
    pub fn write(&mut self, shared: &Shared, bytes: Bytes) -> Result<Written, Error> {
        if self.remote.is_none() {
            return Err(Error::WriteBeforeConnect);
        }
        if self.outgoing != Outgoing::Open {
            return Err(Error::BrokenPipe);
        }
        let max = shared.limits.backlog;
        if self.buffer.backlog().saturating_add(bytes.len() as u64) > max {
            return Err(Error::BacklogFull { max });
        }
        self.buffer.push(bytes);
        let is_drained = self.buffer.backlog() <= self.high_water_mark();
        self.wants_drain |= !is_drained;
        Ok(Written { total: self.buffer.end(), is_drained })
    }

    /// Bytes of backlog beyond which a writer had better wait.
    pub fn high_water_mark(&self) -> u64 {
        let flight = u64::from(self.bbr.cwnd()) * self.mtu.payload() as u64;
        BACKLOG_SLACK + flight.min(u64::from(self.peer_window))
    }

    pub fn end(&mut self) -> Result<(), Error> {
        if self.remote.is_none() {
            return Err(Error::NotConnected);
        }
        if self.outgoing != Outgoing::Open {
            return Err(Error::BrokenPipe);
        }
        self.outgoing = Outgoing::Ending;
        Ok(())
    }

    /// A message outside of the stream. False if the stream is not connected, or if too much waits.
    pub fn send_message(&mut self, shared: &mut Shared, payload: &[u8]) -> Result<bool, Error> {
        if payload.len() > MAX_MESSAGE {
            return Err(Error::MessageTooLong { len: payload.len(), max: MAX_MESSAGE });
        }
        let Some(remote) = self.remote else {
            return Ok(false);
        };
        let header = self.header(flag::MESSAGE, remote.id);
        let sent = shared.post(&remote, |buf| {
            header.encode(buf);
            buf.extend_from_slice(payload);
        });
        self.count_posted(sent);
        Ok(sent.is_some())
    }

    /// The reader took so many bytes of what was delivered.
    pub fn consumed(&mut self, shared: &mut Shared, bytes: u64) {
        if self.incoming.consume(bytes) && self.remote.is_some() {
            self.incoming.owes_ack = true;
        }
        self.deliver_waiting(shared);
        self.check_ended();
    }

    /// Gives the stream up. A connected one tells its peer, unless it only relays.
    pub fn destroy(&mut self, shared: &mut Shared) {
        if self.relay.is_none() {
            self.post_header(shared, flag::DESTROY);
        }
        self.closing = Some(CloseReason::Destroyed);
    }

    /// Tells what is acknowledged, once for all that is until somebody looks.
    pub(super) fn tell_acked(&mut self, shared: &mut Shared) {
        if !self.acked_told {
            self.acked_told = true;
            let total = self.buffer.acked();
            shared.events.push_back(Event::Acked { stream: self.key, total });
        }
        if self.wants_drain && self.buffer.backlog() < self.high_water_mark() {
            self.wants_drain = false;
            shared.events.push_back(Event::Drain { stream: self.key });
        }
    }

    /// Bytes that are acknowledged, for whom [`Event::Acked`] is about to be told.
    pub fn take_acked(&mut self) -> u64 {
        self.acked_told = false;
        self.buffer.acked()
    }

    /// Both directions ended: the stream leaves, whatever the reader has yet to take.
    pub(super) fn check_ended(&mut self) {
        let is_over = self.outgoing == Outgoing::Ended && self.incoming.has_ended;
        if is_over && self.remote.is_some() && self.closing.is_none() {
            self.closing = Some(CloseReason::Ended);
        }
    }
}
