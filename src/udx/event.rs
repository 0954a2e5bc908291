//! What a hub tells its driver.

use std::net::SocketAddr;

use bytes::Bytes;

use super::calls::StreamStats;
use super::error::CloseReason;
use super::slots::StreamKey;
use super::transmit::SocketId;

/// What a hub tells its driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bytes of the stream, in order. In-order ones share memory with the datagram that they came
    /// in: who keeps them for long copies them. Once the reader has taken them, call `consumed`.
    Data { stream: StreamKey, bytes: Bytes },
    /// The peer ended its direction; all data came before.
    End { stream: StreamKey },
    /// A message outside of the stream.
    Message { stream: StreamKey, bytes: Bytes },
    /// So many of the bytes that were written are acknowledged.
    Acked { stream: StreamKey, total: u64 },
    /// The backlog fell below its mark, after a write that was told to wait.
    Drain { stream: StreamKey },
    /// All that was sent before `change_remote` is acknowledged.
    RemoteChanged { stream: StreamKey },
    /// A packet came while the stream was not connected, or by another socket. Answer with
    /// `firewall_verdict`; commands given before that take effect first. Then handle what comes of
    /// it, and call `firewall_continue`.
    FirewallWanted { stream: StreamKey, socket: SocketId, from: SocketAddr },
    /// A packet for a stream that relays to one of another hub; see [`super::RelayTarget`].
    Forward { stream: StreamKey, packet: Bytes },
    /// The stream is gone. Nothing follows.
    Closed { stream: StreamKey, reason: CloseReason, stats: Box<StreamStats> },
}

impl Event {
    /// Whom it is about.
    pub fn stream(&self) -> StreamKey {
        match self {
            Self::Data { stream, .. }
            | Self::End { stream }
            | Self::Message { stream, .. }
            | Self::Acked { stream, .. }
            | Self::Drain { stream }
            | Self::RemoteChanged { stream }
            | Self::FirewallWanted { stream, .. }
            | Self::Forward { stream, .. }
            | Self::Closed { stream, .. } => *stream,
        }
    }
}
