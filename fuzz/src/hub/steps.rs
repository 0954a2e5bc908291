//! What can happen to a hub.

use arbitrary::Arbitrary;
use dht_rpc_native::udx::wire::{Header, encode_block};
use dht_rpc_native::udx::{Firewall, Limits, StreamOptions};

/// How narrow the hub is.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Setup {
    window: u16,
    reassembly: u16,
    total: u8,
    held: u8,
    outbox: u16,
    backlog: u16,
    streams: u8,
    tombstones: u8,
}

impl Setup {
    pub fn limits(self) -> Limits {
        Limits {
            streams: 1 + usize::from(self.streams % 8),
            backlog: 16 * u64::from(self.backlog),
            window: 64 * u32::from(self.window),
            reassembly: 16 * usize::from(self.reassembly),
            reassembly_total: 4096 * usize::from(self.total),
            held_packets: usize::from(self.held % 16),
            held: 512 * usize::from(self.held),
            held_total: 1024 * usize::from(self.held),
            outbox: 4 * usize::from(self.outbox),
            tombstones: usize::from(self.tombstones % 4),
        }
    }
}

/// A number of a packet: near the stream's own, or anything.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Number {
    Near(i8),
    Far(i32),
    Any(u32),
}

impl Number {
    pub fn from(self, base: u32) -> u32 {
        match self {
            Self::Near(by) => base.wrapping_add_signed(i32::from(by)),
            Self::Far(by) => base.wrapping_add_signed(by),
            Self::Any(number) => number,
        }
    }
}

/// What follows a header.
#[derive(Arbitrary, Clone, Debug)]
pub enum Rest {
    Bytes(Vec<u8>),
    Many(u16),
    Blocks(Vec<(Number, Number)>),
}

/// A packet of a peer. Numbers are near those of the packet that the stream sent last.
#[derive(Arbitrary, Clone, Debug)]
pub struct Packet {
    pub flags: u8,
    pub data_offset: u8,
    pub window: u32,
    pub seq: Number,
    pub ack: Number,
    pub rest: Rest,
}

impl Packet {
    pub fn encode(&self, id: u32, seq: u32, ack: u32) -> Vec<u8> {
        let Self { flags, data_offset, window, .. } = *self;
        let (seq, ack) = (self.seq.from(seq), self.ack.from(ack));
        let mut bytes = Vec::new();
        Header { flags, data_offset, id, window, seq, ack }.encode(&mut bytes);
        match &self.rest {
            Rest::Bytes(rest) => bytes.extend_from_slice(rest),
            Rest::Many(len) => bytes.resize(bytes.len() + usize::from(*len % 3000), 7),
            Rest::Blocks(blocks) => {
                for (start, end) in blocks {
                    encode_block(start.from(ack), end.from(ack), &mut bytes);
                }
            }
        }
        bytes
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Wall {
    Reject,
    Ask,
    Accept,
}

impl Wall {
    pub fn options(self, seq: u32) -> StreamOptions {
        let firewall = match self {
            Self::Reject => Firewall::Reject,
            Self::Ask => Firewall::Ask,
            Self::Accept => Firewall::Accept,
        };
        StreamOptions { firewall, seq }
    }
}

/// Streams are meant by their place among those that were made, sockets and peers by a small number.
#[derive(Arbitrary, Clone, Debug)]
pub enum Step {
    Raw {
        socket: u8,
        peer: u8,
        bytes: Vec<u8>,
        segment: u8,
    },
    Packet {
        socket: u8,
        peer: u8,
        stream: u8,
        packet: Packet,
    },
    /// A packet that the hub sent comes back, to whomever it names.
    Back {
        nth: u8,
        socket: u8,
        peer: u8,
    },
    /// The same for all that it sent since, but for some.
    AllBack {
        socket: u8,
        peer: u8,
        lost: u8,
    },
    Time {
        us: u16,
    },
    LongTime {
        ms: u16,
    },
    /// To the next deadline.
    Deadline,
    Create {
        id: u8,
        wall: Wall,
        seq: u32,
    },
    Connect {
        stream: u8,
        socket: u8,
        id: u8,
        peer: u8,
        ack: u32,
        mtu: Option<u16>,
    },
    Write {
        stream: u8,
        len: u16,
    },
    End {
        stream: u8,
    },
    Destroy {
        stream: u8,
    },
    Message {
        stream: u8,
        len: u16,
    },
    Consume {
        stream: u8,
        bytes: u32,
    },
    ChangeRemote {
        stream: u8,
        socket: u8,
        id: u8,
        peer: u8,
        mtu: Option<u16>,
    },
    Keepalive {
        stream: u8,
        us: u32,
    },
    Relay {
        stream: u8,
        target: Option<u8>,
    },
    Forward {
        stream: u8,
        bytes: Vec<u8>,
    },
    TargetClosed {
        stream: u8,
    },
    Verdict {
        stream: u8,
        passes: bool,
    },
    Continue {
        stream: u8,
    },
    CloseSocket {
        socket: u8,
    },
    RemoveSocket {
        socket: u8,
    },
    OpenSocket {
        socket: u8,
    },
}
