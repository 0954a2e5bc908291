//! The words that the core and its drivers share.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, OnceLock};

use super::guard::{Hardened, ProtectionCounters, Protections};
use super::id::Id;

/// An IPv4 address and a port: 6 bytes on the wire.
pub type Addr = SocketAddrV4;

/// A round-trip token or a target: 32 bytes.
pub type Bytes32 = [u8; 32];

/// The two clocks of a driver, in ms.
///
/// Deadlines live on `mono_ms`, which never jumps. `wall_ms` goes on while the machine sleeps, and
/// is how a node notices that it slept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    pub mono_ms: u64,
    pub wall_ms: u64,
}

/// The socket that a datagram came on or leaves from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Socket {
    /// The port that the user asked for.
    Server,
    /// A random port, in use while firewalled.
    Client,
    /// A socket of the user's, by a number that the driver chose.
    Foreign(u32),
}

/// A datagram to be sent. Its bytes were appended to the buffer given to `poll_transmit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    pub socket: Socket,
    pub to: Addr,
    /// Time to live of the packet; 0 is the socket's default.
    pub ttl: u8,
    /// How many bytes were appended.
    pub len: usize,
}

/// A node as others name it: an address, and its id where that was verified or computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Contact {
    pub id: Option<Id>,
    pub addr: Addr,
}

/// Where to find the network, as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootstrapNode {
    /// An address asked with a ping before `host` is looked up (`ip@host:port`).
    pub suggested: Option<Ipv4Addr>,
    /// An IPv4 literal or a name.
    pub host: String,
    pub port: u16,
}

/// Per-destination time-outs, see [`super::timeouts`]. Times in ms.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveTimeoutConfig {
    pub max_size: usize,
    pub max_age_ms: u64,
    pub fallback_ms: Vec<u32>,
    pub min_ms: u32,
    pub max_ms: u32,
    pub jitter_ms: u32,
}

impl Default for AdaptiveTimeoutConfig {
    fn default() -> Self {
        Self {
            max_size: 65_536,
            max_age_ms: 600_000,
            fallback_ms: vec![250, 500, 1000, 2000, 4000],
            min_ms: 300,
            max_ms: 4000,
            jitter_ms: 256,
        }
    }
}

/// How a node is to behave. The defaults are those of `dht-rpc`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Requests in flight of one query, at least 1.
    pub concurrency: u32,
    /// Sends of one 750 ms slot, at least 1, see [`super::window`].
    pub max_window: u32,
    /// The longest delay that a DELAYED_PING may ask for, in ms.
    pub max_ping_delay_ms: u32,
    /// `Some(false)` joins the tables of others at once, `Some(true)` and `None` start ephemeral.
    pub ephemeral: Option<bool>,
    /// With `ephemeral: None`: go persistent when stable.
    pub adaptive: bool,
    /// Whether to assume a firewall until the opposite is shown.
    pub firewalled: bool,
    /// Probe the NAT with the first reply of the bootstrap.
    pub quick_firewall: bool,
    /// The network's entry points.
    pub bootstrap: Vec<BootstrapNode>,
    /// Ask the driver for the entry points at each use ([`Event::BootstrapWanted`]).
    pub bootstrap_dynamic: bool,
    pub send_down_hints: bool,
    /// Down hints a tick; `None` is unlimited.
    pub down_hints_rate_limit: Option<u32>,
    pub adaptive_timeout: Option<AdaptiveTimeoutConfig>,
    /// Ask the driver about every sender and candidate ([`Event::VerdictWanted`]).
    pub filter: bool,
    /// Ask the driver about the sender of every request, before anything is done with it
    /// ([`Event::RequestVerdictWanted`]).
    pub filter_request: bool,
    pub protections: Protections,
    pub hardened: Hardened,
    /// A public address that is known from the start (bootstrap nodes).
    pub public_address: Option<Addr>,
    /// Makes a run repeatable. Take it from the operating system's entropy otherwise.
    pub seed: Bytes32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            concurrency: 10,
            max_window: 80,
            max_ping_delay_ms: 10_000,
            ephemeral: None,
            adaptive: true,
            firewalled: true,
            quick_firewall: true,
            bootstrap: Vec::new(),
            bootstrap_dynamic: false,
            send_down_hints: true,
            down_hints_rate_limit: Some(50),
            adaptive_timeout: None,
            filter: false,
            filter_request: false,
            protections: Protections::default(),
            hardened: Hardened::OFF,
            public_address: None,
            seed: [0; 32],
        }
    }
}

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
    pub socket: Option<Socket>,
    /// Requests of a session are dropped together.
    pub session: Option<u32>,
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
    pub socket: Socket,
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
    pub socket: Socket,
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
    pub socket: Socket,
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

/// What a node is to others, as of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
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

/// Where a query stands.
#[derive(Clone, Debug, Default)]
pub struct QueryState {
    pub successes: u32,
    pub errors: u32,
    pub inflight: u32,
    /// Nearest first, at most k.
    pub closest: Vec<Arc<Reply>>,
}

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
    Standing(Box<Standing>),
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
    /// The bootstrap nodes are wanted; answer with `handle_bootstrap_nodes`.
    BootstrapWanted {
        key: u32,
    },
    /// A filter is asked; answer with `handle_verdict`, one flag for each.
    VerdictWanted {
        key: u32,
        nodes: Vec<Contact>,
    },
    /// A filter of requests is asked; answer with `handle_verdict`, one flag.
    RequestVerdictWanted {
        key: u32,
        from: Addr,
    },
}

/// A node of the table and the node list. Ticks are 5 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeEntry {
    /// Counts the entries of a node: the same number is the same entry.
    pub serial: u32,
    pub id: Id,
    pub addr: Addr,
    /// Us, as it saw us when it was last sampled.
    pub to: Option<Addr>,
    pub sampled: i32,
    pub added: i32,
    pub pinged: i32,
    pub seen: i32,
    pub down_hints: u32,
}

/// Which events a driver wants beyond those that answer its own calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    /// [`Event::Request`]; without it a user's command is answered UNKNOWN_COMMAND.
    pub requests: bool,
    /// [`Event::NodeAdded`] and [`Event::NodeRemoved`].
    pub nodes: bool,
}

/// How many of the user's own requests were settled by an event so far. A driver that delivers
/// events late takes those that it has yet to deliver off the [`Counters`] that it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub all: i64,
    pub responses: i64,
    pub timeouts: i64,
    /// PING, PING_NAT, FIND_NODE, DOWN_HINT.
    pub commands_rx: [i64; 4],
}

/// Numbers that only grow, except those called active. Writable by the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub queries_active: i64,
    pub queries_total: i64,
    pub requests_active: i64,
    pub requests_total: i64,
    pub responses: i64,
    pub timeouts: i64,
    pub retries: i64,
    /// PING, PING_NAT, FIND_NODE, DOWN_HINT: requests made and replies got.
    pub commands_tx: [i64; 4],
    pub commands_rx: [i64; 4],
    /// Datagrams, requests and timers refused because a bound was reached.
    pub dropped: i64,
    pub protections: ProtectionCounters,
}
