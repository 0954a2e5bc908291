//! Packets that wait for the firewall of their stream.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;

use super::limits::{Limits, PACKET_COST};
use super::transmit::SocketId;

/// A packet, where it came by, and from whom.
#[derive(Clone, Debug)]
pub(super) struct HeldPacket {
    pub socket: SocketId,
    pub from: SocketAddr,
    pub bytes: Bytes,
}

impl HeldPacket {
    fn cost(&self) -> usize {
        self.bytes.len() + PACKET_COST
    }
}

/// How far the question about the first packet has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Question {
    /// Nobody was asked.
    #[default]
    None,
    /// The user was asked.
    Asked,
    /// The user answered, and handles what came of it.
    Handled,
}

/// The packets of one stream that wait, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub question: Question,
    packets: VecDeque<HeldPacket>,
    bytes: usize,
}

impl Held {
    /// Whether packets have to queue up.
    pub fn is_waiting(&self) -> bool {
        self.question != Question::None || !self.packets.is_empty()
    }

    /// False, and nothing, if too much waits. `total` is what waits at all streams. The bytes are
    /// copied: a held packet must not keep the bundle that it came in.
    pub fn push(&mut self, packet: &HeldPacket, total: &mut usize, limits: &Limits) -> bool {
        let cost = packet.cost();
        let fits = self.packets.len() < limits.held_packets
            && self.bytes + cost <= limits.held
            && *total + cost <= limits.held_total;
        if fits {
            self.bytes += cost;
            *total += cost;
            let bytes = Bytes::copy_from_slice(&packet.bytes);
            self.packets.push_back(HeldPacket { bytes, ..*packet });
        }
        fits
    }

    pub fn first(&self) -> Option<&HeldPacket> {
        self.packets.front()
    }

    pub fn pop(&mut self, total: &mut usize) -> Option<HeldPacket> {
        let packet = self.packets.pop_front()?;
        self.bytes -= packet.cost();
        *total -= packet.cost();
        Some(packet)
    }

    /// The stream closes.
    pub fn clear(&mut self, total: &mut usize) {
        *total -= self.bytes;
        *self = Self::default();
    }
}
