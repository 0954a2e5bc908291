//! Who the datagrams come from, and what they say.

use arbitrary::Arbitrary;
use dht_rpc_native::dht::wire::{ReplyHead, Request};
use dht_rpc_native::dht::{Addr, Bytes32, Id};
use dht_rpc_native::net::addr::encode_addr;

/// An address: mostly of a few, so that nodes come back and hosts have several ports.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Peer {
    Public(u8),
    Loopback(u8),
    Private(u8),
    Any([u8; 4], u16),
}

impl Peer {
    /// Hosts of a /24, which have two ports each.
    pub fn of_subnet(subnet: u8, n: u8) -> Self {
        Self::Any([99, 1, subnet, n >> 1], 4000 + u16::from(n & 1))
    }

    pub fn addr(self) -> Addr {
        match self {
            Self::Public(n) => Addr::new([88, 1, n >> 5, n & 31].into(), 4000 + u16::from(n & 3)),
            Self::Loopback(n) => Addr::new([127, 0, 0, n & 7].into(), 4000 + u16::from(n >> 3)),
            Self::Private(n) => Addr::new([10, 0, n, 1].into(), 4000),
            Self::Any(ip, port) => Addr::new(ip.into(), port),
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Shown {
    Nothing,
    /// The right one for the sender.
    Own,
    /// Somebody else's.
    Others(u8),
}

impl Shown {
    pub fn id(self, from: Addr) -> Option<Bytes32> {
        match self {
            Self::Nothing => None,
            Self::Own => Some(*Id::of(from).as_bytes()),
            Self::Others(n) => Some([n; 32]),
        }
    }
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Token {
    Nothing,
    /// One that the node issued, counted back from the last.
    Issued(u8),
    Forged(u8),
}

/// The value of a request or a reply.
#[derive(Arbitrary, Clone, Debug)]
pub enum Value {
    Nothing,
    Number(u32),
    Addr(Peer),
    Bytes(Vec<u8>),
    Zeros(u16),
}

impl Value {
    /// At most what fits a datagram, and somewhat more.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Nothing => None,
            Self::Number(number) => Some(number.to_le_bytes().to_vec()),
            Self::Addr(peer) => Some(encode_addr(peer.addr()).to_vec()),
            Self::Bytes(bytes) => Some(bytes.clone()),
            Self::Zeros(len) => Some(vec![0; usize::from(*len % 2100)]),
        }
    }
}

/// A request to the node, well-formed but for its length.
#[derive(Arbitrary, Clone, Debug)]
pub struct Asked {
    pub from: Peer,
    id: Shown,
    pub token: Token,
    internal: bool,
    command: u8,
    target: Option<u8>,
    value: Value,
    tid: u16,
}

impl Asked {
    pub fn by(&self, from: Peer) -> Self {
        Self { from, ..self.clone() }
    }

    pub fn encode(&self, to: Addr, token: Option<Bytes32>) -> Vec<u8> {
        let (id, target) = (self.id.id(self.from.addr()), self.target.map(|n| [n; 32]));
        let value = self.value.bytes();
        let mut bytes = Vec::new();
        let request = Request {
            tid: self.tid,
            to,
            id: id.as_ref(),
            token: token.as_ref(),
            internal: self.internal,
            command: u64::from(self.command & 15),
            target: target.as_ref(),
            value: value.as_deref(),
        };
        request.encode(&mut bytes);
        bytes
    }
}

/// A reply to one of the node's requests.
#[derive(Arbitrary, Clone, Debug)]
pub struct Answered {
    /// Which one, counted back from the last.
    pub nth: u8,
    /// `None` is who was asked.
    pub from: Option<Peer>,
    id: Shown,
    token: bool,
    closer_nodes: Vec<Peer>,
    error: Option<u8>,
    value: Value,
    to: Option<Peer>,
}

impl Answered {
    pub fn encode(&self, tid: u16, from: Addr, to: Addr) -> Vec<u8> {
        let id = self.id.id(from);
        let value = self.value.bytes();
        let closer: Vec<_> = self.closer_nodes.iter().take(341).map(|peer| peer.addr()).collect();
        let mut bytes = Vec::new();
        let reply = ReplyHead {
            tid,
            to: self.to.map_or(to, Peer::addr),
            id: id.as_ref(),
            token: self.token.then_some(&[7; 32]),
            closer_nodes: &closer,
            error: self.error.map_or(0, u64::from),
            value: value.as_deref(),
        };
        reply.encode(&mut bytes);
        bytes
    }
}
