//! The core of a hub: its streams, and whom each tells what comes of it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::LocalKey;

use bytes::Bytes;

use super::super::clock;
use super::super::driver::Core;
use super::super::shard::deadlines::NEVER;
use super::super::udp::receive_batch::ReceiveBatch;
use super::super::udp::tally::Tally;
use super::super::udp::traffic::TrafficSnapshot;
use super::held_acks::HELD_US;
use super::output::Output;
use super::relays::Relays;
use super::stream_sink::StreamSink;
use crate::udx::{self, Error, Event, Limits, SocketId, StreamKey, StreamOptions, Traffic, wire};

/// Bytes that leave in one step. A hub with more comes back at once, behind the shard's other tenants.
const BUDGET: usize = 256 * 1024;

/// See the module's page.
pub struct Streams {
    pub core: udx::Hub,
    pub relays: Relays,
    /// The next step may hold its acknowledgements; the last one did.
    pub may_hold: bool,
    is_holding: bool,
    /// By the streams' places.
    sinks: Vec<Option<(StreamKey, Arc<dyn StreamSink>)>>,
}

thread_local! {
    /// One a thread, so that hubs stay small.
    static OUTPUT: RefCell<Output> = RefCell::default();
}

impl Streams {
    pub fn new(limits: Limits) -> Self {
        Self {
            core: udx::Hub::new(limits),
            relays: Relays::default(),
            may_hold: false,
            is_holding: false,
            sinks: Vec::new(),
        }
    }

    pub fn create(
        &mut self,
        now: u64,
        id: u32,
        options: &StreamOptions,
        sink: Arc<dyn StreamSink>,
    ) -> Result<StreamKey, Error> {
        let key = self.core.create_stream(now, id, options)?;
        if self.sinks.len() <= key.index() {
            self.sinks.resize_with(key.index() + 1, || None);
        }
        self.sinks[key.index()] = Some((key, sink));
        Ok(key)
    }

    pub fn open_socket(&mut self, socket: SocketId) {
        self.core.open_socket(socket);
    }

    pub fn remove_socket(&mut self, now: u64, socket: SocketId) {
        self.core.remove_socket(now, socket);
    }

    pub fn handle_timeout(&mut self, now: u64) {
        self.core.handle_timeout(now);
    }

    /// Takes what is of streams out of the batch. Returns what was not counted.
    pub fn take(&mut self, now: u64, socket: SocketId, batch: &mut ReceiveBatch) -> Tally {
        let core = &mut self.core;
        batch.divert(wire::is_packet, |from: SocketAddr, bundle: &Bytes, segment, stray| {
            core.handle_bundle(now, socket, from, bundle, segment, stray);
        })
    }

    pub fn destroy_all(&mut self, now: u64) {
        let keys: Vec<_> = self.sinks.iter().flatten().map(|(key, _)| *key).collect();
        keys.into_iter().for_each(|key| self.core.destroy(now, key));
    }

    /// Whom nothing is told any more.
    pub fn take_sinks(&mut self) -> Vec<(StreamKey, Arc<dyn StreamSink>)> {
        self.sinks.drain(..).flatten().collect()
    }

    /// Tells all that happened. True if there were bytes among it.
    fn tell_all(&mut self, output: &mut Output) -> bool {
        let mut has_data = false;
        let mut pieces = std::mem::take(&mut output.pieces);
        let mut next = self.core.poll_event();
        while let Some(event) = next.take() {
            let Event::Data { stream, bytes } = event else {
                self.tell(event, output);
                next = self.core.poll_event();
                continue;
            };
            has_data = true;
            pieces.push(bytes);
            next = self.core.poll_event();
            while let Some(Event::Data { stream: same, bytes }) = &mut next
                && *same == stream
            {
                pieces.push(std::mem::take(bytes));
                next = self.core.poll_event();
            }
            self.tell_data(stream, &pieces, output);
            pieces.clear();
        }
        output.pieces = pieces;
        has_data
    }

    fn tell_data(&self, key: StreamKey, pieces: &[Bytes], output: &mut Output) {
        if let Some((_, sink)) = self.sinks.get(key.index()).and_then(Option::as_ref) {
            output.note(sink);
            sink.data(pieces);
        }
    }

    fn tell(&mut self, event: Event, output: &mut Output) {
        let key = event.stream();
        if let Event::Forward { packet, .. } = event {
            if let Some(link) = self.relays.target(key) {
                output.forwards.push((link, packet));
            }
            return;
        }
        let Some(place) = self.sinks.get_mut(key.index()) else { return };
        let Some((_, sink)) = place.as_ref().filter(|(known, _)| *known == key) else { return };
        if let Event::Acked { total, .. } = event {
            if sink.acked(total, self.core.high_water_mark(key).unwrap_or(u64::MAX)) {
                output.note(sink);
            }
            return;
        }
        output.note(sink);
        match event {
            Event::Closed { .. } => {
                sink.event(event);
                *place = None;
                let (target, orphans) = self.relays.closed(key);
                output.left.extend(target.map(|target| (key, target)));
                output.orphans.extend(orphans);
            }
            _ => sink.event(event),
        }
    }
}

impl Core for Streams {
    type Time = u64;
    type Output = Output;
    type Sink = ();

    fn now() -> u64 {
        clock::mono_us()
    }

    fn output() -> &'static LocalKey<RefCell<Output>> {
        &OUTPUT
    }

    fn collect(&mut self, output: &mut Output, _: &()) {
        let has_data = self.tell_all(output);
        output.turned.extend(std::iter::from_fn(|| self.core.poll_turned()));
        self.is_holding = std::mem::take(&mut self.may_hold) && has_data;
        if self.is_holding {
            output.holds = true;
            return;
        }
        let now = clock::mono_us();
        while output.bytes.len() < BUDGET
            && let Some(transmit) = self.core.poll_transmit(now, &mut output.bytes)
        {
            output.transmits.push(transmit);
        }
        self.tell_all(output);
    }

    fn deadline(&mut self) -> u64 {
        if self.is_holding {
            return (clock::mono_us() + HELD_US).min(self.core.poll_timeout().unwrap_or(NEVER));
        }
        if self.core.may_transmit() {
            // Behind what is due by now.
            return clock::mono_us() + 1;
        }
        self.core.poll_timeout().unwrap_or(NEVER)
    }

    fn clear(output: &mut Output) {
        output.clear();
    }
}

/// In the words of sockets.
pub fn snapshot(traffic: Traffic) -> TrafficSnapshot {
    TrafficSnapshot {
        bytes_sent: traffic.bytes_transmitted,
        packets_sent: traffic.packets_transmitted,
        bytes_received: traffic.bytes_received,
        packets_received: traffic.packets_received,
    }
}
