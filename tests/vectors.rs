//! What the reference does, byte for byte. `scripts/vectors.mjs` writes the vectors.

use std::convert::Infallible;
use std::net::Ipv4Addr;

use dht_rpc_native::dht::health::Health;
use dht_rpc_native::dht::nat::NatSampler;
use dht_rpc_native::dht::timeouts::AdaptiveTimeouts;
use dht_rpc_native::dht::token::Tokens;
use dht_rpc_native::dht::window::Window;
use dht_rpc_native::dht::wire::{self, Message, ReplyHead, Request};
use dht_rpc_native::dht::{AdaptiveTimeoutConfig, Addr, Bytes32, Id};
use rand::TryRng;
use serde_json::{Value, json};

#[test]
fn datagrams_are_read_as_the_reference_reads_them() {
    for vector in load(include_str!("vectors/wire.json")) {
        let datagram = bytes(&vector["datagram"]);
        let sender = addr(&vector["sender"]);
        let read = wire::decode(&datagram).map_or(Value::Null, |message| fields(message, sender));
        assert_eq!(read, vector["message"], "{}", vector["name"]);
    }
}

#[test]
fn datagrams_are_written_as_the_reference_writes_them() {
    let vectors = load(include_str!("vectors/wire.json"));
    for vector in vectors.iter().filter(|vector| vector["encoded"] == true) {
        let message = &vector["message"];
        let written = match &message["kind"] {
            kind if kind == "request" => written_request(message),
            _ => written_reply(message),
        };
        assert_eq!(written, bytes(&vector["datagram"]), "{}", vector["name"]);
    }
}

#[test]
fn ids_are_hashes_of_addresses() {
    for vector in load(include_str!("vectors/ids.json")) {
        assert_eq!(Id::of(addr(&vector["addr"])).as_bytes()[..], bytes(&vector["id"]));
    }
}

#[test]
fn tokens_are_keyed_hashes_of_hosts() {
    for vector in load(include_str!("vectors/tokens.json")) {
        let mut rng = Repeat(bytes32(&vector["secret"]));
        let token = Tokens::new().issue(0, host(&vector["host"]), &mut rng);
        assert_eq!(token, bytes32(&vector["token"]), "{}", vector["host"]);
    }
}

#[test]
fn nat_samples_are_judged_alike() {
    for sequence in load(include_str!("vectors/nat.json")) {
        let mut nat = NatSampler::new();
        for (i, step) in rows(&sequence).iter().enumerate() {
            nat.add(addr(&step[0]));
            let host = nat.host().map(|host| host.to_string());
            assert_eq!(json!([step[0], host, nat.port(), nat.size()]), *step, "sample {i}");
        }
    }
}

#[test]
fn adaptive_timeouts_are_alike() {
    for sequence in load(include_str!("vectors/timeouts.json")) {
        let mut timeouts = AdaptiveTimeouts::new(timeout_config(&sequence));
        for (i, step) in rows(&sequence["steps"]).iter().enumerate() {
            let (now_ms, to) = (uint(&step["now"]), addr(&step["to"]));
            if let Some(rtt_ms) = step["rtt"].as_u64() {
                timeouts.put(now_ms, to, rtt_ms as u32);
                continue;
            }
            let attempt = uint(&step["attempt"]) as u32;
            let timeout_ms = timeouts.get(now_ms, to, attempt, &mut Repeat([0xff; 32]));
            assert_eq!(json!(timeout_ms), step["timeout"], "step {i}: {step}");
        }
    }
}

#[test]
fn the_congestion_window_is_alike() {
    for sequence in load(include_str!("vectors/windows.json")) {
        let mut window = Window::new(uint(&sequence["max"]) as u32);
        for (i, step) in rows(&sequence["steps"]).iter().enumerate() {
            match step[0].as_str().unwrap() {
                "send" => window.send(),
                "recv" => window.recv(),
                _ => window.drain(),
            }
            assert_eq!(window.is_full(), step[1], "max {}, step {i}", window.max());
        }
    }
}

#[test]
fn health_is_judged_alike() {
    for sequence in load(include_str!("vectors/health.json")) {
        let mut health = Health::new();
        for (i, tick) in rows(&sequence).iter().enumerate() {
            let judged =
                health.update(uint(&tick["responses"]) as i64, uint(&tick["timeouts"]) as i64);
            let mut judgement = tick["judgement"].clone();
            let rate = judgement.as_object_mut().unwrap().remove("timeoutsRate").unwrap();
            assert_eq!(stats(&health), judgement, "tick {i}");
            assert!((health.timeouts_rate() - rate.as_f64().unwrap()).abs() < 1e-12, "tick {i}");

            let skipped = judgement["cold"] == json!(true) || judgement["idle"] == json!(true);
            assert_eq!(judged, !skipped, "tick {i}");
        }
    }
}

fn fields(message: Message<'_>, sender: Addr) -> Value {
    let verified = |id: Option<&Bytes32>| hex(id.filter(|id| Id::of(sender).as_bytes() == *id));
    match message {
        Message::Request(request) => json!({
            "kind": "request",
            "tid": request.tid,
            "to": request.to.to_string(),
            "id": verified(request.id),
            "token": hex(request.token),
            "internal": request.internal,
            "command": request.command,
            "target": hex(request.target),
            "value": hex(request.value),
        }),
        Message::Reply(reply) => json!({
            "kind": "reply",
            "tid": reply.tid,
            "to": reply.to.to_string(),
            "id": verified(reply.id),
            "token": hex(reply.token),
            "closerNodes": reply.closer_nodes.map(|nodes| {
                nodes.iter().map(|addr| addr.to_string()).collect::<Vec<_>>()
            }),
            "error": reply.error,
            "value": hex(reply.value),
        }),
    }
}

fn written_request(message: &Value) -> Vec<u8> {
    let [id, token, target] = ["id", "token", "target"].map(|key| optional_bytes32(&message[key]));
    let value = optional_bytes(&message["value"]);
    let request = Request {
        tid: uint(&message["tid"]) as u16,
        to: addr(&message["to"]),
        id: id.as_ref(),
        token: token.as_ref(),
        internal: message["internal"] == true,
        command: uint(&message["command"]),
        target: target.as_ref(),
        value: value.as_deref(),
    };
    let mut out = Vec::new();
    request.encode(&mut out);
    assert_eq!(request.encoded_len(), out.len());
    out
}

fn written_reply(message: &Value) -> Vec<u8> {
    let [id, token] = ["id", "token"].map(|key| optional_bytes32(&message[key]));
    let value = optional_bytes(&message["value"]);
    let closer_nodes: Vec<Addr> = match &message["closerNodes"] {
        Value::Null => Vec::new(),
        nodes => rows(nodes).iter().map(addr).collect(),
    };
    let reply = ReplyHead {
        tid: uint(&message["tid"]) as u16,
        to: addr(&message["to"]),
        id: id.as_ref(),
        token: token.as_ref(),
        closer_nodes: &closer_nodes,
        error: uint(&message["error"]),
        value: value.as_deref(),
    };
    let mut out = Vec::new();
    reply.encode(&mut out);
    assert_eq!(reply.encoded_len(), out.len());
    out
}

fn timeout_config(sequence: &Value) -> AdaptiveTimeoutConfig {
    let defaults = AdaptiveTimeoutConfig::default();
    let or = |key: &str, default: u64| sequence[key].as_u64().unwrap_or(default);
    AdaptiveTimeoutConfig {
        max_size: or("maxSize", defaults.max_size as u64) as usize,
        max_age_ms: or("maxAge", defaults.max_age_ms),
        min_ms: or("min", defaults.min_ms.into()) as u32,
        max_ms: or("max", defaults.max_ms.into()) as u32,
        fallback_ms: match &sequence["fallback"] {
            Value::Null => defaults.fallback_ms,
            steps => rows(steps).iter().map(|ms| uint(ms) as u32).collect(),
        },
        jitter_ms: 0,
    }
}

/// All but the rate of time-outs, a fraction that serde_json does not parse to its last bit.
fn stats(health: &Health) -> Value {
    json!({
        "online": health.online,
        "degraded": health.degraded,
        "cold": health.cold(),
        "idle": health.idle(),
        "responses": health.responses(),
        "timeouts": health.timeouts(),
    })
}

/// Gives the same 32 bytes again and again.
struct Repeat(Bytes32);

impl TryRng for Repeat {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes([self.0[0]; 4]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes([self.0[0]; 8]))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.iter_mut().zip(self.0.iter().cycle()).for_each(|(out, byte)| *out = *byte);
        Ok(())
    }
}

fn load(text: &str) -> Vec<Value> {
    let vectors: Vec<Value> = serde_json::from_str(text).unwrap();
    assert!(!vectors.is_empty());
    vectors
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn uint(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn addr(value: &Value) -> Addr {
    value.as_str().unwrap().parse().unwrap()
}

fn host(value: &Value) -> Ipv4Addr {
    value.as_str().unwrap().parse().unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap();
    assert_eq!(digits.len() % 2, 0);
    let byte = |i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn bytes32(value: &Value) -> Bytes32 {
    bytes(value).try_into().unwrap()
}

fn optional_bytes(value: &Value) -> Option<Vec<u8>> {
    (!value.is_null()).then(|| bytes(value))
}

fn optional_bytes32(value: &Value) -> Option<Bytes32> {
    (!value.is_null()).then(|| bytes32(value))
}

fn hex(bytes: Option<impl AsRef<[u8]>>) -> Option<String> {
    bytes.map(|bytes| bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}
