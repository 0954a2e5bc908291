//! The layout of what goes to JavaScript. Its other half is `lib/dht/records.js`.
//!
//! Each record is in a frame, see `crossing/pack.rs`. An IPv4 address is a word, 127.0.0.1 being
//! `0x7f00_0001`.
//!
//! ```text
//! reply body   tid | flags << 16 (1 id, 2 token, 4 closer nodes, 16 value), rtt ms, from ip,
//!              from port | to port << 16, to ip, closer count | those with an id << 16,
//!              value length, serial, error f64, then [id 32][token 32][count × (ip, port)]
//!              [value], padded to 8
//! entry        serial, ip, port, to ip, to port | 0x10000 if present, sampled, added, pinged,
//!              seen (signed), down hints, id 32: 72 bytes
//! subject      ip, port | 0x10000 if it has an id
//! in flight    slot, key serial, user (0 none), tid | flags << 16 (1 id, 2 token, 4 internal,
//!              8 target, 16 value), ip, port | ttl << 16, socket, session (0 none), sent, retries,
//!              time-out ms (0 none), value length, command f64, [id 32][token 32][target 32]
//!              [value], padded to 8
//! ```

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::super::crossing::pack::{self, double, flag, pad, words};
use super::status;
use crate::dht::{
    Bytes32, Contact, Event, Id, Incoming, NodeEntry, Progress, QueryOutcome, QueryState, Reply,
    RequestError, RequestInFlight, Subject,
};
use crate::net::{Addr, SocketKey, Transmit};

/// What a record tells, in the upper 8 bits of its first word.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Kind {
    /// `tid | flags << 16 (1 id, 2 token, 8 target, 16 value), from ip, from port | to port << 16,
    /// to ip, socket, value length, command f64, [id][token][target][value]`
    Request = 1,
    /// `user, 1 + command if it is internal and counted, reply body`
    Response = 2,
    /// `user, request error`
    Failure = 3,
    /// `query, successes, errors, in flight, reply body`
    QueryRow = 4,
    /// `query, count, successes, errors, reply bodies`
    QueryCommit = 5,
    /// `query, count, successes, errors, outcome, request error, reply bodies`
    QueryEnd = 6,
    Ready = 7,
    Persistent = 8,
    Ephemeral = 9,
    Wakeup = 10,
    /// `1 if there is a host, ip, port, 0`
    NatUpdate = 11,
    NetworkUpdate = 12,
    /// `entry`
    NodeAdded = 13,
    /// `entry`
    NodeRemoved = 14,
    NetworkChange = 15,
    /// `key, 0`
    BootstrapWanted = 16,
    /// `key, count, subjects`
    VerdictWanted = 17,
    /// `socket, ip, port | ttl << 16, length, bytes`
    Send = 18,
    /// `user, 1 if changed`
    NetworkState = 19,
    /// `length, 0, UTF-8`
    Crashed = 20,
    /// `flags as those of a state, nat ip, nat port, serial, table id`
    Status = 22,
    /// `query, successes, errors, in flight`
    QueryProgress = 23,
    /// `key, ip, port, 0`
    RequestVerdictWanted = 24,
    /// `number, 0`
    Alarm = 25,
    /// As [`Kind::Request`].
    RequestSeen = 26,
    /// `socket, 0, reply body`
    ReplySeen = 27,
    /// `in flight`
    TimedOut = 28,
    /// `slot, key serial, sent, 0`
    TryEnded = 29,
    /// `entry`
    BucketGained = 30,
    /// `entry`
    BucketLost = 31,
    /// `entry`
    BucketFull = 32,
    /// `key, length, UTF-8`
    LookupWanted = 33,
}

/// Bytes of an entry.
pub const ENTRY: usize = 72;

const PRESENT: u32 = 0x1_0000;

/// Appends a record without fields.
pub fn plain(out: &mut Vec<u8>, kind: Kind, handle: u32) {
    record(out, kind, handle, |_| ());
}

/// Appends what `event` tells JavaScript.
pub fn event(out: &mut Vec<u8>, handle: u32, event: &Event) {
    match event {
        Event::Request(incoming) => {
            record(out, Kind::Request, handle, |out| request(out, incoming));
        }
        Event::Response { user, internal, reply } => record(out, Kind::Response, handle, |out| {
            words(out, &[*user, internal.map_or(0, |command| 1 + u32::from(command))]);
            body(out, reply);
        }),
        Event::Failure { user, error } => {
            fields(out, Kind::Failure, handle, &[*user, *error as u32]);
        }
        Event::QueryRow { query, progress, reply } => {
            record(out, Kind::QueryRow, handle, |out| {
                counts(out, *query, progress);
                body(out, reply);
            });
        }
        Event::QueryProgress { query, progress } => {
            record(out, Kind::QueryProgress, handle, |out| counts(out, *query, progress));
        }
        Event::Status(node) => record(out, Kind::Status, handle, |out| status::append(out, node)),
        Event::QueryCommit { query, state } => record(out, Kind::QueryCommit, handle, |out| {
            words(out, &[*query, state.closest.len() as u32, state.successes, state.errors]);
            bodies(out, &state.closest);
        }),
        Event::QueryEnd { query, outcome, state } => {
            record(out, Kind::QueryEnd, handle, |out| end(out, *query, *outcome, state));
        }
        event => of_itself(out, handle, event),
    }
}

/// Appends a request in flight.
pub fn in_flight(out: &mut Vec<u8>, request: &RequestInFlight) {
    let RequestInFlight { key, socket, tid, to, token, command, target, value, sent, .. } = request;
    let flags = flag(to.id.is_some(), 1)
        | flag(token.is_some(), 2)
        | flag(request.internal, 4)
        | flag(target.is_some(), 8)
        | flag(value.is_some(), 16);
    let value = value.as_deref().unwrap_or_default();
    words(out, &[key.slot, key.serial, request.user.unwrap_or(0)]);
    words(out, &[u32::from(*tid) | flags << 16, to.addr.ip().to_bits()]);
    words(out, &[u32::from(to.addr.port()) | u32::from(request.ttl) << 16]);
    words(out, &[socket_number(*socket), request.session.unwrap_or(0), *sent]);
    words(out, &[u32::from(request.retries), request.timeout_ms.unwrap_or(0), value.len() as u32]);
    double(out, *command as f64);
    id(out, to);
    bytes32(out, token.as_ref());
    bytes32(out, target.as_ref());
    out.extend_from_slice(value);
    pad(out);
}

/// Appends a datagram that must leave by the user's own socket.
pub fn send(out: &mut Vec<u8>, handle: u32, transmit: &Transmit, bytes: &[u8]) {
    record(out, Kind::Send, handle, |out| {
        let port = u32::from(transmit.to.port()) | u32::from(transmit.ttl) << 16;
        let socket = socket_number(transmit.socket);
        words(out, &[socket, transmit.to.ip().to_bits(), port, bytes.len() as u32]);
        out.extend_from_slice(bytes);
    });
}

/// Appends why a node is gone.
pub fn crashed(out: &mut Vec<u8>, handle: u32, message: &str) {
    record(out, Kind::Crashed, handle, |out| {
        words(out, &[message.len() as u32, 0]);
        out.extend_from_slice(message.as_bytes());
    });
}

/// Appends reply bodies.
pub fn bodies(out: &mut Vec<u8>, replies: &[Arc<Reply>]) {
    replies.iter().for_each(|reply| body(out, reply));
}

/// The ids of closer nodes, packed as `ip, port` each: few look at them.
pub fn ids(nodes: &[u8]) -> Vec<u8> {
    let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let id = |node: &[u8]| {
        let addr = Addr::new(Ipv4Addr::from_bits(word(node)), word(&node[4..]) as u16);
        *Id::of(addr).as_bytes()
    };
    nodes.chunks_exact(8).flat_map(id).collect()
}

/// Appends an entry.
pub fn entry(out: &mut Vec<u8>, node: &NodeEntry) {
    let (to_ip, to_port) =
        node.to.map_or((0, 0), |to| (to.ip().to_bits(), u32::from(to.port()) | PRESENT));
    words(out, &[node.serial, node.addr.ip().to_bits(), u32::from(node.addr.port())]);
    words(out, &[to_ip, to_port]);
    let ticks = [node.sampled, node.added, node.pinged, node.seen];
    ticks.iter().for_each(|tick| out.extend_from_slice(&tick.to_le_bytes()));
    words(out, &[node.down_hints]);
    out.extend_from_slice(node.id.as_bytes());
}

/// The number by which JavaScript knows a socket: 1 server, 2 client, from 3 on the user's own.
pub fn socket_number(socket: SocketKey) -> u32 {
    match socket {
        SocketKey::Server => 1,
        SocketKey::Client => 2,
        SocketKey::Foreign(number) => number,
    }
}

/// What neither answers nor lookups have to do with.
fn of_itself(out: &mut Vec<u8>, handle: u32, event: &Event) {
    match event {
        Event::Ready => plain(out, Kind::Ready, handle),
        Event::Persistent => plain(out, Kind::Persistent, handle),
        Event::Ephemeral => plain(out, Kind::Ephemeral, handle),
        Event::Wakeup => plain(out, Kind::Wakeup, handle),
        Event::NetworkUpdate => plain(out, Kind::NetworkUpdate, handle),
        Event::NatUpdate { host, port } => {
            let ip = host.map_or(0, Ipv4Addr::to_bits);
            let values = [u32::from(host.is_some()), ip, u32::from(*port), 0];
            fields(out, Kind::NatUpdate, handle, &values);
        }
        Event::NodeAdded(node) => record(out, Kind::NodeAdded, handle, |out| entry(out, node)),
        Event::NodeRemoved(node) => record(out, Kind::NodeRemoved, handle, |out| entry(out, node)),
        Event::NetworkState { user, changed } => {
            fields(out, Kind::NetworkState, handle, &[*user, u32::from(*changed)]);
        }
        Event::Alarm { number } => fields(out, Kind::Alarm, handle, &[*number, 0]),
        Event::UserLookupWanted { key, name } => record(out, Kind::LookupWanted, handle, |out| {
            words(out, &[*key, name.len() as u32]);
            out.extend_from_slice(name.as_bytes());
        }),
        Event::BootstrapWanted { key } => fields(out, Kind::BootstrapWanted, handle, &[*key, 0]),
        Event::VerdictWanted { key, nodes } => record(out, Kind::VerdictWanted, handle, |out| {
            words(out, &[*key, nodes.len() as u32]);
            nodes.iter().for_each(|node| subject(out, *node));
        }),
        Event::RequestVerdictWanted { key, from } => {
            let values = [*key, from.ip().to_bits(), u32::from(from.port()), 0];
            fields(out, Kind::RequestVerdictWanted, handle, &values);
        }
        event => observed(out, handle, event),
    }
}

/// What a driver sees beyond what is meant for it.
fn observed(out: &mut Vec<u8>, handle: u32, event: &Event) {
    match event {
        Event::RequestSeen(incoming) => {
            record(out, Kind::RequestSeen, handle, |out| request(out, incoming));
        }
        Event::ReplySeen { socket, reply } => record(out, Kind::ReplySeen, handle, |out| {
            words(out, &[socket_number(*socket), 0]);
            body(out, reply);
        }),
        Event::TimedOut(request) => {
            record(out, Kind::TimedOut, handle, |out| in_flight(out, request));
        }
        Event::TryEnded { key, sent } => {
            fields(out, Kind::TryEnded, handle, &[key.slot, key.serial, *sent, 0]);
        }
        Event::BucketGained(node) => {
            record(out, Kind::BucketGained, handle, |out| entry(out, node));
        }
        Event::BucketLost(node) => record(out, Kind::BucketLost, handle, |out| entry(out, node)),
        Event::BucketFull(node) => record(out, Kind::BucketFull, handle, |out| entry(out, node)),
        // The engine looks names up by itself; the rest is above.
        _ => {}
    }
}

/// The socket of a number; 0 is none in particular.
pub fn socket_of(number: u32) -> Option<SocketKey> {
    match number {
        0 => None,
        1 => Some(SocketKey::Server),
        2 => Some(SocketKey::Client),
        number => Some(SocketKey::Foreign(number)),
    }
}

fn counts(out: &mut Vec<u8>, query: u32, progress: &Progress) {
    let Progress { successes, errors, inflight } = *progress;
    words(out, &[query, successes, errors, inflight]);
}

fn end(out: &mut Vec<u8>, query: u32, outcome: QueryOutcome, state: &QueryState) {
    let (outcome, error) = match outcome {
        QueryOutcome::Done => (0, 0),
        QueryOutcome::TooFewNodes => (1, 0),
        QueryOutcome::CommitFailed(error) => (2, error as u32),
        QueryOutcome::NodeDestroyed => (3, RequestError::Destroyed as u32),
    };
    words(out, &[query, state.closest.len() as u32, state.successes, state.errors]);
    words(out, &[outcome, error]);
    bodies(out, &state.closest);
}

fn request(out: &mut Vec<u8>, incoming: &Incoming) {
    let Incoming { socket, tid, from, to, token, command, target, value } = incoming;
    let flags = flag(from.id.is_some(), 1)
        | flag(token.is_some(), 2)
        | flag(target.is_some(), 8)
        | flag(value.is_some(), 16);
    let value = value.as_deref().unwrap_or_default();
    words(out, &[u32::from(*tid) | flags << 16]);
    addresses(out, from.addr, *to);
    words(out, &[socket_number(*socket), value.len() as u32]);
    double(out, *command as f64);
    id(out, from);
    bytes32(out, token.as_ref());
    bytes32(out, target.as_ref());
    out.extend_from_slice(value);
}

fn body(out: &mut Vec<u8>, reply: &Reply) {
    let Reply { serial, tid, rtt_ms, from, to, token, closer_nodes, error, value, .. } = reply;
    let flags = flag(from.id.is_some(), 1)
        | flag(token.is_some(), 2)
        | flag(closer_nodes.is_some(), 4)
        | flag(value.is_some(), 16);
    let closer_nodes = closer_nodes.as_deref().unwrap_or_default();
    let value = value.as_deref().unwrap_or_default();
    words(out, &[u32::from(*tid) | flags << 16, *rtt_ms]);
    addresses(out, from.addr, *to);
    let read = reply.closer_nodes_read.get().map_or(0, |read| *read).min(closer_nodes.len());
    let count = closer_nodes.len() as u32 | (read as u32) << 16;
    words(out, &[count, value.len() as u32, *serial]);
    double(out, *error as f64);
    id(out, from);
    bytes32(out, token.as_ref());
    for node in closer_nodes {
        words(out, &[node.ip().to_bits(), u32::from(node.port())]);
    }
    out.extend_from_slice(value);
    pad(out);
}

fn subject(out: &mut Vec<u8>, Subject { addr, has_id }: Subject) {
    words(out, &[addr.ip().to_bits(), u32::from(addr.port()) | flag(has_id, PRESENT)]);
}

fn fields(out: &mut Vec<u8>, kind: Kind, handle: u32, values: &[u32]) {
    record(out, kind, handle, |out| words(out, values));
}

/// `from ip, from port | to port << 16, to ip`
fn addresses(out: &mut Vec<u8>, from: Addr, to: Addr) {
    let ports = u32::from(from.port()) | u32::from(to.port()) << 16;
    words(out, &[from.ip().to_bits(), ports, to.ip().to_bits()]);
}

fn id(out: &mut Vec<u8>, contact: &Contact) {
    bytes32(out, contact.id.as_ref().map(|id| id.as_bytes()));
}

fn bytes32(out: &mut Vec<u8>, bytes: Option<&Bytes32>) {
    out.extend_from_slice(bytes.map_or(&[], |bytes| bytes.as_slice()));
}

fn record(out: &mut Vec<u8>, kind: Kind, handle: u32, write: impl FnOnce(&mut Vec<u8>)) {
    pack::record(out, kind as u8, handle, write);
}
