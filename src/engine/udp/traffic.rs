//! What sockets sent and received, counted.

use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Datagrams, and their bytes without those of IP and UDP.
#[derive(Default)]
pub struct Traffic {
    sent: Count,
    received: Count,
}

/// What [`Traffic`] says at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrafficSnapshot {
    pub bytes_sent: u64,
    pub packets_sent: u64,
    pub bytes_received: u64,
    pub packets_received: u64,
}

impl Add for TrafficSnapshot {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes_sent: self.bytes_sent + other.bytes_sent,
            packets_sent: self.packets_sent + other.packets_sent,
            bytes_received: self.bytes_received + other.bytes_received,
            packets_received: self.packets_received + other.packets_received,
        }
    }
}

impl Traffic {
    pub fn count_sent(&self, packets: u64, bytes: u64) {
        self.sent.add(packets, bytes);
    }

    pub fn count_received(&self, packets: u64, bytes: u64) {
        self.received.add(packets, bytes);
    }

    pub fn add(&self, other: TrafficSnapshot) {
        self.sent.add(other.packets_sent, other.bytes_sent);
        self.received.add(other.packets_received, other.bytes_received);
    }

    pub fn snapshot(&self) -> TrafficSnapshot {
        TrafficSnapshot {
            bytes_sent: self.sent.bytes.load(Ordering::Relaxed),
            packets_sent: self.sent.packets.load(Ordering::Relaxed),
            bytes_received: self.received.bytes.load(Ordering::Relaxed),
            packets_received: self.received.packets.load(Ordering::Relaxed),
        }
    }
}

/// What several sockets sent and received. Each is counted with all of them: whoever looks by
/// [`Self::still`] sees a datagram in both, or in neither.
#[derive(Default)]
pub struct Total {
    traffic: Traffic,
    together: Mutex<()>,
}

impl Total {
    /// Counts for one of the sockets, and for all.
    pub fn count_with(&self, own: &Traffic, count: impl Fn(&Traffic)) {
        let _together = self.together.lock();
        count(own);
        count(&self.traffic);
    }

    pub fn add(&self, other: TrafficSnapshot) {
        let _together = self.together.lock();
        self.traffic.add(other);
    }

    pub fn snapshot(&self) -> TrafficSnapshot {
        self.traffic.snapshot()
    }

    /// Runs `look` while nothing is counted.
    pub fn still<R>(&self, look: impl FnOnce() -> R) -> R {
        let _together = self.together.lock();
        look()
    }
}

#[derive(Default)]
struct Count {
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Count {
    fn add(&self, packets: u64, bytes: u64) {
        self.packets.fetch_add(packets, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}
