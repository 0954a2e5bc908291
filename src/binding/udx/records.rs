//! The layout of what sockets and hubs tell JavaScript. Its other half is `lib/udx/records.js`.

use std::net::SocketAddr;

use bytes::Bytes;

use super::super::crossing::pack::{double, record, words};
use crate::udx::{CloseReason, Event, StreamStats};

/// What a record tells, in the upper 8 bits of its first word.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Kind {
    /// `port | family << 16, ip (of IPv4), bytes of the text of an address of IPv6, bytes of the datagram,
    /// text, datagram`
    Message = 1,
    /// The machine's network interfaces changed.
    NetworkChange = 2,
    /// Bytes of a stream: how many, then they.
    Data = 3,
    /// Bytes of a stream wait beside the records.
    BytesWait = 4,
    /// The peer's direction is over.
    End = 5,
    /// One that came outside of the stream: how many bytes, then they.
    StreamMessage = 6,
    /// Doubles: bytes that are acknowledged, bytes of backlog beyond which a writer had better wait.
    Acked = 7,
    RemoteChanged = 8,
    /// As [`Kind::Message`], with the hub's number of the socket in the place of a length.
    Firewall = 9,
    /// All that came of a verdict was told.
    Handled = 10,
    /// `reason, 0`, then doubles: [`figures`]. Zeros, if it [`crashed`].
    Closed = 11,
}

/// The reason of a stream whose hub panicked.
const CRASHED: u32 = 3;

/// Figures of a stream.
const FIGURES: usize = 13;

/// A datagram that came on the socket `handle`.
pub fn message(out: &mut Vec<u8>, handle: u32, from: SocketAddr, bytes: &[u8]) {
    record(out, Kind::Message as u8, handle, |out| {
        let (family, ip, text) = sender(from);
        let port = u32::from(from.port());
        words(out, &[port | family << 16, ip, text.len() as u32, bytes.len() as u32]);
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(bytes);
    });
}

/// For the hub `handle`.
pub fn network_change(out: &mut Vec<u8>, handle: u32) {
    record(out, Kind::NetworkChange as u8, handle, |_| ());
}

/// Bytes of the stream `handle`, which lie in pieces.
pub fn data(out: &mut Vec<u8>, handle: u32, len: usize, pieces: &[Bytes]) {
    record(out, Kind::Data as u8, handle, |out| {
        words(out, &[len as u32]);
        pieces.iter().for_each(|piece| out.extend_from_slice(piece));
    });
}

pub fn bytes_wait(out: &mut Vec<u8>, handle: u32) {
    record(out, Kind::BytesWait as u8, handle, |_| ());
}

pub fn acked(out: &mut Vec<u8>, handle: u32, total: u64, mark: u64) {
    record(out, Kind::Acked as u8, handle, |out| {
        double(out, total as f64);
        double(out, mark as f64);
    });
}

pub fn handled(out: &mut Vec<u8>, handle: u32) {
    record(out, Kind::Handled as u8, handle, |_| ());
}

/// Whatever else comes of the stream `handle`. Nothing for what has a record of its own, or is nobody's.
pub fn stream_event(out: &mut Vec<u8>, handle: u32, event: &Event) {
    match event {
        Event::End { .. } => record(out, Kind::End as u8, handle, |_| ()),
        Event::RemoteChanged { .. } => record(out, Kind::RemoteChanged as u8, handle, |_| ()),
        Event::Message { bytes, .. } => record(out, Kind::StreamMessage as u8, handle, |out| {
            words(out, &[bytes.len() as u32]);
            out.extend_from_slice(bytes);
        }),
        Event::FirewallWanted { socket, from, .. } => {
            record(out, Kind::Firewall as u8, handle, |out| {
                let (family, ip, text) = sender(*from);
                let port = u32::from(from.port());
                words(out, &[port | family << 16, ip, text.len() as u32, socket.0]);
                out.extend_from_slice(text.as_bytes());
            });
        }
        Event::Closed { reason, stats, .. } => record(out, Kind::Closed as u8, handle, |out| {
            words(out, &[reason_number(*reason), 0]);
            figures(stats).into_iter().for_each(|figure| double(out, figure));
        }),
        Event::Data { .. } | Event::Acked { .. } | Event::Drain { .. } | Event::Forward { .. } => {}
    }
}

/// The stream `handle` is gone with its hub, which panicked: nobody knows its figures.
pub fn crashed(out: &mut Vec<u8>, handle: u32) {
    record(out, Kind::Closed as u8, handle, |out| {
        words(out, &[CRASHED, 0]);
        (0..FIGURES).for_each(|_| double(out, 0.0));
    });
}

fn reason_number(reason: CloseReason) -> u32 {
    match reason {
        CloseReason::Ended | CloseReason::Destroyed | CloseReason::RelayClosed => 0,
        CloseReason::Reset => 1,
        CloseReason::TimedOut => 2,
    }
}

/// A stream's figures, in the order in which `lib/udx` names them.
pub fn figures(stats: &StreamStats) -> [f64; FIGURES] {
    let StreamStats { traffic, .. } = stats;
    [
        f64::from(stats.mtu),
        (stats.rtt_us / 1000) as f64,
        f64::from(stats.cwnd),
        stats.in_flight as f64,
        stats.retransmits as f64,
        stats.fast_recoveries as f64,
        f64::from(stats.rto_count),
        f64::from(stats.bbr_state as u8),
        stats.bandwidth as f64,
        traffic.bytes_transmitted as f64,
        traffic.packets_transmitted as f64,
        traffic.bytes_received as f64,
        traffic.packets_received as f64,
    ]
}

/// Family, address of IPv4, text of one of IPv6.
fn sender(from: SocketAddr) -> (u32, u32, String) {
    match from {
        SocketAddr::V4(from) => (4, from.ip().to_bits(), String::new()),
        SocketAddr::V6(from) => (6, 0, from.ip().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::crossing::inbox::{Frame, Input};
    use super::*;

    /// Port, family, address of IPv4, text, datagram.
    fn read(from: &str, bytes: &[u8]) -> (u32, u32, u32, Vec<u8>, Vec<u8>) {
        let mut out = Vec::new();
        message(&mut out, 7, from.parse().unwrap(), bytes);
        let frame = Frame::first(&out).unwrap();
        assert_eq!((frame.kind, frame.handle, frame.bytes.len()), (1, 7, out.len()));
        let mut input = Input(frame.body());
        let (head, ip) = (input.word().unwrap(), input.word().unwrap());
        let (text, len) = (input.word().unwrap(), input.word().unwrap());
        let text = input.take(text as usize).unwrap().to_vec();
        (head & 0xffff, head >> 16, ip, text, input.take(len as usize).unwrap().to_vec())
    }

    #[test]
    fn a_message_is_told_with_its_sender() {
        let v4 = (5, 4, 0x7f00_0001, Vec::new(), b"hello".to_vec());
        assert_eq!(read("127.0.0.1:5", b"hello"), v4);
        let v6 = (65535, 6, 0, b"fe80::1".to_vec(), Vec::new());
        assert_eq!(read("[fe80::1%3]:65535", b""), v6);
    }
}
