//! The packed records between JavaScript and the engine, in both directions: arbitrary bytes as
//! records from JavaScript, a node that does what they say, and a reader of what it tells that
//! trusts nothing but the layout.

mod reader;

use arbitrary::{Arbitrary, Unstructured};
use dht_rpc_native::binding::crossing::outbox::{BATCH, Outbox, RecordClass};
use dht_rpc_native::binding::dht::commands::{self, Record};
use dht_rpc_native::binding::dht::{records, view};
use dht_rpc_native::dht::wire::{self, Message};
use dht_rpc_native::dht::{
    Addr, Config, Event, Hardened, Interest, Node, Now, Observed, Protections, SocketKey,
};

/// Steps of one input.
const MAX_STEPS: usize = 64;

/// Bytes that `lib/crossing/environment.js` drains into.
const SLAB: usize = 512 * 1024;

const HANDLE: u32 = 7;

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    /// Any bytes as a batch of requests, replies and relays.
    Batch(&'a [u8]),
    /// A batch of one, with a head that is right.
    One {
        kind: u8,
        body: &'a [u8],
    },
    Query {
        bytes: &'a [u8],
        room: u8,
    },
    Change(&'a [u8]),
    Datagram {
        socket: u8,
        from: u8,
        bytes: &'a [u8],
    },
    /// Answers the request that was sent last with these bytes behind its head.
    Answered {
        flags: u8,
        rest: &'a [u8],
    },
    Verdict(&'a [u8]),
    Wait(u16),
    Drain(u16),
    Crash(&'a [u8]),
    Read,
    /// The user names so many nodes.
    Nodes {
        subnet: u8,
        count: u8,
    },
    /// The same record so many times, each with another first word: mostly the user's number.
    Repeat {
        kind: u8,
        count: u8,
        body: &'a [u8],
    },
    /// So many requests are answered like this.
    AnsweredAll {
        count: u8,
        flags: u8,
        rest: &'a [u8],
    },
}

struct World {
    node: Node,
    now: Now,
    outbox: Outbox,
    sent: Vec<(Addr, u16)>,
    verdicts: Vec<u32>,
    query: u32,
}

pub fn run(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let Ok(settings) = u8::arbitrary(&mut input) else {
        return;
    };
    let mut world = World::new(settings);
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            break;
        }
        let Ok(step) = Step::arbitrary(&mut input) else {
            break;
        };
        world.take(&step);
        world.pack();
    }
    world.node.destroy(world.now);
    world.pack();
    world.drain(SLAB);
}

impl World {
    /// `settings`: 1 nodes are filtered, 2 requests, 4 hardened, 8 without protections, 16 under
    /// pressure.
    fn new(settings: u8) -> Self {
        let now = Now { mono_ms: 1_000_000, wall_ms: 1_700_000_000_000 };
        let has = |bit| settings & bit != 0;
        let config = Config {
            filter: has(1),
            filter_request: has(2),
            hardened: if has(4) { Hardened::ON } else { Hardened::OFF },
            protections: if has(8) { Protections::OFF } else { Protections::default() },
            ..Config::default()
        };
        let mut node = Node::new(config, now);
        let observed = Observed { requests: true, replies: true, timeouts: true, tries: true };
        node.set_interest(Interest { requests: true, nodes: true, buckets: true, observed });
        node.handle_bound(now, 4000, 5000);
        node.handle_pressure(if has(16) { u32::MAX } else { 0 });
        node.start(now);
        let (outbox, sent) = (Outbox::default(), Vec::new());
        Self { node, now, outbox, sent, verdicts: Vec::new(), query: 0 }
    }

    fn take(&mut self, step: &Step<'_>) {
        let (node, now) = (&mut self.node, self.now);
        match step {
            Step::Batch(bytes) => batch(node, now, bytes),
            Step::One { kind, body } => batch(node, now, &record(*kind, body)),
            Step::Query { bytes, room } => {
                if let Some(spec) = commands::query(bytes) {
                    self.query = node.query(now, spec);
                    node.query_demand(now, self.query, u32::from(*room));
                }
            }
            Step::Change(bytes) => {
                if let Some(spec) = commands::query(bytes) {
                    node.query_change(self.query, spec);
                }
            }
            Step::Datagram { socket, from, bytes } => {
                if let Some(socket) = records::socket_of(u32::from(*socket)) {
                    node.handle_datagram(now, socket, peer(*from), bytes);
                }
            }
            Step::Answered { flags, rest } => self.answered(*flags, rest),
            Step::Verdict(accepted) => {
                if let Some(key) = self.verdicts.pop() {
                    let accepted: Vec<_> = accepted.iter().map(|byte| *byte != 0).collect();
                    node.handle_verdict(now, key, &accepted);
                }
            }
            Step::Wait(ms) => {
                self.now.mono_ms += u64::from(*ms);
                self.now.wall_ms += u64::from(*ms);
                node.handle_timeout(self.now);
            }
            Step::Drain(room) => self.drain(usize::from(*room)),
            Step::Crash(text) => {
                let text = String::from_utf8_lossy(text);
                self.outbox.push(RecordClass::Always, |out| records::crashed(out, HANDLE, &text));
            }
            Step::Read => self.read(),
            Step::Nodes { subnet, count } => {
                for n in 0..*count {
                    node.add_node(now, Addr::new([10, 1, *subnet, n].into(), 4000));
                }
            }
            Step::Repeat { kind, count, body } => {
                for n in 0..*count {
                    batch(node, now, &record(*kind, &numbered(body, n)));
                }
            }
            Step::AnsweredAll { count, flags, rest } => {
                for _ in 0..*count {
                    self.answered(*flags, rest);
                }
            }
        }
    }

    fn answered(&mut self, flags: u8, rest: &[u8]) {
        let Some((from, tid)) = self.sent.pop() else {
            return;
        };
        let mut bytes = vec![0x13, flags & 31];
        bytes.extend(tid.to_le_bytes());
        bytes.extend([1, 2, 3, 4, 5, 6]);
        bytes.extend(rest);
        let socket = SocketKey::Client;
        self.node.handle_datagram(self.now, socket, from, &bytes);
    }

    /// What the sink of a node does.
    fn pack(&mut self) {
        let mut buf = Vec::new();
        while let Some(transmit) = self.node.poll_transmit(&mut buf) {
            if let Some(Message::Request(request)) = wire::decode(&buf) {
                self.sent.push((transmit.to, request.tid));
            }
            if matches!(transmit.socket, SocketKey::Foreign(_)) {
                self.outbox
                    .push(RecordClass::Sends, |out| records::send(out, HANDLE, &transmit, &buf));
            }
            buf.clear();
        }
        while let Some(event) = self.node.poll_event() {
            if let Event::VerdictWanted { key, .. } | Event::RequestVerdictWanted { key, .. } =
                &event
            {
                self.verdicts.push(*key);
            }
            self.outbox.push(RecordClass::Always, |out| records::event(out, HANDLE, &event));
        }
    }

    fn drain(&self, room: usize) {
        let mut slab = vec![0; room];
        loop {
            let len = self.outbox.drain(&mut slab, BATCH);
            assert!(len <= room);
            if len == 0 {
                break;
            }
            reader::records(&slab[..len], HANDLE);
        }
        assert!(room < SLAB || self.outbox.drain(&mut slab, BATCH) == 0, "all of it fits the slab");
    }

    fn read(&self) {
        let entries = view::nodes(&self.node);
        assert_eq!(entries.len(), self.node.nodes_len() * records::ENTRY);
        if let Some(state) = self.node.query_state(self.query) {
            reader::query_state(&view::query(&state));
        }
    }
}

fn batch(node: &mut Node, now: Now, bytes: &[u8]) {
    let mut len = 0;
    for record in commands::records(bytes) {
        match record {
            Record::Request { body, .. } => {
                len += 8 + body.len();
                match commands::request(body) {
                    Some(spec) => node.submit(now, spec),
                    None => node.refuse_request(commands::user(body)),
                }
            }
            Record::Answer { bytes, .. } => {
                len += bytes.len();
                commands::answer(node, now, bytes);
            }
            Record::SendDeferred { .. } => {
                len += 8;
                node.send_deferred(now);
            }
        }
    }
    assert!(len <= bytes.len(), "records do not overlap");
    commands::answers(node, now, bytes);
}

/// Kinds are 1 to 4; some more are tried.
fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let len = (8 + body.len()).next_multiple_of(8);
    let head = [len as u32 | u32::from(kind & 7) << 24, HANDLE];
    let mut bytes: Vec<u8> = head.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.extend(body);
    bytes.resize(len, 0);
    bytes
}

fn numbered(body: &[u8], n: u8) -> Vec<u8> {
    let mut body = body.to_vec();
    if let Some(first) = body.first_mut() {
        *first = first.wrapping_add(n);
    }
    body
}

fn peer(n: u8) -> Addr {
    Addr::new([10, 0, 0, n].into(), 4000 + u16::from(n & 1))
}
