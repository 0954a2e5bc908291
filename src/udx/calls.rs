//! What the calls of a hub take and give.

use std::net::SocketAddr;

use super::congestion::BbrState;
use super::counters::Traffic;
use super::slots::StreamKey;
use super::transmit::SocketId;

/// Who decides about packets that come while a stream is not connected, or by another socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Firewall {
    /// They are dropped. What udx-native does without a firewall.
    #[default]
    Reject,
    /// The user is asked by [`super::Event::FirewallWanted`], for each packet.
    Ask,
    /// They pass.
    Accept,
}

/// How a stream begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamOptions {
    pub firewall: Firewall,
    /// The number of the first packet that it sends.
    pub seq: u32,
}

/// Where a stream's packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remote {
    pub socket: SocketId,
    /// The id by which the peer knows the stream.
    pub id: u32,
    pub addr: SocketAddr,
}

/// What `connect` takes beside the remote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The number of the first packet that is expected; heeded while nothing came in.
    pub ack: u32,
    /// Bytes of a packet that the route's first link takes, IP header included; `None` if the
    /// system does not tell.
    pub route_mtu: Option<u16>,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes written to the stream so far. They are acknowledged when [`super::Event::Acked`] says
    /// so many.
    pub total: u64,
    /// False if the writer had better wait for [`super::Event::Drain`].
    pub is_drained: bool,
}

/// Where a stream relays to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayTarget {
    /// A stream of this hub.
    Stream(StreamKey),
    /// A stream of another hub: packets come out as [`super::Event::Forward`], for that hub's
    /// `forward`. When that stream closes, the driver calls `relay_target_closed`.
    Elsewhere,
}

/// What became of `change_remote`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteChange {
    /// Nothing was on its way: done.
    Done,
    /// [`super::Event::RemoteChanged`] follows when all that was sent before is acknowledged.
    Pending,
}

/// A stream's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamStats {
    pub traffic: Traffic,
    /// Bytes of a packet, headers of IP and UDP included.
    pub mtu: u16,
    /// Smoothed round-trip time in µs; 0 before the first sample.
    pub rtt_us: u64,
    /// The congestion window in packets.
    pub cwnd: u32,
    /// Bytes on their way, headers of UDX included.
    pub in_flight: usize,
    pub retransmits: u64,
    pub fast_recoveries: u64,
    /// Retransmission time-outs since the last progress.
    pub rto_count: u32,
    pub bbr_state: BbrState,
    /// What the path takes, as far as is known, in bytes a second.
    pub bandwidth: u64,
    /// Bytes written, and those of them that are acknowledged.
    pub written: u64,
    pub acked: u64,
    /// Bytes handed to the reader, and those of them that it has taken.
    pub delivered: u64,
    pub consumed: u64,
}
