//! What a node tells its driver.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::calls::{Incoming, Progress, QueryOutcome, QueryState, Reply, RequestError};
use super::contact::{NodeEntry, Subject};
use super::id::Id;
use super::in_flight::{RequestInFlight, RequestKey};
use crate::net::addr::Addr;
use crate::net::socket_key::SocketKey;

/// What a node tells its driver.
#[derive(Clone, Debug)]
pub enum Event {
    /// A user's command came in, and [`super::Node::set_interest`] asked for them.
    Request(Box<Incoming>),
    Response {
        user: u32,
        /// Of an internal command that is counted, its number.
        internal: Option<u8>,
        reply: Box<Reply>,
    },
    Failure {
        user: u32,
        error: RequestError,
    },
    /// A reply without error to a query whose rows are wanted.
    QueryRow {
        query: u32,
        progress: Progress,
        reply: Arc<Reply>,
    },
    /// A visit of a query whose rows are wanted failed, or was answered with an error.
    QueryProgress {
        query: u32,
        progress: Progress,
    },
    /// What the node is to others changed; comes before the event that tells the reason.
    Status(Box<NodeStatus>),
    /// The lookup is done; the driver commits, then calls `query_destroy`.
    QueryCommit {
        query: u32,
        state: Box<QueryState>,
    },
    /// The query is over, with nothing in flight but in a session of the user's. It is forgotten,
    /// and stops counting as active, with `query_destroy`.
    QueryEnd {
        query: u32,
        outcome: QueryOutcome,
        state: Box<QueryState>,
    },
    /// The bootstrap is done.
    Ready,
    Persistent,
    Ephemeral,
    Wakeup,
    NatUpdate {
        host: Option<Ipv4Addr>,
        port: u16,
    },
    /// `online` or `degraded` changed.
    NetworkUpdate,
    NodeAdded(NodeEntry),
    NodeRemoved(NodeEntry),
    /// An entry has a place in its bucket. What follows from it is told next, its
    /// [`Event::NodeAdded`] last.
    BucketGained(NodeEntry),
    /// An entry left its bucket; [`Event::NodeRemoved`] follows.
    BucketLost(NodeEntry),
    /// A newcomer found its bucket full.
    BucketFull(NodeEntry),
    /// So many ms as the driver said are over.
    Alarm {
        number: u32,
    },
    /// `update_network_state` is done.
    NetworkState {
        user: u32,
        changed: bool,
    },
    /// A bootstrap node's name is to be looked up; answer with `handle_lookup`.
    LookupWanted {
        key: u32,
        name: String,
    },
    /// As [`Event::LookupWanted`], where the user has a lookup of its own.
    UserLookupWanted {
        key: u32,
        name: String,
    },
    /// The bootstrap nodes are wanted; answer with `handle_bootstrap_nodes`.
    BootstrapWanted {
        key: u32,
    },
    /// A filter is asked; answer with `handle_verdict`, one flag for each.
    VerdictWanted {
        key: u32,
        nodes: Box<[Subject]>,
    },
    /// A filter of requests is asked; answer with `handle_verdict`, one flag.
    RequestVerdictWanted {
        key: u32,
        from: Addr,
    },
    /// An internal command came in and is about to be answered.
    RequestSeen(Box<Incoming>),
    /// A reply to whatever request came in on `socket`. What it leads to is told next; a reply that
    /// is told again there has the same serial.
    ReplySeen {
        socket: SocketKey,
        reply: Box<Reply>,
    },
    /// A request got no reply to its last try, and was failed.
    TimedOut(Box<RequestInFlight>),
    /// A try of a request got no reply in time, after which it was sent so often. The next one, or
    /// the failure, follows.
    TryEnded {
        key: RequestKey,
        sent: u32,
    },
}

/// What a node is to others, as of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    /// Counts the changes that were told.
    pub serial: u32,
    pub bootstrapped: bool,
    pub ephemeral: bool,
    pub firewalled: bool,
    pub online: bool,
    pub degraded: bool,
    /// What the health says, which `online` and `degraded` follow when it is judged.
    pub health_online: bool,
    pub health_degraded: bool,
    /// The public host that others agree on.
    pub host: Option<Ipv4Addr>,
    /// The public port that others agree on; 0 if they do not.
    pub port: u16,
    pub table_id: Id,
}

/// Which events a driver wants beyond those that answer its own calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// [`Event::Request`]; without it a user's command is answered UNKNOWN_COMMAND.
    pub requests: bool,
    /// [`Event::NodeAdded`] and [`Event::NodeRemoved`].
    pub nodes: bool,
    /// [`Event::BucketGained`], [`Event::BucketLost`] and [`Event::BucketFull`].
    pub buckets: bool,
    pub observed: Observed,
}

/// Which events a driver wants of what passes through, whoever it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// [`Event::RequestSeen`]; users' commands are told by [`Event::Request`].
    pub requests: bool,
    /// [`Event::ReplySeen`].
    pub replies: bool,
    /// [`Event::TimedOut`].
    pub timeouts: bool,
    /// [`Event::TryEnded`].
    pub tries: bool,
}
