//! A set of numbers, kept as ranges.

use std::collections::BTreeMap;

use super::seq::Seq;

/// A set of numbers as disjoint ranges that do not touch. What it costs goes by ranges, not by
/// numbers: a peer names ranges of any length.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    /// Where each begins, and where it ends.
    ranges: BTreeMap<Seq, Seq>,
}

impl Ranges {
    /// Adds what is from `start` to before `end`. Calls `fresh` with each part of it that was not
    /// there.
    pub fn insert(&mut self, start: Seq, end: Seq, mut fresh: impl FnMut(Seq, Seq)) {
        if start >= end {
            return;
        }
        let (mut from, mut to) = (start, end);
        let mut at = start;
        if let Some((&first, &last)) = self.ranges.range(..=start).next_back()
            && last >= start
        {
            if last >= end {
                return;
            }
            (from, at) = (first, last);
            self.ranges.remove(&first);
        }
        while let Some((&first, &last)) = self.ranges.range(at..=end).next() {
            if first > at {
                fresh(at, first);
            }
            self.ranges.remove(&first);
            to = to.max(last);
            at = last;
            if at >= end {
                break;
            }
        }
        if at < end {
            fresh(at, end);
        }
        self.ranges.insert(from, to);
    }

    /// Removes all below `seq`.
    pub fn remove_below(&mut self, seq: Seq) {
        while let Some(first) = self.ranges.first_entry() {
            if *first.key() >= seq {
                return;
            }
            let end = first.remove();
            if end > seq {
                self.ranges.insert(seq, end);
            }
        }
    }

    /// How many ranges there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// All ranges in order: where each begins, and where it ends.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Seq, Seq)> {
        self.ranges.iter().map(|(start, end)| (*start, *end))
    }

    /// The range that a number is in.
    pub fn around(&self, seq: Seq) -> Option<(Seq, Seq)> {
        let (start, end) = self.ranges.range(..=seq).next_back()?;
        (seq < *end).then_some((*start, *end))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set_and_tells_what_is_new(
            steps in prop::collection::vec((0u64..40, 0u64..12, any::<bool>()), 1..60)
        ) {
            let mut ranges = Ranges::default();
            let mut set = BTreeSet::new();
            for (start, len, removes) in steps {
                if removes {
                    ranges.remove_below(start / 4);
                    set.retain(|seq| *seq >= start / 4);
                    continue;
                }
                let mut told = BTreeSet::new();
                ranges.insert(start, start + len, |from, to| told.extend(from..to));
                let new: BTreeSet<_> = (start..start + len).filter(|seq| set.insert(*seq)).collect();
                prop_assert_eq!(told, new);
            }
            let kept: Vec<_> = ranges.iter().collect();
            prop_assert_eq!(kept.len(), ranges.len());
            prop_assert!(kept.windows(2).all(|pair| pair[0].1 < pair[1].0));
            let all: BTreeSet<_> = kept.iter().flat_map(|(from, to)| *from..*to).collect();
            prop_assert_eq!(all, set);
        }
    }
}
