use std::collections::HashMap;

use super::super::hash::Hashing;

use super::super::contact::Contact;
use super::super::id::Bytes32;
use super::super::id::Id;
use super::super::table::K;
use crate::net::addr::Addr;

/// Who is to be visited: a stack, the last is visited first.
///
/// With several paths there is a stack for each, and they take turns. A node is a candidate on the
/// paths of all who name it, and is visited on one of them; a path looks further as long as it
/// finds nearer nodes than it found itself. So who names only its own kind leads one path astray,
/// and the others do not hear of it; and whom a path that was led astray passes over is left to the
/// others.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    single: Vec<Contact>,
    paths: Option<Box<Paths>>,
}

impl Candidates {
    /// Deals what is there to so many paths.
    pub fn spread(&mut self, count: usize) {
        let candidates = std::mem::take(&mut self.single);
        self.paths = Some(Box::new(Paths::new(count)));
        for node in candidates {
            self.push(node, None);
        }
    }

    pub fn len(&self) -> usize {
        match &self.paths {
            None => self.single.len(),
            Some(paths) => paths.list.iter().map(|path| path.stack.len()).sum(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn push(&mut self, node: Contact, named_by: Option<Addr>) {
        match &mut self.paths {
            None => self.single.push(node),
            Some(paths) => paths.push(node, named_by),
        }
    }

    /// It was named once more, and is not known to be visited.
    pub fn push_again(&mut self, node: Contact, named_by: Addr) {
        if let Some(paths) = &mut self.paths {
            paths.push_again(node, named_by);
        }
    }

    /// The next that was not visited. Whether it is worth a visit is for the caller to say.
    pub fn pop(&mut self) -> Option<Contact> {
        match &mut self.paths {
            None => self.single.pop(),
            Some(paths) => paths.pop(),
        }
    }

    pub fn visited(&mut self, addr: Addr) {
        if let Some(place) = self.paths.as_mut().and_then(|paths| paths.places.get_mut(&addr)) {
            place.visited = true;
        }
    }

    /// Whether `id` is nearer than the k nearest that answered on the path of `addr`; `None` if
    /// there is only one path, or none that knows `addr`.
    pub fn is_closer(&self, target: &Bytes32, id: &Id, addr: Addr) -> Option<bool> {
        let paths = self.paths.as_ref()?;
        let path = paths.list.get(paths.path_of(addr)?)?;
        let farthest = path.nearest.last().filter(|_| path.nearest.len() >= K);
        Some(farthest.is_none_or(|farthest| Id::cmp_distance(target, id, farthest).is_lt()))
    }

    /// The target is another one now.
    pub fn sort_nearest(&mut self, target: &Bytes32) {
        for path in self.paths.iter_mut().flat_map(|paths| &mut paths.list) {
            path.nearest.sort_by(|a, b| Id::cmp_distance(target, a, b));
        }
    }

    /// `addr` answered, and has this id.
    pub fn answered(&mut self, target: &Bytes32, id: Id, addr: Addr) {
        let Some(paths) = &mut self.paths else {
            return;
        };
        let path = paths.path_of(addr);
        let Some(path) = path.and_then(|at| paths.list.get_mut(at)) else {
            return;
        };
        let at = path.nearest.binary_search_by(|known| Id::cmp_distance(target, known, &id));
        if let Err(at) = at {
            path.nearest.insert(at, id);
            path.nearest.truncate(K);
        }
    }
}

#[derive(Debug)]
struct Paths {
    list: Vec<Path>,
    /// Where each node stands, that was ever a candidate.
    places: HashMap<Addr, Place, Hashing>,
    /// Who was dealt to last, and who was visited last.
    dealt: usize,
    visited: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// The path that it is visited on, or would be next.
    path: u8,
    /// The paths that had it on their stacks, a bit for each.
    stacks: u16,
    visited: bool,
}

#[derive(Debug, Default)]
struct Path {
    stack: Vec<Contact>,
    /// Those that answered: at most k, the nearest first.
    nearest: Vec<Id>,
}

impl Paths {
    fn new(count: usize) -> Self {
        let list = (0..count.max(1)).map(|_| Path::default()).collect();
        Self { list, places: HashMap::default(), dealt: 0, visited: 0 }
    }

    fn path_of(&self, addr: Addr) -> Option<usize> {
        self.places.get(&addr).map(|place| usize::from(place.path))
    }

    /// The path of whoever named a node; they are dealt to who is not on any.
    fn path_for(&mut self, named_by: Option<Addr>) -> usize {
        named_by.and_then(|addr| self.path_of(addr)).unwrap_or_else(|| {
            self.dealt = (self.dealt + 1) % self.list.len();
            self.dealt
        })
    }

    fn push(&mut self, node: Contact, named_by: Option<Addr>) {
        let at = self.path_for(named_by);
        let place = Place { path: at as u8, stacks: 1 << at, visited: false };
        self.places.insert(node.addr, place);
        self.list[at].stack.push(node);
    }

    fn push_again(&mut self, node: Contact, named_by: Addr) {
        let Some(at) = self.path_of(named_by) else {
            return;
        };
        let place = self.places.get_mut(&node.addr);
        if let Some(place) = place.filter(|place| !place.visited && place.stacks & 1 << at == 0) {
            place.stacks |= 1 << at;
            self.list[at].stack.push(node);
        }
    }

    fn pop(&mut self) -> Option<Contact> {
        for _ in 0..self.list.len() {
            self.visited = (self.visited + 1) % self.list.len();
            while let Some(next) = self.list[self.visited].stack.pop() {
                let place = self.places.get_mut(&next.addr);
                let Some(place) = place.filter(|place| !place.visited) else {
                    continue;
                };
                place.path = self.visited as u8;
                return Some(next);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Bytes32 = [0; 32];

    fn contact(n: u32) -> Contact {
        let addr = Addr::new(n.into(), 1000);
        Contact { id: Some(Id::of(addr)), addr }
    }

    fn popped(candidates: &mut Candidates) -> Vec<u32> {
        std::iter::from_fn(|| candidates.pop()).map(|node| node.addr.ip().to_bits()).collect()
    }

    #[test]
    fn one_path_is_a_stack() {
        let mut candidates = Candidates::default();
        (0..4).for_each(|n| candidates.push(contact(n), Some(contact(9).addr)));
        assert_eq!(candidates.len(), 4);
        assert_eq!(popped(&mut candidates), [3, 2, 1, 0]);
        assert_eq!(candidates.is_closer(&TARGET, &Id::from_bytes([1; 32]), contact(0).addr), None);
    }

    #[test]
    fn what_one_names_stays_on_its_path() {
        let mut candidates = Candidates::default();
        (0..3).for_each(|n| candidates.push(contact(n), None));
        candidates.spread(3);
        assert_eq!(candidates.len(), 3);
        assert_eq!(popped(&mut candidates).len(), 3);

        (10..30).for_each(|n| candidates.push(contact(n), Some(contact(1).addr)));
        candidates.push(contact(30), Some(contact(10).addr));
        candidates.push(contact(50), Some(contact(2).addr));
        let visited = popped(&mut candidates);
        assert_eq!(visited.len(), 22);
        assert!(visited[..2].contains(&50), "its turn comes: {visited:?}");
    }

    #[test]
    fn a_path_is_judged_by_its_own_answers() {
        let mut candidates = Candidates::default();
        (0..3).for_each(|n| candidates.push(contact(n), None));
        candidates.spread(3);
        for n in 1..=20 {
            let mut near = [0; 32];
            near[31] = n;
            candidates.answered(&TARGET, Id::from_bytes(near), contact(0).addr);
        }
        let id = Id::from_bytes([1; 32]);
        assert_eq!(candidates.is_closer(&TARGET, &id, contact(0).addr), Some(false));
        assert_eq!(candidates.is_closer(&TARGET, &id, contact(1).addr), Some(true));
    }
}
