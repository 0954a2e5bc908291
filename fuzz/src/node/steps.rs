//! What can happen to a node.

use arbitrary::Arbitrary;
use dht_rpc_native::dht::{
    AdaptiveTimeoutConfig, BootstrapNode, Commit, Config, Contact, EntryField, Flag, Given,
    Hardened, Id, Protections, QuerySpec, RequestSpec, SocketKey,
};

use super::peers::{Answered, Asked, Peer, Value};

/// How a node is configured.
#[derive(Arbitrary, Clone, Debug)]
pub struct Setup {
    concurrency: u8,
    max_window: u8,
    ephemeral: Option<bool>,
    adaptive: bool,
    firewalled: bool,
    quick_firewall: bool,
    bootstrap: Vec<Entry>,
    bootstrap_dynamic: bool,
    send_down_hints: bool,
    down_hints_rate_limit: Option<u8>,
    adaptive_timeout: bool,
    filter: bool,
    public_address: Option<Peer>,
    /// Its four highest bits: hardened, protections off, requests filtered, much is lost; of the
    /// last one the four lowest are steps of pressure.
    seed: u8,
}

/// A bootstrap node.
#[derive(Arbitrary, Clone, Debug)]
pub enum Entry {
    Literal(Peer),
    Named(Option<Peer>),
}

impl Setup {
    pub fn config(&self) -> Config {
        Config {
            concurrency: u32::from(self.concurrency),
            max_window: u32::from(self.max_window),
            ephemeral: self.ephemeral,
            adaptive: self.adaptive,
            firewalled: self.firewalled,
            quick_firewall: self.quick_firewall,
            bootstrap: entries(&self.bootstrap),
            bootstrap_dynamic: self.bootstrap_dynamic,
            send_down_hints: self.send_down_hints,
            down_hints_rate_limit: self.down_hints_rate_limit.map(u32::from),
            adaptive_timeout: self.adaptive_timeout.then(AdaptiveTimeoutConfig::default),
            filter: self.filter,
            public_address: self.public_address.map(Peer::addr),
            hardened: if self.has(128) { Hardened::ON } else { Hardened::OFF },
            protections: if self.has(64) { Protections::OFF } else { Protections::default() },
            filter_request: self.has(32),
            seed: [self.seed; 32],
            ..Config::default()
        }
    }

    /// How the node's socket fares, if the system drops much of what comes in: steps of pressure.
    pub fn losses(&self) -> Option<u32> {
        self.has(16).then_some(u32::from(self.seed & 15))
    }

    fn has(&self, bit: u8) -> bool {
        self.seed & bit != 0
    }
}

pub fn entries(list: &[Entry]) -> Vec<BootstrapNode> {
    let node = |entry: &Entry| match entry {
        Entry::Literal(peer) => BootstrapNode {
            suggested: None,
            host: peer.addr().ip().to_string(),
            port: peer.addr().port(),
        },
        Entry::Named(peer) => BootstrapNode {
            suggested: peer.map(|peer| *peer.addr().ip()),
            host: "a.name".to_owned(),
            port: 4000,
        },
    };
    list.iter().take(4).map(node).collect()
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum On {
    Server,
    Client,
    Foreign(u8),
}

impl On {
    pub fn socket(self) -> SocketKey {
        match self {
            Self::Server => SocketKey::Server,
            Self::Client => SocketKey::Client,
            Self::Foreign(n) => SocketKey::Foreign(3 + u32::from(n)),
        }
    }
}

#[derive(Arbitrary, Clone, Debug)]
pub enum Step {
    Raw {
        on: On,
        from: Peer,
        bytes: Vec<u8>,
    },
    Asked {
        on: On,
        asked: Asked,
    },
    Answered {
        on: Option<On>,
        answered: Answered,
    },
    /// ms
    Wait(u16),
    /// The next deadline.
    WaitForTimeout,
    /// The machine sleeps for so many s.
    Sleep(u16),
    Request(Ask),
    Query(Look),
    Demand {
        query: u8,
        room: u8,
    },
    Change {
        query: u8,
        look: Look,
    },
    Rows {
        query: u8,
        on: bool,
    },
    EndQuery(u8),
    EndSession(u8),
    Cancel(u8),
    /// To a user's command that came in, counted back from the last.
    Reply {
        nth: u8,
        token: bool,
        closer_nodes: bool,
        error: u8,
        value: Value,
        to: Option<Peer>,
    },
    Relay {
        nth: u8,
        to: Peer,
    },
    Verdict {
        accepted: Vec<bool>,
    },
    Looked {
        found: Option<Peer>,
    },
    Bootstrap(Vec<Entry>),
    AddNode(Peer),
    NatAdd(Peer),
    Health {
        responses: u8,
        timeouts: u8,
    },
    UpdateState {
        only_firewall: bool,
    },
    Interest {
        requests: bool,
        nodes: bool,
    },
    Tick,
    Refresh,
    WakeUp,
    ResetHealth,
    Suspend,
    Resume,
    SetFlag {
        flag: u8,
        on: bool,
    },
    SetEntry {
        nth: u8,
        field: u8,
        value: i32,
    },
    SetTicks {
        tick: i32,
        refresh: i32,
        stable: i32,
    },
    SetNumbers {
        concurrency: u8,
        max_ping_delay: u32,
        tids: u16,
    },
    Many(Many),
}

/// What would make an input too long, were it a step each time.
#[derive(Arbitrary, Clone, Debug)]
pub enum Many {
    /// So many nodes are named by the user.
    Nodes { subnet: u8, count: u8 },
    /// So many hosts ask the same.
    Askers { subnet: u8, count: u8, asked: Asked },
    /// So many of those asked last answer the same.
    Answers { count: u8, answered: Answered },
    /// So many deadlines pass.
    Timeouts(u8),
    /// The user asks so many the same.
    Requests { subnet: u8, count: u8, ask: Ask },
}

/// A request of the user's.
#[derive(Arbitrary, Clone, Debug)]
pub struct Ask {
    to: Peer,
    token: bool,
    internal: bool,
    command: u8,
    target: Option<u8>,
    value: Value,
    retries: u8,
    timeout_ms: Option<u16>,
    ttl: u8,
    on: Option<On>,
    session: Option<bool>,
}

impl Ask {
    pub fn of(&self, to: Peer) -> Self {
        Self { to, ..self.clone() }
    }

    pub fn spec(&self, user: u32) -> RequestSpec {
        RequestSpec {
            user,
            to: self.to.addr(),
            token: self.token.then_some([7; 32]),
            internal: self.internal,
            command: u64::from(self.command & 15),
            target: self.target.map(|n| [n; 32]),
            value: self.value.bytes().map(Vec::into_boxed_slice),
            retries: self.retries,
            timeout_ms: self.timeout_ms.map(u32::from),
            ttl: self.ttl,
            socket: self.on.map(On::socket),
            session: self.session.map(session),
            deferred: false,
        }
    }
}

/// A lookup of the user's.
#[derive(Arbitrary, Clone, Debug)]
pub struct Look {
    target: u8,
    internal: bool,
    command: u8,
    value: Value,
    concurrency: u8,
    retries: u8,
    force: bool,
    commit: u8,
    session: Option<bool>,
    given: Option<Vec<(Peer, bool)>>,
    only_closest: bool,
    rows: bool,
}

impl Look {
    pub fn spec(&self) -> QuerySpec {
        let given = self.given.as_ref().map(|given| {
            let contact = |(peer, id): &(Peer, bool)| Contact {
                id: id.then(|| Id::of(peer.addr())),
                addr: peer.addr(),
            };
            Given::Nodes(given.iter().take(40).map(contact).collect())
        });
        QuerySpec {
            target: [self.target; 32],
            internal: self.internal,
            command: u64::from(self.command & 15),
            value: self.value.bytes().map(Vec::into_boxed_slice),
            concurrency: u32::from(self.concurrency),
            retries: self.retries & 7,
            force: self.force,
            thorough: self.retries & 8 != 0,
            commit: [Commit::None, Commit::Auto, Commit::User][usize::from(self.commit) % 3],
            session: self.session.map(session),
            given: given.unwrap_or_default(),
            only_closest: self.only_closest,
            rows: self.rows,
        }
    }
}

pub const FLAGS: [Flag; 8] = [
    Flag::Bootstrapped,
    Flag::Ephemeral,
    Flag::Firewalled,
    Flag::Adaptive,
    Flag::Online,
    Flag::Degraded,
    Flag::HealthOnline,
    Flag::HealthDegraded,
];

pub const FIELDS: [EntryField; 5] = [
    EntryField::Sampled,
    EntryField::Added,
    EntryField::Pinged,
    EntryField::Seen,
    EntryField::DownHints,
];

fn session(first: bool) -> u32 {
    if first { 1 } else { 2 }
}
