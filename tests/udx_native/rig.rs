//! Streams of a hub on a real socket, emulated links before it, and `udx-native` behind them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use blake2::{Blake2b512, Digest};
use bytes::Bytes;
use dht_rpc_native::udx::*;
use serde_json::Value;

use crate::link::{Conditions, Link};

pub const SOCKET: SocketId = SocketId(1);
const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/udx_native/peer.cjs");
const PIECE: usize = 1 << 16;

/// The longest that is waited for a packet.
const TICK_US: u64 = 2000;

/// Longer than any scenario takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stream of ours, and what became of it.
pub struct Ours {
    pub key: StreamKey,
    pub messages: Vec<Bytes>,
    pub received: usize,
    pub remote_changes: usize,
    pub has_ended: bool,
    pub closed: Option<(CloseReason, StreamStats)>,
    pub is_paused: bool,
    unread: u64,
    left: usize,
    may_write: bool,
    ends: bool,
    state: u64,
    sent: Blake2b512,
    hash: Blake2b512,
}

impl Ours {
    pub fn sent_hash(&self) -> String {
        hex(&self.sent)
    }

    pub fn received_hash(&self) -> String {
        hex(&self.hash)
    }

    fn piece(&mut self) -> Vec<u8> {
        let len = self.left.min(PIECE);
        let mut step = || {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (self.state >> 56) as u8
        };
        (0..len).map(|_| step()).collect()
    }
}

fn hex(hash: &Blake2b512) -> String {
    hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A stream of `udx-native` in a process of its own, which ends with it.
pub struct Theirs {
    child: Child,
    said: BufReader<ChildStdout>,
    pub addr: SocketAddr,
    /// The other of its sockets.
    pub other: SocketAddr,
    pub id: u32,
}

impl Theirs {
    /// What came of it: waits until it has closed.
    pub fn outcome(&mut self) -> Value {
        line(&mut self.said)
    }
}

impl Drop for Theirs {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(said: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    said.read_line(&mut line).expect("the peer can be read");
    serde_json::from_str(&line).expect("a line of JSON")
}

pub struct Rig {
    pub hub: Hub,
    pub streams: BTreeMap<StreamKey, Ours>,
    socket: UdpSocket,
    start: Instant,
    outgoing: Link<(SocketAddr, Bytes)>,
    incoming: Link<(SocketAddr, Bytes)>,
    buf: Vec<u8>,
}

impl Rig {
    pub fn new(conditions: Conditions) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket2::SockRef::from(&socket).set_recv_buffer_size(1 << 20).expect("a buffer");
        let mut hub = Hub::default();
        hub.open_socket(SOCKET);
        Self {
            hub,
            streams: BTreeMap::new(),
            socket,
            start: Instant::now(),
            outgoing: Link::new(conditions, 1),
            incoming: Link::new(conditions, 2),
            buf: Vec::new(),
        }
    }

    pub fn now(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    /// A peer whose packets go to a stream of ours with the id `to`.
    pub fn peer(&self, id: u32, to: u32, scenario: &str, bytes: usize) -> Theirs {
        let package = std::env::var("UDX_NATIVE").unwrap_or_else(|_| "udx-native".to_owned());
        let port = self.socket.local_addr().expect("an address").port();
        let numbers = [u32::from(port), id, to].map(|number| number.to_string());
        let mut child = Command::new("node")
            .args([PEER, &package])
            .args(&numbers)
            .args([scenario, &bytes.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("node runs");
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        let ports = line(&mut said);
        let addr = |n: usize| {
            let port = ports[n].as_u64().expect("a port") as u16;
            SocketAddr::from(([127, 0, 0, 1], port))
        };
        Theirs { child, said, addr: addr(0), other: addr(1), id }
    }

    /// A stream of ours that is connected to a peer, writes so many bytes, and then ends if it is to.
    pub fn stream(&mut self, id: u32, to: &Theirs, bytes: usize, ends: bool) -> StreamKey {
        let now = self.now();
        let key = self.hub.create_stream(now, id, &StreamOptions::default()).expect("a stream");
        let remote = Remote { socket: SOCKET, id: to.id, addr: to.addr };
        let connected = self.hub.connect(now, key, remote, &ConnectOptions::default());
        assert_eq!(connected, Ok(()));
        let ours = Ours {
            key,
            messages: Vec::new(),
            received: 0,
            remote_changes: 0,
            has_ended: false,
            closed: None,
            is_paused: false,
            unread: 0,
            left: bytes,
            may_write: true,
            ends,
            state: u64::from(id),
            sent: Blake2b512::new(),
            hash: Blake2b512::new(),
        };
        self.streams.insert(key, ours);
        key
    }

    pub fn ours(&self, key: StreamKey) -> &Ours {
        &self.streams[&key]
    }

    pub fn pause(&mut self, key: StreamKey, is_paused: bool) {
        let now = self.now();
        let ours = self.streams.get_mut(&key).expect("a stream");
        ours.is_paused = is_paused;
        if !is_paused {
            self.hub.consumed(now, key, std::mem::take(&mut ours.unread));
        }
    }

    /// What came of a peer. Runs until it has closed: what it has yet to hear is answered.
    pub fn outcome(&mut self, mut theirs: Theirs) -> Value {
        let reader = thread::spawn(move || theirs.outcome());
        self.run("the peer's end", |_| reader.is_finished());
        reader.join().expect("it said what came of it")
    }

    /// Runs until it is done.
    pub fn run(&mut self, what: &str, mut is_done: impl FnMut(&Self) -> bool) {
        let begin = Instant::now();
        while !is_done(self) {
            assert!(begin.elapsed() < PATIENCE, "{what} takes too long");
            self.write();
            self.turn();
        }
    }

    fn write(&mut self) {
        let now = self.now();
        for ours in self.streams.values_mut().filter(|ours| ours.closed.is_none()) {
            while ours.may_write && ours.left > 0 {
                let piece = ours.piece();
                ours.left -= piece.len();
                ours.sent.update(&piece);
                let written = self.hub.write(now, ours.key, piece.into()).expect("it is written");
                ours.may_write = written.is_drained;
            }
            if ours.left == 0 && std::mem::take(&mut ours.ends) {
                assert_eq!(self.hub.end(now, ours.key), Ok(()));
            }
        }
    }

    fn turn(&mut self) {
        self.read();
        let now = self.now();
        while let Some((from, bytes)) = self.incoming.pop(now) {
            self.hub.handle_datagram(now, SOCKET, from, &bytes);
        }
        self.hub.handle_timeout(now);
        while let Some(event) = self.hub.poll_event() {
            self.handle(now, event);
        }
        self.buf.clear();
        while let Some(transmit) = self.hub.poll_transmit(now, &mut self.buf) {
            for packet in self.buf.chunks(transmit.segment) {
                let bytes = Bytes::copy_from_slice(packet);
                self.outgoing.send(now, packet.len(), (transmit.to, bytes));
            }
            self.buf.clear();
        }
        while let Some((to, bytes)) = self.outgoing.pop(now) {
            self.socket.send_to(&bytes, to).expect("it is sent");
        }
    }

    /// Reads what is there; the first read waits until something is due.
    fn read(&mut self) {
        let mut room = [0; 2048];
        let mut waits = true;
        let links = [&self.incoming, &self.outgoing].into_iter().filter_map(Link::next_us);
        let due = links.chain(self.hub.poll_timeout()).min().unwrap_or(u64::MAX);
        let wait = due.saturating_sub(self.now()).clamp(1, TICK_US);
        let wait = Some(Duration::from_micros(wait));
        self.socket.set_read_timeout(wait).expect("a time-out");
        while let Ok((len, from)) = self.socket.recv_from(&mut room) {
            let bytes = Bytes::copy_from_slice(&room[..len]);
            self.incoming.send(self.now(), len, (from, bytes));
            if std::mem::take(&mut waits) {
                self.socket.set_nonblocking(true).expect("it does not wait");
            }
        }
        self.socket.set_nonblocking(false).expect("it waits again");
    }

    fn handle(&mut self, now: u64, event: Event) {
        let Some(ours) = self.streams.get_mut(&event.stream()) else {
            return;
        };
        match event {
            Event::Data { stream, bytes } => {
                ours.hash.update(&bytes);
                ours.received += bytes.len();
                match ours.is_paused {
                    true => ours.unread += bytes.len() as u64,
                    false => self.hub.consumed(now, stream, bytes.len() as u64),
                }
            }
            Event::End { .. } => ours.has_ended = true,
            Event::Message { bytes, .. } => ours.messages.push(bytes),
            Event::RemoteChanged { .. } => ours.remote_changes += 1,
            Event::Drain { .. } => ours.may_write = true,
            Event::Closed { reason, stats, .. } => ours.closed = Some((reason, *stats)),
            _ => {}
        }
    }
}
