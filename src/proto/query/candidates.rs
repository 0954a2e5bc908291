use std::collections::HashMap;

use super::super::hash::Hashing;

use super::super::id::Id;
use super::super::table::K;
use super::super::types::{Addr, Bytes32, Contact};

/// Who is to be visited: a stack, the last is visited first.
///
/// With several paths there is a stack for each, and they take turns. A node is on the path of
/// whoever named it first, and on no other; a path looks further as long as it finds nearer nodes
/// than it found itself. So who names only its own kind leads one path astray, and the others do
/// not hear of it.
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

    pub fn pop(&mut self) -> Option<Contact> {
        match &mut self.paths {
            None => self.single.pop(),
            Some(paths) => paths.pop(),
        }
    }

    /// Whether `id` is nearer than the k nearest that answered on the path of `addr`; `None` if
    /// there is only one path, or none that knows `addr`.
    pub fn is_closer(&self, target: &Bytes32, id: &Id, addr: Addr) -> Option<bool> {
        let paths = self.paths.as_ref()?;
        let path = paths.list.get(*paths.path_of.get(&addr)?)?;
        let farthest = path.nearest.last().filter(|_| path.nearest.len() >= K);
        Some(farthest.is_none_or(|farthest| Id::cmp_distance(target, id, farthest).is_lt()))
    }

    /// `addr` answered, and has this id.
    pub fn answered(&mut self, target: &Bytes32, id: Id, addr: Addr) {
        let Some(paths) = &mut self.paths else {
            return;
        };
        let path = paths.path_of.get(&addr).copied();
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
    path_of: HashMap<Addr, usize, Hashing>,
    /// Who was dealt to last, and who was visited last.
    dealt: usize,
    visited: usize,
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
        Self { list, path_of: HashMap::default(), dealt: 0, visited: 0 }
    }

    fn push(&mut self, node: Contact, named_by: Option<Addr>) {
        let known = named_by.and_then(|addr| self.path_of.get(&addr).copied());
        let at = known.unwrap_or_else(|| {
            self.dealt = (self.dealt + 1) % self.list.len();
            self.dealt
        });
        self.path_of.insert(node.addr, at);
        if let Some(path) = self.list.get_mut(at) {
            path.stack.push(node);
        }
    }

    fn pop(&mut self) -> Option<Contact> {
        for _ in 0..self.list.len() {
            self.visited = (self.visited + 1) % self.list.len();
            let next = self.list.get_mut(self.visited).and_then(|path| path.stack.pop());
            if next.is_some() {
                return next;
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
