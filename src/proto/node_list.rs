//! Every known node, by when it was last heard from.

const NONE: u32 = u32::MAX;

/// A doubly linked list over the slots of a [`super::table::Table`], oldest first.
#[derive(Clone, Debug)]
pub struct NodeList {
    links: Vec<Link>,
    oldest: u32,
    latest: u32,
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

    pub fn oldest(&self) -> Option<u32> {
        (self.oldest != NONE).then_some(self.oldest)
    }

    pub fn latest(&self) -> Option<u32> {
        (self.latest != NONE).then_some(self.latest)
    }

    /// The slot heard from after this one.
    pub fn next(&self, slot: u32) -> Option<u32> {
        let link = self.links.get(slot as usize)?;
        (link.next != NONE).then_some(link.next)
    }

    /// The slot heard from before this one.
    pub fn prev(&self, slot: u32) -> Option<u32> {
        let link = self.links.get(slot as usize)?;
        (link.prev != NONE).then_some(link.prev)
    }

    pub fn iter(&self) -> impl Iterator<Item = u32> {
        std::iter::successors(self.oldest(), |slot| self.next(*slot))
    }

    pub fn iter_latest_first(&self) -> impl Iterator<Item = u32> {
        std::iter::successors(self.latest(), |slot| self.prev(*slot))
    }

    /// Puts a slot last, taking it from its place if it has one.
    pub fn touch(&mut self, slot: u32) {
        self.remove(slot);
        let at = slot as usize;
        if at >= self.links.len() {
            self.links.resize(at + 1, Link::DETACHED);
        }
        self.links[at] = Link { prev: self.latest, next: NONE, listed: true };
        match self.links.get_mut(self.latest as usize) {
            Some(latest) => latest.next = slot,
            None => self.oldest = slot,
        }
        self.latest = slot;
        self.len += 1;
    }

    /// Nothing, if the slot is not in the list.
    pub fn remove(&mut self, slot: u32) {
        let Some(link) = self.links.get_mut(slot as usize).filter(|link| link.listed) else {
            return;
        };
        let Link { prev, next, .. } = std::mem::replace(link, Link::DETACHED);
        match self.links.get_mut(prev as usize) {
            Some(before) => before.next = next,
            None => self.oldest = next,
        }
        match self.links.get_mut(next as usize) {
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
    prev: u32,
    next: u32,
    listed: bool,
}

impl Link {
    const DETACHED: Link = Link { prev: NONE, next: NONE, listed: false };
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
