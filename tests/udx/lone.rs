//! One stream, and a peer made by hand: packets in, packets out.

use std::net::SocketAddr;

use bytes::Bytes;
use dht_rpc_native::udx::wire::{self, Header, flag};
use dht_rpc_native::udx::*;

pub const ID: u32 = 7;
pub const PEER_ID: u32 = 9;
pub const ON: SocketId = SocketId(1);
pub const WINDOW: u32 = 4 << 20;

/// A packet that left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    pub at: u64,
    pub to: SocketAddr,
    pub header: Header,
    pub rest: Vec<u8>,
}

impl Out {
    pub fn has(&self, flags: u8) -> bool {
        self.header.has(flags)
    }

    pub fn is_state(&self) -> bool {
        self.header.flags & !flag::SACK == 0
    }
}

pub struct Lone {
    pub hub: Hub,
    pub stream: StreamKey,
    pub now: u64,
    pub out: Vec<Out>,
    pub events: Vec<Event>,
}

pub fn peer() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 9], 9000))
}

pub fn remote() -> Remote {
    Remote { socket: ON, id: PEER_ID, addr: peer() }
}

/// What a packet of the peer's says, unless told otherwise.
pub fn packet(flags: u8, seq: u32, ack: u32) -> Header {
    Header { flags, data_offset: 0, id: ID, window: WINDOW, seq, ack }
}

impl Lone {
    pub fn connected() -> Self {
        let mut lone = Self::unconnected(Firewall::Reject);
        let connected = lone.hub.connect(0, lone.stream, remote(), &ConnectOptions::default());
        assert_eq!(connected, Ok(()));
        lone
    }

    pub fn unconnected(firewall: Firewall) -> Self {
        Self::with(Limits::default(), &StreamOptions { firewall, seq: 0 })
    }

    pub fn with(limits: Limits, options: &StreamOptions) -> Self {
        let mut hub = Hub::new(limits);
        hub.open_socket(ON);
        hub.open_socket(SocketId(2));
        let stream = hub.create_stream(0, ID, options).expect("a stream");
        Self { hub, stream, now: 0, out: Vec::new(), events: Vec::new() }
    }

    /// A packet of the peer comes in, and what comes of it happens.
    pub fn receive(&mut self, header: Header, rest: &[u8]) {
        self.receive_from(peer(), header, rest);
    }

    pub fn receive_from(&mut self, from: SocketAddr, header: Header, rest: &[u8]) {
        self.feed(from, header, rest);
        self.drain();
    }

    /// A packet comes in; what comes of it waits for the rest of the batch.
    pub fn feed(&mut self, from: SocketAddr, header: Header, rest: &[u8]) -> bool {
        let mut bytes = Vec::new();
        header.encode(&mut bytes);
        bytes.extend_from_slice(rest);
        self.hub.handle_datagram(self.now, ON, from, &Bytes::from(bytes))
    }

    pub fn write(&mut self, bytes: &[u8]) -> Written {
        let bytes = Bytes::copy_from_slice(bytes);
        let written = self.hub.write(self.now, self.stream, bytes).expect("it is written");
        self.drain();
        written
    }

    pub fn end(&mut self) {
        assert_eq!(self.hub.end(self.now, self.stream), Ok(()));
        self.drain();
    }

    pub fn drain(&mut self) {
        let mut buf = Vec::new();
        while let Some(transmit) = self.hub.poll_transmit(self.now, &mut buf) {
            for packet in buf.chunks(transmit.segment) {
                let header = Header::decode(packet).expect("a header");
                let rest = packet[wire::HEADER_LEN..].to_vec();
                self.out.push(Out { at: self.now, to: transmit.to, header, rest });
            }
            buf.clear();
        }
        assert!(!self.hub.may_transmit());
        while let Some(event) = self.hub.poll_event() {
            self.events.push(event);
        }
    }

    /// Goes on to a time, with all that is due before it.
    pub fn run_to(&mut self, end: u64) {
        while let Some(at) = self.hub.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.hub.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// What left since this was asked.
    pub fn sent(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.out)
    }

    pub fn only_sent(&mut self) -> Out {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent[0].clone()
    }

    pub fn told(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The data that was told since this was asked.
    pub fn data(&mut self) -> Vec<u8> {
        let data = |event| match event {
            Event::Data { bytes, .. } => Some(bytes),
            _ => None,
        };
        self.told().into_iter().filter_map(data).flatten().collect()
    }

    /// The reason for which it closed, as told since this was asked.
    pub fn closed(&mut self) -> Option<CloseReason> {
        self.told().into_iter().find_map(|event| match event {
            Event::Closed { reason, .. } => Some(reason),
            _ => None,
        })
    }

    pub fn stats(&self) -> StreamStats {
        self.hub.stats(self.stream).expect("it lives")
    }
}

/// The rest of a packet with these SACK blocks.
pub fn blocks(blocks: &[(u32, u32)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (start, end) in blocks {
        wire::encode_block(*start, *end, &mut bytes);
    }
    bytes
}

/// The SACK blocks of a packet.
pub fn blocks_of(out: &Out) -> Vec<(u32, u32)> {
    assert!(out.has(flag::SACK));
    wire::blocks(&out.rest, out.header.data_offset).collect()
}
