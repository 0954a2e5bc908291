//! The congestion window: how many requests may be on their way.

/// How long a slot is current, in ms. The drain interval of the reference.
pub const SLOT_MS: u64 = 750;

/// How many of them are remembered.
pub const SLOTS: usize = 4;

/// Four slots of 750 ms. A send counts in the slot that is current then and is forgotten when that
/// slot's turn comes again.
///
/// [`Window::advance`] rotates by the clock: call it before [`Window::is_full`].
#[derive(Clone, Debug)]
pub struct Window {
    slots: [u32; SLOTS],
    current: usize,
    total: u32,
    max: u32,
    rotated_ms: Option<u64>,
}

impl Window {
    /// `max` sends outstanding in a slot, at least 1; twice that in all slots together.
    pub const fn new(max: u32) -> Self {
        let max = if max == 0 { 1 } else { max };
        Self { slots: [0; SLOTS], current: 0, total: 0, max, rotated_ms: None }
    }

    pub fn max(&self) -> u32 {
        self.max
    }

    /// The sends of each slot that are still counted.
    pub fn slots(&self) -> [u32; SLOTS] {
        self.slots
    }

    /// Which of the slots is current.
    pub fn current(&self) -> usize {
        self.current
    }

    /// The sends of all slots.
    pub fn total(&self) -> u32 {
        self.total
    }

    /// Overwrites all of it but the beat. A place that there is not is the first, a `max` of 0 is 1.
    pub fn overwrite(&mut self, slots: [u32; SLOTS], current: usize, total: u32, max: u32) {
        self.slots = slots;
        self.current = if current < SLOTS { current } else { 0 };
        self.total = total;
        self.max = max.max(1);
    }

    /// Whether a send has to wait, for a reply or for the next slot.
    pub fn is_full(&self) -> bool {
        self.total >= self.max.saturating_mul(2) || self.slots[self.current] >= self.max
    }

    pub fn send(&mut self) {
        self.total = self.total.saturating_add(1);
        self.slots[self.current] = self.slots[self.current].saturating_add(1);
    }

    /// Gives a send back to the current slot, if it has any.
    pub fn recv(&mut self) {
        if self.slots[self.current] > 0 {
            self.slots[self.current] -= 1;
            self.total = self.total.saturating_sub(1);
        }
    }

    /// Makes the next slot current and clears it.
    pub fn drain(&mut self) {
        self.current = (self.current + 1) % SLOTS;
        self.total = self.total.saturating_sub(self.slots[self.current]);
        self.slots[self.current] = 0;
    }

    /// Forgets all sends.
    pub fn clear(&mut self) {
        self.slots = [0; SLOTS];
        self.current = 0;
        self.total = 0;
    }

    /// Starts the first slot now.
    pub fn start(&mut self, now_ms: u64) {
        self.rotated_ms = Some(now_ms);
    }

    /// Drains once for every 750 ms since the start, which is the first call if it was not made
    /// before. True if the slot changed.
    pub fn advance(&mut self, now_ms: u64) -> bool {
        let since_ms = *self.rotated_ms.get_or_insert(now_ms);
        let rotations = now_ms.saturating_sub(since_ms) / SLOT_MS;
        if rotations == 0 {
            return false;
        }
        self.rotated_ms = Some(since_ms + rotations * SLOT_MS);
        (0..rotations.min(SLOTS as u64)).for_each(|_| self.drain());
        true
    }

    /// When the next slot becomes current, on the clock of [`Window::advance`]; `u64::MAX` before
    /// the start.
    pub fn next_rotation(&self) -> u64 {
        self.rotated_ms.map_or(u64::MAX, |since_ms| since_ms.saturating_add(SLOT_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sends_until_full(window: &mut Window) -> usize {
        let mut sent = 0;
        while !window.is_full() {
            window.send();
            sent += 1;
        }
        sent
    }

    #[test]
    fn a_slot_holds_max_and_all_slots_twice_that() {
        let mut window = Window::new(80);
        let sent = [750, 1500, 2250, 3000, 3750, 4500].map(|now_ms| {
            window.advance(now_ms);
            sends_until_full(&mut window)
        });
        assert_eq!(sent, [80, 80, 0, 0, 80, 80]);
    }

    #[test]
    fn a_reply_gives_back_to_the_current_slot_only() {
        let mut window = Window::new(2);
        sends_until_full(&mut window);
        window.recv();
        assert!(!window.is_full());
        window.send();
        window.drain();
        window.recv();
        assert_eq!(sends_until_full(&mut window), 2);
        window.clear();
        assert_eq!(sends_until_full(&mut window), 2);
    }

    #[test]
    fn a_long_pause_clears_every_slot() {
        let mut window = Window::new(2);
        for now_ms in [0, 750, 1500, 2250] {
            window.advance(now_ms);
            window.send();
        }
        assert!(window.is_full());
        let sent = [100_000, 100_750].map(|now_ms| {
            window.advance(now_ms);
            sends_until_full(&mut window)
        });
        assert_eq!(sent, [2, 2]);
    }

    #[test]
    fn rotates_on_a_fixed_beat_however_late_it_is_asked() {
        let mut window = Window::new(1);
        assert_eq!(window.next_rotation(), u64::MAX);
        assert!(!window.advance(1000));
        assert_eq!(window.next_rotation(), 1750);
        assert!(!window.advance(1749));
        assert!(window.advance(1760));
        assert_eq!(window.next_rotation(), 2500);
        window.send();
        assert!(window.advance(1_000_000));
        assert!(!window.is_full());
        assert_eq!(window.next_rotation(), 1_000_750);
        window.start(2_000_100);
        assert!(!window.advance(2_000_849));
    }
}
