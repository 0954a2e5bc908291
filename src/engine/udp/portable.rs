//! Any system: mio's poll, which says once that there is something to read, and one datagram a
//! call.

use std::io;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use parking_lot::RwLock;

use super::datagram::{Backlog, MAX_BATCH, Message};
use super::family::{Family, unmapped};
use crate::net::transmit::{MAX_DATAGRAM, Transmit};

/// One byte more than the largest datagram, so that a larger one shows and is dropped.
const ROOM: usize = MAX_DATAGRAM + 1;

/// Rooms for a batch.
pub struct Buffer(Box<[u8]>);

impl Buffer {
    /// # Errors
    /// None: who has no memory ends.
    pub fn new() -> io::Result<Self> {
        Ok(Self(vec![0; MAX_BATCH * ROOM].into_boxed_slice()))
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Errors in a row after which a socket is left alone until it is readable again.
const MAX_RECEIVE_ERRORS: usize = 1024;

/// Has the poll report `token` when something to read came in.
///
/// # Errors
/// The operating system's, when it has no room.
pub fn register(socket: &mut UdpSocket, registry: &Registry, token: Token) -> io::Result<()> {
    registry.register(socket, token, Interest::READABLE)
}

/// Has the poll report it no more.
pub fn deregister(socket: &mut UdpSocket, registry: &Registry) {
    // Closing removes it from the poll as well; an error here changes nothing.
    let _ = registry.deregister(socket);
}

/// How a socket is read: one datagram a call.
#[derive(Default)]
pub struct Receiver;

impl Receiver {
    /// Reads datagrams into the rooms of `buffer`: as many as there are, whatever is wanted, since
    /// the poll says only once that there are some. `false`: there may be more.
    pub fn receive(
        &self,
        socket: &UdpSocket,
        _: usize,
        buffer: &mut [u8],
        messages: &mut Vec<Message>,
    ) -> bool {
        for (i, room) in buffer.chunks_exact_mut(ROOM).take(MAX_BATCH).enumerate() {
            match receive_one(socket, room) {
                Some((len, from)) => messages.push(Message::lone(i * ROOM, len, from)),
                None => return true,
            }
        }
        false
    }
}

/// What waits to be read, of which the system does not tell.
pub fn backlog(_: &UdpSocket) -> Option<Backlog> {
    None
}

/// How a socket's datagrams leave: one by one.
pub struct Sender {
    family: Family,
}

impl Sender {
    /// For this socket.
    pub fn new(_: &UdpSocket, family: Family) -> Self {
        Self { family }
    }

    /// Sends datagrams that lie one after the other in `bytes`; only a lone one may have a TTL of
    /// its own. What cannot leave now is lost, as on any network.
    pub fn send(&self, socket: &UdpSocket, transmits: &[Transmit], bytes: &[u8]) {
        let ttl = transmits.first().map_or(0, |transmit| transmit.ttl);
        self.with_ttl(socket, ttl, || self.send_all(socket, transmits, bytes));
    }

    /// One datagram, to whatever address.
    pub fn send_to(&self, socket: &UdpSocket, to: SocketAddr, ttl: u8, bytes: &[u8]) {
        self.with_ttl(socket, ttl, || drop(socket.send_to(bytes, self.family.towards(to))));
    }

    /// Datagrams of `segment` bytes each, of which the last may be shorter, to one address.
    pub fn send_run(&self, socket: &UdpSocket, to: SocketAddr, bytes: &[u8], segment: usize) {
        for datagram in bytes.chunks(segment.max(1)) {
            self.send_to(socket, to, 0, datagram);
        }
    }

    fn with_ttl(&self, socket: &UdpSocket, ttl: u8, send: impl FnOnce()) {
        /// The TTL is an option of the socket: whoever sets it sends alone, then puts it back.
        static TTL: RwLock<()> = RwLock::new(());
        if ttl == 0 {
            let _others = TTL.read();
            return send();
        }
        let _alone = TTL.write();
        let Ok(before) = self.family.ttl(socket) else { return };
        if self.family.set_ttl(socket, u32::from(ttl)).is_ok() {
            send();
            let _ = self.family.set_ttl(socket, before);
        }
    }

    fn send_all(&self, socket: &UdpSocket, transmits: &[Transmit], mut bytes: &[u8]) {
        for transmit in transmits {
            let Some((these, after)) = bytes.split_at_checked(transmit.len) else { return };
            bytes = after;
            let _ = socket.send_to(these, self.family.towards(transmit.to.into()));
        }
    }
}

fn receive_one(socket: &UdpSocket, room: &mut [u8]) -> Option<(usize, SocketAddr)> {
    for _ in 0..MAX_RECEIVE_ERRORS {
        match socket.recv_from(room) {
            Ok((len, from)) => return Some((len, unmapped(from))),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return None,
            // An ICMP error of an earlier send surfaces here, on Windows also a datagram that
            // is too large; the queue goes on behind it.
            Err(_) => continue,
        }
    }
    None
}
