//! What a user asks of a node, and what comes of it.

use std::sync::{Arc, OnceLock};

use super::contact::Contact;
use super::id::Bytes32;
use crate::net::addr::Addr;
use crate::net::socket_key::SocketKey;

/// A request that a user makes to one node.
#[derive(Clone, Debug)]
pub struct RequestSpec {
    /// The driver's number for it; comes back in [`Event::Response`] or [`Event::Failure`].
    pub user: u32,
    pub to: Addr,
    pub token: Option<Bytes32>,
    pub internal: bool,
    /// At most 2^53-1.
    pub command: u64,
    pub target: Option<Bytes32>,
    pub value: Option<Box<[u8]>>,
    /// Sends after the first.
    pub retries: u8,
    /// A fixed time-out a try, in ms; `None` is 1000 ms or adaptive.
    pub timeout_ms: Option<u32>,
    pub ttl: u8,
    /// `None` is the socket in use.
    pub socket: Option<SocketKey>,
    /// Requests of a session are dropped together.
    pub session: Option<u32>,
    /// It does not leave before `Node::send_deferred`: until then it can be given up unsent. What is
    /// requested meanwhile waits as well, so that all leave in their order.
    pub deferred: bool,
}

/// Where a lookup starts.
#[derive(Clone, Debug, Default)]
pub enum Given {
    /// With the table, then the bootstrap nodes.
    #[default]
    Nothing,
    /// With these, in this order. One without an id is visited however far it may be.
    Nodes(Vec<Contact>),
}

/// What follows a lookup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Commit {
    #[default]
    None,
    /// The same request again, with its token, to every closest node.
    Auto,
    /// The driver commits by itself ([`Event::QueryCommit`]).
    User,
}

/// A lookup that a user makes.
#[derive(Clone, Debug)]
pub struct QuerySpec {
    pub target: Bytes32,
    pub internal: bool,
    /// At most 2^53-1.
    pub command: u64,
    pub value: Option<Box<[u8]>>,
    pub concurrency: u32,
    /// Sends of each request after the first.
    pub retries: u8,
    /// Skips the congestion window; each request is sent once.
    pub force: bool,
    /// Waits for slow nodes, and asks each that does not answer a second time: all its tries once
    /// more. So do commits, which also follow a token that has changed meanwhile. While fewer than
    /// k answered, further nodes of the table are visited.
    pub thorough: bool,
    pub commit: Commit,
    /// A session of the user's; `None` makes one that ends with the query.
    pub session: Option<u32>,
    pub given: Given,
    /// Never go beyond the given nodes.
    pub only_closest: bool,
    /// Whether replies are reported as they come ([`Event::QueryRow`]).
    pub rows: bool,
}

/// A reply, decoded and with its sender verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// Counts the replies of a node: the same number is the same reply.
    pub serial: u32,
    pub tid: u16,
    /// Since the request was made.
    pub rtt_ms: u32,
    pub from: Contact,
    /// Us, as the sender sees us.
    pub to: Addr,
    pub token: Option<Bytes32>,
    pub closer_nodes: Option<Box<[Addr]>>,
    /// How many of the closer nodes a lookup read, and so computed the ids of.
    pub closer_nodes_read: OnceLock<usize>,
    pub error: u64,
    pub value: Option<Box<[u8]>>,
}

/// A user's command from another node.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    pub socket: SocketKey,
    pub tid: u16,
    pub from: Contact,
    pub to: Addr,
    /// Present only if it is valid for the sender's host.
    pub token: Option<Bytes32>,
    pub command: u64,
    pub target: Option<Bytes32>,
    pub value: Option<Box<[u8]>>,
}

/// The answer to an [`Incoming`] request.
#[derive(Clone, Debug)]
pub struct ReplySpec<'a> {
    pub socket: SocketKey,
    pub tid: u16,
    pub to: Addr,
    /// Send a fresh token for the host of `to`.
    pub token: bool,
    /// Send the nodes closest to `target`, if there is one.
    pub closer_nodes: bool,
    pub target: Option<&'a Bytes32>,
    pub error: u64,
    pub value: Option<&'a [u8]>,
}

/// An [`Incoming`] request handed on to a third node.
#[derive(Clone, Debug)]
pub struct RelaySpec<'a> {
    pub socket: SocketKey,
    pub tid: u16,
    pub to: Addr,
    pub internal: bool,
    pub command: u64,
    pub target: Option<&'a Bytes32>,
    pub value: Option<&'a [u8]>,
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RequestError {
    /// No reply to any of its tries.
    Timeout = 1,
    /// The node, the session or the query was destroyed.
    Destroyed = 2,
    /// The node is suspended.
    Suspended = 3,
    /// Too many requests in flight or waiting, see [`super::requests::MAX_INFLIGHT`].
    TooMany = 4,
    /// It does not fit a datagram of 2048 bytes.
    TooLarge = 5,
    /// A commit had no token to go with.
    NoToken = 6,
    /// It was to be made after the node was destroyed.
    NodeDestroyed = 7,
}

/// How a query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryOutcome {
    Done,
    /// A commit found no closest replies to go to.
    TooFewNodes,
    /// All commits failed; the last reason.
    CommitFailed(RequestError),
    /// The node was destroyed with candidates left.
    NodeDestroyed,
}

/// The counts of a query, as of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub successes: u32,
    pub errors: u32,
    pub inflight: u32,
}

/// Where a query stands.
#[derive(Clone, Debug, Default)]
pub struct QueryState {
    pub successes: u32,
    pub errors: u32,
    pub inflight: u32,
    /// Nearest first, at most k.
    pub closest: Vec<Arc<Reply>>,
}
