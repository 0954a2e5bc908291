//! What is printed: sends, events and the state of the node.

use dht_rpc_native::dht::*;
use serde_json::{Value, json};

pub fn send(now: Now, transmit: &Transmit, datagram: &[u8]) -> Value {
    json!({
        "at": now.mono_ms,
        "send": {
            "socket": socket(transmit.socket),
            "to": transmit.to.to_string(),
            "ttl": transmit.ttl,
            "hex": hex(datagram),
        },
    })
}

/// `fields` are an object.
pub fn event(now: Now, name: &str, fields: Value) -> Value {
    json!({ "at": now.mono_ms, "event": name, "fields": fields })
}

pub fn contact(contact: &Contact) -> Value {
    json!({ "address": contact.addr.to_string(), "id": contact.id.map(|id| hex(id.as_bytes())) })
}

pub fn reply(reply: &Reply) -> Value {
    let closer = reply.closer_nodes.as_ref();
    json!({
        "from": contact(&reply.from),
        "to": reply.to.to_string(),
        "rtt": reply.rtt_ms,
        "token": reply.token.map(|token| hex(&token)),
        "closerNodes": closer.map(|nodes| nodes.iter().map(Addr::to_string).collect::<Vec<_>>()),
        "error": reply.error,
        "value": reply.value.as_deref().map(hex),
    })
}

pub fn request(incoming: &Incoming) -> Value {
    json!({
        "socket": socket(incoming.socket),
        "tid": incoming.tid,
        "from": contact(&incoming.from),
        "to": incoming.to.to_string(),
        "authenticated": incoming.token.is_some(),
        "command": incoming.command,
        "target": incoming.target.map(|target| hex(&target)),
        "value": incoming.value.as_deref().map(hex),
    })
}

pub fn end(outcome: &QueryOutcome, state: &QueryState) -> Value {
    let closest = state.closest.iter().map(|reply| reply.from.addr.to_string());
    json!({
        "outcome": format!("{outcome:?}"),
        "successes": state.successes,
        "errors": state.errors,
        "closest": closest.collect::<Vec<_>>(),
    })
}

pub fn state(node: &Node) -> Value {
    let counters = node.counters();
    let nat = node.nat();
    json!({
        "nodes": node.nodes().map(|entry| entry_line(&entry)).collect::<Vec<_>>(),
        "table": hex(node.table_id().as_bytes()),
        "tableSize": node.table().len(),
        "nat": { "host": nat.host().map(|host| host.to_string()), "port": nat.port(), "size": nat.size() },
        "ephemeral": node.is_ephemeral(),
        "firewalled": node.is_firewalled(),
        "bootstrapped": node.is_bootstrapped(),
        "online": node.health().online,
        "degraded": node.health().degraded,
        "tick": node.tick_count(),
        "refreshTicks": node.refresh_ticks(),
        "stableTicks": node.stable_ticks(),
        "inflight": node.inflight(),
        "queries": { "active": counters.queries_active, "total": counters.queries_total },
        "requests": {
            "active": counters.requests_active,
            "total": counters.requests_total,
            "responses": counters.responses,
            "timeouts": counters.timeouts,
            "retries": counters.retries,
        },
        "tx": counters.commands_tx,
        "rx": counters.commands_rx,
    })
}

pub fn socket(socket: SocketKey) -> String {
    match socket {
        SocketKey::Server => "server".to_owned(),
        SocketKey::Client => "client".to_owned(),
        SocketKey::Foreign(number) => format!("foreign-{number}"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entry_line(entry: &NodeEntry) -> String {
    let NodeEntry { addr, added, pinged, seen, sampled, down_hints, to, .. } = entry;
    let to = to.map_or("-".to_owned(), |to| to.to_string());
    format!(
        "{addr} added {added} pinged {pinged} seen {seen} sampled {sampled} hints {down_hints} to {to}"
    )
}
