//! When which stream is to look at its clock.

/// No deadline, in µs.
pub const NEVER: u64 = u64::MAX;

/// A heap of deadlines, at most one for each place of a stream. A deadline that moves costs no
/// memory, however often it does.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// When, and whose.
    heap: Vec<(u64, u32)>,
    /// Where in the heap a place's deadline is, plus one; 0 if it has none.
    places: Vec<u32>,
}

impl Deadlines {
    /// The earliest of them.
    pub fn first(&self) -> u64 {
        self.heap.first().map_or(NEVER, |(at, _)| *at)
    }

    /// That of a place.
    pub fn get(&self, index: usize) -> u64 {
        match self.places.get(index) {
            Some(place) if *place > 0 => self.heap[*place as usize - 1].0,
            _ => NEVER,
        }
    }

    /// Takes a deadline that is due.
    pub fn pop_due(&mut self, now: u64) -> Option<usize> {
        let (at, index) = *self.heap.first()?;
        if at > now {
            return None;
        }
        self.set(index as usize, NEVER);
        Some(index as usize)
    }

    /// Moves a place's deadline; [`NEVER`] takes it away.
    pub fn set(&mut self, index: usize, at: u64) {
        if index >= self.places.len() {
            if at == NEVER {
                return;
            }
            self.places.resize(index + 1, 0);
        }
        match (self.places[index] as usize, at) {
            (0, NEVER) => {}
            (0, _) => {
                self.heap.push((at, index as u32));
                self.rise(self.heap.len() - 1);
            }
            (place, NEVER) => self.remove(place - 1),
            (place, _) => {
                self.heap[place - 1].0 = at;
                let place = self.rise(place - 1);
                self.sink(place);
            }
        }
    }

    fn remove(&mut self, place: usize) {
        let (_, index) = self.heap.swap_remove(place);
        self.places[index as usize] = 0;
        if place < self.heap.len() {
            let place = self.rise(place);
            self.sink(place);
        }
    }

    fn rise(&mut self, mut place: usize) -> usize {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].0 <= self.heap[place].0 {
                break;
            }
            self.heap.swap(parent, place);
            self.note(place);
            place = parent;
        }
        self.note(place);
        place
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let children = (2 * place + 1)..(2 * place + 3).min(self.heap.len());
            let Some(least) = children.min_by_key(|child| self.heap[*child].0) else {
                break;
            };
            if self.heap[place].0 <= self.heap[least].0 {
                break;
            }
            self.heap.swap(place, least);
            self.note(place);
            place = least;
        }
        self.note(place);
    }

    fn note(&mut self, place: usize) {
        let (_, index) = self.heap[place];
        self.places[index as usize] = place as u32 + 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_gives_each_when_it_is_due(
            steps in prop::collection::vec((0usize..20, 0u64..50, 0u8..4), 1..200)
        ) {
            let mut deadlines = Deadlines::default();
            let mut model = BTreeMap::new();
            for (index, at, kind) in steps {
                match kind {
                    0 => {
                        deadlines.set(index, NEVER);
                        model.remove(&index);
                    }
                    1 => {
                        while let Some(index) = deadlines.pop_due(at) {
                            prop_assert!(model.remove(&index).is_some_and(|due| due <= at));
                        }
                        prop_assert!(model.values().all(|due| *due > at));
                    }
                    _ => {
                        deadlines.set(index, at);
                        model.insert(index, at);
                    }
                }
                prop_assert_eq!(deadlines.get(index), model.get(&index).copied().unwrap_or(NEVER));
                prop_assert_eq!(deadlines.first(), model.values().copied().min().unwrap_or(NEVER));
            }
        }
    }
}
