//! A stream under load takes no memory for its packets, and an idle one keeps little.

mod counting;

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use dht_rpc_native::udx::*;

use counting::{ALLOCATIONS, BYTES};

const ON: SocketId = SocketId(1);

/// Two hubs side by side. What carries packets from one to the other has memory of its own.
struct Pair {
    hubs: [Hub; 2],
    streams: [StreamKey; 2],
    now: u64,
    buf: Vec<u8>,
    bundle: BytesMut,
    piece: Bytes,
    may_write: bool,
    /// Allocations within calls of the hubs, and packets that went from one to the other.
    allocations: usize,
    packets: usize,
}

fn addr(side: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 1000 + side as u16))
}

fn connected(hub: &mut Hub, id: u32, side: usize) -> StreamKey {
    let stream = hub.create_stream(0, id, &StreamOptions::default()).expect("a stream");
    let remote = Remote { socket: ON, id, addr: addr(1 - side) };
    assert_eq!(hub.connect(0, stream, remote, &ConnectOptions::default()), Ok(()));
    stream
}

impl Pair {
    fn new() -> Self {
        let mut hubs = [Hub::default(), Hub::default()];
        let streams = [0, 1].map(|side: usize| {
            hubs[side].open_socket(ON);
            connected(&mut hubs[side], 1, side)
        });
        Self {
            hubs,
            streams,
            now: 0,
            buf: Vec::with_capacity(1 << 16),
            bundle: BytesMut::with_capacity(1 << 18),
            piece: Bytes::from(vec![7; 1 << 16]),
            may_write: true,
            allocations: 0,
            packets: 0,
        }
    }

    /// A call of a hub, whose allocations are counted.
    fn call<T>(&mut self, side: usize, call: impl FnOnce(&mut Hub, u64, StreamKey) -> T) -> T {
        let before = ALLOCATIONS.get();
        let result = call(&mut self.hubs[side], self.now, self.streams[side]);
        self.allocations += ALLOCATIONS.get() - before;
        result
    }

    /// A tenth of a ms passes while the first writes as much as it may.
    fn round(&mut self) {
        self.now += 100;
        while self.may_write {
            let piece = self.piece.clone();
            let written = self.call(0, |hub, now, stream| hub.write(now, stream, piece));
            self.may_write = written.expect("it is written").is_drained;
        }
        self.carry(0);
        self.carry(1);
    }

    fn carry(&mut self, from: usize) {
        self.call(from, |hub, now, _| hub.handle_timeout(now));
        let mut buf = std::mem::take(&mut self.buf);
        loop {
            buf.clear();
            let Some(transmit) = self.call(from, |hub, now, _| hub.poll_transmit(now, &mut buf))
            else {
                break;
            };
            self.packets += transmit.packets();
            self.bundle.reserve(buf.len());
            self.bundle.extend_from_slice(&buf);
            let bundle = self.bundle.split().freeze();
            let (sender, segment) = (addr(from), transmit.segment);
            self.call(1 - from, |hub, now, _| {
                hub.handle_bundle(now, ON, sender, &bundle, segment, |_| panic!("a stray"));
            });
            self.hear(1 - from);
        }
        self.buf = buf;
        self.hear(from);
    }

    fn hear(&mut self, side: usize) {
        while let Some(event) = self.call(side, |hub, _, _| hub.poll_event()) {
            match event {
                Event::Data { bytes, .. } => self.call(side, |hub, now, stream| {
                    hub.consumed(now, stream, bytes.len() as u64);
                }),
                Event::Drain { .. } => self.may_write = true,
                _ => {}
            }
        }
    }

    /// All that was written arrives.
    fn settle(&mut self) {
        self.may_write = false;
        while self.hubs[0].stats(self.streams[0]).is_some_and(|stats| stats.acked < stats.written) {
            self.now += 100;
            self.carry(0);
            self.carry(1);
        }
    }
}

#[test]
fn a_stream_that_flows_takes_no_memory_for_its_packets() {
    let mut pair = Pair::new();
    (0..1000).for_each(|_| pair.round());
    let (allocations, packets) = (pair.allocations, pair.packets);
    (0..1000).for_each(|_| pair.round());
    let packets = pair.packets - packets;
    assert!(packets > 10_000, "{packets} packets are no load");
    let each = (pair.allocations - allocations) as f64 / packets as f64;
    assert!(each < 0.001, "{each} allocations a packet, of {packets}");
}

#[test]
fn an_idle_stream_is_small() {
    let mut hub = Hub::default();
    hub.open_socket(ON);
    let before = BYTES.get();
    for id in 0..1000 {
        connected(&mut hub, id, 0);
    }
    let each = (BYTES.get() - before) / 1000;
    println!("{each} bytes");
    assert!(each <= 2048, "{each} bytes each");
}

#[test]
fn what_a_burst_took_is_given_back() {
    let mut pair = Pair::new();
    let before = BYTES.get();
    (0..1000).for_each(|_| pair.round());
    pair.settle();
    let kept = BYTES.get() - before;
    println!("{kept} bytes kept");
    assert!(kept < 100_000, "{kept} bytes stay");
}
