//! Nodes that left the table because they did not answer.
//!
//! When the network falls apart, each part drops the nodes of the others from its tables within
//! minutes, and nothing in the protocol leads back: lookups begin with the table, and the entry
//! points are asked only while it is nearly empty. So a node that lost many remembers some of them,
//! those that once answered it before those that only claimed to be nodes, and its thorough lookups
//! begin with a few of those, now and then. Where nodes merely go for good, that ends after some
//! lookups. Who makes no thorough lookups sends nothing of this.

use std::collections::VecDeque;

use super::super::table::K;
use super::Node;
use super::upkeep::REFRESH_TICKS;
use crate::net::addr::Addr;

/// Nodes remembered.
const MAX_LOST: usize = 64;

/// Fewer than a lookup's result is what any node loses in time.
const MANY: usize = K;

/// Lost nodes that a lookup begins with.
const ASKED: usize = 3;

/// A node that is asked in vain so often is forgotten: after some 4 hours if 40 were lost.
const MAX_ASKED: u8 = 4;

/// Those that may come back, the one that was not asked for longest first.
#[derive(Debug, Default)]
pub(super) struct LostNodes {
    nodes: VecDeque<LostNode>,
    /// Before this tick nobody is asked.
    next_tick: Option<i32>,
}

#[derive(Clone, Copy, Debug)]
struct LostNode {
    addr: Addr,
    /// Whether it once answered, and its lot.
    rank: (bool, u32),
    asked: u8,
}

impl LostNodes {
    /// It left the table. Of too many those are kept that once answered, and of these the ones
    /// with the highest `lot`, whenever they were lost: a mixture of all. It is drawn, so that
    /// nobody can choose an address that displaces others.
    pub fn add(&mut self, lot: u32, answered: bool, addr: Addr) {
        let node = LostNode { addr, rank: (answered, lot), asked: 0 };
        if self.nodes.len() < MAX_LOST {
            return self.nodes.push_back(node);
        }
        let lowest = self.nodes.iter_mut().min_by_key(|node| node.rank);
        if let Some(lowest) = lowest.filter(|lowest| lowest.rank < node.rank) {
            *lowest = node;
        }
    }

    /// It is in the table again.
    pub fn remove(&mut self, addr: Addr) {
        self.nodes.retain(|node| node.addr != addr);
    }

    /// Whom to ask this time; nobody if few were lost, or some were asked under 5 minutes ago.
    pub fn next(&mut self, tick: i32) -> Vec<Addr> {
        let early = self.next_tick.is_some_and(|next_tick| tick < next_tick);
        if early || self.nodes.len() < MANY {
            return Vec::new();
        }
        self.next_tick = Some(tick.saturating_add(REFRESH_TICKS));
        let next: Vec<LostNode> = self.nodes.drain(..ASKED).collect();
        let asked = next.iter().map(|node| LostNode { asked: node.asked + 1, ..*node });
        self.nodes.extend(asked.filter(|node| node.asked < MAX_ASKED));
        next.iter().map(|node| node.addr).collect()
    }
}

impl Node {
    /// Lost nodes as the first candidates of a thorough lookup.
    pub(super) fn add_lost(&mut self, number: u32) {
        let query = self.queries.get_mut(&number);
        let Some(query) = query.filter(|query| query.thorough && !query.is_only_closest()) else {
            return;
        };
        query.try_out(self.lost.next(self.tick).into_iter());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(n: u16) -> Addr {
        Addr::new([20, 0, 0, 1].into(), n)
    }

    fn lost(count: u16) -> LostNodes {
        let mut lost = LostNodes::default();
        (1..=count).for_each(|n| lost.add(u32::from(n).wrapping_mul(0x9e37_79b9), true, addr(n)));
        lost
    }

    #[test]
    fn a_few_are_not_asked_and_many_not_too_often() {
        assert!(lost(19).next(7).is_empty());
        let mut lost = lost(25);
        assert_eq!(lost.next(7), [1, 2, 3].map(addr));
        assert!(lost.next(7 + REFRESH_TICKS - 1).is_empty());
        assert_eq!(lost.next(7 + REFRESH_TICKS), [4, 5, 6].map(addr));
    }

    #[test]
    fn all_are_asked_in_turn_and_then_forgotten() {
        let mut lost = lost(30);
        let rounds = (0..).map(|round| lost.next(round * REFRESH_TICKS));
        let asked: Vec<Addr> = rounds.take_while(|next| !next.is_empty()).flatten().collect();
        assert_eq!(asked[..30], (1..=30).map(addr).collect::<Vec<_>>());
        assert!(asked.len() <= 30 * usize::from(MAX_ASKED));
        assert!(lost.nodes.len() < MANY);
    }

    #[test]
    fn whoever_is_back_is_not_asked_and_no_more_than_so_many_are_kept() {
        let mut lost = lost(1000);
        assert_eq!(lost.nodes.len(), MAX_LOST);
        assert!(lost.nodes.iter().any(|node| node.addr.port() > 500));
        assert!(lost.nodes.iter().any(|node| node.addr.port() < 500));
        let first = lost.nodes[0].addr;
        lost.remove(first);
        assert!(!lost.next(0).contains(&first));
    }

    #[test]
    fn whoever_only_claimed_to_be_a_node_displaces_nobody_who_answered() {
        let mut lost = lost(50);
        (1000..2000).for_each(|n| lost.add(u32::MAX, false, addr(n)));
        assert_eq!(lost.nodes.len(), MAX_LOST);
        assert_eq!(lost.nodes.iter().filter(|node| node.addr.port() <= 50).count(), 50);
        (100..200).for_each(|n| lost.add(0, true, addr(n)));
        assert!(lost.nodes.iter().all(|node| node.addr.port() < 1000));
    }
}
