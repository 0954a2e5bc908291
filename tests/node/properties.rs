//! Whatever comes in, in whatever order: no panic, bounded state, true counters.

use dht_rpc_native::dht::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Garbage(Vec<u8>),
    Request {
        flags: u8,
        command: u8,
        rest: Vec<u8>,
    },
    Reply {
        nth: usize,
        flags: u8,
        rest: Vec<u8>,
    },
    Wait(u64),
    Ask(u8),
    Prepare(u8),
    /// One of the things that can be done to a prepared request, an entry or the window.
    ByHand(u8),
    Query {
        rows: bool,
        commit: bool,
    },
    Demand(u32),
    End(u32),
    Suspend,
    Resume,
    Update,
    Verdict(bool),
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..120);
    prop_oneof![
        bytes().prop_map(Step::Garbage),
        (any::<u8>(), 0..7u8, bytes()).prop_map(|(flags, command, rest)| Step::Request {
            flags,
            command,
            rest
        }),
        (0..8usize, any::<u8>(), bytes()).prop_map(|(nth, flags, rest)| Step::Reply {
            nth,
            flags,
            rest
        }),
        (0..8000u64).prop_map(Step::Wait),
        any::<u8>().prop_map(Step::Ask),
        any::<u8>().prop_map(Step::Prepare),
        any::<u8>().prop_map(Step::ByHand),
        (any::<bool>(), any::<bool>()).prop_map(|(rows, commit)| Step::Query { rows, commit }),
        (0..20u32).prop_map(Step::Demand),
        (0..6u32).prop_map(Step::End),
        Just(Step::Suspend),
        Just(Step::Resume),
        Just(Step::Update),
        any::<bool>().prop_map(Step::Verdict),
        Just(Step::Tick),
    ]
}

struct Driver {
    node: Node,
    now: Now,
    sent: Vec<(SocketKey, Addr, Vec<u8>)>,
    verdicts: Vec<(u32, usize)>,
    lookups: Vec<u32>,
    queries: Vec<u32>,
    prepared: Vec<RequestKey>,
    users: u32,
}

fn peer(n: u8) -> Addr {
    Addr::new([10, 0, 0, n % 24].into(), 1000 + u16::from(n % 3))
}

fn request_bytes(flags: u8, command: u8, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![3, flags & 31, 7, 7, 1, 2, 3, 4, 5, 6];
    if flags & 1 != 0 {
        bytes.extend(Id::of(peer(flags)).as_bytes());
    }
    if flags & 2 != 0 {
        bytes.extend([flags; 32]);
    }
    bytes.push(command);
    bytes.extend(rest);
    bytes
}

/// An answer to `request`, which was sent to `from`.
fn reply_bytes(request: &[u8], from: Addr, flags: u8, rest: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x13, flags & 31, request[2], request[3], 9, 9, 9, 9, 1, 0];
    if flags & 1 != 0 {
        bytes.extend(Id::of(from).as_bytes());
    }
    if flags & 2 != 0 {
        bytes.extend([1; 32]);
    }
    if flags & 4 != 0 {
        bytes.push(3);
        let named = (0..3).map(|n| peer(flags.wrapping_mul(7 + n)));
        named.for_each(|addr| bytes.extend(wire::encode_addr(addr)));
    }
    bytes.extend(rest);
    bytes
}

impl Driver {
    fn new(filter: bool, ephemeral: Option<bool>, hardened: bool) -> Self {
        let now = Now { mono_ms: 1000, wall_ms: 5000 };
        let node =
            |name: &str, suggested| BootstrapNode { suggested, host: name.to_string(), port: 1000 };
        let bootstrap = vec![
            node("10.0.0.1", None),
            node("a.name", None),
            node("b", Some([10, 0, 0, 2].into())),
        ];
        let config = Config {
            filter,
            filter_request: filter && hardened,
            ephemeral,
            bootstrap,
            hardened: if hardened { Hardened::ON } else { Hardened::OFF },
            ..Config::default()
        };
        let mut node = Node::new(config, now);
        let observed = Observed { requests: true, replies: true, timeouts: true, tries: true };
        node.set_interest(Interest { requests: filter, nodes: true, buckets: true, observed });
        node.handle_bound(now, 1, 2);
        node.start(now);
        Self {
            node,
            now,
            sent: Vec::new(),
            verdicts: Vec::new(),
            lookups: Vec::new(),
            queries: Vec::new(),
            prepared: Vec::new(),
            users: 0,
        }
    }

    fn take(&mut self, step: Step) {
        let (node, now) = (&mut self.node, self.now);
        match step {
            Step::Garbage(bytes) => node.handle_datagram(now, SocketKey::Server, peer(1), &bytes),
            Step::Request { flags, command, rest } => {
                let bytes = request_bytes(flags, command, &rest);
                node.handle_datagram(now, SocketKey::Client, peer(flags), &bytes);
            }
            Step::Reply { nth, flags, rest } => {
                if let Some((socket, to, request)) = self.sent.iter().rev().nth(nth) {
                    let bytes = reply_bytes(request, *to, flags, &rest);
                    node.handle_datagram(now, *socket, *to, &bytes);
                }
            }
            Step::Wait(ms) => {
                self.now.mono_ms += ms;
                self.now.wall_ms += ms * 4;
                node.handle_timeout(self.now);
                node.send_deferred(self.now);
            }
            Step::Suspend => node.suspend(now),
            Step::Resume => {
                node.resume(now);
                node.handle_bound(now, 1, 2);
                node.resumed(now);
            }
            Step::Update => node.update_network_state(now, 1, false),
            Step::Verdict(accepted) => {
                if let Some((key, len)) = self.verdicts.pop() {
                    node.handle_verdict(now, key, &vec![accepted; len]);
                }
                if let Some(key) = self.lookups.pop() {
                    node.handle_lookup(now, key, accepted.then(|| [10, 0, 0, 3].into()));
                }
            }
            Step::Tick => node.tick(now),
            step => self.act(step),
        }
        self.drain();
    }

    /// What the user does.
    fn act(&mut self, step: Step) {
        let (node, now) = (&mut self.node, self.now);
        match step {
            Step::Ask(n) => {
                self.users += 1;
                let internal = n & 1 == 0;
                let session = (n & 2 != 0).then_some(1);
                let spec = crate::net::request(self.users, peer(n), u64::from(n));
                let deferred = n & 4 != 0;
                node.request(now, RequestSpec { internal, session, deferred, ..spec }).ok();
            }
            Step::Query { rows, commit } => {
                let commit = if commit { Commit::Auto } else { Commit::None };
                let session = rows.then_some(1);
                let spec = crate::net::lookup([self.users as u8; 32], 1);
                self.queries.push(node.query(now, QuerySpec { rows, commit, session, ..spec }));
            }
            Step::Demand(room) => {
                if let Some(query) = self.queries.last() {
                    node.query_demand(now, *query, room);
                }
            }
            Step::End(n) => match self.queries.len() {
                0 if n & 1 == 0 => node.session_destroy(now, 1),
                0 => node.cancel(now, n % (self.users + 1)),
                len if n & 2 == 0 => node.query_cancel(now, self.queries.remove(n as usize % len)),
                len => node.query_destroy(now, self.queries.remove(n as usize % len)),
            },
            Step::Prepare(n) => {
                self.users += 1;
                let spec = crate::net::request(self.users, peer(n), u64::from(n));
                let session = (n & 2 != 0).then_some(1);
                let spec = RequestSpec { internal: n & 1 == 0, session, ..spec };
                let prepared = node.prepare(now, &spec, n & 4 != 0);
                self.prepared.extend(prepared.ok().map(|(key, _)| key));
            }
            Step::ByHand(n) => self.by_hand(n),
            _ => unreachable!("see take"),
        }
    }

    fn by_hand(&mut self, n: u8) {
        let (node, now) = (&mut self.node, self.now);
        let key = self.prepared.get(usize::from(n) % self.prepared.len().max(1)).copied();
        let key = key.or_else(|| node.requests_in_flight(None).map(|request| request.key).next());
        let entry = node.nodes().nth(usize::from(n) % 8).map_or(0, |entry| entry.serial);
        let addr = peer(n);
        match n % 10 {
            0 => drop(node.enter_node(now, addr)),
            1 => drop(node.drop_entry(entry, n & 16 != 0)),
            2 => node.touch_entry(entry),
            3 => node.change_window(now, |window| window.recv()),
            4 => node.change_window(now, |window| window.overwrite([9, 0, 3, 80], 2, 500, 3)),
            _ => {
                let Some(key) = key else { return };
                let spec = crate::net::request(n.into(), addr, u64::from(n));
                match n % 10 {
                    5 | 6 => drop(node.send_prepared(now, key, &spec, n & 16 != 0)),
                    7 => node.send_again(now, key, n & 16 != 0),
                    8 => drop(node.drop_request(now, key)),
                    _ => node.change_request(key, n, Some(n.into())),
                }
            }
        }
    }

    fn drain(&mut self) {
        let mut buf = Vec::new();
        while let Some(transmit) = self.node.poll_transmit(&mut buf) {
            assert!(transmit.len <= 2048 && transmit.to.port() != 0);
            self.sent.push((transmit.socket, transmit.to, std::mem::take(&mut buf)));
        }
        while let Some(event) = self.node.poll_event() {
            match event {
                Event::VerdictWanted { key, nodes } => self.verdicts.push((key, nodes.len())),
                Event::RequestVerdictWanted { key, .. } => self.verdicts.push((key, 1)),
                Event::LookupWanted { key, .. } => self.lookups.push(key),
                _ => {}
            }
        }
    }

    fn check(&self) {
        let node = &self.node;
        let counters = node.counters();
        assert_eq!(counters.requests_active, node.inflight() as i64);
        assert_eq!(node.requests_in_flight(None).count(), node.inflight());
        assert_eq!(node.table().len(), node.nodes_len());
        assert_eq!(node.nodes().count(), node.nodes_len());
        assert_eq!(node.latest_nodes().count(), node.nodes_len());
        assert!(node.nodes().all(|entry| node.table().get(&entry.id).is_some()));
        assert!(!node.table().contains(&node.table_id()));
        assert!(counters.queries_active >= self.queries.len() as i64);
        if let Some(at_ms) = node.poll_timeout() {
            assert!(at_ms + 5000 > self.now.mono_ms);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn nothing_that_comes_in_harms(
        filter in any::<bool>(),
        ephemeral in any::<Option<bool>>(),
        hardened in any::<bool>(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut driver = Driver::new(filter, ephemeral, hardened);
        for step in steps {
            driver.take(step);
            driver.check();
        }
        driver.node.destroy(driver.now);
        driver.drain();
        prop_assert_eq!(driver.node.inflight(), 0);
        prop_assert_eq!(driver.node.poll_timeout(), None);
        for query in driver.queries.drain(..) {
            driver.node.query_destroy(driver.now, query);
        }
        prop_assert_eq!(driver.node.counters().queries_active, 0);
    }
}
