//! What a step of a node produces, carried out of its lock.

use std::cell::RefCell;
use std::thread::LocalKey;

use super::super::clock;
use super::super::driver::Core;
use super::super::shard::deadlines::{MS, NEVER, on_grid};
use super::sink::Sink;
use crate::dht::{Event, Node};
use crate::net::clock::Now;
use crate::net::transmit::Transmit;

/// Capacity that an output keeps between two steps, in bytes.
const KEPT_CAPACITY: usize = 256 * 1024;

/// Datagrams to send and names to look up.
#[derive(Default)]
pub struct Output {
    pub bytes: Vec<u8>,
    pub transmits: Vec<Transmit>,
    pub lookups: Vec<(u32, String)>,
    /// The sink has something new.
    pub wake_sink: bool,
}

thread_local! {
    /// One a thread, so that nodes stay small.
    static OUTPUT: RefCell<Output> = RefCell::default();
}

impl Core for Node {
    type Time = Now;
    type Output = Output;
    type Sink = dyn Sink;

    fn now() -> Now {
        clock::now()
    }

    fn output() -> &'static LocalKey<RefCell<Output>> {
        &OUTPUT
    }

    fn collect(&mut self, output: &mut Output, sink: &dyn Sink) {
        while let Some(transmit) = self.poll_transmit(&mut output.bytes) {
            output.transmits.push(transmit);
        }
        while let Some(event) = self.poll_event() {
            if let Event::LookupWanted { key, name } = event {
                output.lookups.push((key, name));
                continue;
            }
            output.wake_sink = true;
            if !sink.event(event) {
                self.counters_mut().dropped += 1;
            }
        }
    }

    fn deadline(&mut self) -> u64 {
        self.poll_timeout_with(on_grid).map_or(NEVER, |at| at.saturating_mul(MS))
    }

    fn clear(output: &mut Output) {
        output.transmits.clear();
        output.lookups.clear();
        output.wake_sink = false;
        output.bytes.clear();
        output.bytes.shrink_to(KEPT_CAPACITY);
    }
}
