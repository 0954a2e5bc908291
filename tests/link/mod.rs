//! One direction of a link: delay, jitter, rate, queue, loss, duplicates, packets that are held up.
//! The same words as the simulator's model of a network, and by the µs. The simulated links of
//! `tests/udx`, those before real sockets in `tests/udx_native`, and the program of `bench/load`.

use std::collections::{BTreeMap, VecDeque};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What a link does to packets.
#[derive(Clone, Copy, Debug)]
pub struct Conditions {
    /// One way, in µs.
    pub delay_us: u64,
    /// The mean of what is added each time, in µs. Packets may overtake each other by it.
    pub jitter_us: u64,
    /// Bytes a second; 0 is without bound.
    pub rate: u64,
    /// Bytes that wait for the rate at most; what comes then is lost.
    pub queue: usize,
    /// How many of the packets are lost: 0 to 1.
    pub loss: f64,
    /// How many arrive twice: 0 to 1.
    pub duplicated: f64,
    /// How many are held up by up to `held_up_us`: 0 to 1.
    pub held_up: f64,
    pub held_up_us: u64,
    /// Bytes of a packet, headers of IP and UDP included; larger ones are lost.
    pub mtu: usize,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            delay_us: 10_000,
            jitter_us: 0,
            rate: 0,
            queue: 1 << 30,
            loss: 0.0,
            duplicated: 0.0,
            held_up: 0.0,
            held_up_us: 50_000,
            mtu: 1500,
        }
    }
}

/// Bytes of the headers of IP and UDP.
const HEADERS: usize = 28;

/// Packets on their way, from a seed.
#[derive(Debug)]
pub struct Link<T> {
    pub conditions: Conditions,
    /// Nothing gets through.
    pub is_down: bool,
    /// Packets that were lost, for whatever reason, and those that were not.
    pub lost: usize,
    pub carried: usize,
    rng: StdRng,
    /// When the last packet has left by the rate.
    free_us: u64,
    arrivals: BTreeMap<u64, VecDeque<T>>,
}

impl<T: Clone> Link<T> {
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            is_down: false,
            lost: 0,
            carried: 0,
            rng: StdRng::seed_from_u64(seed),
            free_us: 0,
            arrivals: BTreeMap::new(),
        }
    }

    pub fn send(&mut self, now: u64, bytes: usize, packet: T) {
        let size = bytes + HEADERS;
        let Some(left) = self.leaves(now, size) else {
            self.lost += 1;
            return;
        };
        self.carried += 1;
        let at = left + self.delay();
        if self.happens(self.conditions.duplicated) {
            let again = left + self.delay();
            self.arrivals.entry(again).or_default().push_back(packet.clone());
        }
        self.arrivals.entry(at).or_default().push_back(packet);
    }

    /// When a packet has left by the rate, if it leaves at all.
    fn leaves(&mut self, now: u64, size: usize) -> Option<u64> {
        let Conditions { rate, queue, loss, mtu, .. } = self.conditions;
        if self.is_down || size > mtu || self.happens(loss) {
            return None;
        }
        if rate == 0 {
            return Some(now);
        }
        let waiting = self.free_us.saturating_sub(now) * rate / 1_000_000;
        if waiting as usize + size > queue {
            return None;
        }
        self.free_us = self.free_us.max(now) + size as u64 * 1_000_000 / rate;
        Some(self.free_us)
    }

    fn delay(&mut self) -> u64 {
        let Conditions { delay_us, jitter_us, held_up, held_up_us, .. } = self.conditions;
        let jitter = match jitter_us {
            0 => 0.0,
            mean => -(mean as f64) * (1.0 - self.rng.random::<f64>()).ln(),
        };
        let held_up = match self.happens(held_up) {
            true => self.rng.random_range(0..=held_up_us),
            false => 0,
        };
        delay_us + jitter as u64 + held_up
    }

    fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.rng.random::<f64>() < probability
    }

    /// When the next packet arrives.
    pub fn next_us(&self) -> Option<u64> {
        self.arrivals.keys().next().copied()
    }

    /// A packet that has arrived by now.
    pub fn pop(&mut self, now: u64) -> Option<T> {
        let mut first = self.arrivals.first_entry().filter(|entry| *entry.key() <= now)?;
        let packet = first.get_mut().pop_front();
        if first.get().is_empty() {
            first.remove();
        }
        packet
    }
}
