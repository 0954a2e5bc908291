//! Every known node, by when it was last heard from.

/// More than a table has slots.
const NONE: u16 = u16::MAX;

/// A doubly linked list over the slots of a [`super::table::Table`], oldest first.
#[derive(Clone, Debug)]
pub struct NodeList {
    links: Vec<Link>,
    oldest: u16,
    latest: u16,
    len: usize,
}

impl NodeList {
    pub const fn new() -> Self {
        Self { links: Vec::new(), oldest: NONE, latest: NONE, len: 0 }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn oldest(&self) -> Option<u16> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    pub fn latest(&self) -> Option<u16> {
        (self.latest != NONE).then_some(self.latest)
    }

    /// The slot heard from after this one.
    pub fn next(&self, slot: u16) -> Option<u16> {
        let link = self.links.get(usize::from(slot))?;
        (link.next != NONE).then_some(link.next)
    }

    /// The slot heard from before this one.
    pub fn prev(&self, slot: u16) -> Option<u16> {
        let link = self.links.get(usize::from(slot))?;
        (link.prev != NONE).then_some(link.prev)
    }

    pub fn iter(&self) -> impl Iterator<Item = u16> {
        std::iter::successors(self.oldest(), |slot| self.next(*slot))
    }

    pub fn iter_latest_first(&self) -> impl Iterator<Item = u16> {
        std::iter::successors(self.latest(), |slot| self.prev(*slot))
    }

    /// Puts a slot last, taking it from its place if it has one.
    pub fn touch(&mut self, slot: u16) {
        if self.latest == slot {
            return;
        }
        self.remove(slot);
        let at = usize::from(slot);
        if at >= self.links.len() {
            self.links.reserve_exact(at + 1 - self.links.len());
            self.links.resize(at + 1, Link::DETACHED);
        }
        self.links[at] = Link { prev: self.latest, next: NONE };
        match self.links.get_mut(usize::from(self.latest)) {
            Some(latest) => latest.next = slot,
            None => self.oldest = slot,
        }
        self.latest = slot;
        self.len += 1;
    }

    /// Nothing, if the slot is not in the list.
    pub fn remove(&mut self, slot: u16) {
        let Some(link) = self.links.get_mut(usize::from(slot)) else {
            return;
        };
        let Link { prev, next } = std::mem::replace(link, Link::DETACHED);
        if prev == NONE && self.oldest != slot {
            return;
        }
        match self.links.get_mut(usize::from(prev)) {
            Some(before) => before.next = next,
            None => self.oldest = next,
        }
        match self.links.get_mut(usize::from(next)) {
            Some(after) => after.prev = prev,
            None => self.latest = prev,
        }
        self.len -= 1;
    }
}

impl Default for NodeList {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Clone, Copy, Debug)]
struct Link {
    prev: u16,
    next: u16,
}

impl Link {
    /// Of a slot that is not in the list; without `prev` it would be the oldest.
    const DETACHED: Link = Link { prev: NONE, next: NONE };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_in_which_slots_were_touched() {
        let mut list = NodeList::new();
        for slot in [0, 3, 1] {
            list.touch(slot);
        }
        list.touch(0);
        assert_eq!(list.iter().collect::<Vec<_>>(), [3, 1, 0]);
        assert_eq!(list.iter_latest_first().collect::<Vec<_>>(), [0, 1, 3]);

        list.remove(1);
        list.remove(1);
        list.remove(7);
        assert_eq!(list.iter().collect::<Vec<_>>(), [3, 0]);
        assert_eq!(list.len(), 2);

        list.remove(3);
        list.remove(0);
        assert_eq!((list.oldest(), list.latest(), list.len()), (None, None, 0));
        list.touch(3);
        assert_eq!(list.iter().collect::<Vec<_>>(), [3]);
    }
}
