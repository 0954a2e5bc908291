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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_ends_the_request_that_it_is_for_and_no_other() {
        let now = Instant::now();
        let mut window = Window::new(2);
        let lost = window.begin(1, now);
        let tid = window.begin(1, now);
        assert_ne!(lost, tid);
        assert_eq!(window.end(lost), None);
        assert_eq!(window.end(tid), Some((1, now)));
        assert_eq!(window.end(tid), None);
        assert!(window.is_free(1));
    }

    #[test]
    fn every_place_has_tids_of_its_own() {
        let mut window = Window::new(MOST);
        for place in [0, MOST - 1].repeat(200) {
            let tid = window.begin(place, Instant::now());
            assert_eq!(window.end(tid).map(|(at, _)| at), Some(place));
        }
    }

    #[test]
    fn what_is_not_answered_is_overdue() {
        let now = Instant::now();
        let mut window = Window::new(3);
        window.begin(0, now);
        let answered = window.begin(1, now);
        window.end(answered);
        window.begin(2, now + Duration::from_millis(2));
        let later = now + Duration::from_millis(3);
        assert_eq!(window.overdue(Duration::from_millis(2), later), [0]);
        assert_eq!(window.free(), Some(1));
    }
}
