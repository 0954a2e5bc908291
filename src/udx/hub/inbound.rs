//! Whose packet is it?

use std::net::SocketAddr;
use std::ops::Range;

use bytes::Bytes;

use super::super::calls::Firewall;
use super::super::held::HeldPacket;
use super::super::slots::StreamKey;
use super::super::stream::Packet;
use super::super::transmit::SocketId;
use super::super::wire::{HEADER_LEN, Header, flag};
use super::Hub;

impl Hub {
    /// Takes a datagram that came in. False if it is of no stream: it belongs to whoever listens to
    /// the socket.
    pub fn handle_datagram(
        &mut self,
        now: u64,
        socket: SocketId,
        from: SocketAddr,
        datagram: &Bytes,
    ) -> bool {
        self.at(now);
        self.take(socket, from, datagram, 0..datagram.len())
    }

    /// Takes datagrams of one sender that the system read together, each `segment` bytes long but for
    /// the last. Calls `stray` with where each of those is that is of no stream.
    pub fn handle_bundle(
        &mut self,
        now: u64,
        socket: SocketId,
        from: SocketAddr,
        bundle: &Bytes,
        segment: usize,
        mut stray: impl FnMut(Range<usize>),
    ) {
        self.at(now);
        for start in (0..bundle.len()).step_by(segment.max(1)) {
            let range = start..(start + segment.max(1)).min(bundle.len());
            if !self.take(socket, from, bundle, range.clone()) {
                stray(range);
            }
        }
    }

    fn take(
        &mut self,
        socket: SocketId,
        from: SocketAddr,
        bundle: &Bytes,
        range: Range<usize>,
    ) -> bool {
        self.shared.count_received(socket, range.len());
        let Some(header) = Header::decode(&bundle[range.clone()]) else {
            return false;
        };
        let Some(&key) = self.ids.get(&header.id) else {
            return self.answer_late(socket, &header);
        };
        let Some(stream) = self.streams.get_mut(key) else {
            return false;
        };
        stream.traffic.received(range.len());
        let is_on = stream.is_on(socket);
        let passes = is_on || stream.firewall == Firewall::Accept;
        if from.port() == 0 || (!passes && stream.firewall == Firewall::Reject) {
            self.shared.drops.rejected += 1;
        } else if passes && !stream.held.is_waiting() {
            self.pass(key, socket, from, bundle, range);
        } else {
            let bytes = bundle.slice(range);
            self.hold(key, &HeldPacket { socket, from, bytes });
        }
        true
    }

    /// The packet is past the firewall.
    pub(super) fn pass(
        &mut self,
        key: StreamKey,
        socket: SocketId,
        from: SocketAddr,
        bundle: &Bytes,
        range: Range<usize>,
    ) {
        let Some(stream) = self.streams.get_mut(key) else {
            return;
        };
        let Some(header) = Header::decode(&bundle[range.clone()]) else {
            return;
        };
        if let Some(target) = stream.relay {
            self.relay(key, target, &header, bundle, range);
            return;
        }
        let is_foreign = stream
            .remote()
            .is_some_and(|remote| remote.socket == socket && !is_same(remote.addr, from));
        let rest = range.start + HEADER_LEN..range.end;
        stream.receive(&mut self.shared, &Packet { header, bundle, rest, is_foreign });
        self.settle(key);
    }

    /// The peer of a stream that is gone repeats its END, or what it sent shortly before: the last
    /// acknowledgements were lost.
    fn answer_late(&mut self, socket: SocketId, header: &Header) -> bool {
        if !header.has(flag::DATA | flag::END) {
            return false;
        }
        let Some(tombstone) = self.tombstones.get(header.id, socket) else {
            return false;
        };
        let (remote, reply) = (tombstone.remote, tombstone.reply);
        self.shared.post(&remote, |buf| reply.encode(buf));
        true
    }
}

/// An IPv4 address may be written as an IPv6 one.
fn is_same(a: SocketAddr, b: SocketAddr) -> bool {
    a == b || (a.port() == b.port() && a.ip().to_canonical() == b.ip().to_canonical())
}
