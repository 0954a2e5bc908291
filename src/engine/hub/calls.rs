//! What a user does with the streams of a hub.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::super::driver::State;
use super::super::shard::shared_socket::SharedSocket;
use super::super::shard::tenant::{Tenant, guarded};
use super::super::sync::primitives::MutexGuard;
use super::super::udp::traffic::TrafficSnapshot;
use super::output::Output;
use super::streams::{StreamSink, Streams, snapshot};
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
        let options = ConnectOptions { ack, route_mtu: None };
        self.call_for(|streams, now| streams.core.connect(now, stream, remote, &options))
    }

    /// From here a stream's packets go elsewhere.
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

    /// Does all of it by this thread if that is `at_once` and nobody holds the hub, else by its shard.
    /// What would be refused is lost.
    pub fn submit(&self, stream: StreamKey, what: Submission, at_once: bool) {
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
        if at_once { self.call(write) } else { self.call_on_shard(write) }
    }

    /// Gives a stream up: its peer is told once. Says its last figures.
    pub fn destroy(&self, stream: StreamKey) -> Option<StreamStats> {
        let destroy = |streams: &mut Streams, now| {
            let stats = streams.core.stats(stream);
            streams.core.destroy(now, stream);
            stats
        };
        self.with(destroy).flatten()
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

    /// The reader took so many bytes more. By the shard, soon.
    pub fn consumed(&self, stream: StreamKey, bytes: u64) {
        self.call_on_shard(move |streams, now| streams.core.consumed(now, stream, bytes));
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
        if !output.transmits.is_empty() {
            self.send(output);
        }
        output.sinks.iter().for_each(|sink| sink.wake());
        relays::pass_on(&output.forwards);
        relays::orphaned(output.orphans.drain(..));
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
        socket.carry_stream();
        Ok(Remote { socket: SocketId(number), id, addr })
    }
}
