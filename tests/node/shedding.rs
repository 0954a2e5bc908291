//! What load shedding is for: a node that is asked more than it can answer hears the answers to
//! what it asks itself.

use std::collections::{HashMap, VecDeque};

use dht_rpc_native::dht::*;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use self::datagram::Backlog;
use self::queue_occupancy::QueueOccupancy;
use crate::hostile::{EVIL, counted};
use crate::net::{Net, Packet, find_node, ping, wire_ping};

/// How the engine derives the steps of pressure: the file itself, and what it takes from beside it.
#[path = "../../src/engine/udp/queue_occupancy.rs"]
mod queue_occupancy;

mod datagram {
    #[allow(dead_code, reason = "the pressure is that of what waits")]
    pub struct Backlog {
        pub waiting: u32,
        pub room: u32,
        pub lost: u32,
    }
}

/// As `src/engine/udp/datagram.rs`.
const MAX_BATCH: usize = 32;

/// What Linux counts for a small datagram that waits, and the room that the engine asks it for.
const WEIGHT: u32 = 768;
const ROOM: u32 = 4 << 20;

/// A tenth as fast as a real one, so that a tenth of the datagrams is too much.
const ANSWER_US: u64 = 40;
const SHED_US: u64 = 4;

/// Each sends five requests in a ms: all together five times what can be answered.
const FLOODERS: u16 = 25;

/// What the node asks for meanwhile, after a second in which it knows of nothing yet. Losses make it
/// wait: that many more would be held back by its own congestion window.
const PINGS: u32 = 200;
const LOOKUPS: u32 = 20;
const PING_EVERY_MS: u64 = 28;
const LOOKUP_EVERY_MS: u64 = 283;

/// A request with all its tries takes that long, and a lookup some of them.
const ENDING_MS: u64 = 10_000;

const PEERS: usize = 30;

/// A socket's receive buffer and the thread that reads it.
struct Receiver {
    net: Net,
    n: usize,
    rng: StdRng,
    /// The flooders' requests of one ms.
    flood: Vec<(SocketKey, Packet)>,
    queue: VecDeque<(SocketKey, Packet)>,
    lost: u32,
    pressure: QueueOccupancy,
    /// How far into this ms the thread is busy, or beyond it.
    busy_us: u64,
}

impl Receiver {
    fn new(protections: Protections) -> Self {
        let mut net = Net::persistent(PEERS);
        let config = Config { ephemeral: Some(false), protections, ..Config::default() };
        let n = net.add(net.joining(config));
        net.with(n, |node, now| node.start(now));
        net.run(5000);
        net.peers[n].held = true;
        let hosts = (0..5 * FLOODERS).map(|i| i % FLOODERS);
        let flood = hosts.map(|host| (SocketKey::Server, shout(host, net.addr(n)))).collect();
        let (rng, queue, pressure) =
            (StdRng::seed_from_u64(1), VecDeque::new(), QueueOccupancy::default());
        Self { net, n, rng, flood, queue, lost: 0, pressure, busy_us: 0 }
    }

    fn pass(&mut self, ms: u64, flooded: bool) {
        (0..ms).for_each(|_| self.pass_one(flooded));
    }

    /// One ms: what arrives, in any order, and what is read of it meanwhile.
    fn pass_one(&mut self, flooded: bool) {
        self.net.take_sent();
        self.net.run(1);
        let mut arrived = std::mem::take(&mut self.net.peers[self.n].waiting);
        if flooded {
            arrived.extend(self.flood.iter().cloned());
        }
        arrived.shuffle(&mut self.rng);
        let len = arrived.len() as u64;
        for (n, (socket, packet)) in (0..).zip(arrived) {
            self.read_until(1000 * n / len);
            self.arrive(socket, packet);
        }
        self.read_until(1000);
        self.busy_us = self.busy_us.saturating_sub(1000);
    }

    fn read_until(&mut self, us: u64) {
        while self.busy_us < us && !self.queue.is_empty() {
            self.read();
        }
        self.busy_us = self.busy_us.max(us);
    }

    fn arrive(&mut self, socket: SocketKey, packet: Packet) {
        if self.waiting() + WEIGHT > ROOM {
            self.lost += 1;
        } else {
            self.queue.push_back((socket, packet));
        }
    }

    /// A batch, as `Socket::receive` and `Runner::receive` of the engine hand it in.
    fn read(&mut self) {
        let batch: Vec<_> = self.queue.drain(..MAX_BATCH.min(self.queue.len())).collect();
        let steps = if batch.len() == MAX_BATCH {
            let backlog = Backlog { waiting: self.waiting(), room: ROOM, lost: self.lost };
            self.pressure.note(backlog, self.queue.len() as u32)
        } else {
            self.pressure.clear();
            0
        };
        let shed = counted(&self.net, self.n).load_shedding;
        let len = batch.len() as u64;
        self.net.with(self.n, |node, now| {
            node.handle_pressure(steps);
            for (socket, packet) in batch {
                node.handle_datagram(now, socket, packet.from, &packet.bytes);
            }
        });
        let shed = (counted(&self.net, self.n).load_shedding - shed) as u64;
        self.busy_us += shed * SHED_US + (len - shed) * ANSWER_US;
    }

    fn waiting(&self) -> u32 {
        self.queue.len() as u32 * WEIGHT
    }
}

impl Receiver {
    fn ping(&mut self, number: u32) {
        let to = self.net.addr(number as usize % PEERS);
        self.net.with(self.n, |node, now| node.submit(now, ping(number, to)));
    }

    /// Returns the lookup's number.
    fn look_up(&mut self, target: Bytes32) -> u32 {
        self.net.with(self.n, |node, now| {
            let query = node.query(now, find_node(target));
            node.query_demand(now, query, u32::MAX);
            query
        })
    }

    /// How many of the 20 nearest to the target were found.
    fn found(&self, target: &Bytes32, state: &QueryState) -> usize {
        let peers = (0..PEERS).map(|n| self.net.node(n).table_id());
        let mut nearest: Vec<Id> = peers.collect();
        nearest.sort_by(|a, b| Id::cmp_distance(target, a, b));
        let ids = state.closest.iter().filter_map(|reply| reply.from.id);
        ids.filter(|id| nearest[..20].contains(id)).count()
    }
}

/// A PING of a flooder's.
fn shout(host: u16, to: Addr) -> Packet {
    let [high, low] = host.to_be_bytes();
    let from = Addr::new([66, 6, high, low].into(), 5);
    let mut bytes = Vec::new();
    wire_ping(to).encode(&mut bytes);
    Packet { at_ms: 0, from, to, bytes }
}

/// What became of what the node asked for, and of the flood.
#[derive(Debug)]
struct Outcome {
    /// Answered.
    pings: u32,
    /// That found at least 18 of the 20 nearest.
    lookups: u32,
    lost: u32,
    shed: i64,
}

fn outcome(load_shedding: bool, flooded: bool) -> Outcome {
    let limits = Protections { load_shedding, host_budget: None, ..Protections::default() };
    let mut receiver = Receiver::new(limits);
    receiver.pass(1000, flooded);
    receiver.net.take_events(receiver.n);
    let (mut pings, mut targets) = (0, HashMap::new());
    for ms in 0..LOOKUP_EVERY_MS * u64::from(LOOKUPS) {
        if ms % PING_EVERY_MS == 0 && pings < PINGS {
            receiver.ping(pings);
            pings += 1;
        }
        if ms % LOOKUP_EVERY_MS == 0 {
            let target = *Id::of(Addr::new(EVIL, ms as u16)).as_bytes();
            targets.insert(receiver.look_up(target), target);
        }
        receiver.pass(1, flooded);
    }
    receiver.pass(ENDING_MS, flooded);
    let events = receiver.net.take_events(receiver.n);
    let answered = events.iter().filter(|event| matches!(event, Event::Response { .. }));
    let found = events.iter().filter(|event| match event {
        Event::QueryEnd { query, state, .. } => receiver.found(&targets[query], state) >= 18,
        _ => false,
    });
    Outcome {
        pings: answered.count() as u32,
        lookups: found.count() as u32,
        lost: receiver.lost,
        shed: counted(&receiver.net, receiver.n).load_shedding,
    }
}

#[test]
fn who_is_asked_too_much_hears_the_answers_to_what_it_asks() {
    let calm = outcome(true, false);
    assert_eq!((calm.pings, calm.lookups, calm.lost, calm.shed), (PINGS, LOOKUPS, 0, 0));
    let with = outcome(true, true);
    let without = outcome(false, true);
    let all = PINGS * 99 / 100;
    assert!(with.pings >= all && with.lookups == LOOKUPS && with.shed > 1_000_000, "{with:?}");
    assert!(without.pings < PINGS / 2 && without.lookups < LOOKUPS / 4, "{without:?}");
    assert!(without.lost > 1_000_000 && without.shed == 0, "{without:?}");
}
