//! Requests in flight: when they were sent, and which of them a reply is for.

use std::time::{Duration, Instant};

/// Places at most: the rest of a tid tells the requests apart that had the same place.
pub const MOST: usize = 1024;

const GENERATION: u16 = 1024;

pub struct Window {
    /// The tid and the time of the request in each place.
    places: Vec<Option<(u16, Instant)>>,
    generations: Vec<u16>,
}

impl Window {
    pub fn new(size: usize) -> Self {
        let size = size.min(MOST);
        Self { places: vec![None; size], generations: vec![0; size] }
    }

    /// The tid for the next request in this place.
    pub fn begin(&mut self, place: usize, now: Instant) -> u16 {
        let generation = self.generations[place].wrapping_add(1) % (u16::MAX / GENERATION);
        self.generations[place] = generation;
        let tid = generation * GENERATION + place as u16;
        self.places[place] = Some((tid, now));
        tid
    }

    /// The place of the request with this tid, now free, and when it was sent.
    pub fn end(&mut self, tid: u16) -> Option<(usize, Instant)> {
        let place = usize::from(tid % GENERATION);
        let (expected, sent) = (*self.places.get(place)?)?;
        if expected != tid {
            return None;
        }
        self.places[place] = None;
        Some((place, sent))
    }

    /// Places whose requests were sent longer ago than `age`.
    pub fn overdue(&self, age: Duration, now: Instant) -> Vec<usize> {
        let late = |i: &usize| {
            self.places[*i].is_some_and(|(_, sent)| now.saturating_duration_since(sent) > age)
        };
        (0..self.places.len()).filter(late).collect()
    }

    pub fn sent_at(&self, place: usize) -> Option<Instant> {
        self.places.get(place)?.map(|(_, sent)| sent)
    }

    pub fn is_free(&self, place: usize) -> bool {
        self.places.get(place).is_some_and(Option::is_none)
    }

    pub fn free(&self) -> Option<usize> {
        self.places.iter().position(Option::is_none)
    }
}
