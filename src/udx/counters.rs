//! What a hub counts.

/// Datagrams and their bytes, headers of UDX included, those of IP and UDP not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    pub packets_transmitted: u64,
    pub bytes_transmitted: u64,
    pub packets_received: u64,
    pub bytes_received: u64,
}

impl Traffic {
    pub(super) fn received(&mut self, bytes: usize) {
        self.packets_received += 1;
        self.bytes_received += bytes as u64;
    }

    pub(super) fn transmitted(&mut self, packets: usize, bytes: usize) {
        self.packets_transmitted += packets as u64;
        self.bytes_transmitted += bytes as u64;
    }
}

/// Packets that were dropped, by the reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// By a firewall.
    pub rejected: u64,
    /// Too many waited for a firewall's verdict.
    pub held: u64,
    /// Too far ahead, or too much waited out of order.
    pub reassembly: u64,
    /// The reader did not keep up, and the sender did not heed the window.
    pub window: u64,
    /// From another address, with a number out of the window.
    pub foreign: u64,
    /// Too much waited to be sent.
    pub outbox: u64,
    /// To be relayed to a stream that is not connected.
    pub relay: u64,
    /// The data offset pointed beyond the packet.
    pub malformed: u64,
    /// Streams that ended and were forgotten before their 30 s were over.
    pub tombstones: u64,
}
