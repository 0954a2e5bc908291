//! What becomes of datagrams that are longer than the links on their way: over networks of the kernel's,
//! which only root may make. Others are told that nothing was tested.
#![cfg(target_os = "linux")]

mod network;

use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dht_rpc_native::dht::{Config, Event, RequestSpec, Transmit};
use dht_rpc_native::engine::{
    BindOptions, Engine, Listener, ReceiveBatch, SharedSocket, Sink, SocketOptions, StreamSink,
    route_mtu,
};
use dht_rpc_native::net::SocketKey;
use dht_rpc_native::udx::{self, StreamOptions};

use self::network::{Network, v6};

const PATIENCE: Duration = Duration::from_secs(20);

const SENDER: &str = "10.0.1.2";
const RECEIVER: &str = "10.0.2.2";
/// Beside the receiver.
const ROUTER: &str = "10.0.2.1";
const NOWHERE: &str = "203.0.113.1";

/// The longest datagram of the DHT.
const LONGEST: usize = 2048;
/// A datagram that only the sender's own link takes whole.
const TOO_LONG: usize = 1600;

struct Deaf;

impl Listener for Deaf {
    fn hear(&self, _: &ReceiveBatch) {}
}

impl StreamSink for Deaf {
    fn data(&self, _: &[Bytes]) {}
    fn event(&self, _: udx::Event) {}
    fn acked(&self, _: u64, _: u64) -> bool {
        false
    }
    fn crashed(&self) {}
    fn wake(&self) {}
}

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

/// A sender whose own link takes 9000 bytes, a receiver whose link takes 1500, and a router between them.
struct Way {
    sender: Network,
    receiver: Network,
    router: Network,
}

impl Way {
    fn new() -> Option<Self> {
        let made = (Network::new(), Network::new(), Network::new());
        let (Ok(sender), Ok(router), Ok(receiver)) = made else {
            eprintln!("skipped: no namespaces may be made");
            return None;
        };
        sender.connect(&router, 9000, (SENDER, "10.0.1.1"));
        receiver.connect(&router, 1500, (RECEIVER, ROUTER));
        sender.route_by("10.0.1.1");
        receiver.route_by(ROUTER);
        router.forward();
        Some(Self { sender, receiver, router })
    }

    /// A socket at `host` there, and its address.
    fn listen(network: &Network, host: &str) -> (UdpSocket, SocketAddr) {
        let host = host.to_owned();
        let socket = network.run(move || UdpSocket::bind((host, 0)).unwrap());
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let addr = socket.local_addr().unwrap();
        (socket, addr)
    }

    fn open(network: &Network, host: &str) -> Arc<SharedSocket> {
        let addr = SocketAddr::new(host.parse().unwrap(), 0);
        let options = SocketOptions { addr, ipv6_only: false, reuse_address: false };
        network.run(move || {
            Engine::get().add_hub().unwrap().bind(&options, |_| Arc::new(Deaf)).unwrap()
        })
    }
}

/// As streams send: it arrives whole or not at all.
fn send_uncut(socket: &SharedSocket, to: SocketAddr, len: usize) {
    socket.with(|socket| socket.send_to(to, 0, &vec![0; len])).expect("it is open");
}

/// As the DHT and its users send.
fn send(socket: &SharedSocket, to: SocketAddr, len: usize) {
    socket.send_to(to, 0, &vec![0; len]);
}

fn lengths<const N: usize>(socket: &UdpSocket) -> [usize; N] {
    let mut buffer = [0; 10_000];
    [(); N].map(|()| socket.recv(&mut buffer).expect("it comes"))
}

#[test]
fn while_a_socket_carries_streams_only_their_packets_are_never_cut() {
    let Some(way) = Way::new() else { return };
    let (receiver, to) = Way::listen(&way.receiver, RECEIVER);
    for host in [SENDER, "::"] {
        let socket = Way::open(&way.sender, host);
        send_uncut(&socket, to, 1);
        socket.stream_joined();
        socket.stream_joined();
        socket.stream_left();
        send(&socket, to, LONGEST);
        send_uncut(&socket, to, TOO_LONG);
        send(&socket, to, LONGEST - 1);
        send_uncut(&socket, to, TOO_LONG);
        send_uncut(&socket, to, 2);
        assert_eq!(lengths(&receiver), [1, LONGEST, LONGEST - 1, 2], "{host}");

        socket.stream_left();
        send_uncut(&socket, to, TOO_LONG);
        assert_eq!(lengths(&receiver), [TOO_LONG], "the system cuts what it knows to be too long");
        socket.close();
    }
}

#[test]
fn a_stream_sees_to_it() {
    let Some(way) = Way::new() else { return };
    let (receiver, to) = Way::listen(&way.receiver, RECEIVER);
    let addr = SocketAddr::new(SENDER.parse().unwrap(), 0);
    let options = SocketOptions { addr, ipv6_only: false, reuse_address: false };
    let (hub, socket) = way.sender.run(move || {
        let hub = Engine::get().add_hub().unwrap();
        let socket = hub.bind(&options, |_| Arc::new(Deaf)).unwrap();
        (hub, socket)
    });
    let stream = hub.create_stream(1, &StreamOptions::default(), Arc::new(Deaf)).unwrap();
    hub.connect(stream, &socket, 2, to, 0).unwrap();
    send_uncut(&socket, to, TOO_LONG);
    send(&socket, to, LONGEST);
    hub.destroy(stream);
    send_uncut(&socket, to, TOO_LONG);
    const DESTROY: usize = 20;
    assert_eq!(lengths(&receiver), [LONGEST, DESTROY, TOO_LONG]);
    hub.close_socket(&socket);
    hub.close();
}

#[test]
fn bundles_of_long_datagrams_are_cut_as_well() {
    let Some(way) = Way::new() else { return };
    let (receiver, to) = Way::listen(&way.receiver, RECEIVER);
    let SocketAddr::V4(to) = to else { panic!("{to}") };
    let socket = Way::open(&way.sender, SENDER);
    socket.stream_joined();
    let transmit = Transmit { socket: SocketKey::Foreign(0), to, ttl: 0, len: LONGEST };
    socket.send(&[transmit; 8], &[0; 8 * LONGEST]);
    assert_eq!(lengths(&receiver), [LONGEST; 8]);
    socket.close();
}

#[test]
fn over_ipv6_the_sender_cuts() {
    let Some(way) = Way::new() else { return };
    let (receiver, to) = Way::listen(&way.router, &v6(ROUTER));
    let socket = Way::open(&way.receiver, &v6(RECEIVER));
    socket.stream_joined();
    send(&socket, to, LONGEST);
    send_uncut(&socket, to, TOO_LONG);
    send_uncut(&socket, to, 2);
    assert_eq!(lengths(&receiver), [LONGEST, 2]);
    socket.close();
}

#[test]
fn the_longest_value_crosses_from_a_node_whose_socket_carries_streams() {
    let Some(way) = Way::new() else { return };
    let (receiver, to) = Way::listen(&way.receiver, RECEIVER);
    let SocketAddr::V4(to) = to else { panic!("{to}") };
    let node = way.sender.run(|| {
        let config = Config { firewalled: true, seed: rand::random(), ..Config::default() };
        let host = SENDER.parse().unwrap();
        let options = BindOptions { host, port_from: 0, port_to: 0, any_port: true };
        let node = Engine::get().add(config, options, 1, Box::new(Deaf)).unwrap();
        node.start().unwrap();
        node
    });
    for key in [SocketKey::Server, SocketKey::Client] {
        node.socket(key).unwrap().stream_joined();
    }
    node.request(request(to)).unwrap();
    assert_eq!(lengths(&receiver), [LONGEST]);
    node.destroy();
}

fn request(to: SocketAddrV4) -> RequestSpec {
    /// Bytes of a request before its value: head, tid, address, command, length of the value.
    const HEAD: usize = 14;
    RequestSpec {
        user: 1,
        to,
        token: None,
        internal: false,
        command: 0,
        target: None,
        value: Some(vec![7; LONGEST - HEAD].into()),
        retries: 0,
        timeout_ms: None,
        ttl: 0,
        socket: None,
        session: None,
        deferred: false,
    }
}

#[test]
fn a_route_tells_what_its_first_link_takes() {
    let Some(way) = Way::new() else { return };
    let mtu = |network: &Network, host: &str| {
        let to = SocketAddr::new(host.parse().unwrap(), 1);
        network.run(move || route_mtu(to))
    };
    assert_eq!(mtu(&way.sender, RECEIVER), Some(9000));
    assert_eq!(mtu(&way.receiver, SENDER), Some(1500));
    assert_eq!(mtu(&way.sender, &v6(RECEIVER)), Some(9000));
    assert_eq!(mtu(&way.receiver, &format!("::ffff:{SENDER}")), Some(1500));
    let alone = Network::new().unwrap();
    assert_eq!(mtu(&alone, NOWHERE), None, "there is no route");
}
