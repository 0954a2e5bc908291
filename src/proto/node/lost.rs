//! Nodes that left the table because they did not answer.
//!
//! When the network falls apart, each part drops the nodes of the others from its tables within
//! minutes, and nothing in the protocol leads back: lookups begin with the table, and the entry
//! points are asked only while it is nearly empty. So a node that lost many at once remembers some
//! of them, and its refreshes begin with a few of those. Where nodes merely go for good, that ends
//! after some refreshes; nothing else is sent.

use std::collections::VecDeque;

use super::super::id::Id;
use super::super::table::K;
use super::super::types::{Addr, Contact, Given};
use super::Node;

/// Nodes remembered.
const MAX_LOST: usize = 64;

/// Fewer than a lookup's result is what any node loses in time.
const MANY: usize = K;

/// Lost nodes that a refresh begins with.
const ASKED: usize = 3;

/// A node that is asked in vain so often is forgotten: about 4 hours after 40 were lost.
const MAX_ASKED: u8 = 4;

/// Those that may come back, the one that was not asked for longest first.
#[derive(Debug, Default)]
pub(super) struct Lost(VecDeque<LostNode>);

#[derive(Clone, Copy, Debug)]
struct LostNode {
    addr: Addr,
    asked: u8,
}

impl Lost {
    /// It left the table. Of too many the newcomer takes any place, by its id, so that what is
    /// kept is a mixture of all.
    pub fn add(&mut self, id: &Id, addr: Addr) {
        let node = LostNode { addr, asked: 0 };
        let full = self.0.len() >= MAX_LOST;
        let place = usize::from(id.as_bytes()[31]) % MAX_LOST;
        match self.0.get_mut(place) {
            Some(old) if full => *old = node,
            _ => self.0.push_back(node),
        }
    }

    /// It is in the table again.
    pub fn remove(&mut self, addr: Addr) {
        self.0.retain(|node| node.addr != addr);
    }

    /// Whom to ask this time; nobody if few were lost.
    pub fn next(&mut self) -> Vec<Addr> {
        if self.0.len() < MANY {
            return Vec::new();
        }
        let next: Vec<LostNode> = self.0.drain(..ASKED).collect();
        let asked = next.iter().map(|node| LostNode { asked: node.asked + 1, ..*node });
        self.0.extend(asked.filter(|node| node.asked < MAX_ASKED));
        next.iter().map(|node| node.addr).collect()
    }
}

impl Node {
    /// Where a refresh begins, beside the table. Nodes without an id are visited even if they are
    /// far from the target.
    pub(super) fn lost_nodes(&mut self) -> Given {
        let lost = if self.config.remember_lost { self.lost.next() } else { Vec::new() };
        if lost.is_empty() {
            return Given::Nothing;
        }
        Given::Nodes(lost.into_iter().map(|addr| Contact { id: None, addr }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(n: u16) -> Addr {
        Addr::new([20, 0, 0, 1].into(), n)
    }

    fn lost(count: u16) -> Lost {
        let mut lost = Lost::default();
        (1..=count).for_each(|n| lost.add(&Id::of(addr(n)), addr(n)));
        lost
    }

    #[test]
    fn a_few_are_not_asked() {
        assert!(lost(19).next().is_empty());
        assert_eq!(lost(20).next(), [1, 2, 3].map(addr));
    }

    #[test]
    fn all_are_asked_in_turn_and_then_forgotten() {
        let mut lost = lost(30);
        let asked: Vec<Addr> = std::iter::repeat_with(|| lost.next())
            .take_while(|next| !next.is_empty())
            .flatten()
            .collect();
        assert_eq!(asked[..30], (1..=30).map(addr).collect::<Vec<_>>());
        assert!(asked.len() <= 30 * usize::from(MAX_ASKED));
        assert!(lost.0.len() < MANY);
    }

    #[test]
    fn whoever_is_back_is_not_asked_and_no_more_than_so_many_are_kept() {
        let mut lost = lost(1000);
        assert_eq!(lost.0.len(), MAX_LOST);
        assert!(lost.0.iter().any(|node| node.addr.port() > 500));
        assert!(lost.0.iter().any(|node| node.addr.port() < 500));
        let first = lost.0[0].addr;
        lost.remove(first);
        assert!(!lost.next().contains(&first));
    }
}
