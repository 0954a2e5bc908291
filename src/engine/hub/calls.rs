//! What a user does with the streams of a hub.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::super::driver::State;
use super::super::shard::shared_socket::SharedSocket;
use super::super::shard::tenant::{Tenant, guarded};
use super::super::sync::primitives::MutexGuard;
use super::super::udp::fragmentation::route_mtu;
use super::super::udp::traffic::TrafficSnapshot;
use super::held_acks::{self, Holder};
use super::output::Output;
use super::stream_sink::StreamSink;
use super::streams::{Streams, snapshot};
use super::{Hub, relays};
use crate::udx::{
    ConnectOptions, Error, Remote, RemoteChange, SocketId, StreamKey, StreamOptions, StreamStats,
    Written,
};

/// What a user does with a stream in one go, in this order.
#[derive(Default)]
pub struct Submission {
    /// Those to send outside of the stream.
    pub messages: Vec<Bytes>,
    pub bytes: Bytes,
    /// Our direction is over.
    pub ends: bool,
}

/// When a submission is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By this thread, or by whoever holds the hub.
    Now,
    /// By the shard.
    ByShard,
    /// In one step with the call that follows.
    WithNext,
}

/// What streams and sockets of a hub did.
pub struct Figures {
    /// All sockets of the hub.
    pub total: TrafficSnapshot,
    /// `None` of one that is gone.
    pub streams: Vec<Option<StreamStats>>,
    pub sockets: Vec<TrafficSnapshot>,
}

fn of_socket(core: &crate::udx::Hub, socket: &SharedSocket) -> TrafficSnapshot {
    let streams = socket.number().map(|number| core.socket_traffic(SocketId(number)));
    socket.own_traffic() + snapshot(streams.unwrap_or_default())
}

impl Hub {
    /// A stream that is known by `id`; what comes of it goes to `sink`.
    ///
    /// # Errors
    /// [`Error::TooManyStreams`]; [`Error::Closed`] if the hub is.
    pub fn create_stream(
        &self,
        id: u32,
        options: &StreamOptions,
        sink: Arc<dyn StreamSink>,
    ) -> Result<StreamKey, Error> {
        self.is_carrying.store(true, Ordering::Relaxed);
        self.call_for(|streams, now| streams.create(now, id, options, sink))
    }

    /// Tells a stream where its packets go: to `addr`, where it is known by `id`, by `socket`.
    ///
    /// # Errors
    /// As those of [`crate::udx::Hub::connect`].
    pub fn connect(
        &self,
        stream: StreamKey,
        socket: &SharedSocket,
        id: u32,
        addr: SocketAddr,
        ack: u32,
    ) -> Result<(), Error> {
        let remote = self.remote(socket, id, addr)?;
        let options = ConnectOptions { ack, route_mtu: route_mtu(addr) };
        self.call_for(|streams, now| streams.core.connect(now, stream, remote, &options))
    }

    /// From here a stream's packets go elsewhere. Of the new route only the packets tell how much it takes,
    /// as with udx-native.
    ///
    /// # Errors
    /// As those of [`crate::udx::Hub::change_remote`].
    pub fn change_remote(
        &self,
        stream: StreamKey,
        socket: &SharedSocket,
        id: u32,
        addr: SocketAddr,
    ) -> Result<RemoteChange, Error> {
        let remote = self.remote(socket, id, addr)?;
        self.call_for(|streams, now| streams.core.change_remote(now, stream, remote, None))
    }

    /// Queues bytes, and sends what may leave.
    ///
    /// # Errors
    /// As those of [`crate::udx::Hub::write`].
    pub fn write(&self, stream: StreamKey, bytes: Bytes) -> Result<Written, Error> {
        self.call_for(|streams, now| streams.core.write(now, stream, bytes))
    }

    /// Ends our direction.
    ///
    /// # Errors
    /// As those of [`crate::udx::Hub::end`].
    pub fn end(&self, stream: StreamKey) -> Result<(), Error> {
        self.call_for(|streams, now| streams.core.end(now, stream))
    }

    /// Does all of it at that time. What would be refused is lost.
    pub fn submit(&self, stream: StreamKey, what: Submission, when: When) {
        let write = move |streams: &mut Streams, now| {
            let core = &mut streams.core;
            for message in &what.messages {
                let _ = core.send_message(now, stream, message);
            }
            if !what.bytes.is_empty() {
                let _ = core.write(now, stream, what.bytes);
            }
            if what.ends {
                let _ = core.end(now, stream);
            }
        };
        match when {
            When::Now => self.call(write),
            When::ByShard => self.call_on_shard(write),
            When::WithNext => self.driver.enqueue(write),
        }
    }

    /// Gives a stream up: its peer is told once.
    pub fn destroy(&self, stream: StreamKey) {
        self.with(|streams, now| streams.core.destroy(now, stream));
    }

    /// Gives all streams up.
    pub fn destroy_streams(&self) {
        self.with(Streams::destroy_all);
    }

    /// Sends a message outside of the stream. False if it is not connected, or if too much waits.
    ///
    /// # Errors
    /// As those of [`crate::udx::Hub::send_message`].
    pub fn send_message(&self, stream: StreamKey, payload: &[u8]) -> Result<bool, Error> {
        self.call_for(|streams, now| streams.core.send_message(now, stream, payload))
    }

    /// A heartbeat leaves each `us` while nothing is on its way; 0 turns that off.
    pub fn set_keepalive(&self, stream: StreamKey, us: u64) {
        self.with(|streams, now| streams.core.set_keepalive(now, stream, us));
    }

    /// The reader took so many bytes more: by the shard, soon, or with the next thing that happens.
    pub fn consumed(&self, stream: StreamKey, bytes: u64, soon: bool) {
        let consumed = move |streams: &mut Streams, now| streams.core.consumed(now, stream, bytes);
        if soon { self.call_on_shard(consumed) } else { self.driver.enqueue(consumed) }
    }

    /// The verdict on the packet that was asked about.
    pub fn firewall_verdict(&self, stream: StreamKey, passes: bool) {
        self.with(|streams, now| streams.core.firewall_verdict(now, stream, passes));
    }

    /// What came of the verdict is handled.
    pub fn firewall_continue(&self, stream: StreamKey) {
        self.with(|streams, now| streams.core.firewall_continue(now, stream));
    }

    /// A stream's figures, while it lives.
    pub fn stats(&self, stream: StreamKey) -> Option<StreamStats> {
        self.with(|streams, _| streams.core.stats(stream)).flatten()
    }

    /// All of it at one moment.
    pub fn figures(&self, streams: &[StreamKey], sockets: &[&SharedSocket]) -> Figures {
        let own = |core: &crate::udx::Hub| Figures {
            total: self.traffic.snapshot() + snapshot(core.traffic()),
            streams: streams.iter().map(|stream| core.stats(*stream)).collect(),
            sockets: sockets.iter().map(|socket| of_socket(core, socket)).collect(),
        };
        let look = |streams: &mut Streams, _| self.traffic.still(|| own(&streams.core));
        self.with(look).unwrap_or_else(|| Figures {
            total: self.traffic.snapshot(),
            streams: streams.iter().map(|_| None).collect(),
            sockets: sockets.iter().map(|socket| socket.own_traffic()).collect(),
        })
    }

    /// What all sockets sent and received.
    pub fn total(&self) -> TrafficSnapshot {
        let streams = self.with(|streams, _| streams.core.traffic()).unwrap_or_default();
        self.traffic.snapshot() + snapshot(streams)
    }

    /// The socket of that number.
    pub fn socket(&self, number: SocketId) -> Option<Arc<SharedSocket>> {
        self.sockets.read().get(&number)?.upgrade()
    }

    /// Runs `f` on the streams, and has carried out what comes of it. `None`: the hub is gone.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut Streams, u64) -> R) -> Option<R> {
        let result = self.settle(self.driver.lock(), f);
        self.run_waiting_calls();
        result
    }

    pub(super) fn call_for<R>(
        &self,
        f: impl FnOnce(&mut Streams, u64) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.with(f).unwrap_or(Err(Error::Closed))
    }

    pub(super) fn settle<R>(
        &self,
        state: MutexGuard<'_, State<Streams>>,
        f: impl FnOnce(&mut Streams, u64) -> R,
    ) -> Option<R> {
        let carry_out = |output: &mut Output| {
            guarded(self, || self.carry_out(output));
        };
        self.driver.step(state, &(), f, carry_out).unwrap_or_else(|panic| {
            self.crash(panic);
            None
        })
    }

    /// Now if nobody else holds the streams, otherwise when they let go.
    fn call(&self, f: impl FnOnce(&mut Streams, u64) + Send + 'static) {
        match self.driver.try_lock() {
            Some(state) => {
                self.settle(state, f);
            }
            None => self.driver.enqueue(f),
        }
        self.run_waiting_calls();
    }

    /// By the shard; on this thread while the shard's poll is lent, to whomever.
    fn call_on_shard(&self, f: impl FnOnce(&mut Streams, u64) + Send + 'static) {
        self.driver.enqueue(f);
        if self.shard().is_lent() {
            self.run_waiting_calls();
        } else {
            self.shard().call(self.driver.key());
        }
    }

    fn carry_out(&self, output: &mut Output) {
        for (socket, carries) in output.turned.drain(..) {
            match self.socket(socket) {
                Some(socket) if carries => socket.stream_joined(),
                Some(socket) => socket.stream_left(),
                None => {}
            }
        }
        if !output.transmits.is_empty() {
            self.send(output);
        }
        if output.holds
            && let Some(me) = self.me.upgrade()
        {
            held_acks::note(me);
        }
        output.sinks.iter().for_each(|sink| sink.wake());
        relays::pass_on(&output.forwards);
        relays::orphaned(output.orphans.drain(..));
        if !output.left.is_empty() {
            relays::left(&self.neighbour(), output.left.drain(..));
        }
    }

    fn send(&self, output: &Output) {
        let sockets = self.sockets.read();
        let mut rest = &output.bytes[..];
        for transmits in output.transmits.chunk_by(|a, b| a.socket == b.socket) {
            let socket = sockets.get(&transmits[0].socket).and_then(|socket| socket.upgrade());
            for transmit in transmits {
                let (bytes, after) = rest.split_at(transmit.len.min(rest.len()));
                rest = after;
                if let Some(socket) = &socket {
                    socket.send_run(transmit.to, bytes, transmit.segment);
                }
            }
        }
    }

    fn remote(&self, socket: &SharedSocket, id: u32, addr: SocketAddr) -> Result<Remote, Error> {
        let number = socket.number().ok_or(Error::SocketClosed)?;
        Ok(Remote { socket: SocketId(number), id, addr })
    }
}

impl Holder for Hub {
    fn send_held(&self) {
        self.with(|_, _| ());
    }
}
