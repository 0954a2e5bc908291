//! The functions that make and drive streams.

use std::ptr::NonNull;
use std::sync::Arc;

use bytes::Bytes;
use napi::bindgen_prelude::{BufferSlice, Error};
use napi_derive::napi;

use super::super::crossing::environment;
use super::super::crossing::lent_memory::{CHUNK, Chunk};
use super::address::address;
use super::lane::Memory;
use super::records;
use super::sockets;
use super::stream_sink::RecordSink;
use super::streams::{self, Stream};
use crate::engine::{Submission, TrafficSnapshot, When};
use crate::udx::{self, Firewall, RemoteChange, StreamOptions};

type Result<T> = std::result::Result<T, Error<String>>;

/// Bytes that this thread sends by itself at a time; a shard does better with more.
const AT_ONCE: usize = 16 * 1024;

/// From one chunk's number to the next in what [`udx_stream_take`] returns.
const CHUNKS: f64 = (1u64 << 20) as f64;

/// Makes a stream and returns its handle. `asks`: JavaScript decides about packets that come by ways that
/// it is not connected by. Throws a coded error if there are too many.
#[napi(catch_unwind)]
pub fn udx_stream_create(environment: u32, hub: u32, id: u32, seq: u32, asks: bool) -> Result<u32> {
    let hub = sockets::hub(hub).ok_or_else(|| refused(udx::Error::Closed))?;
    let shared = environment::shared(environment).ok_or_else(|| refused(udx::Error::Closed))?;
    let handle = environment::next_handle();
    let sink = Arc::new(RecordSink::new(handle, shared));
    let firewall = if asks { Firewall::Ask } else { Firewall::Reject };
    let options = StreamOptions { firewall, seq };
    let key = hub.create_stream(id, &options, sink.clone()).map_err(refused)?;
    streams::insert(handle, Stream { hub, key, sink });
    Ok(handle)
}

/// This environment is a worker's.
#[napi(catch_unwind)]
pub fn udx_tell_end() {
    streams::tell_end();
}

/// Throws a coded error, as those that follow do.
#[napi(catch_unwind)]
pub fn udx_stream_connect(
    stream: u32,
    socket: u32,
    id: u32,
    host: String,
    port: u32,
    ack: u32,
) -> Result<()> {
    let addr = address(&host, port as u16).ok_or_else(|| refused(udx::Error::BadPort))?;
    let held = sockets::get(socket).ok_or_else(|| refused(udx::Error::SocketClosed))?;
    try_with(stream, |s| s.hub.connect(s.key, &held.socket, id, addr, ack))
}

/// True if it is done; else REMOTE_CHANGED follows.
#[napi(catch_unwind)]
pub fn udx_stream_change_remote(
    stream: u32,
    socket: u32,
    id: u32,
    host: String,
    port: u32,
) -> Result<bool> {
    let addr = address(&host, port as u16).ok_or_else(|| refused(udx::Error::BadPort))?;
    let held = sockets::get(socket).ok_or_else(|| refused(udx::Error::SocketClosed))?;
    let change = try_with(stream, |s| s.hub.change_remote(s.key, &held.socket, id, addr))?;
    Ok(change == RemoteChange::Done)
}

#[napi(catch_unwind)]
pub fn udx_stream_relay(stream: u32, to: u32) -> Result<()> {
    let to = streams::with(to, Stream::clone).ok_or_else(|| refused(udx::Error::BadRelay))?;
    try_with(stream, |s| s.hub.relay_to(s.key, &to.hub, to.key))
}

/// What a turn did with a stream: bytes that it wrote, messages that it sends, whether it ends. Of one step
/// with the next call if that is to be.
#[napi(catch_unwind)]
pub fn udx_stream_submit(
    stream: u32,
    written: Vec<BufferSlice<'_>>,
    messages: Vec<BufferSlice<'_>>,
    ends: bool,
    with_next: bool,
) {
    let len: usize = written.iter().map(|bytes| bytes.len()).sum();
    let mut bytes = Vec::with_capacity(len);
    written.iter().for_each(|piece| bytes.extend_from_slice(piece));
    let all = len + messages.iter().map(|bytes| bytes.len()).sum::<usize>();
    let when = match with_next {
        true => When::WithNext,
        false if all <= AT_ONCE => When::Now,
        false => When::ByShard,
    };
    let messages = messages.iter().map(|message| Bytes::copy_from_slice(message)).collect();
    let what = Submission { messages, bytes: bytes.into(), ends };
    streams::with(stream, |s| s.hub.submit(s.key, what, when));
}

/// Whether a writer of so many bytes in all may go on. If not, ACKED says when.
#[napi(catch_unwind)]
pub fn udx_stream_is_drained(stream: u32, written: f64) -> bool {
    streams::with(stream, |s| s.sink.is_drained(written as u64)).unwrap_or(true)
}

/// How many bytes are acknowledged by now, of which ACKED may not have said yet.
#[napi(catch_unwind)]
pub fn udx_stream_acked(stream: u32) -> f64 {
    streams::with(stream, |s| s.sink.acked_total()).unwrap_or(0) as f64
}

/// ACKED says when so many bytes are acknowledged; at once if they are.
#[napi(catch_unwind)]
pub fn udx_stream_watch(stream: u32, written: f64) {
    streams::with(stream, |s| s.sink.watch(written as u64));
}

/// As [`udx_stream_submit`], of what most turns do: one piece that is written.
#[napi(catch_unwind)]
pub fn udx_stream_write(stream: u32, written: BufferSlice<'_>, ends: bool) {
    let when = if written.len() <= AT_ONCE { When::Now } else { When::ByShard };
    let bytes = Bytes::copy_from_slice(&written);
    let what = Submission { messages: Vec::new(), bytes, ends };
    streams::with(stream, |s| s.hub.submit(s.key, what, when));
}

/// Gives the stream up, and says its last figures. No record follows.
#[napi(catch_unwind)]
pub fn udx_stream_destroy(stream: u32) -> Vec<f64> {
    let Some(s) = streams::remove(stream) else { return Vec::new() };
    s.hub.destroy(s.key);
    s.sink.last_figures().map_or_else(Vec::new, |stats| records::figures(&stats).to_vec())
}

/// JavaScript knows that it has closed.
#[napi(catch_unwind)]
pub fn udx_stream_forget(stream: u32) {
    streams::remove(stream);
}

/// The reader took so many bytes more. `soon`: the peer has to hear of it.
#[napi(catch_unwind)]
pub fn udx_stream_consumed(stream: u32, bytes: f64, soon: bool) {
    streams::with(stream, |s| s.hub.consumed(s.key, bytes as u64, soon));
}

/// A heartbeat leaves each `ms` while nothing is on its way; 0 turns that off.
#[napi(catch_unwind)]
pub fn udx_stream_keepalive(stream: u32, ms: f64) {
    streams::with(stream, |s| s.hub.set_keepalive(s.key, ms as u64 * 1000));
}

/// The verdict on the packet of the last FIREWALL record. HANDLED follows behind all that comes of it.
#[napi(catch_unwind)]
pub fn udx_stream_verdict(stream: u32, passes: bool) {
    if let Some(s) = streams::with(stream, Stream::clone) {
        s.hub.firewall_verdict(s.key, passes);
        s.sink.tell_handled();
    }
}

/// What came of the verdict is handled: the next question may come.
#[napi(catch_unwind)]
pub fn udx_stream_continue(stream: u32) {
    streams::with(stream, |s| s.hub.firewall_continue(s.key));
}

/// Figures of a hub, of sockets and of streams at one moment: as [`udx_traffic`](super::calls::udx_traffic)
/// for the hub, four for each socket, as [`records::figures`] for each stream, NaN where one is gone.
#[napi(catch_unwind)]
pub fn udx_figures(hub: u32, sockets: Vec<u32>, streams: Vec<u32>) -> Vec<f64> {
    let Some(hub) = sockets::hub(hub) else { return Vec::new() };
    let held: Vec<_> = sockets.iter().map(|socket| sockets::get(*socket)).collect();
    let known: Vec<_> = held.iter().flatten().map(|held| &*held.socket).collect();
    let keys: Vec<_> = streams.iter().map(|n| streams::with(*n, |s| s.key)).collect();
    let living: Vec<_> = keys.iter().flatten().copied().collect();
    let figures = hub.figures(&living, &known);
    let mut out = traffic(figures.total).to_vec();
    out.push(hub.dropped() as f64);
    let mut of_sockets = figures.sockets.into_iter();
    for socket in &held {
        let found = socket.as_ref().and_then(|_| of_sockets.next());
        out.extend(found.map_or([f64::NAN; 4], traffic));
    }
    let mut of_streams = figures.streams.into_iter();
    for (handle, key) in streams.iter().zip(&keys) {
        let found = key.and_then(|_| of_streams.next()).flatten();
        let figures = found.map(|stats| records::figures(&stats)).or_else(|| last_figures(*handle));
        out.extend(figures.unwrap_or([f64::NAN; 13]));
    }
    out
}

/// Of a stream that has closed, which JavaScript may not know yet.
fn last_figures(stream: u32) -> Option<[f64; 13]> {
    streams::with(stream, |s| s.sink.last_figures()).flatten().map(|stats| records::figures(&stats))
}

fn traffic(traffic: TrafficSnapshot) -> [f64; 4] {
    let TrafficSnapshot { bytes_sent, packets_sent, bytes_received, packets_received } = traffic;
    [bytes_sent, packets_sent, bytes_received, packets_received].map(|n| n as f64)
}

/// Takes the bytes of a BYTES record: how many they are, and times 2^20 the chunk that they are in. 0 is
/// none: they are to be copied by [`udx_stream_copy`].
#[napi(catch_unwind)]
pub fn udx_stream_take(stream: u32) -> f64 {
    let Some(piece) = streams::with(stream, |s| s.sink.take()).flatten() else { return 0.0 };
    let len = piece.len as f64;
    match piece.memory {
        Memory::Chunk(chunk) => len + f64::from(chunk.id) * CHUNKS,
        Memory::Own(own) => {
            TAKEN.set(own);
            len
        }
    }
}

thread_local! {
    static TAKEN: std::cell::Cell<Vec<u8>> = const { std::cell::Cell::new(Vec::new()) };
}

/// Copies what [`udx_stream_take`] took last.
#[napi(catch_unwind)]
pub fn udx_stream_copy(mut to: BufferSlice<'_>) {
    let own = TAKEN.take();
    let len = own.len().min(to.len());
    to[..len].copy_from_slice(&own[..len]);
}

/// Gives memory that bytes are written into: JavaScript keeps it until [`udx_stream_take`] says that it
/// was, and does not touch it before.
#[napi(catch_unwind)]
pub fn udx_give_chunk(environment: u32, id: u32, mut memory: BufferSlice<'_>) {
    if memory.len() < CHUNK {
        return;
    }
    let Some(shared) = environment::shared(environment) else { return };
    if let Some(start) = NonNull::new(memory.as_mut_ptr()) {
        // SAFETY: JavaScript keeps the memory, which does not move, and the environment takes all of it
        // back before it ends.
        shared.memory.give(unsafe { Chunk::new(id, start) });
    }
}

/// By which number the hub of a socket knows it: what FIREWALL records say.
#[napi(catch_unwind)]
pub fn udx_socket_number(socket: u32) -> u32 {
    sockets::get(socket).and_then(|held| held.socket.number()).unwrap_or(0)
}

fn try_with<R>(
    stream: u32,
    f: impl FnOnce(&Stream) -> std::result::Result<R, udx::Error>,
) -> Result<R> {
    streams::with(stream, f).unwrap_or(Err(udx::Error::Closed)).map_err(refused)
}

fn refused(error: udx::Error) -> Error<String> {
    Error::new(error.code().to_owned(), error.to_string())
}
