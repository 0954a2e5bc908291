//! Packets that came before their turn.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::super::limits::PACKET_COST;
use super::super::ranges::Ranges;
use super::super::seq::Seq;

/// A packet that waits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub bytes: Bytes,
    pub is_end: bool,
}

/// The packets that wait, by their numbers. What they cost is counted, however small they are.
#[derive(Debug, Default)]
pub(super) struct Reassembly {
    packets: BTreeMap<Seq, Waiting>,
    ranges: Ranges,
    cost: usize,
}

impl Reassembly {
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub fn contains(&self, seq: Seq) -> bool {
        self.packets.contains_key(&seq)
    }

    /// What all that waits costs, in bytes.
    pub fn cost(&self) -> usize {
        self.cost
    }

    /// What a packet with so many bytes would cost.
    pub fn cost_of(len: usize) -> usize {
        len + PACKET_COST
    }

    /// Keeps a copy: a packet that waits must not keep the bundle that it came in.
    pub fn insert(&mut self, seq: Seq, payload: &[u8], is_end: bool) {
        let waiting = Waiting { bytes: Bytes::copy_from_slice(payload), is_end };
        self.cost += Self::cost_of(payload.len());
        self.packets.insert(seq, waiting);
        self.ranges.insert(seq, seq + 1, |_, _| {});
    }

    pub fn take(&mut self, seq: Seq) -> Option<Waiting> {
        let waiting = self.packets.remove(&seq)?;
        self.cost -= Self::cost_of(waiting.bytes.len());
        self.ranges.remove_below(seq + 1);
        Some(waiting)
    }

    /// How many bytes the packet with this number has.
    pub fn len_of(&self, seq: Seq) -> Option<usize> {
        self.packets.get(&seq).map(|waiting| waiting.bytes.len())
    }

    /// What came in, lowest first.
    pub fn ranges(&self) -> impl Iterator<Item = (Seq, Seq)> {
        self.ranges.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_wait_for_their_turn_and_count_in_full() {
        let mut waiting = Reassembly::default();
        for seq in [5, 7, 6, 9] {
            waiting.insert(seq, &[seq as u8], seq == 9);
        }
        assert_eq!(waiting.cost(), 4 * (1 + PACKET_COST));
        assert_eq!(waiting.ranges().collect::<Vec<_>>(), [(5, 8), (9, 10)]);
        let taken = waiting.take(5).expect("it waits");
        assert_eq!((&taken.bytes[..], taken.is_end), (&[5][..], false));
        assert!(waiting.take(5).is_none() && waiting.contains(6));
        assert!(waiting.take(6).is_some() && waiting.take(7).is_some());
        assert_eq!(waiting.ranges().collect::<Vec<_>>(), [(9, 10)]);
        assert!(waiting.take(9).is_some_and(|packet| packet.is_end));
        assert!(waiting.is_empty() && waiting.cost() == 0);
    }
}
