//! Bundles to and from nodes on real sockets: what a client sends and reads as one message, the
//! system hands over as one, and a node answers as one.
#![cfg(any(target_os = "linux", target_os = "android"))]

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::ptr::from_ref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dht_rpc_native::dht::{Config, Counters, Event, Protections, Transmit};
use dht_rpc_native::engine::{BindOptions, Engine, Runner, Sink};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// Datagrams of a bundle.
const MOST: usize = 64;

const PING: u8 = 0;
const REPLY: u8 = 0x13;
/// Bytes of a PING: type, flags, tid, the address that it is for, command.
const PING_LEN: usize = 11;
/// Bytes of its reply, by a node that does not know its own address: type, flags, tid, the address
/// that it is for.
const REPLY_LEN: usize = 10;

struct Deaf;

impl Sink for Deaf {
    fn event(&self, _: Event) -> bool {
        true
    }
    fn send(&self, _: &Transmit, _: &[u8]) -> bool {
        false
    }
    fn network_changed(&self) {}
    fn crashed(&self, message: &str) {
        eprintln!("{message}");
    }
    fn closed(&self) {}
    fn wake(&self) {}
}

fn node(protections: Protections) -> Arc<Runner> {
    let bind =
        BindOptions { host: Ipv4Addr::UNSPECIFIED, port_from: 0, port_to: 0, any_port: true };
    let config = Config {
        ephemeral: Some(false),
        firewalled: false,
        seed: rand::random(),
        protections,
        ..Config::default()
    };
    let node = Engine::get().add(config, bind, 1, Box::new(Deaf)).unwrap();
    node.start().unwrap();
    node
}

fn counters(node: &Runner) -> Counters {
    node.with(|node, _| *node.counters_mut()).unwrap()
}

/// A client that sends and reads bundles.
struct Client {
    socket: UdpSocket,
    port: u16,
    buffer: Vec<u8>,
}

impl Client {
    fn new(host: Ipv4Addr, node: &Runner) -> Self {
        let socket = UdpSocket::bind((host, 0)).unwrap();
        let port = node.ports().server;
        socket.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        set(&socket, libc::UDP_GRO, 1);
        Self { socket, port, buffer: vec![0; 1 << 16] }
    }

    /// Sends these as one message, of datagrams of this length.
    fn send(&self, bytes: &[u8], segment: usize) {
        set(&self.socket, libc::UDP_SEGMENT, segment as libc::c_int);
        assert_eq!(self.socket.send(bytes).unwrap(), bytes.len());
    }

    /// One PING after the other.
    fn pings(&self, tids: std::ops::Range<u16>) -> Vec<u8> {
        tids.flat_map(|tid| ping(tid, self.port)).collect()
    }

    /// The tids of the replies that come as one message.
    fn replies(&mut self) -> Vec<u16> {
        let len = self.socket.recv(&mut self.buffer).expect("replies in time");
        // All of them are of one length, and a message holds nothing else.
        let replies = self.buffer[..len].chunks(REPLY_LEN);
        replies
            .map(|reply| {
                assert_eq!((reply[0], reply.len()), (REPLY, REPLY_LEN));
                u16::from_le_bytes([reply[2], reply[3]])
            })
            .collect()
    }

    /// So many tids of replies, and how many messages they came as.
    fn all_replies(&mut self, count: usize) -> (Vec<u16>, usize) {
        let (mut tids, mut messages) = (Vec::new(), 0);
        while tids.len() < count {
            tids.extend(self.replies());
            messages += 1;
        }
        (tids, messages)
    }

    /// How many replies are there.
    fn waiting_replies(&mut self) -> usize {
        self.socket.set_nonblocking(true).unwrap();
        let mut count = 0;
        while let Ok(len) = self.socket.recv(&mut self.buffer) {
            count += len / REPLY_LEN;
        }
        self.socket.set_nonblocking(false).unwrap();
        count
    }

    fn expect_silence(&self) {
        self.socket.set_nonblocking(true).unwrap();
        let nothing = self.socket.recv(&mut [0; 64]).unwrap_err();
        assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
        self.socket.set_nonblocking(false).unwrap();
    }
}

fn ping(tid: u16, port: u16) -> [u8; PING_LEN] {
    let ([a, b], [low, high]) = (tid.to_le_bytes(), port.to_le_bytes());
    [0x03, 4, a, b, 127, 0, 0, 1, low, high, PING]
}

fn set(socket: &UdpSocket, option: libc::c_int, value: libc::c_int) {
    // SAFETY: the system reads `value`, no more.
    let done = unsafe {
        let (value, len) = (from_ref(&value).cast(), size_of_val(&value) as libc::socklen_t);
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_UDP, option, value, len)
    };
    assert_eq!(done, 0);
}

#[test]
fn a_bundle_of_requests_is_answered_by_a_bundle() {
    let node = node(Protections::default());
    let mut client = Client::new(Ipv4Addr::LOCALHOST, &node);
    let mut messages = usize::MAX;
    // At first the node is handed single datagrams, for nobody knows that there will be many.
    for round in 0..50 {
        let tids = round * MOST as u16..(round + 1) * MOST as u16;
        client.send(&client.pings(tids.clone()), PING_LEN);
        let (answered, came) = client.all_replies(MOST);
        assert_eq!(answered, tids.collect::<Vec<_>>(), "each once, in their order");
        messages = came;
    }
    assert_eq!(messages, 1);
    client.expect_silence();
    node.destroy();
}

#[test]
fn what_is_no_request_takes_none_of_its_bundle_along() {
    let node = node(Protections::default());
    let mut client = Client::new(Ipv4Addr::LOCALHOST, &node);
    for round in 0..20 {
        let mut bytes = client.pings(0..MOST as u16);
        // Garbage, an unknown version, a reply that nobody asked for, and the last one cut short.
        bytes[2 * PING_LEN..3 * PING_LEN].fill(round);
        bytes[5 * PING_LEN] = 0xff;
        bytes[9 * PING_LEN] = REPLY;
        bytes.truncate(MOST * PING_LEN - 4);
        client.send(&bytes, PING_LEN);
        let sound = (0..MOST as u16 - 1).filter(|tid| ![2, 5, 9].contains(tid));
        let sound: Vec<_> = sound.collect();
        assert_eq!(client.all_replies(sound.len()).0, sound);

        // Longer ones than any that are read, and an empty one.
        client.send(&[round; 3 * 4096], 4096);
        client.send(&[], PING_LEN);
        client.send(&ping(7, client.port), PING_LEN);
        assert_eq!(client.replies(), [7]);
    }
    node.destroy();
}

#[test]
fn protections_count_datagrams() {
    let node = node(Protections { host_budget: Some(200), ..Protections::default() });
    let mut flooder = Client::new(Ipv4Addr::new(127, 0, 0, 2), &node);
    let mut other = Client::new(Ipv4Addr::new(127, 0, 0, 3), &node);
    let dropped = || counters(&node).protections.host_budget as usize;
    let (mut sent, mut answered) = (0, 0);
    let start = Instant::now();
    // Counting begins once there was too much for a while.
    while dropped() < 10 * MOST {
        assert!(start.elapsed() < PATIENCE, "{} of {sent} are over the budget", dropped());
        flooder.send(&flooder.pings(0..MOST as u16), PING_LEN);
        sent += MOST;
        other.send(&ping(7, other.port), PING_LEN);
        assert_eq!(other.replies(), [7]);
        answered += flooder.waiting_replies();
    }
    while answered + dropped() < sent {
        answered += flooder.replies().len();
    }
    assert_eq!(answered + dropped(), sent);
    flooder.expect_silence();
    node.destroy();
}

#[test]
fn sockets_are_closed_amid_bundles_and_opened_again() {
    let node = node(Protections::default());
    let mut client = Client::new(Ipv4Addr::LOCALHOST, &node);
    let to = SocketAddrV4::new(Ipv4Addr::LOCALHOST, client.port);
    for _ in 0..20 {
        for _ in 0..10 {
            // Who sends to a closed port is told so by the next call.
            let _ = client.socket.send(&client.pings(1000..1000 + MOST as u16));
            set(&client.socket, libc::UDP_SEGMENT, PING_LEN as libc::c_int);
        }
        node.suspend();
        drop(UdpSocket::bind(to).expect("the port is free"));
        node.with(|node, now| node.resume(now));
        node.bind().unwrap();
        assert_eq!(node.ports().server, to.port());
        let _ = client.socket.take_error();
        client.send(&ping(7, to.port()), PING_LEN);
        while client.replies() != [7] {}
    }
    node.destroy();
}
