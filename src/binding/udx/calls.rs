//! The functions that make and drive hubs and sockets.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use napi::bindgen_prelude::Error;
use napi_derive::napi;

use super::super::crossing::{environment, errno};
use super::super::dht::nodes;
use super::address::{address, is_ipv6};
use super::datagrams::{self, Run};
use super::sink::{InterfaceSink, MessageSink};
use super::sockets::{self, Held};
use crate::engine::{
    BindError, BufferKind, Engine, Hub, Listener, SharedSocket, SocketOptions, TrafficSnapshot,
};
use crate::net::SocketKey;

type Result<T> = std::result::Result<T, Error<String>>;

thread_local! {
    /// Used again and again.
    static RUN: RefCell<Run> = RefCell::default();
}

const IPV6_ONLY: u32 = 1;
const REUSE_ADDRESS: u32 = 2;

/// Makes a hub and returns its handle. Throws the system's coded error when there is no poll or thread to
/// be had for the first one.
#[napi(catch_unwind)]
pub fn udx_create() -> Result<u32> {
    let hub = Engine::get().add_hub().map_err(|error| coded(error.system(), &error))?;
    Ok(sockets::insert_hub(hub))
}

/// The handle of a node's hub; 0 if the node is gone.
#[napi(catch_unwind)]
pub fn udx_of_node(node: u32) -> u32 {
    nodes::get(node).map_or(0, |node| sockets::insert_hub(node.hub()))
}

/// JavaScript needs the hub no more.
#[napi(catch_unwind)]
pub fn udx_forget(hub: u32) {
    sockets::forget_hub(hub);
}

/// Whether it is an address of IPv6.
#[napi(catch_unwind, js_name = "udxIsIPv6")]
pub fn udx_is_ipv6(host: String) -> bool {
    is_ipv6(&host)
}

/// Has NETWORK_CHANGE records come for the hub, or no longer.
#[napi(catch_unwind)]
pub fn udx_watch(environment: u32, hub: u32, on: bool) {
    let Some(known) = sockets::hub(hub) else { return };
    let shared = environment::shared(environment).filter(|_| on);
    known.watch(shared.map(|shared| Arc::new(InterfaceSink { handle: hub, shared }) as _));
}

/// Bytes and packets sent, bytes and packets received, of all of the hub's sockets; then those that
/// JavaScript did not keep up with.
#[napi(catch_unwind)]
pub fn udx_traffic(hub: u32) -> Vec<f64> {
    let Some(hub) = sockets::hub(hub) else { return vec![0.0; 5] };
    let mut figures = figures(hub.total());
    figures.push(hub.dropped() as f64);
    figures
}

/// Binds a socket and returns its handle; MESSAGE records come for it. `flags`: 1 IPv6 only, 2 the address
/// may be shared. Throws the system's coded error.
#[napi(catch_unwind)]
pub fn udx_bind(environment: u32, hub: u32, host: String, port: u32, flags: u32) -> Result<u32> {
    let addr = address(&host, port as u16).ok_or_else(invalid)?;
    let hub = sockets::hub(hub).ok_or_else(closed)?;
    let shared = environment::shared(environment).ok_or_else(closed)?;
    let options = SocketOptions {
        addr,
        ipv6_only: flags & IPV6_ONLY != 0,
        reuse_address: flags & REUSE_ADDRESS != 0,
    };
    let handle = environment::next_handle();
    let listener = |hub: &Arc<Hub>| -> Arc<dyn Listener> {
        Arc::new(MessageSink { handle, shared, hub: Some(Arc::clone(hub)) })
    };
    let socket = hub.bind(&options, listener).map_err(|error| match error {
        BindError::System(error) => system(error),
        error => Error::new("ERR_TOO_MANY_SOCKETS".to_owned(), error.to_string()),
    })?;
    sockets::insert(handle, Held { socket, hub: Some(hub) });
    Ok(handle)
}

/// The handle of a node's own socket, 1 the server's or 2 the client's; 0 if it is not bound.
#[napi(catch_unwind)]
pub fn udx_node_socket(node: u32, number: u32) -> u32 {
    let key = if number == 1 { SocketKey::Server } else { SocketKey::Client };
    let Some(socket) = nodes::get(node).and_then(|node| node.socket(key)) else { return 0 };
    let handle = environment::next_handle();
    sockets::insert(handle, Held { socket, hub: None });
    handle
}

/// The port that it is bound to; 0 if it is closed.
#[napi(catch_unwind)]
pub fn udx_port(socket: u32) -> u32 {
    let port = with(socket, |socket| socket.with(|socket| socket.port().ok()));
    port.flatten().flatten().map_or(0, u32::from)
}

/// Has MESSAGE records come for a socket, or no longer.
#[napi(catch_unwind)]
pub fn udx_listen(environment: u32, socket: u32, on: bool) {
    let Some(Held { socket: known, hub }) = sockets::get(socket) else { return };
    let shared = environment::shared(environment).filter(|_| on);
    let sink = |shared| Arc::new(MessageSink { handle: socket, shared, hub }) as _;
    known.listen(shared.map(sink));
}

/// The port is free when this returns, unless it is a node's, and the handle is.
#[napi(catch_unwind)]
pub fn udx_close(socket: u32) {
    sockets::close(socket);
}

/// As [`udx_close`], a node's own as well: its user wants it so.
#[napi(catch_unwind)]
pub fn udx_shut(socket: u32) {
    with(socket, SharedSocket::close);
    sockets::close(socket);
}

/// Sends one datagram to an address of IPv4. A TTL of 0 is the socket's. What cannot leave is lost.
#[napi(catch_unwind)]
pub fn udx_send(socket: u32, bytes: &[u8], ip: u32, port: u32, ttl: u32) {
    let to = SocketAddr::new(Ipv4Addr::from_bits(ip).into(), port as u16);
    with(socket, |socket| socket.send_to(to, ttl as u8, bytes));
}

/// Sends the datagrams of a batch, see [`super::datagrams`].
#[napi(catch_unwind)]
pub fn udx_send_all(batch: &[u8], length: u32) {
    let batch = batch.get(..length as usize).unwrap_or_default();
    let mut run = RUN.take();
    datagrams::runs(batch, &mut run, |handle, Run { transmits, bytes }| {
        with(handle, |socket| socket.send(transmits, bytes));
    });
    RUN.set(run);
}

/// As [`udx_send`], to an address of IPv6.
#[napi(catch_unwind, js_name = "udxSend6")]
pub fn udx_send6(socket: u32, bytes: &[u8], host: String, port: u32, ttl: u32) {
    if let Some(to) = address(&host, port as u16) {
        with(socket, |socket| socket.send_to(to, ttl as u8, bytes));
    }
}

/// Throws the system's coded error, as those that follow do.
#[napi(catch_unwind)]
pub fn udx_set_ttl(socket: u32, ttl: u32) -> Result<()> {
    let ttl = if (1..=255).contains(&ttl) { ttl } else { return Err(invalid()) };
    try_with(socket, |socket| socket.with(|socket| socket.set_ttl(ttl)))
}

/// Of the receive buffer, or of that for sending.
#[napi(catch_unwind)]
pub fn udx_buffer_size(socket: u32, send: bool) -> Result<u32> {
    let size = try_with(socket, |socket| socket.with(|socket| socket.buffer_size(kind(send))))?;
    Ok(u32::try_from(size).unwrap_or(u32::MAX))
}

#[napi(catch_unwind)]
pub fn udx_set_buffer_size(socket: u32, send: bool, size: u32) -> Result<()> {
    if size == 0 || i32::try_from(size).is_err() {
        return Err(invalid());
    }
    let set = |socket: &SharedSocket| {
        socket.with(|socket| socket.set_buffer_size(kind(send), size as usize))
    };
    try_with(socket, set)
}

/// Joins a multicast group or leaves it, on the interface of an address; an empty one leaves the choice to
/// the system.
#[napi(catch_unwind)]
pub fn udx_membership(socket: u32, group: String, interface: String, join: bool) -> Result<()> {
    let group: IpAddr = group.parse().map_err(|_| invalid())?;
    let interface = match interface.as_str() {
        "" => None,
        text => Some(address(text, 0).ok_or_else(invalid)?),
    };
    let set =
        |socket: &SharedSocket| socket.with(|socket| socket.set_membership(group, interface, join));
    try_with(socket, set)
}

/// Bytes and packets sent, bytes and packets received.
#[napi(catch_unwind)]
pub fn udx_socket_traffic(socket: u32) -> Vec<f64> {
    let traffic = with(socket, SharedSocket::traffic).unwrap_or_default();
    figures(traffic)
}

/// What a node sends by the user's socket `number` leaves by this one.
#[napi(catch_unwind)]
pub fn udx_lend(node: u32, number: u32, socket: u32) {
    if let (Some(node), Some(held)) = (nodes::get(node), sockets::get(socket)) {
        node.borrow_socket(number, &held.socket);
    }
}

fn figures(traffic: TrafficSnapshot) -> Vec<f64> {
    let TrafficSnapshot { bytes_sent, packets_sent, bytes_received, packets_received } = traffic;
    [bytes_sent, packets_sent, bytes_received, packets_received].map(|n| n as f64).to_vec()
}

fn kind(send: bool) -> BufferKind {
    if send { BufferKind::Send } else { BufferKind::Receive }
}

fn with<R>(handle: u32, f: impl FnOnce(&SharedSocket) -> R) -> Option<R> {
    sockets::get(handle).map(|held| f(&held.socket))
}

fn try_with<R>(handle: u32, f: impl FnOnce(&SharedSocket) -> Option<io::Result<R>>) -> Result<R> {
    with(handle, f).flatten().ok_or_else(closed)?.map_err(system)
}

fn system(error: io::Error) -> Error<String> {
    coded(&error, &errno::words(&error))
}

fn coded(error: &io::Error, text: &dyn std::fmt::Display) -> Error<String> {
    Error::new(errno::code(error).to_owned(), text.to_string())
}

fn invalid() -> Error<String> {
    Error::new("EINVAL".to_owned(), "invalid argument".to_owned())
}

fn closed() -> Error<String> {
    Error::new("EBADF".to_owned(), "bad file descriptor".to_owned())
}
