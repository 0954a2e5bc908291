//! The packets of UDX: a header of 20 bytes, then padding or SACK blocks, then the payload. All
//! numbers are little-endian. One datagram is one packet. What udx-native 1.17 to 1.21 send.

/// Bytes of a header.
pub const HEADER_LEN: usize = 20;

/// Bytes of a SACK block: where it begins, and where it ends.
pub const BLOCK_LEN: usize = 8;

/// Blocks that a packet carries at most, as udx-native 1.21.3 does.
pub const MAX_BLOCKS: usize = 50;

/// Blocks that are read of a packet: as many as fit the 2 048 bytes that udx-native reads.
pub const MAX_BLOCKS_READ: usize = (2048 - HEADER_LEN) / BLOCK_LEN;

const MAGIC: u8 = 0xff;
const VERSION: u8 = 1;

/// What a packet is; several may be set. Without any it is a *state packet*, a plain acknowledgement.
pub mod flag {
    /// A piece of the byte stream; takes a number.
    pub const DATA: u8 = 0x01;
    /// The last packet of its direction; takes a number, and may carry data.
    pub const END: u8 = 0x02;
    /// Says which numbers beyond `ack` came in.
    pub const SACK: u8 = 0x04;
    /// A message outside of the stream.
    pub const MESSAGE: u8 = 0x08;
    /// The sender gave the stream up.
    pub const DESTROY: u8 = 0x10;
    /// Asks for a state packet.
    pub const HEARTBEAT: u8 = 0x20;
}

/// The header of a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Of [`flag`].
    pub flags: u8,
    /// Bytes between the header and the payload.
    pub data_offset: u8,
    /// The stream's id at the receiver.
    pub id: u32,
    /// Bytes that the sender is willing to buffer.
    pub window: u32,
    /// The number of this packet if it takes one, else the next that the sender will use.
    pub seq: u32,
    /// The number that the sender expects next.
    pub ack: u32,
}

impl Header {
    /// Of the first 20 bytes; `None` if there are fewer, or if they are no UDX of version 1.
    pub fn decode(packet: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_LEN] = packet.first_chunk()?;
        if bytes[0] != MAGIC || bytes[1] != VERSION {
            return None;
        }
        Some(Self {
            flags: bytes[2],
            data_offset: bytes[3],
            id: u32_at(bytes, 4),
            window: u32_at(bytes, 8),
            seq: u32_at(bytes, 12),
            ack: u32_at(bytes, 16),
        })
    }

    /// Appends its 20 bytes.
    pub fn encode(&self, buf: &mut Vec<u8>) {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&[MAGIC, VERSION, self.flags, self.data_offset]);
        bytes[4..8].copy_from_slice(&self.id.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.window.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.seq.to_le_bytes());
        bytes[16..].copy_from_slice(&self.ack.to_le_bytes());
        buf.extend_from_slice(&bytes);
    }

    /// Whether any of these flags is set.
    pub fn has(&self, flags: u8) -> bool {
        self.flags & flags != 0
    }
}

/// Whether it is a packet, by its first bytes and its length.
pub fn is_packet(datagram: &[u8]) -> bool {
    datagram.len() >= HEADER_LEN && datagram[..2] == [MAGIC, VERSION]
}

fn u32_at(bytes: &[u8; HEADER_LEN], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Addresses a packet to another stream. Nothing happens to what is shorter than a header.
pub fn set_id(packet: &mut [u8], id: u32) {
    if let Some(field) = packet.get_mut(4..8) {
        field.copy_from_slice(&id.to_le_bytes());
    }
}

/// The SACK blocks in what follows a header: where each begins, and where it ends. They take
/// `data_offset` bytes, or all that there is.
pub fn blocks(rest: &[u8], data_offset: u8) -> impl Iterator<Item = (u32, u32)> {
    let taken = match usize::from(data_offset) {
        0 => rest.len(),
        offset => offset.min(rest.len()),
    };
    let (chunks, _) = rest[..taken].as_chunks::<BLOCK_LEN>();
    chunks.iter().take(MAX_BLOCKS_READ).map(|block| {
        let [a, b, c, d, e, f, g, h] = *block;
        (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
    })
}

/// Appends a SACK block.
pub fn encode_block(start: u32, end: u32, buf: &mut Vec<u8>) {
    buf.extend_from_slice(&start.to_le_bytes());
    buf.extend_from_slice(&end.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header {
        flags: flag::DATA | flag::END,
        data_offset: 3,
        id: 0x0403_0201,
        window: 4 << 20,
        seq: u32::MAX,
        ack: 7,
    };

    #[test]
    fn a_header_is_the_20_bytes_that_udx_native_sends() {
        let mut bytes = Vec::new();
        HEADER.encode(&mut bytes);
        let wanted = [0xff, 1, 3, 3, 1, 2, 3, 4, 0, 0, 0x40, 0, 0xff, 0xff, 0xff, 0xff, 7, 0, 0, 0];
        assert_eq!(bytes, wanted);
        assert_eq!(Header::decode(&bytes), Some(HEADER));
    }

    #[test]
    fn what_is_short_or_of_another_kind_is_no_header() {
        let mut bytes = Vec::new();
        HEADER.encode(&mut bytes);
        assert_eq!(Header::decode(&bytes[..19]), None);
        for at in [0, 1] {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_eq!(Header::decode(&other), None);
        }
    }

    #[test]
    fn blocks_take_the_offset_or_the_rest() {
        let mut rest = Vec::new();
        encode_block(3, 5, &mut rest);
        encode_block(u32::MAX, 2, &mut rest);
        rest.extend_from_slice(b"payload");
        let read = |offset| blocks(&rest, offset).collect::<Vec<_>>();
        assert_eq!(read(16), [(3, 5), (u32::MAX, 2)]);
        assert_eq!(read(8), [(3, 5)]);
        assert_eq!(read(0), [(3, 5), (u32::MAX, 2)]);
        assert_eq!(read(255).len(), 2);
        assert_eq!(blocks(&[0; 7], 0).count(), 0);
        assert_eq!(blocks(&[0; 60_000], 0).count(), MAX_BLOCKS_READ);
    }

    #[test]
    fn a_packet_is_addressed_to_another_stream() {
        let mut bytes = Vec::new();
        HEADER.encode(&mut bytes);
        set_id(&mut bytes, 9);
        assert_eq!(Header::decode(&bytes), Some(Header { id: 9, ..HEADER }));
        set_id(&mut bytes[..7], 1);
        assert_eq!(bytes[4], 9);
    }
}
