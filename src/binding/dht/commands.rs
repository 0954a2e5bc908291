//! The layout of what JavaScript sends. Its other half is `lib/dht/request-packer.js` and, for
//! queries, `lib/dht/query-packer.js`.
//!
//! Requests, replies and relays cross in batches, each in a frame (`crossing/pack.rs`) of the kind
//! 1, 2 or 3. One of the kind 4 is empty: what is deferred is to leave.
//!
//! ```text
//! request  user, flags (1 token, 2 internal, 4 target, 8 value, 16 deferred), ip, port | ttl << 16,
//!          socket (0 the one in use), session (0 none), retries, time-out ms (0 default),
//!          command f64, value length, 0, [token 32][target 32][value]
//! reply    flags (1 token wanted, 2 closer nodes wanted, 4 target, 8 value, 16 internal),
//!          tid | ttl << 16, ip, port, socket, value length, error or command f64,
//!          [target 32][value]; a relay has the command
//! query    flags (1 internal, 2 value, 4 force, 8 only closest nodes, 16 rows, 32 nodes given,
//!          64 they are the senders of replies, some without an id for good,
//!          128 thorough),
//!          concurrency, retries, commit (0 none, 1 auto, 2 JavaScript's), session, count of
//!          nodes, value length, 0, command f64, target 32, [value padded to 8][count × contact]
//! ```
//!
//! JavaScript checked every field before it packed it; a record that does not fit its layout is
//! `None` all the same, never a panic.

use std::net::SocketAddrV4;

use super::super::crossing::inbox::{Frame, Input, frames};
use super::records::socket_of;
use crate::dht::{Commit, Contact, Given, Id, Node, QuerySpec, RelaySpec, ReplySpec, RequestSpec};
use crate::net::{Addr, Now};

const REQUEST: u32 = 1;
const REPLY: u32 = 2;
const RELAY: u32 = 3;
const SEND_DEFERRED: u32 = 4;

/// What a batch is made of.
pub enum Record<'a> {
    Request {
        handle: u32,
        body: &'a [u8],
    },
    /// A reply or a relay; `bytes` are those of the whole record.
    Answer {
        handle: u32,
        bytes: &'a [u8],
    },
    SendDeferred {
        handle: u32,
    },
}

impl Record<'_> {
    pub fn handle(&self) -> u32 {
        match self {
            Self::Request { handle, .. }
            | Self::Answer { handle, .. }
            | Self::SendDeferred { handle } => *handle,
        }
    }
}

/// The records of a batch. Those of an unknown kind are skipped.
pub fn records(batch: &[u8]) -> impl Iterator<Item = Record<'_>> {
    frames(batch).filter_map(|frame| {
        let Frame { kind, handle, bytes } = frame;
        match kind {
            REQUEST => Some(Record::Request { handle, body: frame.body() }),
            REPLY | RELAY => Some(Record::Answer { handle, bytes }),
            SEND_DEFERRED => Some(Record::SendDeferred { handle }),
            _ => None,
        }
    })
}

/// By what JavaScript knows the request of a record, also of one that is none.
pub fn user(body: &[u8]) -> u32 {
    Input(body).word().unwrap_or_default()
}

/// Makes the replies and relays of a batch, all of the same node's.
pub fn answers(node: &mut Node, now: Now, batch: &[u8]) {
    for record in records(batch) {
        if let Record::Answer { bytes, .. } = record {
            answer(node, now, bytes);
        }
    }
}

/// Makes one packed reply or relay.
pub fn answer(node: &mut Node, now: Now, bytes: &[u8]) {
    let _ = try_answer(node, now, bytes);
}

fn try_answer(node: &mut Node, now: Now, bytes: &[u8]) -> Option<()> {
    let frame = Frame::first(bytes)?;
    let mut input = Input(frame.body());
    let flags = input.word()?;
    let has = |bit: u32| flags & bit != 0;
    let tid = input.word()? as u16;
    let to = Addr::new(input.ip()?, input.word()? as u16);
    let socket = socket_of(input.word()?)?;
    let value_len = input.word()? as usize;
    let number = input.uint()?;
    let target = input.bytes32_if(has(4))?;
    let value = if has(8) { Some(input.take(value_len)?) } else { None };
    let target = target.as_ref();
    if frame.kind == RELAY {
        let internal = has(16);
        node.relay(now, RelaySpec { socket, tid, to, internal, command: number, target, value });
        return Some(());
    }
    let (token, closer_nodes, error) = (has(1), has(2), number);
    node.reply(now, ReplySpec { socket, tid, to, token, closer_nodes, target, error, value });
    Some(())
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
        deferred: flags & 16 != 0,
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
            let mut nodes = (0..count).map(|_| contact(&mut input)).collect::<Option<Vec<_>>>()?;
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
        thorough: flags & 128 != 0,
        commit: [Commit::None, Commit::Auto, Commit::User].get(commit as usize).copied()?,
        session: (session != 0).then_some(session),
        given,
        only_closest: flags & 8 != 0,
        rows: flags & 16 != 0,
    })
}

fn contact(input: &mut Input<'_>) -> Option<Contact> {
    let ip = input.ip()?;
    let port = input.word()?;
    let id = input.bytes32()?;
    Some(Contact {
        id: (port >> 16 != 0).then(|| Id::from_bytes(id)),
        addr: Addr::new(ip, port as u16),
    })
}
