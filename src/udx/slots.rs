//! Streams by their key.

/// The key of a stream in its hub. It is never used again, unlike the id on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamKey {
    index: u32,
    generation: u32,
}

impl StreamKey {
    /// Its place, which another stream takes once this one has closed.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

#[derive(Debug)]
pub(super) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<Box<T>>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Puts in what `make` gives for its key.
    pub fn insert(&mut self, make: impl FnOnce(StreamKey) -> T) -> StreamKey {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, value: None });
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        let key = StreamKey { index, generation: slot.generation };
        slot.value = Some(Box::new(make(key)));
        key
    }

    pub fn get(&self, key: StreamKey) -> Option<&T> {
        let slot = self.slots.get(key.index())?;
        slot.value.as_deref().filter(|_| slot.generation == key.generation)
    }

    pub fn get_mut(&mut self, key: StreamKey) -> Option<&mut T> {
        let slot = self.slots.get_mut(key.index())?;
        slot.value.as_deref_mut().filter(|_| slot.generation == key.generation)
    }

    /// The key of what is in a place.
    pub fn key_at(&self, index: usize) -> Option<StreamKey> {
        let slot = self.slots.get(index)?;
        let generation = slot.generation;
        slot.value.as_ref().map(|_| StreamKey { index: index as u32, generation })
    }

    pub fn remove(&mut self, key: StreamKey) -> Option<Box<T>> {
        let slot = self.slots.get_mut(key.index())?;
        if slot.generation != key.generation {
            return None;
        }
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(key.index);
        Some(value)
    }

    pub fn keys(&self) -> impl Iterator<Item = StreamKey> {
        (0..self.slots.len()).filter_map(|index| self.key_at(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_one_stream_alone() {
        let mut slots = Slots::default();
        let a = slots.insert(|_| 'a');
        let b = slots.insert(|_| 'b');
        assert_eq!((slots.remove(a).map(|value| *value), slots.remove(a)), (Some('a'), None));
        let c = slots.insert(|_| 'c');
        assert_eq!(c.index(), a.index());
        assert_eq!((slots.get(a), slots.get(b)), (None, Some(&'b')));
        assert_eq!((slots.get_mut(a).is_none(), slots.get_mut(c)), (true, Some(&mut 'c')));
        assert_eq!((slots.len(), slots.keys().collect::<Vec<_>>()), (2, vec![c, b]));
    }
}
