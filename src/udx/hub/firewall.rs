//! Packets that wait for the user's verdict: one question at a time, each about one packet.

use super::super::event::Event;
use super::super::held::{HeldPacket, Question};
use super::super::slots::StreamKey;
use super::Hub;

impl Hub {
    /// The user's verdict on the packet that [`Event::FirewallWanted`] told. What the user did before
    /// it counts: it may have connected the stream.
    pub fn firewall_verdict(&mut self, now: u64, stream: StreamKey, passes: bool) {
        self.at(now);
        let Some(found) = self.streams.get_mut(stream) else {
            return;
        };
        if found.held.question != Question::Asked {
            return;
        }
        found.held.question = Question::Handled;
        let Some(packet) = found.held.pop(&mut self.shared.held) else {
            return;
        };
        match passes {
            true => self.pass_held(stream, &packet),
            false => self.shared.drops.rejected += 1,
        }
    }

    /// What came of the last verdict is handled: the next packet may be asked about.
    pub fn firewall_continue(&mut self, now: u64, stream: StreamKey) {
        self.at(now);
        if let Some(found) = self.streams.get_mut(stream)
            && found.held.question == Question::Handled
        {
            found.held.question = Question::None;
            self.ask(stream);
        }
    }

    pub(super) fn hold(&mut self, stream: StreamKey, packet: &HeldPacket) {
        let Some(found) = self.streams.get_mut(stream) else {
            return;
        };
        let limits = self.shared.limits;
        if !found.held.push(packet, &mut self.shared.held, &limits) {
            self.shared.drops.held += 1;
        }
        if found.held.question == Question::None {
            self.ask(stream);
        }
    }

    /// Asks about the first packet that waits. Those by the connected socket pass unasked.
    fn ask(&mut self, stream: StreamKey) {
        while let Some(found) = self.streams.get_mut(stream) {
            let Some(&HeldPacket { socket, from, .. }) = found.held.first() else {
                return;
            };
            if !found.is_on(socket) {
                found.held.question = Question::Asked;
                self.shared.events.push_back(Event::FirewallWanted { stream, socket, from });
                return;
            }
            if let Some(packet) = found.held.pop(&mut self.shared.held) {
                self.pass_held(stream, &packet);
            }
        }
    }

    fn pass_held(&mut self, stream: StreamKey, packet: &HeldPacket) {
        self.pass(stream, packet.socket, packet.from, &packet.bytes, 0..packet.bytes.len());
    }
}
