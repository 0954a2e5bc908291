//! What was read, counted.

use super::datagram::Message;

/// Bytes of memory that Linux takes of a message beside its own.
const OVERHEAD: u64 = 832;

/// What was read in one go. The system counts what waits in bytes of memory and what it dropped in
/// messages; a node's work is datagrams, of which a message may be many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub messages: u32,
    pub datagrams: u32,
    pub bytes: u64,
}

impl Tally {
    pub fn of(messages: &[Message]) -> Self {
        let mut tally = Self::default();
        messages.iter().for_each(|message| tally.add(*message));
        tally
    }

    pub fn add(&mut self, message: Message) {
        self.messages += 1;
        self.datagrams = self.datagrams.saturating_add(message.count() as u32);
        self.bytes += message.len as u64;
    }

    /// How many datagrams take so much memory, if they come as these did.
    pub fn datagrams_in(&self, memory: u32) -> u32 {
        let taken = u64::from(self.messages) * OVERHEAD + self.bytes;
        let datagrams = u64::from(memory) * u64::from(self.datagrams) / taken.max(1);
        u32::try_from(datagrams).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::FROM;
    use super::*;

    #[test]
    fn a_bundle_counts_as_its_datagrams_and_waits_in_less_memory() {
        let lone = Tally::of(&[Message::lone(0, 13, FROM); 10]);
        let bundle = Message { at: 0, len: 64 * 13, segment: 13, from: FROM };
        let bundled = Tally::of(&[bundle; 10]);
        assert_eq!((lone.messages, lone.datagrams), (10, 10));
        assert_eq!((bundled.messages, bundled.datagrams), (10, 640));
        let memory = 1 << 20;
        assert_eq!(lone.datagrams_in(memory), memory / (832 + 13));
        assert_eq!(bundled.datagrams_in(memory), memory / 26);
        assert_eq!(Tally::default().datagrams_in(memory), 0);
    }
}
