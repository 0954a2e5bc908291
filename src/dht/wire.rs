//! Datagrams, version 3: views into the received bytes, and writers into the caller's buffer.
//!
//! ```text
//! request  03 | flags | tid u16 | to addr | [id] | [token] | command uint | [target] | [value]
//! reply    13 | flags | tid u16 | to addr | [id] | [token] | [closer nodes] | [error uint] | [value]
//! ```
//!
//! Integers are little-endian. An addr is 4 bytes of IPv4 and a u16 port; an id, a token and a
//! target are 32 bytes each. A uint is 1 byte up to 0xfc, else 0xfd and a u16, 0xfe and a u32, or
//! 0xff and a u64 of at most [`MAX_UINT`]. A value is a uint length and that many bytes; closer
//! nodes are a uint count and that many addrs.

pub use crate::net::addr::{decode_addr, encode_addr};
pub use crate::net::transmit::MAX_DATAGRAM;

use crate::net::addr::{ADDR_LEN, Addr, from_wire};

/// The largest uint that is accepted: 2^53-1, the integers that JavaScript can hold.
pub const MAX_UINT: u64 = (1 << 53) - 1;

/// Internal commands. Without the internal flag the same numbers are the user's own.
pub mod command {
    pub const PING: u64 = 0;
    /// Value: u16 port of the sender's host that the reply is to go to.
    pub const PING_NAT: u64 = 1;
    /// Takes a target.
    pub const FIND_NODE: u64 = 2;
    /// Value: the addr of a node that does not answer.
    pub const DOWN_HINT: u64 = 3;
    /// Value: u32 of ms after which to reply.
    pub const DELAYED_PING: u64 = 4;
}

/// Error of a reply: nobody serves that command.
pub const UNKNOWN_COMMAND: u64 = 1;
/// Error of a reply: the request's token is too old, or another host's.
pub const INVALID_TOKEN: u64 = 2;

/// A decoded datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    Request(Request<'a>),
    Reply(Reply<'a>),
}

/// A request, read or to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    pub tid: u16,
    /// Who it is sent to, as the sender sees it.
    pub to: Addr,
    /// The sender's, not verified.
    pub id: Option<&'a [u8; 32]>,
    pub token: Option<&'a [u8; 32]>,
    pub internal: bool,
    /// At most [`MAX_UINT`].
    pub command: u64,
    pub target: Option<&'a [u8; 32]>,
    pub value: Option<&'a [u8]>,
}

/// A reply that was read. Its counterpart to be sent is [`ReplyHead`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    pub tid: u16,
    /// Who it is sent to, as the sender sees it.
    pub to: Addr,
    /// The sender's, not verified.
    pub id: Option<&'a [u8; 32]>,
    pub token: Option<&'a [u8; 32]>,
    pub closer_nodes: Option<Addrs<'a>>,
    /// 0 is none.
    pub error: u64,
    pub value: Option<&'a [u8]>,
}

/// A reply to be sent. Error 0 and empty closer nodes are left out of the datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyHead<'a> {
    pub tid: u16,
    pub to: Addr,
    pub id: Option<&'a [u8; 32]>,
    pub token: Option<&'a [u8; 32]>,
    pub closer_nodes: &'a [Addr],
    /// At most [`MAX_UINT`].
    pub error: u64,
    pub value: Option<&'a [u8]>,
}

/// Addresses inside a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addrs<'a>(&'a [[u8; ADDR_LEN]]);

/// Reads a datagram. `None` if it is not of this protocol and version, is cut short, is malformed,
/// or is longer than [`MAX_DATAGRAM`]. Bytes after the last field are ignored.
pub fn decode(datagram: &[u8]) -> Option<Message<'_>> {
    if datagram.len() > MAX_DATAGRAM {
        return None;
    }
    let (&kind, rest) = datagram.split_first()?;
    let reader = Reader { rest };
    match kind {
        REQUEST => read_request(reader).map(Message::Request),
        REPLY => read_reply(reader).map(Message::Reply),
        _ => None,
    }
}

/// The tid of what looks like a reply; `None` for anything else.
pub(super) fn reply_tid(datagram: &[u8]) -> Option<u16> {
    match datagram {
        // Flags of more than one byte are rare enough to be read with care only.
        [REPLY, 0..=0xfc, low, high, ..] => Some(u16::from_le_bytes([*low, *high])),
        _ => None,
    }
}

impl Request<'_> {
    /// Bytes that [`Request::encode`] appends.
    pub fn encoded_len(&self) -> usize {
        HEAD_LEN
            + fixed_len(self.id)
            + fixed_len(self.token)
            + uint_len(self.command)
            + fixed_len(self.target)
            + value_len(self.value)
    }

    /// Appends the datagram to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let flags = flag(self.id.is_some(), ID)
            | flag(self.token.is_some(), TOKEN)
            | flag(self.internal, INTERNAL)
            | flag(self.target.is_some(), TARGET)
            | flag(self.value.is_some(), VALUE);
        out.reserve(self.encoded_len());
        put_head(out, [REQUEST, flags], self.tid, self.to);
        put_fixed(out, self.id);
        put_fixed(out, self.token);
        put_uint(out, self.command);
        put_fixed(out, self.target);
        put_value(out, self.value);
    }
}

impl ReplyHead<'_> {
    /// Bytes that [`ReplyHead::encode`] appends.
    pub fn encoded_len(&self) -> usize {
        HEAD_LEN
            + fixed_len(self.id)
            + fixed_len(self.token)
            + match self.closer_nodes.len() {
                0 => 0,
                count => uint_len(count as u64) + count * ADDR_LEN,
            }
            + match self.error {
                0 => 0,
                error => uint_len(error),
            }
            + value_len(self.value)
    }

    /// Appends the datagram to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let flags = flag(self.id.is_some(), ID)
            | flag(self.token.is_some(), TOKEN)
            | flag(!self.closer_nodes.is_empty(), CLOSER_NODES)
            | flag(self.error != 0, ERROR)
            | flag(self.value.is_some(), VALUE);
        out.reserve(self.encoded_len());
        put_head(out, [REPLY, flags], self.tid, self.to);
        put_fixed(out, self.id);
        put_fixed(out, self.token);
        if !self.closer_nodes.is_empty() {
            put_uint(out, self.closer_nodes.len() as u64);
            for addr in self.closer_nodes {
                out.extend_from_slice(&encode_addr(*addr));
            }
        }
        if self.error != 0 {
            put_uint(out, self.error);
        }
        put_value(out, self.value);
    }
}

/// Bytes of the shortest request, with a target or without.
pub(super) const fn least_request_len(target: bool) -> usize {
    HEAD_LEN + 1 + if target { 32 } else { 0 }
}

impl<'a> Addrs<'a> {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of the datagram.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Addr> + Clone + use<'a> {
        self.0.iter().map(from_wire)
    }
}

const REQUEST: u8 = 0x03;
const REPLY: u8 = 0x13;

const ID: u8 = 1;
const TOKEN: u8 = 2;
const INTERNAL: u8 = 4;
const CLOSER_NODES: u8 = 4;
const TARGET: u8 = 8;
const ERROR: u8 = 8;
const VALUE: u8 = 16;

const HEAD_LEN: usize = 2 + 2 + ADDR_LEN;

/// Bounds a list of addresses, as compact-encoding does.
const MAX_ADDRS: u64 = 0x10_0000;

fn read_request<'a>(mut reader: Reader<'a>) -> Option<Request<'a>> {
    let flags = reader.flags()?;
    Some(Request {
        tid: reader.u16()?,
        to: reader.addr()?,
        id: reader.fixed(flags & ID)?,
        token: reader.fixed(flags & TOKEN)?,
        internal: flags & INTERNAL != 0,
        command: reader.uint()?,
        target: reader.fixed(flags & TARGET)?,
        value: reader.value(flags & VALUE)?,
    })
}

fn read_reply<'a>(mut reader: Reader<'a>) -> Option<Reply<'a>> {
    let flags = reader.flags()?;
    Some(Reply {
        tid: reader.u16()?,
        to: reader.addr()?,
        id: reader.fixed(flags & ID)?,
        token: reader.fixed(flags & TOKEN)?,
        closer_nodes: reader.addrs(flags & CLOSER_NODES)?,
        error: reader.error(flags & ERROR)?,
        value: reader.value(flags & VALUE)?,
    })
}

/// Reads field after field; `None` is a datagram cut short or malformed. An optional field takes
/// its flag and is `Some(None)` if that is 0.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn chunk<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(chunk)
    }

    fn bytes(&mut self, len: u64) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(usize::try_from(len).ok()?)?;
        self.rest = rest;
        Some(bytes)
    }

    /// Written as one byte, read as a uint whose higher bits mean nothing.
    fn flags(&mut self) -> Option<u8> {
        Some(self.uint()?.to_le_bytes()[0])
    }

    fn u16(&mut self) -> Option<u16> {
        self.chunk().copied().map(u16::from_le_bytes)
    }

    fn uint(&mut self) -> Option<u64> {
        match self.chunk()? {
            [0xfd] => self.u16().map(u64::from),
            [0xfe] => self.chunk().copied().map(u32::from_le_bytes).map(u64::from),
            [0xff] => {
                let long = self.chunk().copied().map(u64::from_le_bytes)?;
                (long <= MAX_UINT).then_some(long)
            }
            [short] => Some(u64::from(*short)),
        }
    }

    fn addr(&mut self) -> Option<Addr> {
        self.chunk().map(from_wire)
    }

    fn fixed(&mut self, flag: u8) -> Option<Option<&'a [u8; 32]>> {
        if flag == 0 {
            return Some(None);
        }
        self.chunk().map(Some)
    }

    fn addrs(&mut self, flag: u8) -> Option<Option<Addrs<'a>>> {
        if flag == 0 {
            return Some(None);
        }
        let count = self.uint()?;
        if count > MAX_ADDRS {
            return None;
        }
        let (addrs, _) = self.bytes(count * ADDR_LEN as u64)?.as_chunks();
        Some(Some(Addrs(addrs)))
    }

    fn error(&mut self, flag: u8) -> Option<u64> {
        if flag == 0 {
            return Some(0);
        }
        self.uint()
    }

    fn value(&mut self, flag: u8) -> Option<Option<&'a [u8]>> {
        if flag == 0 {
            return Some(None);
        }
        let len = self.uint()?;
        self.bytes(len).map(Some)
    }
}

fn flag(on: bool, bit: u8) -> u8 {
    if on { bit } else { 0 }
}

fn fixed_len(field: Option<&[u8; 32]>) -> usize {
    field.map_or(0, |bytes| bytes.len())
}

fn value_len(value: Option<&[u8]>) -> usize {
    value.map_or(0, |bytes| uint_len(bytes.len() as u64) + bytes.len())
}

fn uint_len(n: u64) -> usize {
    match n {
        0..=0xfc => 1,
        0xfd..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

fn put_head(out: &mut Vec<u8>, kind_and_flags: [u8; 2], tid: u16, to: Addr) {
    out.extend_from_slice(&kind_and_flags);
    out.extend_from_slice(&tid.to_le_bytes());
    out.extend_from_slice(&encode_addr(to));
}

fn put_fixed(out: &mut Vec<u8>, field: Option<&[u8; 32]>) {
    if let Some(bytes) = field {
        out.extend_from_slice(bytes);
    }
}

fn put_value(out: &mut Vec<u8>, value: Option<&[u8]>) {
    if let Some(bytes) = value {
        put_uint(out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
}

fn put_uint(out: &mut Vec<u8>, n: u64) {
    let bytes = n.to_le_bytes();
    match uint_len(n) {
        1 => out.push(bytes[0]),
        3 => out.extend_from_slice(&[0xfd, bytes[0], bytes[1]]),
        5 => {
            out.push(0xfe);
            out.extend_from_slice(&bytes[..4]);
        }
        _ => {
            out.push(0xff);
            out.extend_from_slice(&bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uints_take_the_least_bytes() {
        let sizes = [(0xfc, 1), (0xfd, 3), (0xffff, 3), (0x1_0000, 5), (u32::MAX as u64, 5)];
        for (n, len) in sizes.into_iter().chain([(1 << 32, 9), (MAX_UINT, 9)]) {
            let mut out = Vec::new();
            put_uint(&mut out, n);
            assert_eq!((out.len(), uint_len(n)), (len, len), "{n}");
            assert_eq!(Reader { rest: &out }.uint(), Some(n));
            assert_eq!(Reader { rest: &out[..len - 1] }.uint(), None);
        }
    }

    #[test]
    fn values_that_are_empty_are_not_absent() {
        let request = Request {
            tid: 1,
            to: Addr::new(std::net::Ipv4Addr::LOCALHOST, 2),
            id: None,
            token: None,
            internal: false,
            command: 0,
            target: None,
            value: Some(&[]),
        };
        let mut out = Vec::new();
        request.encode(&mut out);
        assert_eq!(out, [3, 16, 1, 0, 127, 0, 0, 1, 2, 0, 0, 0]);
        assert_eq!(decode(&out), Some(Message::Request(request)));
    }
}
