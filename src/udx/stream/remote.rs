//! Where a stream's packets go: connecting, and changing that in the midst.

use super::super::calls::{ConnectOptions, Remote, RemoteChange};
use super::super::congestion::{Bbr, Pacer};
use super::super::error::Error;
use super::super::event::Event;
use super::super::mtu::Mtu;
use super::super::seq::{self, Seq};
use super::super::shared::Shared;
use super::{Stream, flight};

/// A remote that packets were sent to before it changed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Previous {
    pub remote: Remote,
    /// What was sent to it ends here, in numbers and in bytes.
    until: Seq,
    until_offset: u64,
}

impl Stream {
    pub fn connect(&mut self, shared: &mut Shared, remote: Remote, options: &ConnectOptions) {
        if options.ack != 0 && self.incoming.is_fresh() {
            self.incoming.next = seq::first(options.ack);
            self.window_seq = self.incoming.next;
        }
        self.remote = Some(remote);
        self.mtu = Mtu::new(remote.addr, options.route_mtu);
        self.bbr = Bbr::new(shared.now, self.mtu.payload());
        self.pacer = Pacer::new(shared.now);
        self.start_keepalive(shared.now);
        if self.incoming.owes_ack {
            self.post_state(shared);
        }
        if self.incoming.has_ended {
            shared.events.push_back(Event::End { stream: self.key });
        }
    }

    /// From here packets go to another remote. Those that are on their way are repeated to the one
    /// that they were sent to.
    pub fn change_remote(
        &mut self,
        remote: Remote,
        route_mtu: Option<u16>,
    ) -> Result<RemoteChange, Error> {
        let old = self.remote.ok_or(Error::NotYetConnected)?;
        let waiting = self.buffer.end() - self.cut;
        // A packet that is not full would have left with this turn.
        let is_partial = waiting < self.mtu.payload() as u64;
        let until_offset = if is_partial { self.buffer.end() } else { self.cut };
        let is_done = self.flight.is_empty() && (!is_partial || waiting == 0);
        self.remote = Some(remote);
        self.mtu = Mtu::new(remote.addr, route_mtu);
        if is_done {
            self.left_socket = Some(old.socket).filter(|socket| *socket != remote.socket);
            return Ok(RemoteChange::Done);
        }
        self.flight.keep_destination();
        self.previous = Some(Previous { remote: old, until: self.flight.next(), until_offset });
        Ok(RemoteChange::Pending)
    }

    pub fn is_changing_remote(&self) -> bool {
        self.previous.is_some()
    }

    /// Ends the change if all that was sent before it is acknowledged.
    pub(super) fn finish_change(&mut self, shared: &mut Shared) {
        let Some(previous) = self.previous else {
            return;
        };
        let is_done =
            self.flight.first() >= previous.until && self.buffer.acked() >= previous.until_offset;
        if is_done {
            self.previous = None;
            let current = self.remote.map(|remote| remote.socket);
            self.left_socket = Some(previous.remote.socket).filter(|old| Some(*old) != current);
            shared.events.push_back(Event::RemoteChanged { stream: self.key });
        }
    }

    /// Where a packet goes, by the current socket.
    pub(super) fn destination(&self, remote: Remote, sent: &flight::Sent) -> Remote {
        match self.previous {
            Some(previous) if sent.to_previous => {
                Remote { socket: remote.socket, ..previous.remote }
            }
            _ => remote,
        }
    }
}
