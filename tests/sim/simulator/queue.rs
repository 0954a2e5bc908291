//! What is yet to happen, in the order in which it will.

use std::collections::{BTreeMap, VecDeque};

use dht_rpc_native::dht::Addr;

#[derive(Debug, PartialEq, Eq)]
pub enum Item {
    /// A peer is to look at its clock.
    Timer(u32),
    Arrival(Datagram),
}

/// A datagram on its way, with the addresses that its receiver's network sees.
#[derive(Debug, PartialEq, Eq)]
pub struct Datagram {
    pub from: Addr,
    pub to: Addr,
    pub bytes: Box<[u8]>,
}

/// A queue by ms; what falls into the same ms happens in the order in which it was put in.
#[derive(Debug, Default)]
pub struct Queue {
    slots: BTreeMap<u64, VecDeque<Item>>,
    len: usize,
}

impl Queue {
    pub fn push(&mut self, at_ms: u64, item: Item) {
        self.slots.entry(at_ms).or_default().push_back(item);
        self.len += 1;
    }

    /// The next item that happens at `end_ms` or before, and when.
    pub fn pop_until(&mut self, end_ms: u64) -> Option<(u64, Item)> {
        let mut first = self.slots.first_entry()?;
        let at_ms = *first.key();
        if at_ms > end_ms {
            return None;
        }
        let item = first.get_mut().pop_front()?;
        if first.get().is_empty() {
            first.remove();
        }
        self.len -= 1;
        Some((at_ms, item))
    }

    pub fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_happen_by_time_then_by_order() {
        let mut queue = Queue::default();
        for (at_ms, n) in [(5, 1), (3, 2), (5, 3), (4, 4)] {
            queue.push(at_ms, Item::Timer(n));
        }
        let taken = std::iter::from_fn(|| queue.pop_until(5)).map(|(at_ms, item)| match item {
            Item::Timer(n) => (at_ms, n),
            Item::Arrival(_) => unreachable!(),
        });
        assert_eq!(taken.collect::<Vec<_>>(), [(3, 2), (4, 4), (5, 1), (5, 3)]);
        queue.push(6, Item::Timer(0));
        assert_eq!((queue.pop_until(5), queue.len()), (None, 1));
    }
}
