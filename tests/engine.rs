//! The engine on real sockets: nodes that find each other, calls from several threads, a poll that
//! is borrowed, a node that panics beside one that lives.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use dht_rpc_native::dht::wire::command::PING;
use dht_rpc_native::dht::{
    Addr, BootstrapNode, Config, Event, RequestError, RequestSpec, Transmit,
};
use dht_rpc_native::engine::{BindOptions, Engine, Runner, Sink};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
enum Told {
    Event(Event),
    Crashed(String),
    Closed,
}

struct Channel(Sender<Told>);

impl Sink for Channel {
    fn event(&self, event: Event) -> bool {
        self.0.send(Told::Event(event)).is_ok()
    }
    fn send(&self, _: &Transmit, _: &[u8]) -> bool {
        false
    }
    fn network_changed(&self) {}
    fn crashed(&self, message: &str) {
        let _ = self.0.send(Told::Crashed(message.to_owned()));
    }
    fn closed(&self) {
        let _ = self.0.send(Told::Closed);
    }
    fn wake(&self) {}
}

/// A sink that panics in some of its methods, as soon as it is armed.
struct Bomb {
    channel: Channel,
    methods: &'static [&'static str],
    armed: Arc<AtomicBool>,
}

impl Bomb {
    fn pass(&self, method: &str) -> &Channel {
        let armed = self.armed.load(Ordering::SeqCst);
        assert!(!armed || !self.methods.contains(&method), "the sink's {method}");
        &self.channel
    }
}

impl Sink for Bomb {
    fn event(&self, event: Event) -> bool {
        self.pass("event").event(event)
    }
    fn send(&self, transmit: &Transmit, bytes: &[u8]) -> bool {
        self.pass("send").send(transmit, bytes)
    }
    fn network_changed(&self) {
        self.pass("network_changed").network_changed();
    }
    fn crashed(&self, message: &str) {
        self.pass("crashed").crashed(message);
    }
    fn closed(&self) {
        self.pass("closed").closed();
    }
    fn wake(&self) {
        self.pass("wake").wake();
    }
}

struct TestNode {
    runner: Arc<Runner>,
    told: Receiver<Told>,
}

impl TestNode {
    fn start(config: Config) -> Self {
        Self::start_with(config, |channel| Box::new(channel))
    }

    /// A node alone, whose sink panics in these methods once it is armed.
    fn bomb(methods: &'static [&'static str]) -> (Self, Arc<AtomicBool>) {
        let armed = Arc::new(AtomicBool::new(false));
        let node = Self::start_with(Config::default(), |channel| {
            Box::new(Bomb { channel, methods, armed: Arc::clone(&armed) })
        });
        (node, armed)
    }

    fn start_with(config: Config, sink: impl FnOnce(Channel) -> Box<dyn Sink>) -> Self {
        let (sender, told) = channel();
        let bind =
            BindOptions { host: Ipv4Addr::LOCALHOST, port_from: 0, port_to: 0, any_port: true };
        let seed = rand::random();
        let config = Config { seed, ..config };
        let runner = Engine::get().add(config, bind, 1, sink(Channel(sender))).unwrap();
        runner.bind().unwrap();
        runner.with(|node, now| node.start(now));
        Self { runner, told }
    }

    fn bootstrapper() -> Self {
        let node =
            Self::start(Config { ephemeral: Some(false), firewalled: false, ..Config::default() });
        node.runner.with(|n, _| n.nat_add(Addr::new(Ipv4Addr::LOCALHOST, node.port())));
        node
    }

    fn joining(entry: &TestNode) -> Self {
        let host = "localhost".to_owned();
        let node = BootstrapNode { suggested: None, host, port: entry.port() };
        let bootstrap = vec![node];
        Self::start(Config { ephemeral: Some(false), bootstrap, ..Config::default() })
    }

    fn port(&self) -> u16 {
        self.runner.ports().server
    }

    fn ping(&self, user: u32, port: u16) -> Result<(), RequestError> {
        self.runner.request(ping(user, Addr::new(Ipv4Addr::LOCALHOST, port)))
    }

    fn wait_for<R>(&self, mut want: impl FnMut(&Told) -> Option<R>) -> R {
        loop {
            let told = self.told.recv_timeout(PATIENCE).expect("it comes in time");
            if let Some(found) = want(&told) {
                return found;
            }
        }
    }

    fn wait_for_response(&self, user: u32) {
        self.wait_for(|told| match told {
            Told::Event(Event::Response { user: got, .. }) if *got == user => Some(()),
            Told::Event(Event::Failure { user: got, error }) if *got == user => {
                panic!("request {user} failed: {error:?}")
            }
            _ => None,
        });
    }
}

#[test]
fn nodes_join_by_name_and_answer_pings() {
    let entry = TestNode::bootstrapper();
    let nodes: Vec<_> = (0..8).map(|_| TestNode::joining(&entry)).collect();
    for node in &nodes {
        node.wait_for(|told| matches!(told, Told::Event(Event::Ready)).then_some(()));
        assert!(node.runner.with(|n, _| n.id().is_some()).unwrap(), "persistent");
    }
    nodes[0].ping(1, nodes[1].port()).unwrap();
    nodes[0].wait_for_response(1);
    for node in nodes.iter().chain([&entry]) {
        node.runner.destroy();
        node.wait_for(|told| matches!(told, Told::Closed).then_some(()));
        assert_eq!(node.ping(2, entry.port()), Err(RequestError::Destroyed));
    }
}

#[test]
fn calls_of_several_threads_lose_nothing() {
    const THREADS: u32 = 4;
    const PINGS: u32 = 500;
    let server = TestNode::bootstrapper();
    let client = TestNode::bootstrapper();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (client, port) = (&client.runner, server.port());
            scope.spawn(move || {
                for i in 0..PINGS {
                    let user = thread * PINGS + i + 1;
                    let to = Addr::new(Ipv4Addr::LOCALHOST, port);
                    client.call(move |node, now| node.submit(now, ping(user, to)));
                }
            });
        }
    });
    let mut seen = vec![false; (THREADS * PINGS) as usize];
    for _ in 0..seen.len() {
        let user = client.wait_for(|told| match told {
            Told::Event(Event::Response { user, .. }) => Some(*user),
            Told::Event(Event::Failure { user, error }) => panic!("{user}: {error:?}"),
            _ => None,
        });
        assert!(!std::mem::replace(&mut seen[user as usize - 1], true), "{user} ended twice");
    }
    server.runner.destroy();
    client.runner.destroy();
}

#[test]
fn a_borrowed_poll_serves_and_is_taken_back() {
    let server = TestNode::bootstrapper();
    let client = TestNode::bootstrapper();
    client.ping(1, server.port()).unwrap();
    let mut answered = false;
    while !answered {
        Engine::get().for_each_shard(|shard| {
            shard.drive();
        });
        while let Ok(told) = client.told.try_recv() {
            answered |= matches!(told, Told::Event(Event::Response { user: 1, .. }));
        }
    }
    // Nobody drives from here on and nobody says so: the shard takes its poll back by itself.
    client.ping(2, server.port()).unwrap();
    client.wait_for_response(2);
    server.runner.destroy();
    client.runner.destroy();
}

#[test]
fn a_node_destroyed_twice_takes_nobody_with_it() {
    let first = TestNode::bootstrapper();
    first.runner.destroy();
    let second = TestNode::bootstrapper();
    let server = TestNode::bootstrapper();
    first.runner.destroy();
    second.ping(1, server.port()).unwrap();
    second.wait_for_response(1);
    server.ping(2, second.port()).unwrap();
    server.wait_for_response(2);
    second.runner.destroy();
    server.runner.destroy();
}

#[test]
fn a_panic_destroys_one_node_only() {
    let broken = TestNode::bootstrapper();
    let sound = TestNode::bootstrapper();
    let other = TestNode::bootstrapper();
    let result: Option<()> = broken.runner.with(|_, _| panic!("on purpose"));
    assert_eq!(result, None);
    let message = broken.wait_for(|told| match told {
        Told::Crashed(message) => Some(message.clone()),
        _ => None,
    });
    assert_eq!(message, "on purpose");
    broken.wait_for(|told| matches!(told, Told::Closed).then_some(()));
    sound.ping(1, other.port()).unwrap();
    sound.wait_for_response(1);
    sound.runner.destroy();
    other.runner.destroy();
}

static METHODS: &[[&str; 1]] = &[["event"], ["wake"], ["send"], ["network_changed"], ["crashed"]];

#[test]
fn a_sink_that_panics_destroys_its_node_only() {
    let (sound, other) = (TestNode::bootstrapper(), TestNode::bootstrapper());
    let told_of_panic = |told: &Told| match told {
        Told::Crashed(message) => Some(message.clone()),
        _ => None,
    };
    for (user, methods) in (1..).zip(METHODS) {
        let [method] = *methods;
        let (node, armed) = TestNode::bomb(methods);
        let port = sound.port();
        if method == "send" {
            node.runner.suspend();
            node.runner.with(|node, now| node.resume(now));
            node.runner.bound_elsewhere(1, 2);
        }
        armed.store(true, Ordering::SeqCst);
        match method {
            // The answer comes on the shard's thread.
            "event" | "wake" => node.ping(1, port).unwrap(),
            "send" => {
                node.runner.call_on_shard(move |node, now| node.submit(now, to_self(1, port)))
            }
            "network_changed" => Engine::get().for_each_shard(|shard| shard.network_changed()),
            _ => node.runner.call_on_shard(|_, _| panic!("on purpose")),
        }
        if method != "crashed" {
            assert_eq!(node.wait_for(told_of_panic), format!("the sink's {method}"));
        }
        let gone = |error| error == Err(RequestError::Destroyed);
        while !gone(node.ping(2, port)) {
            std::thread::yield_now();
        }
        sound.ping(user, other.port()).unwrap();
        sound.wait_for_response(user);
    }
    sound.runner.destroy();
    other.runner.destroy();
}

#[test]
fn a_node_that_panics_twice_is_told_of_once() {
    let sound = TestNode::bootstrapper();
    let (node, armed) = TestNode::bomb(&["event", "wake"]);
    armed.store(true, Ordering::SeqCst);
    node.ping(1, sound.port()).unwrap();
    let mut crashes = 0;
    node.wait_for(|told| {
        crashes += u32::from(matches!(told, Told::Crashed(_)));
        matches!(told, Told::Closed).then_some(())
    });
    let TestNode { runner, told } = node;
    runner.destroy();
    crashes += told.try_iter().filter(|told| matches!(told, Told::Crashed(_))).count() as u32;
    assert_eq!(crashes, 1);
    sound.runner.destroy();
}

#[test]
fn a_sink_that_panics_at_its_nodes_end_ends_nothing_else() {
    let (sound, other) = (TestNode::bootstrapper(), TestNode::bootstrapper());
    let (node, armed) = TestNode::bomb(&["closed"]);
    armed.store(true, Ordering::SeqCst);
    node.runner.destroy();
    let (node, armed) = TestNode::bomb(&["closed"]);
    armed.store(true, Ordering::SeqCst);
    node.runner.call_on_shard(|_, _| panic!("on purpose"));
    node.wait_for(|told| matches!(told, Told::Crashed(_)).then_some(()));
    sound.ping(1, other.port()).unwrap();
    sound.wait_for_response(1);
    sound.runner.destroy();
    other.runner.destroy();
}

fn to_self(user: u32, port: u16) -> RequestSpec {
    ping(user, Addr::new(Ipv4Addr::LOCALHOST, port))
}

fn ping(user: u32, to: Addr) -> RequestSpec {
    RequestSpec {
        user,
        to,
        token: None,
        internal: true,
        command: PING,
        target: None,
        value: None,
        retries: 3,
        timeout_ms: None,
        ttl: 0,
        socket: None,
        session: None,
        deferred: false,
    }
}

#[test]
fn reserved_sockets_are_bound_and_silent_until_the_node_starts() {
    let asked = TestNode::bootstrapper();
    let (sender, told) = channel();
    let bind = BindOptions { host: Ipv4Addr::LOCALHOST, port_from: 0, port_to: 0, any_port: true };
    let config = Config { seed: rand::random(), ..Config::default() };
    let runner = Engine::get().add(config, bind, 1, Box::new(Channel(sender))).unwrap();
    let node = TestNode { runner, told };

    node.runner.reserve().unwrap();
    let ports = node.runner.ports();
    assert_ne!(ports.server, 0);
    assert!(std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, ports.server)).is_err());
    node.ping(1, asked.port()).unwrap();
    asked.ping(1, ports.server).unwrap();
    assert_eq!(node.runner.with(|node, _| node.ports()), Some(None), "nothing was sent or read");

    node.runner.start().unwrap();
    assert_eq!(node.runner.ports().server, ports.server);
    node.wait_for_response(1);
    asked.wait_for_response(1);

    let (sender, said) = channel();
    node.runner.destroy_into(&Channel(sender));
    let ready = |told: &Told| matches!(told, Told::Event(Event::Ready));
    assert!(said.try_iter().any(|told| ready(&told)), "what may wait elsewhere is told there");
    node.wait_for(|told| matches!(told, Told::Closed).then_some(()));
    asked.runner.destroy();
}
