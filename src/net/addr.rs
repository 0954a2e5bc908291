//! Addresses, and the 6 bytes that each takes on the wire.

use std::net::{Ipv4Addr, SocketAddrV4};

/// An IPv4 address and a port: 6 bytes on the wire.
pub type Addr = SocketAddrV4;

/// Bytes that an address takes on the wire.
pub const ADDR_LEN: usize = 6;

/// The 6 bytes of an address: IPv4, then the port, little-endian.
pub fn encode_addr(addr: Addr) -> [u8; ADDR_LEN] {
    let [a, b, c, d] = addr.ip().octets();
    let [low, high] = addr.port().to_le_bytes();
    [a, b, c, d, low, high]
}

/// The address in the first 6 bytes; `None` if there are fewer.
pub fn decode_addr(bytes: &[u8]) -> Option<Addr> {
    bytes.first_chunk().map(from_wire)
}

/// The address of its 6 bytes.
pub fn from_wire(bytes: &[u8; ADDR_LEN]) -> Addr {
    let [a, b, c, d, low, high] = *bytes;
    SocketAddrV4::new(Ipv4Addr::new(a, b, c, d), u16::from_le_bytes([low, high]))
}
