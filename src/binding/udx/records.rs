//! The layout of what sockets and hubs tell JavaScript. Its other half is `lib/udx/records.js`.

use std::net::SocketAddr;

use super::super::crossing::pack::{record, words};

/// What a record tells, in the upper 8 bits of its first word.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Kind {
    /// `port | family << 16, ip (of IPv4), bytes of the text of an address of IPv6, bytes of the datagram,
    /// text, datagram`
    Message = 1,
    /// The machine's network interfaces changed.
    NetworkChange = 2,
}

/// A datagram that came on the socket `handle`.
pub fn message(out: &mut Vec<u8>, handle: u32, from: SocketAddr, bytes: &[u8]) {
    record(out, Kind::Message as u8, handle, |out| {
        let (family, ip, text) = match from {
            SocketAddr::V4(from) => (4, from.ip().to_bits(), String::new()),
            SocketAddr::V6(from) => (6, 0, from.ip().to_string()),
        };
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
