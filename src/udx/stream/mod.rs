//! One stream: its state, and what all its parts need. A stream talks to nobody: it leaves events
//! and packets in what its hub's streams share.

mod acks;
mod calls;
mod flight;
mod inbound;
mod incoming;
mod outbound;
mod reassembly;
mod remote;
mod send_buffer;
mod timers;

use self::flight::Flight;
use self::incoming::Incoming;
use self::remote::Previous;
use self::send_buffer::SendBuffer;
use self::timers::Timers;
use super::calls::{Firewall, RelayTarget, Remote, StreamOptions, StreamStats};
use super::congestion::{Bbr, Pacer, RateEstimator};
use super::counters::Traffic;
use super::error::CloseReason;
use super::held::Held;
use super::mtu::Mtu;
use super::recovery::{Rack, Rtt};
use super::seq::{self, Seq};
use super::shared::Shared;
use super::slots::StreamKey;
use super::transmit::SocketId;
use super::wire::{self, Header, flag};

pub(super) use self::inbound::Packet;

/// What a peer's window is taken for before it says one.
const UNKNOWN_WINDOW: u32 = 4 << 20;

/// Whether losses are being made up for (RFC 6582): until what was sent before is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recovery {
    Open,
    Fast { high: Seq },
    Loss { high: Seq },
}

/// How far our own direction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outgoing {
    Open,
    /// `end` was called.
    Ending,
    /// The packet with END was cut.
    EndCut,
    /// It was acknowledged, with all before it.
    Ended,
}

#[derive(Debug)]
pub(super) struct Stream {
    pub key: StreamKey,
    pub id: u32,
    pub firewall: Firewall,
    pub held: Held,
    pub relay: Option<RelayTarget>,
    /// Streams of this hub that relay to it.
    pub relayed_by: Vec<StreamKey>,
    pub traffic: Traffic,
    /// It is to be closed at the end of this step.
    pub closing: Option<CloseReason>,
    /// The socket that a change of remote, now done, began on.
    pub left_socket: Option<SocketId>,
    /// It stands in the hub's queue of those that may have something to send.
    pub is_queued: bool,
    /// An event that says what is acknowledged waits to be taken.
    pub acked_told: bool,

    remote: Option<Remote>,
    previous: Option<Previous>,

    incoming: Incoming,

    outgoing: Outgoing,
    buffer: SendBuffer,
    /// Where the next packet's payload begins.
    cut: u64,
    flight: Flight,
    rtt: Rtt,
    rack: Rack,
    rate: RateEstimator,
    bbr: Bbr,
    pacer: Pacer,
    mtu: Mtu,
    recovery: Recovery,
    /// Packets that counted as lost since it began, without those that turned out to be late.
    presumed_lost: u32,
    timers: Timers,
    wants_drain: bool,

    peer_window: u32,
    /// The number and the acknowledgement of the packet that told it.
    window_seq: Seq,
    window_ack: Seq,

    retransmits: u64,
    fast_recoveries: u64,
}

impl Stream {
    pub fn new(shared: &Shared, key: StreamKey, id: u32, options: &StreamOptions) -> Self {
        let first = seq::first(options.seq);
        let incoming = Incoming::new(shared.limits.window);
        let mtu = Mtu::new(std::net::SocketAddr::from(([0; 4], 0)), None);
        Self {
            key,
            id,
            firewall: options.firewall,
            held: Held::default(),
            relay: None,
            relayed_by: Vec::new(),
            traffic: Traffic::default(),
            closing: None,
            left_socket: None,
            is_queued: false,
            acked_told: false,
            remote: None,
            previous: None,
            window_seq: incoming.next,
            incoming,
            outgoing: Outgoing::Open,
            buffer: SendBuffer::default(),
            cut: 0,
            flight: Flight::new(first),
            rtt: Rtt::default(),
            rack: Rack::default(),
            rate: RateEstimator::default(),
            bbr: Bbr::new(shared.now, mtu.payload()),
            pacer: Pacer::new(shared.now),
            mtu,
            recovery: Recovery::Open,
            presumed_lost: 0,
            timers: Timers::default(),
            wants_drain: false,
            peer_window: UNKNOWN_WINDOW,
            window_ack: first,
            retransmits: 0,
            fast_recoveries: 0,
        }
    }

    /// Where its packets go, once it is connected.
    pub fn remote(&self) -> Option<&Remote> {
        self.remote.as_ref()
    }

    /// Whether it is connected, and by this socket.
    pub fn is_on(&self, socket: SocketId) -> bool {
        self.remote.is_some_and(|remote| remote.socket == socket)
    }

    /// The sockets that it keeps busy: the old one as well, while its remote changes.
    pub fn sockets(&self) -> impl Iterator<Item = SocketId> + use<> {
        let current = self.remote.map(|remote| remote.socket);
        let previous = self.previous.map(|previous| previous.remote.socket);
        let previous = previous.filter(|socket| Some(*socket) != current);
        current.into_iter().chain(previous)
    }

    /// A header that says where both directions are.
    fn header(&mut self, flags: u8, id: u32) -> Header {
        Header {
            flags,
            data_offset: 0,
            id,
            window: self.incoming.tell_window(),
            seq: seq::to_wire(self.flight.next()),
            ack: seq::to_wire(self.incoming.next),
        }
    }

    /// Appends a state packet: what came in, with the gaps.
    fn encode_state(&mut self, id: u32, buf: &mut Vec<u8>) {
        let flags = if self.incoming.waiting.is_empty() { 0 } else { flag::SACK };
        self.header(flags, id).encode(buf);
        self.incoming.waiting.ranges(|start, end| {
            wire::encode_block(seq::to_wire(start), seq::to_wire(end), buf);
        });
        self.incoming.acknowledged();
    }

    /// Sends a state packet without waiting for a turn.
    pub fn post_state(&mut self, shared: &mut Shared) {
        if let Some(remote) = self.remote {
            let sent = shared.post(&remote, |buf| self.encode_state(remote.id, buf));
            self.count_posted(sent);
        }
    }

    /// Sends a packet that is only a header.
    fn post_header(&mut self, shared: &mut Shared, flags: u8) {
        if let Some(remote) = self.remote {
            let header = self.header(flags, remote.id);
            let sent = shared.post(&remote, |buf| header.encode(buf));
            self.count_posted(sent);
        }
    }

    fn count_posted(&mut self, sent: Option<usize>) {
        if let Some(len) = sent {
            self.traffic.transmitted(1, len);
        }
    }

    /// What answers the peer's END once the stream is gone.
    pub fn last_words(&mut self) -> Option<(Remote, Header)> {
        let remote = self.remote?;
        Some((remote, self.header(0, remote.id)))
    }

    /// The stream is gone: what it holds of its hub is given back.
    pub fn release(&mut self, shared: &mut Shared) {
        self.incoming.clear(shared);
        self.held.clear(&mut shared.held);
        for socket in self.sockets() {
            shared.leave(socket);
        }
    }

    pub fn stats(&self) -> StreamStats {
        StreamStats {
            traffic: self.traffic,
            mtu: self.mtu.size(),
            rtt_us: self.rtt.smoothed(),
            cwnd: self.bbr.cwnd(),
            in_flight: self.flight.in_flight_bytes(),
            retransmits: self.retransmits,
            fast_recoveries: self.fast_recoveries,
            rto_count: self.timers.rto_count,
            bbr_state: self.bbr.state(),
            bandwidth: self.bbr.bandwidth(self.mtu.payload()),
            written: self.buffer.end(),
            acked: self.buffer.acked(),
            delivered: self.incoming.delivered,
            consumed: self.incoming.consumed,
        }
    }
}
