//! The streams of an environment, by their handles.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use super::stream_sink::RecordSink;
use crate::engine::Hub;
use crate::udx::StreamKey;

/// A stream that JavaScript has a handle of.
#[derive(Clone)]
pub struct Stream {
    pub hub: Arc<Hub>,
    pub key: StreamKey,
    pub sink: Arc<RecordSink>,
}

thread_local! {
    /// Peers are told when the environment ends.
    static TELLS_END: Cell<bool> = const { Cell::new(false) };
    static STREAMS: RefCell<HashMap<u32, Stream>> = RefCell::default();
}

pub fn insert(handle: u32, stream: Stream) {
    STREAMS.with_borrow_mut(|streams| streams.insert(handle, stream));
}

pub fn with<R>(handle: u32, f: impl FnOnce(&Stream) -> R) -> Option<R> {
    STREAMS.with_borrow(|streams| streams.get(&handle).map(f))
}

/// JavaScript is told nothing of it any more.
pub fn remove(handle: u32) -> Option<Stream> {
    let stream = STREAMS.with_borrow_mut(|streams| streams.remove(&handle));
    if let Some(stream) = &stream {
        stream.sink.close();
    }
    stream
}

/// Streams are given up one by one when the environment ends, as those of udx-native's in a worker; a
/// process that ends says nothing.
pub fn tell_end() {
    TELLS_END.set(true);
}

pub fn tells_end() -> bool {
    TELLS_END.get()
}

/// The environment ends: its memory is not written into any more.
pub fn tear_down() {
    for stream in STREAMS.take().into_values() {
        stream.sink.tear_down();
    }
}
