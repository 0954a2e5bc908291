//! The functions that make, drive and change nodes.
//!
//! JavaScript never waits here for a node that another thread holds, except where it needs an
//! answer: its call is kept and run by whoever lets go.

use std::fmt::Display;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use napi::Status;
use napi::bindgen_prelude::Error;
use napi_derive::napi;

use super::super::crossing::{environment, errno};
use super::super::udx::sockets;
use super::commands::{self, Record};
use super::config::{NodeConfig, bootstrap_nodes};
use super::sink::RecordSink;
use super::{nodes, records, status};
use crate::dht::{Entrance, EntryField, Interest, Node, Observed, RequestError};
use crate::engine::Engine;
use crate::net::{Addr, Now};

/// Makes a node and returns its handle, from 1 on. Throws the system's coded error when there is no
/// poll or thread to be had for the first one.
#[napi(catch_unwind)]
pub fn create(environment: u32, config: NodeConfig) -> std::result::Result<u32, Error<String>> {
    let refused = |text: &str| Error::new(Status::InvalidArg.to_string(), text.to_owned());
    let shared =
        environment::shared(environment).ok_or_else(|| refused("the environment is not open"))?;
    let bind = config.bind().ok_or_else(|| refused("host must be an IPv4 address"))?;
    let handle = environment::next_handle();
    let sink = Box::new(RecordSink { handle, shared: Arc::clone(&shared) });
    let node = match sockets::hub(config.hub) {
        Some(hub) => Engine::get().add_to(&hub, config.core(), bind, sink),
        None => Engine::get()
            .add(config.core(), bind, config.shards as usize, sink)
            .map_err(|error| coded(error.system(), &error))?,
    };
    // JavaScript alone knows whether somebody listens by the time that a request is delivered.
    node.with(|node, _| node.set_interest(Interest { requests: true, ..Interest::default() }));
    nodes::insert(handle, node, shared);
    Ok(handle)
}

/// Binds both sockets, which stay silent until [`start`]. Throws the system's coded error.
#[napi(catch_unwind)]
pub fn reserve(handle: u32) -> std::result::Result<(), Error<String>> {
    let Some(node) = nodes::get(handle) else { return Ok(()) };
    node.reserve().map_err(system)
}

/// Binds both sockets again after a suspension. Throws the system's coded error.
#[napi(catch_unwind)]
pub fn bind(handle: u32) -> std::result::Result<(), Error<String>> {
    let Some(node) = nodes::get(handle) else { return Ok(()) };
    node.bind().map_err(system)
}

/// Begins to read and to send, and the bootstrap: nothing can come in between. Throws the system's
/// coded error.
#[napi(catch_unwind)]
pub fn start(handle: u32) -> std::result::Result<(), Error<String>> {
    let Some(node) = nodes::get(handle) else { return Ok(()) };
    node.start().map_err(system)
}

/// The user's own sockets are bound to these ports: datagrams come by [`message`] and leave in SEND
/// records.
#[napi(catch_unwind)]
pub fn bound_elsewhere(handle: u32, server_port: u32, client_port: u32) {
    if let Some(node) = nodes::get(handle) {
        node.bound_elsewhere(server_port as u16, client_port as u16);
    }
}

/// Makes the packed request that `bytes` begins with; 0, or the error for which it was refused.
#[napi(catch_unwind)]
pub fn request(bytes: &[u8]) -> u32 {
    let Some(Record::Request { handle, body }) = commands::records(bytes).next() else {
        return RequestError::TooLarge as u32;
    };
    let Some(node) = nodes::get(handle) else { return RequestError::Destroyed as u32 };
    let Some(spec) = commands::request(body) else { return RequestError::TooLarge as u32 };
    let result = if node.sends_by_sink(spec.socket) {
        // JavaScript sends it, before the call returns.
        let sent = nodes::run(handle, |node, now| node.request(now, spec));
        sent.unwrap_or(Err(RequestError::Destroyed))
    } else {
        node.request(spec)
    };
    result.map_or_else(|error| error as u32, |()| 0)
}

/// Makes the packed reply or relay that `bytes` begins with at once, for a socket of the user's: a
/// SEND record follows.
#[napi(catch_unwind)]
pub fn reply_now(bytes: &[u8]) {
    if let Some(Record::Answer { handle, bytes }) = commands::records(bytes).next() {
        run(handle, |node, now| commands::answer(node, now, bytes));
    }
}

/// Makes the packed requests of a batch, and hands its replies to their shards.
#[napi(catch_unwind)]
pub fn submit(bytes: &[u8], length: u32) {
    nodes::submit(bytes.get(..length as usize).unwrap_or_default());
}

/// Sends the replies that the shards were handed before it returns, for a process that is about to
/// exit.
#[napi(catch_unwind)]
pub fn flush_at_exit() {
    nodes::flush_at_exit();
}

/// Sends what was to leave later; what leaves by a socket of the user's is a record that JavaScript
/// has to look for.
#[napi(catch_unwind)]
pub fn send_deferred(handle: u32, by_user: bool) {
    if by_user {
        run(handle, |node, now| node.send_deferred(now));
    } else {
        call(handle, |node, now| node.send_deferred(now));
    }
}

/// Drops a request without an event.
#[napi(catch_unwind)]
pub fn cancel(handle: u32, user: u32) {
    call(handle, move |node, now| node.cancel(now, user));
}

/// Has an ALARM record come once so many ms are over.
#[napi(catch_unwind)]
pub fn set_alarm(handle: u32, number: u32, ms: u32) {
    call(handle, move |node, now| node.set_alarm(now, number, ms));
}

#[napi(catch_unwind)]
pub fn clear_alarm(handle: u32, number: u32) {
    call(handle, move |node, _| node.clear_alarm(number));
}

/// Drops the requests of a session, without events for those that the user made.
#[napi(catch_unwind)]
pub fn session_destroy(handle: u32, session: u32) {
    call(handle, move |node, now| node.session_destroy(now, session));
}

/// Makes a packed query and returns its number; 0 if the node is gone.
#[napi(catch_unwind)]
pub fn query_new(handle: u32, bytes: &[u8]) -> u32 {
    let Some(spec) = commands::query(bytes) else { return 0 };
    let node = nodes::get(handle);
    node.and_then(|node| node.with(|node, now| node.query(now, spec))).unwrap_or(0)
}

/// Opens a query, which reports up to `room` rows. What it wants to know first is asked at once.
#[napi(catch_unwind)]
pub fn query_open(handle: u32, query: u32, room: u32) {
    run(handle, |node, now| node.query_demand(now, query, room));
}

/// Lets a query report up to `room` more rows.
#[napi(catch_unwind)]
pub fn query_demand(handle: u32, query: u32, room: u32) {
    call(handle, move |node, now| node.query_demand(now, query, room));
}

/// Says whether somebody reads a query's rows.
#[napi(catch_unwind)]
pub fn query_rows(handle: u32, query: u32, on: bool) {
    call(handle, move |node, _| node.query_rows(query, on));
}

/// Changes what a packed query asks; its nodes, session and commit stay as they were.
#[napi(catch_unwind)]
pub fn query_change(handle: u32, query: u32, bytes: &[u8]) {
    if let Some(spec) = commands::query(bytes) {
        call(handle, move |node, _| node.query_change(query, spec));
    }
}

#[napi(catch_unwind)]
pub fn query_concurrency(handle: u32, query: u32, concurrency: u32) {
    call(handle, move |node, _| node.query_concurrency(query, concurrency));
}

/// Drops a query and what it has in flight. Called once for each, also after its end.
#[napi(catch_unwind)]
pub fn query_destroy(handle: u32, query: u32) {
    call(handle, move |node, now| node.query_destroy(now, query));
}

/// Drops a query as [`query_destroy`] does, and all that it has in flight in whatever session.
#[napi(catch_unwind)]
pub fn query_cancel(handle: u32, query: u32) {
    call(handle, move |node, now| node.query_cancel(now, query));
}

/// Has records made besides those that everybody gets: 1 NODE_ADDED and NODE_REMOVED,
/// 2 BUCKET_GAINED, BUCKET_LOST and BUCKET_FULL, 4 REQUEST_SEEN, 8 REPLY_SEEN, 16 TIMED_OUT,
/// 32 TRY_ENDED.
#[napi(catch_unwind)]
pub fn listen(handle: u32, wanted: u32) {
    let wants = |bit: u32| wanted & bit != 0;
    let observed =
        Observed { requests: wants(4), replies: wants(8), timeouts: wants(16), tries: wants(32) };
    let interest = Interest { requests: true, nodes: wants(1), buckets: wants(2), observed };
    call(handle, move |node, _| node.set_interest(interest));
}

/// Puts a node into the table, of which no NODE_ADDED tells. 0: it has no place there, 1: it is new,
/// 2: it was there.
#[napi(catch_unwind)]
pub fn enter_node(handle: u32, ip: u32, port: u32) -> u32 {
    let addr = address(ip, port);
    match nodes::run(handle, |node, now| node.enter_node(now, addr)) {
        Some(Entrance::Added) => 1,
        Some(Entrance::Known) => 2,
        Some(Entrance::Refused) | None => 0,
    }
}

/// Takes an entry out of the table; NODE_REMOVED tells of it if it is to `notify`.
#[napi(catch_unwind)]
pub fn drop_entry(handle: u32, serial: u32, notify: bool) -> bool {
    nodes::run(handle, |node, _| node.drop_entry(serial, notify)).unwrap_or(false)
}

/// Makes an entry the latest of the list.
#[napi(catch_unwind)]
pub fn touch_entry(handle: u32, serial: u32) {
    run(handle, |node, _| node.touch_entry(serial));
}

#[napi(catch_unwind)]
pub fn add_node(handle: u32, ip: u32, port: u32) {
    let addr = address(ip, port);
    run(handle, |node, now| node.add_node(now, addr));
}

#[napi(catch_unwind)]
pub fn refresh(handle: u32) {
    run(handle, |node, now| node.refresh(now));
}

/// One tick, by hand.
#[napi(catch_unwind)]
pub fn tick(handle: u32) {
    run(handle, |node, now| node.tick(now));
}

/// As if the machine had slept.
#[napi(catch_unwind)]
pub fn wakeup(handle: u32) {
    run(handle, |node, now| node.wakeup(now));
}

#[napi(catch_unwind)]
pub fn nat_add(handle: u32, ip: u32, port: u32) {
    let addr = address(ip, port);
    run(handle, |node, _| node.nat_add(addr));
}

/// A sample of which no event tells; returns how many of the kept ones are like it.
#[napi(catch_unwind)]
pub fn nat_add_quietly(handle: u32, ip: u32, port: u32) -> u32 {
    let addr = address(ip, port);
    nodes::run(handle, |node, _| node.nat_add_quietly(addr) as u32).unwrap_or(0)
}

/// Judges the health by these counters.
#[napi(catch_unwind)]
pub fn update_health(handle: u32, responses: f64, timeouts: f64) {
    run(handle, |node, _| node.update_health(responses as i64, timeouts as i64));
}

#[napi(catch_unwind)]
pub fn reset_health(handle: u32) {
    run(handle, |node, _| node.reset_health());
}

/// Overwrites one of the flags of a state.
#[napi(catch_unwind)]
pub fn set_flag(handle: u32, flag: u32, on: bool) {
    if let Some(flag) = status::flag_of(flag) {
        run(handle, |node, _| node.set_flag(flag, on));
    }
}

/// Overwrites a number of an entry: 0 sampled, 1 added, 2 pinged, 3 seen, 4 down hints.
#[napi(catch_unwind)]
pub fn set_entry(handle: u32, serial: u32, field: u32, value: i32) {
    let field = match field {
        0 => EntryField::Sampled,
        1 => EntryField::Added,
        2 => EntryField::Pinged,
        3 => EntryField::Seen,
        4 => EntryField::DownHints,
        _ => return,
    };
    // Nothing comes of it itself, and JavaScript does not look for what comes of calls that waited.
    if let Some(node) = nodes::get(handle) {
        node.with(|node, _| node.set_entry(serial, field, value));
    }
}

/// Probes the NAT; a NETWORK_STATE record answers `user`.
#[napi(catch_unwind)]
pub fn update_network_state(handle: u32, user: u32, only_firewall: bool) {
    run(handle, |node, now| node.update_network_state(now, user, only_firewall));
}

/// Answers a BOOTSTRAP_WANTED record.
#[napi(catch_unwind, js_name = "bootstrapNodes")]
pub fn give_bootstrap_nodes(handle: u32, key: u32, list: Vec<String>) {
    let nodes = bootstrap_nodes(&list);
    run(handle, |node, now| node.handle_bootstrap_nodes(now, key, nodes));
}

/// Answers a LOOKUP_WANTED record; -1: the name has no address.
#[napi(catch_unwind)]
pub fn looked_up(handle: u32, key: u32, ip: f64) {
    let address = (ip >= 0.0).then(|| Ipv4Addr::from_bits(ip as u32));
    run(handle, |node, now| node.handle_lookup(now, key, address));
}

/// Has the bootstrap nodes asked for at each use.
#[napi(catch_unwind)]
pub fn bootstrap_dynamic(handle: u32, on: bool) {
    call(handle, move |node, _| node.set_bootstrap_dynamic(on));
}

/// Answers a VERDICT or REQUEST_VERDICT record: one byte for each subject, not 0 if it is accepted.
#[napi(catch_unwind)]
pub fn verdict(handle: u32, key: u32, accepted: &[u8]) {
    let accepted: Vec<bool> = accepted.iter().map(|&byte| byte != 0).collect();
    run(handle, |node, now| node.handle_verdict(now, key, &accepted));
}

/// Answers as [`verdict`] does, for as many records as there are: `handle, key, count, count bytes
/// padded to 4` for each.
#[napi(catch_unwind)]
pub fn verdicts(bytes: &[u8], length: u32) {
    let mut rest = bytes.get(..length as usize).unwrap_or_default();
    while let Some((head, after)) = rest.split_first_chunk::<12>() {
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let count = word(8) as usize;
        let Some(accepted) = after.get(..count) else { return };
        verdict(word(0), word(4), accepted);
        rest = after.get(count.next_multiple_of(4)..).unwrap_or_default();
    }
}

/// Hands in a datagram that came on a socket of the user's.
#[napi(catch_unwind)]
pub fn message(handle: u32, socket: u32, bytes: &[u8], ip: u32, port: u32) {
    let Some(socket) = records::socket_of(socket) else { return };
    let from = address(ip, port);
    run(handle, |node, now| {
        node.handle_datagram(now, socket, from, bytes);
        node.ask_now();
    });
}

/// Rejects what is in flight and closes the sockets.
#[napi(catch_unwind)]
pub fn suspend(handle: u32) {
    run(handle, |node, now| node.suspend(now));
    if let Some(node) = nodes::get(handle) {
        node.close_sockets();
    }
}

/// The wake-up of a suspended node; [`bind`] and [`resumed`] follow.
#[napi(catch_unwind)]
pub fn resume(handle: u32) {
    run(handle, |node, now| node.resume(now));
}

/// As [`resume`], without the wake-up; [`bind`] follows.
#[napi(catch_unwind)]
pub fn reopen(handle: u32) {
    run(handle, |node, now| node.reopen(now));
}

#[napi(catch_unwind)]
pub fn resumed(handle: u32) {
    run(handle, |node, now| node.resumed(now));
}

/// Rejects what is in flight, closes the sockets and frees the handle. All that comes of it waits for
/// [`drain_own`](super::super::crossing::environment::drain_own); records that wait elsewhere are of
/// no node any more.
#[napi(catch_unwind)]
pub fn destroy(handle: u32) {
    nodes::destroy(handle);
}

/// Now, and JavaScript sees what came of it as soon as it looks.
fn run(handle: u32, f: impl FnOnce(&mut Node, Now)) {
    nodes::run(handle, f);
}

fn call(handle: u32, f: impl FnOnce(&mut Node, Now) + Send + 'static) {
    if let Some(node) = nodes::get(handle) {
        node.call(f);
    }
}

fn address(ip: u32, port: u32) -> Addr {
    Addr::new(Ipv4Addr::from_bits(ip), port as u16)
}

fn system(error: io::Error) -> Error<String> {
    coded(&error, &errno::words(&error))
}

fn coded(error: &io::Error, text: &dyn Display) -> Error<String> {
    Error::new(errno::code(error).to_owned(), text.to_string())
}
