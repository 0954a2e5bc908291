//! RACK: a packet is lost if one that was sent later has arrived, and some time has passed.

use super::super::deadlines::NEVER;
use super::super::seq::Seq;
use super::rtt::Rtt;

/// Packets beyond a gap after which none is waited for (the classic three duplicates).
const ENOUGH_SACKED: usize = 3;

/// The least time that reordered packets are given, in µs.
const LEAST_WINDOW_US: u64 = 1_000;

/// Recoveries after which the time is a quarter of the round trip again, if nothing was sent again in
/// vain meanwhile.
const PATIENT_RECOVERIES: u32 = 16;

/// What is known of the packet that arrived and was sent last (RFC 8985, section 6).
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Rack {
    /// When it was sent, and as the how-manieth transmission.
    sent_us: u64,
    transmission: u64,
    /// How long it took.
    rtt_us: u64,
    /// The highest number that arrived.
    highest: Seq,
    reordering_seen: bool,
    /// Quarters of the round trip that reordered packets are given.
    quarters: u64,
    /// Transmissions there had been when that became more.
    widened_at: u64,
    patience: u32,
}

impl Default for Rack {
    fn default() -> Self {
        Self {
            sent_us: 0,
            transmission: 0,
            rtt_us: 0,
            highest: 0,
            reordering_seen: false,
            quarters: 1,
            widened_at: 0,
            patience: 0,
        }
    }
}

/// A packet that arrived.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Arrived {
    pub seq: Seq,
    pub sent_us: u64,
    pub transmission: u64,
    pub was_resent: bool,
}

impl Rack {
    /// False if what arrived was sent earlier than the last transmission of it.
    pub fn arrived(&mut self, now: u64, packet: Arrived, rtt: &Rtt) -> bool {
        let took = now.saturating_sub(packet.sent_us);
        if packet.was_resent && took < rtt.least() {
            return false;
        }
        if packet.transmission > self.transmission {
            self.transmission = packet.transmission;
            self.sent_us = packet.sent_us;
            self.rtt_us = took;
        }
        if packet.seq > self.highest {
            self.highest = packet.seq;
        } else if packet.seq < self.highest && !packet.was_resent {
            self.reordering_seen = true;
        }
        true
    }

    /// A packet that counted as lost was only late: the next are given more time, a quarter of the round
    /// trip more each round trip (RFC 8985, section 6.2, where the peer tells it by DSACK).
    pub fn was_late(&mut self, transmission: u64, transmissions: u64) {
        self.reordering_seen = true;
        self.patience = PATIENT_RECOVERIES;
        if transmission > self.widened_at {
            self.quarters += 1;
            self.widened_at = transmissions;
        }
    }

    /// A recovery is over.
    pub fn recovered(&mut self) {
        self.patience = self.patience.saturating_sub(1);
        if self.patience == 0 {
            self.quarters = 1;
        }
    }

    /// How long a packet is given beyond a round trip, in µs.
    pub fn window(&self, rtt: &Rtt, is_recovering: bool, sacked: usize) -> u64 {
        if !self.reordering_seen && (is_recovering || sacked >= ENOUGH_SACKED) {
            return 0;
        }
        (rtt.least() / 4).saturating_mul(self.quarters).min(rtt.smoothed()).max(LEAST_WINDOW_US)
    }

    /// Whether a packet was sent before the one that arrived and was sent last.
    pub fn is_older(&self, transmission: u64) -> bool {
        transmission < self.transmission
    }

    /// When a packet that was sent at `sent_us` counts as lost.
    pub fn lost_at(&self, sent_us: u64, window: u64) -> u64 {
        sent_us.saturating_add(self.rtt_us).saturating_add(window)
    }

    /// When to look again, if `first` is when the first of the packets that are waited for counts
    /// as lost: a ms later, so that neighbours are found together, and not after the last of them.
    pub fn look_again_at(&self, first: u64, window: u64) -> u64 {
        if first == NEVER {
            return NEVER;
        }
        (first + LEAST_WINDOW_US).min(self.lost_at(self.sent_us, window)).max(first)
    }
}
