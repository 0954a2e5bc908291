//! Packets that came before their turn.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::super::limits::PACKET_COST;
use super::super::ranges::Ranges;
use super::super::seq::Seq;
use super::super::wire::MAX_BLOCKS;

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
    /// What came last.
    latest: Seq,
}

/// Ranges that are told where there are more than a packet carries.
const LOWEST: usize = 25;
const HIGHEST: usize = MAX_BLOCKS - LOWEST - 1;

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
        self.latest = seq;
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

    /// Calls `each` with ranges of what came in, in order, at most as many as a packet carries: the
    /// lowest, the highest, and the one that came last. What is left out was told when it came.
    pub fn ranges(&self, mut each: impl FnMut(Seq, Seq)) {
        if self.ranges.len() <= MAX_BLOCKS {
            self.ranges.iter().for_each(|(start, end)| each(start, end));
            return;
        }
        let mut told = 0;
        for (start, end) in self.ranges.iter().take(LOWEST) {
            each(start, end);
            told = end;
        }
        let highest = self.ranges.iter().rev().take(HIGHEST).last().map_or(told, |range| range.0);
        if let Some((start, end)) = self.ranges.around(self.latest)
            && (told..highest).contains(&start)
        {
            each(start, end);
        }
        let skipped = self.ranges.len() - HIGHEST;
        self.ranges.iter().skip(skipped).for_each(|(start, end)| each(start, end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(waiting: &Reassembly) -> Vec<(Seq, Seq)> {
        let mut all = Vec::new();
        waiting.ranges(|start, end| all.push((start, end)));
        all
    }

    #[test]
    fn packets_wait_for_their_turn_and_count_in_full() {
        let mut waiting = Reassembly::default();
        for seq in [5, 7, 6, 9] {
            waiting.insert(seq, &[seq as u8], seq == 9);
        }
        assert_eq!(waiting.cost(), 4 * (1 + PACKET_COST));
        assert_eq!(ranges(&waiting), [(5, 8), (9, 10)]);
        let taken = waiting.take(5).expect("it waits");
        assert_eq!((&taken.bytes[..], taken.is_end), (&[5][..], false));
        assert!(waiting.take(5).is_none() && waiting.contains(6));
        assert!(waiting.take(6).is_some() && waiting.take(7).is_some());
        assert_eq!(ranges(&waiting), [(9, 10)]);
        assert!(waiting.take(9).is_some_and(|packet| packet.is_end));
        assert!(waiting.is_empty() && waiting.cost() == 0);
    }
    #[test]
    fn of_many_ranges_the_lowest_the_highest_and_the_latest_are_told() {
        let mut waiting = Reassembly::default();
        let put = |waiting: &mut Reassembly, n: u64| waiting.insert(10 * n, b"x", false);
        (0..200).for_each(|n| put(&mut waiting, n));
        let told = |waiting: &Reassembly| {
            ranges(waiting).iter().map(|range| range.0 / 10).collect::<Vec<_>>()
        };
        let ends: Vec<_> = (0..25).chain(176..200).collect();
        assert_eq!(told(&waiting), ends);
        waiting.insert(10 * 100 + 1, b"x", false);
        assert_eq!(ranges(&waiting)[25], (1000, 1002));
        assert_eq!((ranges(&waiting).len(), ranges(&waiting).is_sorted()), (50, true));
        waiting.insert(10 * 176 + 1, b"x", false);
        assert_eq!(told(&waiting), ends);
    }
}
