//! A hub, its clock, and what must hold whatever it is put through.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use bytes::Bytes;
use dht_rpc_native::udx::wire::{HEADER_LEN, Header};
use dht_rpc_native::udx::*;

use super::steps::{Setup, Step};

/// Transmits and events that one step may lead to. More is a loop.
const MAX_PER_STEP: usize = 20_000;

/// Sockets, ids and peers: few, so that they meet.
const SOCKETS: u8 = 3;
const IDS: u8 = 6;

/// Packets that may come back.
const KEPT: usize = 256;

pub struct Driver {
    hub: Hub,
    limits: Limits,
    now: u64,
    made: Vec<StreamKey>,
    closed: BTreeSet<StreamKey>,
    ended: BTreeSet<StreamKey>,
    sent: Vec<Bytes>,
    /// The header of the last packet that each id was sent.
    last: [Header; IDS as usize],
    buf: Vec<u8>,
}

fn socket(n: u8) -> SocketId {
    SocketId(u32::from(n % SOCKETS))
}

fn id(n: u8) -> u32 {
    u32::from(n % IDS)
}

/// Some are without a port, one is IPv6.
fn peer(n: u8) -> SocketAddr {
    match n % 5 {
        4 => SocketAddr::from(([0xffff; 8], 9)),
        n => SocketAddr::from(([10, 0, 0, n], u16::from(n) * 1000)),
    }
}

impl Driver {
    pub fn new(setup: Setup) -> Self {
        let limits = setup.limits();
        let mut hub = Hub::new(limits);
        (0..SOCKETS).for_each(|n| hub.open_socket(socket(n)));
        Self {
            hub,
            limits,
            now: 1_000_000,
            made: Vec::new(),
            closed: BTreeSet::new(),
            ended: BTreeSet::new(),
            sent: Vec::new(),
            last: [Header::default(); IDS as usize],
            buf: Vec::new(),
        }
    }

    pub fn take(&mut self, step: Step) {
        match step {
            Step::Time { us } => self.pass(u64::from(us)),
            Step::LongTime { ms } => self.pass(1000 * u64::from(ms)),
            Step::Deadline => {
                let at = self.hub.poll_timeout().unwrap_or(self.now);
                self.pass(at.saturating_sub(self.now));
            }
            step => self.act(step),
        }
        self.drain();
    }

    fn pass(&mut self, us: u64) {
        self.now += us.min(3_600_000_000);
        self.hub.handle_timeout(self.now);
        assert!(self.hub.poll_timeout().is_none_or(|at| at > self.now), "what is due is not done");
    }

    fn act(&mut self, step: Step) {
        match step {
            Step::Raw { socket: on, peer: from, bytes, segment } => {
                let (on, from, bytes) = (socket(on), peer(from), Bytes::from(bytes));
                let mut strays = 0;
                let len = bytes.len();
                self.hub.handle_bundle(self.now, on, from, &bytes, usize::from(segment), |range| {
                    assert!(range.end <= len);
                    strays += range.len();
                });
                assert!(strays <= len);
            }
            Step::Packet { socket: on, peer: from, stream, packet } => {
                let to = id(stream);
                // What the stream said last is what its peer answers to.
                let last = self.last[to as usize];
                let bytes = packet.encode(to, last.ack, last.seq);
                self.hub.handle_datagram(self.now, socket(on), peer(from), &bytes.into());
            }
            Step::Back { nth, socket: on, peer: from } => {
                let nth = usize::from(nth) % self.sent.len().max(1);
                if let Some(bytes) = self.sent.get(nth).cloned() {
                    self.hub.handle_datagram(self.now, socket(on), peer(from), &bytes);
                }
            }
            Step::AllBack { socket: on, peer: from, lost } => {
                for (n, bytes) in std::mem::take(&mut self.sent).into_iter().enumerate() {
                    if !(n + 1).is_multiple_of(usize::from(lost).max(1) + 1) || lost == 0 {
                        self.hub.handle_datagram(self.now, socket(on), peer(from), &bytes);
                    }
                }
            }
            step => self.call(step),
        }
    }

    fn call(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Create { id: n, wall, seq } => {
                match self.hub.create_stream(now, id(n), &wall.options(seq)) {
                    Ok(stream) => self.made.push(stream),
                    Err(error) => assert_eq!(error.code(), "ERR_UDX_TOO_MANY_STREAMS"),
                }
            }
            Step::CloseSocket { socket: n } => self.hub.close_socket(socket(n)),
            Step::RemoveSocket { socket: n } => self.hub.remove_socket(now, socket(n)),
            Step::OpenSocket { socket: n } => self.hub.open_socket(socket(n)),
            step => self.call_stream(step),
        }
    }

    fn call_stream(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Connect { stream, socket: on, id: n, peer: to, ack, mtu } => {
                let remote = Remote { socket: socket(on), id: id(n), addr: peer(to) };
                let options = ConnectOptions { ack, route_mtu: mtu };
                self.on(stream, |hub, stream| hub.connect(now, stream, remote, &options));
            }
            Step::ChangeRemote { stream, socket: on, id: n, peer: to, mtu } => {
                let remote = Remote { socket: socket(on), id: id(n), addr: peer(to) };
                self.on(stream, |hub, stream| hub.change_remote(now, stream, remote, mtu));
            }
            Step::Write { stream, len } => {
                let bytes = Bytes::from(vec![1; usize::from(len)]);
                self.on(stream, |hub, stream| hub.write(now, stream, bytes));
            }
            Step::End { stream } => self.on(stream, |hub, stream| hub.end(now, stream)),
            Step::Destroy { stream } => self.on(stream, |hub, stream| hub.destroy(now, stream)),
            Step::Message { stream, len } => {
                let bytes = vec![2; usize::from(len)];
                self.on(stream, |hub, stream| hub.send_message(now, stream, &bytes));
            }
            Step::Consume { stream, bytes } => {
                self.on(stream, |hub, stream| hub.consumed(now, stream, u64::from(bytes)));
            }
            Step::Keepalive { stream, us } => {
                // Heartbeats each few µs are what was asked for, and would only make an input slow.
                let us = if us == 0 { 0 } else { u64::from(us.max(100_000)) };
                self.on(stream, |hub, stream| hub.set_keepalive(now, stream, us));
            }
            step => self.call_relay(step),
        }
    }

    fn call_relay(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Relay { stream, target } => {
                let target = target.and_then(|target| self.stream(target));
                let target = target.map_or(RelayTarget::Elsewhere, RelayTarget::Stream);
                self.on(stream, |hub, stream| hub.relay_to(now, stream, target));
            }
            Step::Forward { stream, bytes } => {
                self.on(stream, |hub, stream| hub.forward(now, stream, &bytes));
            }
            Step::TargetClosed { stream } => {
                self.on(stream, |hub, stream| hub.relay_target_closed(now, stream));
            }
            Step::Verdict { stream, passes } => {
                self.on(stream, |hub, stream| hub.firewall_verdict(now, stream, passes));
            }
            Step::Continue { stream } => {
                self.on(stream, |hub, stream| hub.firewall_continue(now, stream));
            }
            _ => {}
        }
    }

    fn stream(&self, nth: u8) -> Option<StreamKey> {
        let place = usize::from(nth) % self.made.len().max(1);
        self.made.get(place).copied()
    }

    /// What the call says is not looked at: it may be refused.
    fn on<T>(&mut self, nth: u8, call: impl FnOnce(&mut Hub, StreamKey) -> T) {
        if let Some(stream) = self.stream(nth) {
            call(&mut self.hub, stream);
        }
    }

    fn drain(&mut self) {
        for _ in 0..MAX_PER_STEP {
            self.buf.clear();
            let event = self.hub.poll_event();
            let transmit = self.hub.poll_transmit(self.now, &mut self.buf);
            if event.is_none() && transmit.is_none() {
                return;
            }
            event.into_iter().for_each(|event| self.hear(&event));
            transmit.into_iter().for_each(|transmit| self.keep(&transmit));
        }
        panic!("it never comes to rest");
    }

    fn hear(&mut self, event: &Event) {
        let stream = event.stream();
        assert!(!self.closed.contains(&stream), "{event:?} of a stream that is closed");
        match event {
            Event::Closed { stats, .. } => {
                self.closed.insert(stream);
                check_stats(stats);
            }
            Event::End { .. } => assert!(self.ended.insert(stream), "two ends"),
            Event::Data { .. } => assert!(!self.ended.contains(&stream), "data after the end"),
            _ => {}
        }
    }

    fn keep(&mut self, transmit: &Transmit) {
        assert_eq!(transmit.len, self.buf.len());
        assert!(transmit.packets() <= limits::MAX_SEGMENTS && transmit.segment <= transmit.len);
        for packet in self.buf.chunks(transmit.segment.max(1)) {
            if packet.len() < HEADER_LEN {
                continue;
            }
            if let Some(header) = Header::decode(packet)
                && let Some(last) = self.last.get_mut(header.id as usize)
            {
                *last = header;
            }
            if self.sent.len() < KEPT {
                self.sent.push(Bytes::copy_from_slice(packet));
            }
        }
    }

    /// What holds after every step.
    pub fn check(&self) {
        assert!(self.hub.streams() <= self.limits.streams);
        let total = self.limits.reassembly_total + self.limits.held_total;
        assert!(self.hub.waiting_bytes() <= total);
        let live = self.made.iter().filter(|stream| self.hub.stats(**stream).is_some());
        assert_eq!(live.count(), self.hub.streams());
        for stream in &self.made {
            assert_eq!(self.hub.stats(*stream).is_none(), self.closed.contains(stream));
            self.hub.stats(*stream).iter().for_each(check_stats);
        }
        for n in 0..SOCKETS {
            assert!(self.hub.socket_streams(socket(n)) <= self.hub.streams());
        }
    }

    /// All streams go, and nothing is left.
    pub fn finish(&mut self) {
        for stream in self.made.clone() {
            self.hub.destroy(self.now, stream);
        }
        self.drain();
        assert_eq!((self.hub.streams(), self.hub.waiting_bytes()), (0, 0));
        for n in 0..SOCKETS {
            assert_eq!(self.hub.socket_streams(socket(n)), 0);
        }
        self.pass(31_000_000);
        self.drain();
        assert_eq!(self.hub.poll_timeout(), None);
    }
}

fn check_stats(stats: &StreamStats) {
    assert!(stats.acked <= stats.written && stats.consumed <= stats.delivered);
    assert!((1200..=1500).contains(&stats.mtu) && stats.cwnd > 0 && stats.rto_count <= 7);
}
