//! The layout of what JavaScript sends. Its other half is `lib/commands.js`.
//!
//! ```text
//! request  user, flags (1 token, 2 internal, 4 target, 8 value), ip, port | ttl << 16,
//!          socket (0 the one in use), session (0 none), retries, time-out ms (0 default),
//!          command f64, value length, 0, [token 32][target 32][value]
//! reply    kind (0 reply, 1 relay) | flags << 8 (1 token wanted, 2 closer nodes wanted, 4 target,
//!          8 value, 16 internal), tid | ttl << 16, ip, port, socket, value length,
//!          error or command f64, [target 32][value]
//! query    flags (1 internal, 2 value, 4 force, 8 only closest nodes, 16 rows, 32 nodes given,
//!          64 they are the senders of replies, some without an id for good),
//!          concurrency, retries, commit (0 none, 1 auto, 2 JavaScript's), session, count of
//!          nodes, value length, 0, command f64, target 32, [value padded to 8][count × contact]
//! ```
//!
//! JavaScript checked every field before it packed it; a record that does not fit its layout is
//! `None` all the same, never a panic.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::records::socket_of;
use crate::proto::{
    Addr, Bytes32, Commit, Contact, Given, Id, QuerySpec, RelaySpec, ReplySpec, RequestSpec, Socket,
};

/// Largest integer that JavaScript holds exactly, which is also the protocol's largest `uint`.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A reply or a relay, owned until the shard sends it.
pub struct Answer {
    relay: bool,
    internal: bool,
    token: bool,
    closer_nodes: bool,
    socket: Socket,
    tid: u16,
    to: Addr,
    /// The error of a reply, the command of a relay.
    number: u64,
    target: Option<Bytes32>,
    value: Option<Box<[u8]>>,
}

impl Answer {
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Input(bytes);
        let head = input.word()?;
        let has = |bit: u32| head >> 8 & bit != 0;
        let tid = input.word()? as u16;
        let to = Addr::new(input.ip()?, input.word()? as u16);
        let socket = socket_of(input.word()?)?;
        let value_len = input.word()? as usize;
        let number = input.uint()?;
        Some(Self {
            relay: head & 0xff == 1,
            token: has(1),
            closer_nodes: has(2),
            internal: has(16),
            socket,
            tid,
            to,
            number,
            target: input.bytes32_if(has(4))?,
            value: input.boxed_if(has(8), value_len)?,
        })
    }

    pub fn send(&self, node: &mut crate::proto::Node, now: crate::proto::Now) {
        let Self { socket, tid, to, number, .. } = *self;
        let (target, value) = (self.target.as_ref(), self.value.as_deref());
        if self.relay {
            let internal = self.internal;
            let spec = RelaySpec { socket, tid, to, internal, command: number, target, value };
            return node.relay(now, spec);
        }
        let Self { token, closer_nodes, .. } = *self;
        let error = number;
        node.reply(now, ReplySpec { socket, tid, to, token, closer_nodes, target, error, value });
    }
}

pub fn request(bytes: &[u8]) -> Option<RequestSpec> {
    let mut input = Input(bytes);
    let user = input.word()?;
    let flags = input.word()?;
    let ip = input.ip()?;
    let port_ttl = input.word()?;
    let socket = socket_of(input.word()?);
    let session = input.word()?;
    let retries = input.word()?;
    let timeout = input.word()?;
    let command = input.uint()?;
    let value_len = input.word()? as usize;
    input.word()?;
    Some(RequestSpec {
        user,
        to: SocketAddrV4::new(ip, port_ttl as u16),
        internal: flags & 2 != 0,
        command,
        retries: retries.min(u32::from(u8::MAX)) as u8,
        timeout_ms: (timeout != 0).then_some(timeout),
        ttl: (port_ttl >> 16) as u8,
        socket,
        session: (session != 0).then_some(session),
        token: input.bytes32_if(flags & 1 != 0)?,
        target: input.bytes32_if(flags & 4 != 0)?,
        value: input.boxed_if(flags & 8 != 0, value_len)?,
    })
}

pub fn query(bytes: &[u8]) -> Option<QuerySpec> {
    let mut input = Input(bytes);
    let flags = input.word()?;
    let concurrency = input.word()?;
    let retries = input.word()?;
    let commit = input.word()?;
    let session = input.word()?;
    let count = input.word()? as usize;
    let value_len = input.word()? as usize;
    input.word()?;
    let command = input.uint()?;
    let target = input.bytes32()?;
    let value = input.boxed_if(flags & 2 != 0, value_len)?;
    if flags & 2 != 0 {
        input.take(value_len.next_multiple_of(8) - value_len)?;
    }
    let given = match flags & 32 {
        0 => Given::Nothing,
        _ => {
            let mut nodes = (0..count).map(|_| input.contact()).collect::<Option<Vec<_>>>()?;
            if flags & 64 == 0 {
                for node in &mut nodes {
                    node.id.get_or_insert_with(|| Id::of(node.addr));
                }
            }
            Given::Nodes(nodes)
        }
    };
    Some(QuerySpec {
        target,
        internal: flags & 1 != 0,
        command,
        value,
        concurrency,
        retries: retries.min(u32::from(u8::MAX)) as u8,
        force: flags & 4 != 0,
        commit: [Commit::None, Commit::Auto, Commit::User].get(commit as usize).copied()?,
        session: (session != 0).then_some(session),
        given,
        only_closest: flags & 8 != 0,
        rows: flags & 16 != 0,
    })
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn word(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn ip(&mut self) -> Option<Ipv4Addr> {
        self.word().map(Ipv4Addr::from_bits)
    }

    /// A double that is an unsigned integer.
    fn uint(&mut self) -> Option<u64> {
        let value = self.take(8)?.try_into().ok().map(f64::from_le_bytes)?;
        (value.fract() == 0.0 && (0.0..=MAX_SAFE_INTEGER).contains(&value)).then_some(value as u64)
    }

    fn bytes32(&mut self) -> Option<Bytes32> {
        self.take(32)?.try_into().ok()
    }

    fn bytes32_if(&mut self, present: bool) -> Option<Option<Bytes32>> {
        if present { self.bytes32().map(Some) } else { Some(None) }
    }

    fn boxed_if(&mut self, present: bool, len: usize) -> Option<Option<Box<[u8]>>> {
        if present { self.take(len).map(|bytes| Some(bytes.into())) } else { Some(None) }
    }

    fn contact(&mut self) -> Option<Contact> {
        let ip = self.ip()?;
        let port = self.word()?;
        let id = self.bytes32()?;
        Some(Contact {
            id: (port >> 16 != 0).then(|| Id::from_bytes(id)),
            addr: Addr::new(ip, port as u16),
        })
    }
}
