//! Streams that hand their packets on.

use std::ops::Range;

use bytes::Bytes;

use super::super::calls::RelayTarget;
use super::super::error::{CloseReason, Error};
use super::super::event::Event;
use super::super::slots::StreamKey;
use super::super::stream::Stream;
use super::super::wire::{self, Header, flag};
use super::Hub;

impl Hub {
    /// Every packet for `stream` that passes its firewall is sent on as it is, from the target's
    /// socket to the target's remote. One direction a call, before or after either is connected.
    /// Relayed packets count as received, and as transmitted by nobody.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the stream is gone; [`Error::BadRelay`] if it relays already, or if the
    /// target is gone.
    pub fn relay_to(
        &mut self,
        now: u64,
        stream: StreamKey,
        target: RelayTarget,
    ) -> Result<(), Error> {
        self.at(now);
        let found = self.streams.get_mut(stream).ok_or(Error::Closed)?;
        if found.relay.is_some() {
            return Err(Error::BadRelay);
        }
        if let RelayTarget::Stream(target) = target {
            self.streams.get_mut(target).ok_or(Error::BadRelay)?.relayed_by.push(stream);
        }
        if let Some(found) = self.streams.get_mut(stream) {
            found.relay = Some(target);
        }
        Ok(())
    }

    /// Sends a packet of another hub's stream on, as if that were a stream of this one that relays
    /// to `target`.
    pub fn forward(&mut self, now: u64, target: StreamKey, packet: &[u8]) {
        self.at(now);
        let Some(remote) = self.streams.get(target).and_then(Stream::remote).copied() else {
            self.shared.drops.relay += 1;
            return;
        };
        let pushed = self.shared.outbox.push(remote.socket, remote.addr, |buf| {
            let start = buf.len();
            buf.extend_from_slice(packet);
            wire::set_id(&mut buf[start..], remote.id);
        });
        if pushed.is_none() {
            self.shared.drops.outbox += 1;
        }
    }

    /// The stream of another hub to which this one relays is gone.
    pub fn relay_target_closed(&mut self, now: u64, stream: StreamKey) {
        self.at(now);
        if self.streams.get(stream).is_some_and(|found| found.relay.is_some()) {
            self.close(stream, CloseReason::RelayClosed);
        }
    }

    pub(super) fn relay(
        &mut self,
        stream: StreamKey,
        target: RelayTarget,
        header: &Header,
        bundle: &Bytes,
        range: Range<usize>,
    ) {
        match target {
            RelayTarget::Stream(target) => {
                self.forward(self.shared.now, target, &bundle[range]);
            }
            RelayTarget::Elsewhere => {
                let packet = bundle.slice(range);
                self.shared.events.push_back(Event::Forward { stream, packet });
            }
        }
        if header.has(flag::DESTROY) {
            self.close(stream, CloseReason::Reset);
        }
    }

    /// A stream that relays to another is gone.
    pub(super) fn unlink_relay(&mut self, stream: &Stream) {
        if let Some(RelayTarget::Stream(target)) = stream.relay
            && let Some(target) = self.streams.get_mut(target)
        {
            target.relayed_by.retain(|key| *key != stream.key);
        }
    }
}
