//! One host of the network, with its node, its clocks and what it stores.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use dht_rpc_native::dht::*;

use super::memory;

/// The port that every node asks for.
pub const SERVER_PORT: u16 = 49_737;
const CLIENT_PORT: u16 = 50_000;

/// 2023-11-14, in ms: where everybody's calendar begins.
const WALL_MS: u64 = 1_700_000_000_000;

#[derive(Debug)]
pub struct Peer {
    /// `None` once it was killed.
    pub node: Option<Box<Node>>,
    /// Its own address: behind a NAT nobody outside knows it.
    pub host: Ipv4Addr,
    pub server: u16,
    pub client: u16,
    /// The number of its NAT.
    pub nat: Option<u32>,
    /// Peers on different sides do not hear each other while the network is split.
    pub side: u8,
    pub started_ms: u64,
    /// Bytes that its node has allocated.
    pub bytes: i64,
    /// What it stores for others, by target.
    pub store: HashMap<Bytes32, Box<[u8]>>,
    pub lookups: Vec<UnderWay>,
    /// When its timer goes off, on the network's clock.
    pub armed_ms: u64,
    asleep: bool,
    /// Its clock for deadlines stands still while it sleeps.
    slept_ms: u64,
    skew_ms: i64,
}

/// A lookup that is not over.
#[derive(Clone, Copy, Debug)]
pub struct UnderWay {
    /// The node's number for it.
    pub query: u32,
    /// The network's.
    pub lookup: usize,
    pub target: Bytes32,
}

impl Peer {
    pub fn new(host: Ipv4Addr, nat: Option<u32>, now_ms: u64, config: Config) -> Self {
        let now = Now { mono_ms: now_ms, wall_ms: WALL_MS + now_ms };
        let (node, bytes) = memory::during(|| Box::new(Node::new(config, now)));
        Self {
            node: Some(node),
            host,
            server: SERVER_PORT,
            client: CLIENT_PORT,
            nat,
            side: 0,
            started_ms: now_ms,
            bytes,
            store: HashMap::new(),
            lookups: Vec::new(),
            armed_ms: u64::MAX,
            asleep: false,
            slept_ms: 0,
            skew_ms: 0,
        }
    }

    /// The node of a peer that lives.
    pub fn node(&self) -> &Node {
        self.node.as_ref().expect("the peer lives")
    }

    pub fn is_alive(&self) -> bool {
        self.node.is_some()
    }

    pub fn is_awake(&self) -> bool {
        self.is_alive() && !self.asleep
    }

    /// Whether others may find it: it lives, and told the network so.
    pub fn is_persistent(&self) -> bool {
        self.is_awake() && !self.node().is_ephemeral()
    }

    /// Its clocks, at a time of the network's.
    pub fn clocks(&self, now_ms: u64) -> Now {
        let wall_ms = (WALL_MS + now_ms).saturating_add_signed(self.skew_ms);
        Now { mono_ms: now_ms - self.slept_ms, wall_ms }
    }

    /// When its node wants to be called, on the network's clock.
    pub fn deadline_ms(&self) -> Option<u64> {
        let node = self.node.as_ref().filter(|_| !self.asleep)?;
        Some(node.poll_timeout()?.saturating_add(self.slept_ms))
    }

    pub fn socket(&self, port: u16) -> Option<SocketKey> {
        match port {
            port if port == self.server => Some(SocketKey::Server),
            port if port == self.client => Some(SocketKey::Client),
            _ => None,
        }
    }

    pub fn port(&self, socket: SocketKey) -> u16 {
        match socket {
            SocketKey::Server => self.server,
            SocketKey::Client => self.client,
            SocketKey::Foreign(port) => port as u16,
        }
    }

    /// Closes its eyes: it hears nothing and does nothing until [`Peer::wake`].
    pub fn sleep(&mut self) {
        self.asleep = true;
    }

    pub fn wake(&mut self, slept_ms: u64) {
        self.asleep = false;
        self.slept_ms += slept_ms;
    }

    /// Somebody sets its calendar clock.
    pub fn set_clock(&mut self, by_ms: i64) {
        self.skew_ms += by_ms;
    }
}
