//! The calls that a command can ask for.

use dht_rpc_native::dht::wire::command::{DELAYED_PING, FIND_NODE, PING};
use dht_rpc_native::dht::*;
use serde_json::json;

use super::fields::Fields;
use super::player::Player;

impl Player {
    pub fn call(&mut self, fields: &Fields<'_>) {
        let (node, now) = (&mut self.node, self.now);
        match fields.text("op") {
            "receive" => self.receive(fields),
            "request" | "ping" | "delayed-ping" => self.request(fields),
            "query" => self.query(fields),
            "read" => self.read(fields),
            "query-destroy" => self.query_destroy(fields),
            "session-destroy" => self.session_destroy(fields),
            "reply" => self.reply(fields),
            "relay" => self.relay(fields),
            "add-node" => node.add_node(now, fields.addr("node")),
            "nat-add" => node.nat_add(fields.addr("address")),
            "tick" => node.tick(now),
            "refresh" => node.refresh(now),
            "update-network-state" => {
                node.update_network_state(now, 0, fields.flag("onlyFirewall", false));
            }
            "set" => self.set(fields),
            "wakeup" => node.wakeup(now),
            "suspend" => node.suspend(now),
            "resume" if node.is_suspended() && !node.is_destroyed() => {
                node.resume(now);
                self.bound();
                self.node.resumed(now);
            }
            "resume" => {}
            "destroy" => node.destroy(now),
            other => panic!("there is no command {other}"),
        }
    }
}

impl Player {
    fn receive(&mut self, fields: &Fields<'_>) {
        let socket = fields.socket("socket").expect("a socket");
        let datagram = fields.bytes("hex").expect("a datagram");
        self.node.handle_datagram(self.now, socket, fields.addr("from"), &datagram);
    }

    fn request(&mut self, fields: &Fields<'_>) {
        let user = fields.number("user") as u32;
        let delay_ms = fields.optional("delay").map(|ms| ms as u32);
        let (internal, command, value) = match fields.text("op") {
            "ping" => {
                let size = fields.optional("size").filter(|size| *size > 0);
                (true, PING, size.map(|size| vec![0; size as usize].into()))
            }
            "delayed-ping" => {
                let value = delay_ms.map(|ms| Box::from(ms.to_le_bytes()));
                (true, DELAYED_PING, value)
            }
            _ => (false, fields.number("command"), fields.bytes("value")),
        };
        let session = fields.optional("session").map(|session| session as u32);
        if let Some(session) = session {
            self.sessions.insert(user, session);
        }
        let spec = RequestSpec {
            user,
            to: fields.addr("to"),
            token: fields.bytes32("token"),
            internal,
            command,
            target: fields.bytes32("target"),
            value,
            retries: if fields.flag("retry", true) { 3 } else { 0 },
            timeout_ms: delay_ms.map(|ms| ms + 1000),
            ttl: fields.optional("ttl").unwrap_or(0) as u8,
            socket: fields.socket("socket"),
            session,
            deferred: false,
        };
        self.node.submit(self.now, spec);
    }

    fn query(&mut self, fields: &Fields<'_>) {
        let find_node = fields.optional("command").is_none();
        let given = fields.addrs("nodes").map(|nodes| {
            let contacts = nodes.into_iter().map(|addr| Contact { id: Some(Id::of(addr)), addr });
            Given::Nodes(contacts.collect())
        });
        let spec = QuerySpec {
            target: fields.bytes32("target").expect("a target"),
            internal: find_node,
            command: fields.optional("command").unwrap_or(FIND_NODE),
            value: fields.bytes("value"),
            concurrency: fields.optional("concurrency").unwrap_or(10) as u32,
            retries: fields.optional("retries").unwrap_or(5) as u8,
            force: fields.flag("force", false),
            thorough: false,
            commit: match fields.0["commit"].as_str() {
                Some("auto") => Commit::Auto,
                Some("user") => Commit::User,
                _ => Commit::None,
            },
            session: fields.optional("session").map(|session| session as u32),
            given: given.unwrap_or_default(),
            only_closest: fields.flag("onlyClosestNodes", false),
            rows: true,
        };
        let number = self.node.query(self.now, spec);
        self.queries.insert(fields.number("query"), number);
        if fields.flag("read", true) {
            self.read(fields);
        }
    }

    fn read(&mut self, fields: &Fields<'_>) {
        let number = self.number(fields);
        self.node.query_demand(self.now, number, u32::MAX);
    }

    fn query_destroy(&mut self, fields: &Fields<'_>) {
        let number = self.number(fields);
        self.node.query_destroy(self.now, number);
    }

    /// A user's requests of a session end without an event: whoever destroys it rejects them.
    fn session_destroy(&mut self, fields: &Fields<'_>) {
        let session = fields.number("session") as u32;
        let mut users = Vec::new();
        self.sessions.retain(|user, of| {
            let ends = *of == session;
            users.extend(ends.then_some(*user));
            !ends
        });
        for user in users {
            self.tell("settled", json!({ "user": user, "error": "Destroyed" }));
        }
        self.node.session_destroy(self.now, session);
    }

    fn number(&self, fields: &Fields<'_>) -> u32 {
        self.queries[&fields.number("query")]
    }

    fn reply(&mut self, fields: &Fields<'_>) {
        let incoming = &self.incoming[fields.number("incoming") as usize];
        let value = fields.bytes("value");
        let error = fields.optional("error").unwrap_or(0);
        let spec = ReplySpec {
            socket: fields.socket("socket").unwrap_or(incoming.socket),
            tid: incoming.tid,
            to: fields.optional_addr("to").unwrap_or(incoming.from.addr),
            token: fields.flag("token", error == 0),
            closer_nodes: fields.flag("closerNodes", true),
            target: incoming.target.as_ref(),
            error,
            value: value.as_deref(),
        };
        self.node.reply(self.now, spec);
    }

    fn relay(&mut self, fields: &Fields<'_>) {
        let incoming = &self.incoming[fields.number("incoming") as usize];
        let value = fields.bytes("value");
        let spec = RelaySpec {
            socket: fields.socket("socket").unwrap_or(incoming.socket),
            tid: incoming.tid,
            to: fields.addr("to"),
            internal: false,
            command: incoming.command,
            target: incoming.target.as_ref(),
            value: value.as_deref(),
        };
        self.node.relay(self.now, spec);
    }

    fn set(&mut self, fields: &Fields<'_>) {
        if let Some(ticks) = fields.signed("tick") {
            self.node.set_tick_count(ticks);
        }
        if let Some(ticks) = fields.signed("refreshTicks") {
            self.node.set_refresh_ticks(ticks);
        }
        if let Some(ticks) = fields.signed("stableTicks") {
            self.node.set_stable_ticks(ticks);
        }
    }
}
