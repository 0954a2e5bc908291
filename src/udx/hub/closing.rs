//! How streams end.

use super::super::deadlines::NEVER;
use super::super::error::CloseReason;
use super::super::event::Event;
use super::super::slots::StreamKey;
use super::super::stream::Stream;
use super::Hub;

impl Hub {
    /// Closes a stream, and with it those that relay to it.
    pub(super) fn close(&mut self, key: StreamKey, reason: CloseReason) {
        let mut closing = vec![(key, reason)];
        while let Some((key, reason)) = closing.pop() {
            let Some(mut stream) = self.streams.remove(key) else {
                continue;
            };
            if reason == CloseReason::Ended {
                self.bury(&mut stream);
            }
            self.unlink_relay(&stream);
            self.forget(key, &mut stream);
            let stats = Box::new(stream.stats());
            self.shared.events.push_back(Event::Closed { stream: key, reason, stats });
            let relays = std::mem::take(&mut stream.relayed_by);
            closing.extend(relays.into_iter().map(|relay| (relay, CloseReason::RelayClosed)));
        }
    }

    /// The last acknowledgement leaves, and is repeated if the peer asks for it.
    fn bury(&mut self, stream: &mut Stream) {
        if stream.may_send() {
            stream.post_state(&mut self.shared);
        }
        if let Some((remote, reply)) = stream.last_words()
            && !self.tombstones.insert(self.shared.now, stream.id, remote, reply)
        {
            self.shared.drops.tombstones += 1;
        }
    }

    fn forget(&mut self, key: StreamKey, stream: &mut Stream) {
        stream.release(&mut self.shared);
        self.deadlines.set(key.index(), NEVER);
        // The id may be another stream's by now.
        if self.ids.get(&stream.id) == Some(&key) {
            self.ids.remove(&stream.id);
        }
    }
}
