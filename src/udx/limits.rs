//! Every bound of a hub. What is over one is refused with a coded error, or dropped and counted in
//! [`super::Drops`].

/// How far ahead of the next expected number a packet may be: 65 536 packets.
pub const MAX_AHEAD: u64 = 65_536;

/// Packets that may be on their way unacknowledged: what a peer of this engine takes in.
pub const MAX_OUTSTANDING: usize = MAX_AHEAD as usize - 1;

/// What may be unacknowledged by number, in windows of the peer: one on its way, and one that arrived
/// beyond a gap. udx-native does not count the latter, and sends what a bounded receiver has to drop.
pub const WINDOWS_OUTSTANDING: usize = 2;

/// Packets in order that are taken beyond a closed window. Peers up to udx-native 1.20.7 probe it
/// with data, one packet each 2 s or more.
pub const MAX_BEYOND_WINDOW: u32 = 64;

/// What a packet that waits costs beside its payload, in bytes.
pub const PACKET_COST: usize = 96;

/// Bytes that a write may leave in the backlog beyond what is on its way, as udx-native 1.21.3.
pub const BACKLOG_SLACK: u64 = 262_144;

/// Segments and bytes of one transmit: what the system takes of a bundle.
pub const MAX_SEGMENTS: usize = 64;
pub const MAX_TRANSMIT: usize = 65_000;

/// Bytes of a message: what a UDP datagram holds beside the header.
pub const MAX_MESSAGE: usize = 65_507 - super::wire::HEADER_LEN;

/// What the owner of a hub may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Streams of the hub.
    pub streams: usize,
    /// Bytes written to a stream and not yet acknowledged.
    pub backlog: u64,
    /// Bytes that a stream takes in ahead of its reader: its receive window.
    pub window: u32,
    /// Bytes that wait out of order, a stream, with [`PACKET_COST`] for each packet: by default those
    /// of two full windows, as a sender goes on while a gap is closed.
    pub reassembly: usize,
    /// The same, of all streams.
    pub reassembly_total: usize,
    /// Packets that wait for the firewall's verdict, a stream.
    pub held_packets: usize,
    /// Bytes of them, a stream.
    pub held: usize,
    /// The same, of all streams.
    pub held_total: usize,
    /// Encoded packets that wait to be sent, in bytes: state packets, messages, what is relayed.
    pub outbox: usize,
    /// Streams that ended cleanly and are remembered for 30 s.
    pub tombstones: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            streams: 1 << 20,
            backlog: 1 << 30,
            window: 4 << 20,
            reassembly: 9 << 20,
            reassembly_total: 256 << 20,
            held_packets: 64,
            held: 128 << 10,
            held_total: 4 << 20,
            outbox: 4 << 20,
            tombstones: 16_384,
        }
    }
}
