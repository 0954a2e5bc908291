//! A node of the network: the state, the five verbs, and the answers of its driver.
//!
//! Whatever the node does splits into the modules below; each is a set of methods on [`Node`].

mod alarms;
mod background;
mod bootstrap;
mod calls;
mod committing;
mod deferred;
mod entries;
mod filter;
mod guarding;
mod lookups;
mod lost;
mod members;
mod network_state;
mod observing;
mod prepared;
mod reads;
mod requesting;
mod resolving;
mod serving;
mod transmit_queue;
mod upkeep;
mod verdicts;
mod writes;

use std::collections::{BTreeMap, VecDeque};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

pub use self::entries::Entrance;
pub use self::writes::{EntryField, Flag};

use self::alarms::Alarms;
use self::bootstrap::Bootstrap;
use self::deferred::Deferred;
use self::filter::Question;
use self::lost::LostNodes;
use self::network_state::Probe;
use self::requesting::RequestKind;
use self::resolving::{EntryPointUser, Resolution};
use self::serving::DelayedPings;
use self::transmit_queue::TransmitQueue;
use self::upkeep::{REFRESH_TICKS, STABLE_TICKS, TICK_MS};
use self::verdicts::Verdicts;
use super::calls::QueryOutcome;
use super::config::Config;
use super::contact::Contact;
use super::counters::{Counters, SettledRequests};
use super::event::{Event, Interest, NodeStatus};
use super::guard::Guard;
use super::health::Health;
use super::id::Id;
use super::lookup::Query;
use super::nat::NatSampler;
use super::node_list::NodeList;
use super::requests::Requests;
use super::table::Table;
use super::timeouts::AdaptiveTimeouts;
use super::token::Tokens;
use super::wire;
use crate::net::addr::Addr;
use crate::net::clock::Now;
use crate::net::socket_key::SocketKey;
use crate::net::transmit::Transmit;

/// A node of the network, see [`super`] for how to drive it.
#[derive(Debug)]
pub struct Node {
    config: Config,
    rng: StdRng,
    table: Table,
    list: NodeList,
    lost: LostNodes,
    entry_serial: u32,
    generation: u32,

    nat: NatSampler,
    /// Who gave a sample without having an id.
    sampled_without_id: Vec<Addr>,
    health: Health,
    tokens: Tokens,
    counters: Counters,
    settled: SettledRequests,

    requests: Requests<RequestKind>,
    deferred: Deferred,
    alarms: Alarms,
    timeouts: Option<Box<AdaptiveTimeouts>>,
    tid_count: u16,
    reply_serial: u32,
    delayed_pings: DelayedPings,
    queries: BTreeMap<u32, Box<Query>>,
    query_count: u32,
    down_hints_sent: u32,
    checks: u32,
    swaps: u32,

    bootstrap: Bootstrap,
    resolutions: BTreeMap<u32, Resolution>,
    probes: BTreeMap<u32, Probe>,
    held: BTreeMap<u32, Question>,
    /// How many of them are replies.
    held_replies: usize,
    /// How many requests, and senders of requests, wait for a filter.
    held_requests: usize,
    /// `None` where every question is a new one.
    verdicts: Option<Box<Verdicts>>,
    guard: Guard,
    /// Pings of nodes that are not handed out yet.
    verifying: u32,
    /// Numbers of what waits for the driver or for peers.
    key_count: u32,

    ports: Option<Ports>,
    ephemeral: bool,
    firewalled: bool,
    adaptive: bool,
    online: bool,
    degraded: bool,
    bootstrapped: bool,
    suspended: bool,
    destroyed: bool,

    tick: i32,
    refresh_ticks: i32,
    stable_ticks: i32,
    next_tick_ms: u64,
    last_tick_wall_ms: u64,
    last_host: Option<std::net::Ipv4Addr>,

    interest: Interest,
    /// The status that the driver knows.
    reported: Option<NodeStatus>,
    status_serial: u32,
    tasks: VecDeque<FollowUp>,
    events: VecDeque<Event>,
    outbox: TransmitQueue,
    closest_addrs: Vec<Addr>,
}

impl Node {
    /// Everything is usable at once. Nothing is sent before [`Node::handle_bound`], and the
    /// bootstrap waits for [`Node::start`].
    pub fn new(config: Config, now: Now) -> Self {
        let mut rng = StdRng::from_seed(config.seed);
        let mut centre = [0; 32];
        rng.fill_bytes(&mut centre);
        let adaptive = config.adaptive && config.ephemeral.is_none();
        let mut nat = NatSampler::new();
        if let Some(addr) = config.public_address {
            nat.add(addr);
        }
        let mut node = Self {
            table: Table::new(Id::from_bytes(centre)),
            list: NodeList::new(),
            lost: LostNodes::default(),
            entry_serial: 0,
            generation: 0,
            nat,
            sampled_without_id: Vec::new(),
            health: Health::new(),
            tokens: Tokens::new(),
            counters: Counters::default(),
            settled: SettledRequests::default(),
            requests: Requests::new(config.max_window, &mut rng),
            deferred: Deferred::default(),
            alarms: Alarms::default(),
            timeouts: config.adaptive_timeout.clone().map(|c| Box::new(AdaptiveTimeouts::new(c))),
            tid_count: rng.random(),
            reply_serial: 0,
            delayed_pings: DelayedPings::default(),
            queries: BTreeMap::new(),
            query_count: 0,
            down_hints_sent: 0,
            checks: 0,
            swaps: 0,
            bootstrap: Bootstrap::default(),
            resolutions: BTreeMap::new(),
            probes: BTreeMap::new(),
            held: BTreeMap::new(),
            held_replies: 0,
            held_requests: 0,
            verdicts: (config.filter && config.keep_verdicts).then(Box::default),
            guard: Guard::new(&config.hardened),
            verifying: 0,
            key_count: 0,
            ports: None,
            ephemeral: true,
            firewalled: config.firewalled,
            adaptive,
            online: true,
            degraded: false,
            bootstrapped: false,
            suspended: false,
            destroyed: false,
            tick: random_offset(&mut rng, 100),
            refresh_ticks: random_offset(&mut rng, REFRESH_TICKS),
            stable_ticks: if adaptive { STABLE_TICKS } else { 0 },
            next_tick_ms: now.mono_ms.saturating_add(TICK_MS),
            last_tick_wall_ms: now.wall_ms,
            last_host: None,
            interest: Interest::default(),
            reported: None,
            status_serial: 0,
            tasks: VecDeque::new(),
            events: VecDeque::new(),
            outbox: TransmitQueue::default(),
            closest_addrs: Vec::new(),
            rng,
            config,
        };
        node.reported = Some(node.status());
        node
    }

    /// A datagram came in on `socket`. Nothing of it is kept beyond what an event carries.
    pub fn handle_datagram(&mut self, now: Now, socket: SocketKey, from: Addr, datagram: &[u8]) {
        if self.destroyed || self.suspended || datagram.len() < 2 || from.port() == 0 {
            return;
        }
        let reply = wire::reply_tid(datagram);
        let unread = self.config.filter_request && reply.is_none();
        if socket == SocketKey::Server && !unread {
            self.heard_on_server(*from.ip());
        }
        if !self.is_worth_decoding(now, from, reply) {
            return;
        }
        self.requests.window.advance(now.mono_ms);
        match wire::decode(datagram) {
            Some(wire::Message::Request(_)) if unread => {
                self.hold_unread(socket, from, datagram);
            }
            Some(wire::Message::Request(request)) => {
                self.handle_request(now, socket, from, request, datagram.len());
            }
            Some(wire::Message::Reply(reply)) => {
                self.handle_reply(now, socket, from, reply, datagram);
            }
            None => return,
        }
        self.settle(now);
    }

    /// The system dropped more than one in 16 of the datagrams that came in lately, for nobody read
    /// them in time.
    pub fn handle_losses(&mut self, now: Now) {
        self.guard.note_losses(now.mono_ms);
    }

    /// The system's room for datagrams that wait was running out when those were read that will be
    /// handed in next: by so many steps, of which each halves what the busiest hosts get; 0 is not
    /// at all. To be called before every datagram, or batch of them, while it is not 0, and when it
    /// is again.
    pub fn handle_pressure(&mut self, steps: u32) {
        if self.config.protections.load_shedding {
            self.guard.budget.set_pressure(steps, &mut self.rng);
        }
    }

    /// Does all that is due. To be called at the time that [`Node::poll_timeout`] names, or later.
    pub fn handle_timeout(&mut self, now: Now) {
        self.ring_alarms(now);
        if self.requests.window.advance(now.mono_ms) {
            self.release_waiting(now);
        }
        while let Some(due) = self.next_due(now.mono_ms) {
            match due {
                Due::Tick => {
                    let late_ms = now.mono_ms.saturating_sub(self.next_tick_ms);
                    let made_up_ms = if late_ms > MAX_MADE_UP_MS { 0 } else { late_ms };
                    self.next_tick_ms = now.mono_ms.saturating_add(TICK_MS - made_up_ms);
                    self.on_tick(now);
                }
                Due::Request => {
                    if let Some(key) = self.requests.next_due(now.mono_ms) {
                        self.request_timed_out(now, key);
                    }
                }
                Due::DelayedPing => self.answer_delayed_ping(now),
                Due::Question => self.ask_due(now),
            }
            self.settle(now);
        }
        self.settle(now);
    }

    /// The next datagram to send, its bytes appended to `buf`.
    pub fn poll_transmit(&mut self, buf: &mut Vec<u8>) -> Option<Transmit> {
        self.outbox.pop(buf)
    }

    /// The next thing to tell the user, in the order in which things happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if self.events.is_empty() {
            self.events.shrink_to(KEPT_EVENTS);
        }
        event.or_else(|| self.changed_status())
    }

    /// The next deadline, on the `mono_ms` clock. Changes with every other call; that of an alarm at
    /// most while suspended, and `None` after [`Node::destroy`].
    pub fn poll_timeout(&self) -> Option<u64> {
        self.poll_timeout_with(|tick_ms| tick_ms)
    }

    /// As [`Node::poll_timeout`], with the tick put off by `put_off`: of all deadlines the one that
    /// may pass by some ms without anybody noticing.
    pub fn poll_timeout_with(&self, put_off: impl FnOnce(u64) -> u64) -> Option<u64> {
        if self.destroyed {
            return None;
        }
        if self.suspended {
            return self.alarms.next();
        }
        let requests = &self.requests;
        let deadlines = [
            self.alarms.next(),
            Some(put_off(self.next_tick_ms)),
            requests.next_deadline(),
            self.delayed_pings.next(),
            self.next_question(),
            requests.has_waiting().then(|| requests.window.next_rotation()),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// The sockets are bound: what waited for them leaves. Also after [`Node::resume`].
    pub fn handle_bound(&mut self, now: Now, server_port: u16, client_port: u16) {
        if self.destroyed || self.suspended {
            return;
        }
        self.ports = Some(Ports { server: server_port, client: client_port });
        self.requests.window.start(now.mono_ms);
        let keys: Vec<_> = self.requests.keys().collect();
        for key in keys {
            if self.requests.get(key).is_some_and(|request| request.is_unsent()) {
                self.launch(now, key, false);
            }
        }
        self.settle(now);
    }
}

/// The local ports of the two sockets.
#[derive(Clone, Copy, Debug)]
struct Ports {
    server: u16,
    client: u16,
}

/// What follows a step once it is over. The reference does these in later turns of its event loop,
/// before anything else can come in.
#[derive(Debug)]
enum FollowUp {
    /// An internal query is to begin.
    OpenQuery(u32),
    /// An internal query got a reply from this node.
    QueryRow(u32, Contact),
    /// A query is over.
    QueryOver(u32, QueryOutcome),
    /// Entry points are wanted, once what else is to be sent has been.
    Resolve(EntryPointUser),
    /// All that were asked to reach our server socket have answered or failed.
    ProbeOver(u32),
}

enum Due {
    Tick,
    Request,
    DelayedPing,
    Question,
}

/// A tick that came late by no more than this does not put off those after it.
const MAX_MADE_UP_MS: u64 = 250;

/// Places for events that an idle node may keep.
const KEPT_EVENTS: usize = 16;

impl Node {
    fn next_due(&self, now_ms: u64) -> Option<Due> {
        if self.destroyed || self.suspended {
            return None;
        }
        let tick = (self.next_tick_ms, Due::Tick);
        let request = self.requests.next_deadline().map(|at| (at, Due::Request));
        let ping = self.delayed_pings.next().map(|at| (at, Due::DelayedPing));
        let question = self.next_question().map(|at| (at, Due::Question));
        let all = [Some(tick), ping, request, question].into_iter().flatten();
        let (at, due) = all.min_by_key(|(at, _)| *at)?;
        (at <= now_ms).then_some(due)
    }

    fn settle(&mut self, now: Now) {
        loop {
            self.release_waiting(now);
            let Some(task) = self.tasks.pop_front() else {
                return;
            };
            match task {
                FollowUp::OpenQuery(query) => self.open_query(now, query),
                FollowUp::QueryRow(query, from) => self.background_row(now, query, from),
                FollowUp::QueryOver(query, outcome) => self.query_over(now, query, outcome),
                FollowUp::Resolve(wanted_by) => self.resolve(now, wanted_by),
                FollowUp::ProbeOver(probe) => self.probe_over(probe),
            }
        }
    }

    /// Every event comes with the status as of it, if that changed.
    fn emit(&mut self, event: Event) {
        let status = self.changed_status();
        self.events.extend(status);
        self.events.push_back(event);
    }

    fn changed_status(&mut self) -> Option<Event> {
        if self.reported == Some(self.status()) {
            return None;
        }
        self.status_serial = self.status_serial.wrapping_add(1);
        let status = self.status();
        self.reported = Some(status);
        Some(Event::Status(Box::new(status)))
    }

    fn next_key(&mut self) -> u32 {
        self.key_count = self.key_count.wrapping_add(1);
        self.key_count
    }

    /// The socket that the node's own requests leave from.
    fn socket_in_use(&self) -> SocketKey {
        if self.firewalled { SocketKey::Client } else { SocketKey::Server }
    }

    /// Our id, as far as it is shown to others.
    fn shown_id(&self, socket: SocketKey) -> Option<Id> {
        (!self.ephemeral && socket == SocketKey::Server).then(|| self.table.id())
    }
}

/// Spreads the ticks of a network's nodes: `n` less up to half of it.
fn random_offset(rng: &mut StdRng, n: i32) -> i32 {
    n - rng.random_range(0..n / 2)
}
