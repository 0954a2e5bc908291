//! Streams of hubs on real sockets, and what becomes of them.

use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use blake2::{Blake2b512, Digest};
use bytes::Bytes;
use dht_rpc_native::engine::{
    Engine, Hub, Listener, ReceiveBatch, SharedSocket, SocketOptions, StreamSink,
};
use dht_rpc_native::udx::*;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

const PIECE: usize = 1 << 16;

struct Deaf;

impl Listener for Deaf {
    fn hear(&self, _: &ReceiveBatch) {}
}

/// What came of a stream.
#[derive(Default)]
pub struct Came {
    pub received: usize,
    pub hash: Blake2b512,
    pub messages: Vec<Bytes>,
    pub questions: usize,
    pub has_ended: bool,
    pub closed: Option<(CloseReason, StreamStats)>,
    pub crashes: usize,
    unread: u64,
    may_write: bool,
}

#[derive(Default)]
pub struct Ear {
    came: Mutex<Came>,
    changed: Condvar,
}

impl StreamSink for Ear {
    fn data(&self, pieces: &[Bytes]) {
        let mut came = self.came.lock().unwrap();
        for bytes in pieces {
            came.hash.update(bytes);
            came.received += bytes.len();
            came.unread += bytes.len() as u64;
        }
    }

    fn event(&self, event: Event) {
        let mut came = self.came.lock().unwrap();
        match event {
            Event::End { .. } => came.has_ended = true,
            Event::Message { bytes, .. } => came.messages.push(Bytes::copy_from_slice(&bytes)),
            Event::Drain { .. } => came.may_write = true,
            Event::FirewallWanted { .. } => came.questions += 1,
            Event::Closed { reason, stats, .. } => came.closed = Some((reason, *stats)),
            _ => {}
        }
    }

    fn acked(&self, _: u64, _: u64) -> bool {
        false
    }

    fn crashed(&self) {
        self.came.lock().unwrap().crashes += 1;
    }

    fn wake(&self) {
        self.changed.notify_all();
    }
}

/// A stream of a hub.
pub struct End {
    pub hub: Arc<Hub>,
    pub key: StreamKey,
    pub ear: Arc<Ear>,
    pub sent: Blake2b512,
}

impl End {
    pub fn new(hub: &Arc<Hub>, id: u32, firewall: Firewall) -> Self {
        let ear = Arc::new(Ear::default());
        let options = StreamOptions { firewall, seq: 0 };
        let key = hub.create_stream(id, &options, ear.clone()).expect("a stream");
        Self { hub: Arc::clone(hub), key, ear, sent: Blake2b512::new() }
    }

    /// The same stream, for another thread.
    pub fn of(end: &Self) -> Self {
        let Self { hub, key, ear, .. } = end;
        Self { hub: hub.clone(), key: *key, ear: ear.clone(), sent: Blake2b512::new() }
    }

    /// Writes so many bytes, as fast as they are taken; another thread may read meanwhile.
    pub fn write_all(&mut self, bytes: usize) {
        let mut state = 1u64;
        let mut left = bytes;
        while left > 0 {
            let mut step = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            };
            let piece: Vec<u8> = (0..left.min(PIECE)).map(|_| step()).collect();
            left -= piece.len();
            self.sent.update(&piece);
            self.ear.came.lock().unwrap().may_write = false;
            let written = self.hub.write(self.key, piece.into()).expect("it is written");
            if !written.is_drained {
                self.wait("room to write", |came| came.may_write || came.closed.is_some());
            }
        }
    }

    /// Reads, as fast as it comes, until it is done.
    pub fn read_until(&self, what: &str, is_done: impl Fn(&Came) -> bool) {
        loop {
            self.wait(what, |came| came.unread > 0 || is_done(came));
            let mut came = self.ear.came.lock().unwrap();
            let unread = std::mem::take(&mut came.unread);
            let done = is_done(&came);
            drop(came);
            if unread > 0 {
                self.hub.consumed(self.key, unread, true);
            }
            if done {
                return;
            }
        }
    }

    pub fn wait(&self, what: &str, is_done: impl Fn(&Came) -> bool) {
        let begin = Instant::now();
        let mut came = self.ear.came.lock().unwrap();
        while !is_done(&came) {
            assert!(begin.elapsed() < PATIENCE, "{what} takes too long");
            // Somebody else may have been woken.
            came = self.ear.changed.wait_timeout(came, Duration::from_millis(10)).unwrap().0;
        }
    }

    pub fn came<R>(&self, f: impl FnOnce(&Came) -> R) -> R {
        f(&self.ear.came.lock().unwrap())
    }

    pub fn received_hash(&self) -> String {
        self.came(|came| hex(&came.hash))
    }
}

pub fn hex(hash: &Blake2b512) -> String {
    hash.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn hub() -> Arc<Hub> {
    Engine::get().add_hub().expect("a hub")
}

pub fn open(hub: &Arc<Hub>) -> (Arc<SharedSocket>, SocketAddr) {
    let addr = "127.0.0.1:0".parse().unwrap();
    let options = SocketOptions { addr, ipv6_only: false, reuse_address: false };
    let socket = hub.bind(&options, |_| Arc::new(Deaf)).expect("a socket");
    let port = socket.with(|socket| socket.port().unwrap()).expect("it is open");
    (socket, SocketAddr::from(([127, 0, 0, 1], port)))
}
