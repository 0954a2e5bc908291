//! What a packet does to its stream, in the order in which udx-native 1.21.3 looks at it.

use std::ops::Range;

use bytes::Bytes;

use super::super::error::CloseReason;
use super::super::event::Event;
use super::super::limits::MAX_AHEAD;
use super::super::seq::{self, Seq};
use super::super::shared::Shared;
use super::super::wire::{Header, flag};
use super::incoming::Place;
use super::{Outgoing, Stream};

/// A packet for a stream, past its firewall.
#[derive(Clone, Debug)]
pub(in super::super) struct Packet<'a> {
    pub header: Header,
    /// What it came in, maybe with others.
    pub bundle: &'a Bytes,
    /// Where in it that is what follows the header.
    pub rest: Range<usize>,
    /// It came from another address than the connected one.
    pub is_foreign: bool,
}

impl Stream {
    pub fn receive(&mut self, shared: &mut Shared, packet: &Packet<'_>) {
        let header = packet.header;
        if header.has(flag::HEARTBEAT) {
            self.owe_ack(shared);
            return;
        }
        let offset = usize::from(header.data_offset);
        if offset > packet.rest.len() {
            shared.drops.malformed += 1;
            return;
        }
        let number = seq::expand(self.incoming.next, header.seq);
        if packet.is_foreign && number.abs_diff(self.incoming.next) > MAX_AHEAD {
            shared.drops.foreign += 1;
            return;
        }
        let payload = packet.rest.start + offset..packet.rest.end;
        if number >= self.incoming.next {
            if header.has(flag::DATA | flag::END) {
                self.take_data(shared, packet, number, payload.clone());
            }
            if header.has(flag::DESTROY) {
                self.closing = Some(CloseReason::Reset);
                return;
            }
        }
        if header.has(flag::MESSAGE) {
            let bytes = packet.bundle.slice(payload);
            shared.events.push_back(Event::Message { stream: self.key, bytes });
        }
        self.deliver_waiting(shared);
        let ack = seq::expand(self.flight.first(), header.ack);
        if ack > self.flight.next() {
            return;
        }
        self.take_window(number, ack, header.window);
        self.take_acks(shared, ack, packet);
        if header.has(flag::DATA | flag::END) {
            self.owe_ack(shared);
        }
        self.finish_change(shared);
        self.check_ended();
    }

    /// A state packet leaves with this batch, or at once if the batch is long.
    fn owe_ack(&mut self, shared: &mut Shared) {
        if self.incoming.owe_ack() {
            self.post_state(shared);
        }
    }

    fn take_data(
        &mut self,
        shared: &mut Shared,
        packet: &Packet<'_>,
        number: Seq,
        payload: Range<usize>,
    ) {
        let is_end = packet.header.has(flag::END);
        let bytes = &packet.bundle[payload.clone()];
        match self.incoming.place(shared, number, bytes, is_end) {
            Place::Next => self.deliver(shared, packet.bundle.slice(payload), is_end),
            Place::Kept => {}
            Place::TooFar => shared.drops.reassembly += 1,
            Place::WindowFull => shared.drops.window += 1,
        }
    }

    /// Hands the next packet to the reader. One with nothing but the end has no data.
    fn deliver(&mut self, shared: &mut Shared, bytes: Bytes, is_end: bool) {
        self.incoming.advance(bytes.len(), is_end);
        let stream = self.key;
        if !bytes.is_empty() || !is_end {
            shared.events.push_back(Event::Data { stream, bytes });
        }
        if !is_end {
            return;
        }
        // What claims to come after the end was not sent by the peer.
        self.incoming.clear(shared);
        // An unconnected stream cannot acknowledge the end, and tells it when it can.
        if self.remote.is_some() {
            shared.events.push_back(Event::End { stream });
        }
    }

    pub(super) fn deliver_waiting(&mut self, shared: &mut Shared) {
        while let Some(waiting) = self.incoming.pop(shared) {
            self.deliver(shared, waiting.bytes, waiting.is_end);
        }
    }

    /// The peer's window, unless the packet is older than the one that told it last.
    fn take_window(&mut self, number: Seq, ack: Seq, window: u32) {
        if ack < self.flight.first() {
            return;
        }
        let is_news =
            number > self.window_seq || (number == self.window_seq && ack >= self.window_ack);
        if !is_news {
            return;
        }
        self.window_seq = number;
        self.window_ack = ack;
        self.peer_window = window;
        if window > 0 {
            self.timers.stop_zero_window();
        }
    }

    /// Whether our own direction has ended.
    pub(super) fn local_end_acknowledged(&mut self) {
        self.outgoing = Outgoing::Ended;
    }
}
