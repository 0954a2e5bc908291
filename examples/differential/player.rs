//! A node, its clock, and what a driver answers by itself: names and the filter.

use std::collections::{BTreeMap, HashSet};
use std::net::Ipv4Addr;

use dht_rpc_native::dht::*;
use serde_json::{Value, json};

use super::fields::Fields;
use super::report;

pub struct Player {
    pub node: Node,
    pub now: Now,
    /// The numbers that the node gave to the queries of the commands.
    pub queries: BTreeMap<u64, u32>,
    /// Sessions of the user's requests in flight.
    pub sessions: BTreeMap<u32, u32>,
    /// Every user's command so far; a command names one by its place.
    pub incoming: Vec<Incoming>,
    pub trace: Vec<Value>,
    ports: (u16, u16),
    filtered: HashSet<Addr>,
    names: Value,
}

impl Player {
    pub fn new(fields: &Fields<'_>) -> Self {
        let now = clock(fields);
        let mut node = Node::new(config(fields), now);
        // The reference's offsets, where its random number is 0.
        node.set_tick_count(100);
        node.set_refresh_ticks(60);
        for addr in fields.addrs("nodes").unwrap_or_default().into_iter().rev() {
            node.add_node(now, addr);
        }
        node.set_interest(Interest {
            requests: fields.flag("listening", true),
            nodes: true,
            ..Interest::default()
        });
        let centre = json!({ "centre": report::hex(node.table_id().as_bytes()) });
        Self {
            node,
            now,
            queries: BTreeMap::new(),
            sessions: BTreeMap::new(),
            incoming: Vec::new(),
            trace: vec![report::event(now, "created", centre)],
            ports: (fields.number("serverPort") as u16, fields.number("clientPort") as u16),
            filtered: fields.addrs("filtered").unwrap_or_default().into_iter().collect(),
            names: fields.0["names"].clone(),
        }
    }

    /// Does what a command says and reports all that came of it.
    pub fn play(&mut self, fields: &Fields<'_>) -> Value {
        self.now = clock(fields);
        match fields.text("op") {
            "init" => {
                self.bound();
                self.node.start(self.now);
            }
            "advance" => self.advance(fields.number("until")),
            _ => self.call(fields),
        }
        self.drain();
        json!({ "trace": std::mem::take(&mut self.trace), "state": report::state(&self.node) })
    }

    pub fn bound(&mut self) {
        let (server, client) = self.ports;
        self.node.handle_bound(self.now, server, client);
    }

    pub fn tell(&mut self, name: &str, fields: Value) {
        self.trace.push(report::event(self.now, name, fields));
    }
}

impl Player {
    fn advance(&mut self, until_ms: u64) {
        while let Some(at_ms) = self.node.poll_timeout().filter(|at_ms| *at_ms <= until_ms) {
            self.pass(at_ms);
            self.node.handle_timeout(self.now);
            self.drain();
        }
        self.pass(until_ms);
    }

    fn pass(&mut self, until_ms: u64) {
        let passed_ms = until_ms.saturating_sub(self.now.mono_ms);
        self.now.mono_ms += passed_ms;
        self.now.wall_ms += passed_ms;
    }

    fn drain(&mut self) {
        let mut datagram = Vec::new();
        loop {
            while let Some(transmit) = self.node.poll_transmit(&mut datagram) {
                self.trace.push(report::send(self.now, &transmit, &datagram));
                datagram.clear();
            }
            let Some(event) = self.node.poll_event() else {
                return;
            };
            self.event(event);
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Request(incoming) => {
                self.tell("request", report::request(&incoming));
                self.incoming.push(*incoming);
            }
            Event::Response { user, reply, .. } => self.settled(user, Ok(&reply)),
            Event::Failure { user, error } => self.settled(user, Err(error)),
            Event::QueryRow { query, reply, .. } => {
                let query = self.query_name(query);
                self.tell("row", json!({ "query": query, "reply": report::reply(&reply) }));
            }
            Event::QueryCommit { query, state } => self.commit(query, &state),
            Event::QueryEnd { query, outcome, state } => self.ended(query, &outcome, &state),
            Event::Ready => self.tell("ready", json!({})),
            Event::Persistent => self.tell("persistent", json!({})),
            Event::Ephemeral => self.tell("ephemeral", json!({})),
            Event::Wakeup => self.tell("wakeup", json!({})),
            Event::NetworkUpdate => self.tell("network-update", json!({})),
            Event::NatUpdate { host, port } => {
                let host = host.map(|host| host.to_string());
                self.tell("nat-update", json!({ "host": host, "port": port }));
            }
            Event::NodeAdded(entry) => self.node_event("add-node", &entry),
            Event::NodeRemoved(entry) => self.node_event("remove-node", &entry),
            Event::NetworkState { changed, .. } => {
                self.tell("network-state", json!({ "changed": changed }));
            }
            Event::LookupWanted { key, name } => {
                let address = Fields(&json!({ "names": self.names })).name(&name);
                self.lookup(key, address);
            }
            Event::VerdictWanted { key, nodes } => {
                let accepted: Vec<bool> =
                    nodes.iter().map(|node| !self.filtered.contains(&node.addr)).collect();
                self.node.handle_verdict(self.now, key, &accepted);
            }
            // Only where a filter of requests is given.
            Event::RequestVerdictWanted { .. } => {}
            // Only where the entry points are JavaScript objects.
            Event::BootstrapWanted { key } => {
                self.node.handle_bootstrap_nodes(self.now, key, Vec::new());
            }
            Event::Status(_)
            | Event::QueryProgress { .. }
            | Event::Alarm { .. }
            | Event::UserLookupWanted { .. } => {}
            // Only for drivers that want them.
            Event::BucketGained(_)
            | Event::BucketLost(_)
            | Event::BucketFull(_)
            | Event::RequestSeen(_)
            | Event::ReplySeen { .. }
            | Event::TimedOut(_)
            | Event::TryEnded { .. } => {}
        }
    }

    fn settled(&mut self, user: u32, outcome: Result<&Reply, RequestError>) {
        self.sessions.remove(&user);
        let fields = match outcome {
            Ok(reply) => json!({ "user": user, "reply": report::reply(reply) }),
            Err(error) => json!({ "user": user, "error": format!("{error:?}") }),
        };
        self.tell("settled", fields);
    }

    fn commit(&mut self, query: u32, state: &QueryState) {
        let name = self.query_name(query);
        for reply in &state.closest {
            self.tell("commit", json!({ "query": name, "to": reply.from.addr.to_string() }));
        }
        self.ended(query, &QueryOutcome::Done, state);
    }

    fn ended(&mut self, query: u32, outcome: &QueryOutcome, state: &QueryState) {
        let name = self.query_name(query);
        self.node.query_destroy(self.now, query);
        self.tell("end", json!({ "query": name, "end": report::end(outcome, state) }));
    }

    fn query_name(&self, query: u32) -> Option<u64> {
        self.queries.iter().find(|(_, number)| **number == query).map(|(name, _)| *name)
    }

    fn node_event(&mut self, name: &str, entry: &NodeEntry) {
        self.tell(name, json!({ "address": entry.addr.to_string() }));
    }

    fn lookup(&mut self, key: u32, address: Option<Ipv4Addr>) {
        self.node.handle_lookup(self.now, key, address);
    }
}

fn clock(fields: &Fields<'_>) -> Now {
    Now { mono_ms: fields.number("mono"), wall_ms: fields.number("wall") }
}

fn config(fields: &Fields<'_>) -> Config {
    let default = Config::default();
    let number = |name, default: u32| fields.optional(name).map_or(default, |n| n as u32);
    // The jitter is not for comparing.
    let adaptive = AdaptiveTimeoutConfig { jitter_ms: 0, ..AdaptiveTimeoutConfig::default() };
    let limit = fields.signed("downHintsRateLimit").unwrap_or(50);
    Config {
        concurrency: number("concurrency", default.concurrency),
        max_window: number("maxWindow", default.max_window),
        max_ping_delay_ms: number("maxPingDelay", default.max_ping_delay_ms),
        ephemeral: fields.optional_flag("ephemeral"),
        adaptive: fields.flag("adaptive", true),
        firewalled: fields.flag("firewalled", true),
        quick_firewall: fields.flag("quickFirewall", true),
        bootstrap: fields.bootstrap("bootstrap"),
        bootstrap_dynamic: false,
        send_down_hints: fields.flag("sendDownHints", true),
        down_hints_rate_limit: u32::try_from(limit).ok(),
        adaptive_timeout: fields.flag("adaptiveTimeout", false).then_some(adaptive),
        filter: fields.addrs("filtered").is_some(),
        keep_verdicts: false,
        public_address: fields.optional_addr("publicAddress"),
        seed: fields.bytes32("seed").unwrap_or_default(),
        ..default
    }
}
