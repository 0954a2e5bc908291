//! Hubs on real sockets: those of the user's, and those of nodes that share the hub.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dht_rpc_native::dht::{Config, Event, RequestSpec, Transmit};
use dht_rpc_native::engine::{
    BindOptions, BufferKind, Engine, Hub, Listener, ReceiveBatch, Runner, SharedSocket, Sink,
    SocketOptions, TrafficSnapshot,
};
use dht_rpc_native::net::SocketKey;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

const LOCALHOST: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// A PING to nobody in particular: type, flags, tid, the address that it is for, command.
const PING: [u8; 11] = [0x03, 4, 7, 0, 127, 0, 0, 1, 0, 0, 0];
const REPLY: u8 = 0x13;

struct Deaf;

impl Sink for Deaf {
    fn event(&self, _: Event) -> bool {
        true
    }
    fn send(&self, _: &Transmit, _: &[u8]) -> bool {
        panic!("the engine sends it");
    }
    fn network_changed(&self) {}
    fn crashed(&self, message: &str) {
        eprintln!("{message}");
    }
    fn closed(&self) {}
    fn wake(&self) {}
}

type Datagram = (SocketAddr, Vec<u8>);

/// Passes on what it hears.
struct Ear(Mutex<Sender<Datagram>>);

impl Listener for Ear {
    fn hear(&self, batch: &ReceiveBatch) {
        for (from, bytes) in batch.datagrams() {
            let _ = self.0.lock().unwrap().send((from, bytes.to_vec()));
        }
    }
}

fn ear() -> (Arc<dyn Listener>, Receiver<Datagram>) {
    let (sender, receiver) = channel();
    (Arc::new(Ear(Mutex::new(sender))), receiver)
}

fn options(addr: &str) -> SocketOptions {
    SocketOptions { addr: addr.parse().unwrap(), ipv6_only: false, reuse_address: false }
}

fn open(hub: &Hub, listener: Arc<dyn Listener>) -> (Arc<SharedSocket>, u16) {
    let socket = hub.bind(&options("127.0.0.1:0"), |_| listener).unwrap();
    let port = port(&socket);
    (socket, port)
}

fn port(socket: &SharedSocket) -> u16 {
    socket.with(|socket| socket.port().unwrap()).expect("it is open")
}

fn bind_options() -> BindOptions {
    BindOptions { host: LOCALHOST, port_from: 0, port_to: 0, any_port: true }
}

fn config() -> Config {
    Config { ephemeral: Some(false), firewalled: false, seed: rand::random(), ..Config::default() }
}

fn node() -> Arc<Runner> {
    let node = Engine::get().add(config(), bind_options(), 1, Box::new(Deaf)).unwrap();
    node.start().unwrap();
    node
}

/// A socket of somebody else's.
fn stranger() -> UdpSocket {
    let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "it never came");
        std::thread::yield_now();
    }
}

#[test]
fn a_port_is_free_and_silent_once_its_socket_was_closed() {
    struct Counts(AtomicUsize);
    impl Listener for Counts {
        fn hear(&self, _: &ReceiveBatch) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let hub = Engine::get().add_hub().unwrap();
    let (port_now, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let flood = stranger();
            while !done.load(Ordering::SeqCst) {
                let port = port_now.load(Ordering::SeqCst) as u16;
                let _ = flood.send_to(b"amid", (LOCALHOST, port.max(1)));
            }
        });
        let mut addr = "127.0.0.1:0".to_owned();
        for _ in 0..200 {
            let counts = Arc::new(Counts(AtomicUsize::new(0)));
            let socket = hub.bind(&options(&addr), |_| counts.clone()).expect("the port is free");
            port_now.store(port(&socket).into(), Ordering::SeqCst);
            addr = format!("127.0.0.1:{}", port(&socket));
            until(|| counts.0.load(Ordering::SeqCst) > 0);
            hub.close_socket(&socket);
            let heard = counts.0.load(Ordering::SeqCst);
            drop(UdpSocket::bind(&addr).expect("the port is free"));
            assert_eq!(counts.0.load(Ordering::SeqCst), heard, "nothing comes any more");
            assert!(socket.with(|_| ()).is_none());
        }
        done.store(true, Ordering::SeqCst);
    });
    hub.close();
}

#[test]
fn a_nodes_socket_has_listeners_beside_the_node() {
    let (node, stranger) = (node(), stranger());
    let to = (LOCALHOST, node.ports().server);
    let socket = node.socket(SocketKey::Server).unwrap();
    let (listener, heard) = ear();
    socket.listen(Some(listener));

    for datagram in [&b"neither"[..], &PING] {
        stranger.send_to(datagram, to).unwrap();
        let from = stranger.local_addr().unwrap();
        assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), (from, datagram.to_vec()));
    }
    let mut reply = [0; 100];
    stranger.recv(&mut reply).unwrap();
    assert_eq!(reply[0], REPLY, "the node answers all the same");

    socket.listen(None);
    stranger.send_to(&PING, to).unwrap();
    stranger.recv(&mut reply).unwrap();
    assert!(heard.try_recv().is_err(), "nobody listens");
    node.destroy();
    assert!(socket.with(|_| ()).is_none(), "it goes with the node");
}

#[test]
fn a_hub_counts_what_all_of_its_sockets_do() {
    let (node, stranger) = (node(), stranger());
    let mut reply = [0; 100];
    let mut ping = || {
        stranger.send_to(&PING, (LOCALHOST, node.ports().server)).unwrap();
        stranger.recv(&mut reply).unwrap() as u64
    };
    let mut sent = ping();
    node.suspend();
    node.with(|node, now| node.reopen(now));
    node.bind().unwrap();
    sent += ping();

    let hub = node.hub();
    assert!(Arc::ptr_eq(&hub, &node.hub()));
    sent += ping();
    let (socket, _) = open(&hub, ear().0);
    socket.send_to(stranger.local_addr().unwrap(), 0, b"four");
    stranger.recv(&mut [0; 10]).unwrap();
    let expected = TrafficSnapshot {
        packets_received: 3,
        bytes_received: 3 * PING.len() as u64,
        packets_sent: 4,
        bytes_sent: sent + 4,
    };
    // It is counted once it has left.
    until(|| hub.traffic().snapshot() == expected);
    let own = TrafficSnapshot { packets_sent: 1, bytes_sent: 4, ..TrafficSnapshot::default() };
    assert_eq!(socket.traffic(), own);
    hub.close_socket(&socket);
    node.destroy();
    assert_eq!((socket.traffic(), hub.traffic().snapshot()), (own, expected), "it stays");
}

#[test]
fn two_nodes_share_a_hub_and_send_by_its_sockets() {
    const NUMBER: u32 = 5;
    let hub = Engine::get().add_hub().unwrap();
    let stranger = stranger();
    let (socket, port) = open(&hub, ear().0);
    for _ in 0..2 {
        let node = Engine::get().add_to(&hub, config(), bind_options(), Box::new(Deaf));
        node.start().unwrap();
        assert!(Arc::ptr_eq(&hub, &node.hub()) && Arc::ptr_eq(hub.shard(), node.shard()));
        let request = RequestSpec {
            user: 1,
            to: to(&stranger),
            token: None,
            internal: true,
            command: 0,
            target: None,
            value: None,
            retries: 0,
            timeout_ms: None,
            ttl: 9,
            socket: Some(SocketKey::Foreign(NUMBER)),
            session: None,
            deferred: false,
        };
        node.borrow_socket(NUMBER, &socket);
        assert!(!node.sends_by_sink(request.socket));
        node.request(request).unwrap();
        let (_, from) = stranger.recv_from(&mut [0; 100]).unwrap();
        assert_eq!(from.port(), port, "it leaves by the user's socket");
        node.destroy();
    }
    hub.close_socket(&socket);
    hub.close();
}

fn to(socket: &UdpSocket) -> SocketAddrV4 {
    SocketAddrV4::new(LOCALHOST, socket.local_addr().unwrap().port())
}

#[test]
fn hundreds_of_sockets_hear_each_their_own() {
    const COUNT: usize = 256;
    let hub = Engine::get().add_hub().unwrap();
    let stranger = stranger();
    let (listeners, heard): (Vec<_>, Vec<_>) = (0..COUNT).map(|_| ear()).unzip();
    let sockets: Vec<_> = listeners.into_iter().map(|listener| open(&hub, listener)).collect();
    for (i, (_, port)) in sockets.iter().enumerate() {
        stranger.send_to(&(i as u32).to_le_bytes(), (LOCALHOST, *port)).unwrap();
    }
    for (i, heard) in heard.iter().enumerate() {
        let (_, bytes) = heard.recv_timeout(PATIENCE).unwrap();
        assert_eq!(bytes, (i as u32).to_le_bytes());
    }
    assert_eq!(hub.traffic().snapshot().packets_received, COUNT as u64);
    sockets.iter().for_each(|(socket, _)| hub.close_socket(socket));
    for (_, port) in &sockets {
        drop(UdpSocket::bind((LOCALHOST, *port)).expect("the port is free"));
    }
    hub.close();
}

#[test]
fn a_socket_has_room_for_streams_once_it_carries_some() {
    let hub = Engine::get().add_hub().unwrap();
    let (usual, _) = open(&hub, ear().0);
    let (sized, _) = open(&hub, ear().0);
    let size = |socket: &SharedSocket| {
        socket.with(|socket| socket.buffer_size(BufferKind::Receive).unwrap()).unwrap()
    };
    let set = |socket: &SharedSocket, to| {
        socket.with(|socket| socket.set_buffer_size(BufferKind::Receive, to).unwrap()).unwrap();
    };
    let before = size(&usual);
    // What the system gives to who asks for as much.
    let (most, _) = open(&hub, ear().0);
    set(&most, 1 << 20);
    set(&sized, 50_000);
    let own = size(&sized);
    for socket in [&usual, &sized] {
        socket.stream_joined();
    }
    assert!(size(&usual) > before && size(&usual) == size(&most));
    assert_eq!(size(&sized), own, "its user said how much");

    let node = node();
    let server = node.socket(SocketKey::Server).unwrap();
    let before = size(&server);
    server.stream_joined();
    assert_eq!(size(&server), before.max(size(&most)), "no less than before");
    node.destroy();
    [&usual, &sized, &most].iter().for_each(|socket| hub.close_socket(socket));
    hub.close();
}

#[test]
fn what_is_read_of_a_hub_and_its_sockets_belongs_together() {
    let hub = Engine::get().add_hub().unwrap();
    let (a, port) = open(&hub, ear().0);
    let (b, _) = open(&hub, ear().0);
    let to = SocketAddr::from((LOCALHOST, port));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for socket in [&a, &b] {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    socket.send_to(to, 0, b"counted");
                }
            });
        }
        until(|| hub.figures(&[], &[]).total.packets_received > 0);
        for _ in 0..20_000 {
            let figures = hub.figures(&[], &[&a, &b]);
            assert_eq!(figures.total, figures.sockets[0] + figures.sockets[1]);
        }
        done.store(true, Ordering::SeqCst);
    });
    [&a, &b].iter().for_each(|socket| hub.close_socket(socket));
    hub.close();
}
