//! One UDP socket on a shard's poll, and how it fares.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::atomic::{AtomicBool, Ordering};

use mio::net::UdpSocket;
use mio::{Registry, Token};
use socket2::SockRef;

use super::super::clock;
use super::batch_size::BatchSize;
use super::datagram::{MAX_BATCH, Message};
use super::drop_counter::DropCounter;
use super::family::Family;
use super::fragmentation::{self, Fragmentation};
use super::queue_occupancy::QueueOccupancy;
use super::socket_options::{self, BufferKind, SocketOptions};
use super::system;
use super::tally::Tally;
use crate::net::transmit::Transmit;

/// Bytes of a socket that wait to be read, if the system allows as many (Linux: no more than
/// `net.core.rmem_max`, and twice that with what it keeps of each datagram). While the thread that
/// reads is not scheduled, a flood of 200 000 datagrams a second fills Linux' usual 212 992 in
/// 3 ms, this in 50, and answers are lost with it. The system takes the memory only while datagrams
/// wait.
const RECEIVE_BUFFER: usize = 4 << 20;

/// The same for a socket of a user's that carries streams: what is tried, one after the other.
const STREAMS_BUFFER: [usize; 4] = [1 << 20, 512 << 10, 256 << 10, 208 << 10];

/// See the module's page.
pub struct Socket {
    socket: UdpSocket,
    family: Family,
    receiver: system::Receiver,
    sender: system::Sender,
    batch_size: BatchSize,
    drops: DropCounter,
    occupancy: QueueOccupancy,
    /// Its receive buffer is as large as its user said.
    is_sized: AtomicBool,
}

/// How a socket fares.
#[derive(Clone, Copy, Debug, Default)]
pub struct SocketLoad {
    /// The system dropped more than one in 16 of what came in lately.
    pub lossy: bool,
    /// Steps by which its room for what is still to be read is running out.
    pub occupancy: u32,
}

impl Socket {
    /// Binds to a port, 0 being any, for a node: with room for a flood.
    ///
    /// # Errors
    /// The operating system's.
    pub fn bind(host: Ipv4Addr, port: u16) -> io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddrV4::new(host, port).into())?;
        if let Err(error) = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER) {
            tracing::debug!(%error, "the receive buffer stays as it is");
        }
        Ok(Self::of(socket, Family::V4))
    }

    /// Binds as a user says, with the room that the system finds right: there may be hundreds.
    ///
    /// # Errors
    /// The operating system's.
    pub fn open(options: &SocketOptions) -> io::Result<Self> {
        Ok(Self::of(socket_options::open(options)?, Family::of(options.addr.ip())))
    }

    fn of(socket: UdpSocket, family: Family) -> Self {
        Self {
            receiver: system::Receiver::default(),
            sender: system::Sender::new(&socket, family),
            socket,
            family,
            batch_size: BatchSize::default(),
            drops: DropCounter::default(),
            occupancy: QueueOccupancy::default(),
            is_sized: AtomicBool::new(false),
        }
    }

    /// The port that it is bound to.
    ///
    /// # Errors
    /// The operating system's.
    pub fn port(&self) -> io::Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Has the poll report `token` when there is something to read.
    ///
    /// # Errors
    /// The operating system's, when it has no room.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        system::register(&mut self.socket, registry, token)
    }

    /// Has the poll report it no more.
    pub fn deregister(&mut self, registry: &Registry) {
        system::deregister(&mut self.socket, registry);
    }

    /// Reads messages in the poll's round `round`. `false`: there may be more, and the poll will not
    /// say so. Tells how the socket fares, too.
    pub fn receive(
        &self,
        round: u32,
        buffer: &mut [u8],
        messages: &mut Vec<Message>,
    ) -> (bool, SocketLoad, Tally) {
        let want = self.batch_size.want(round);
        let emptied = self.receiver.receive(&self.socket, want, buffer, messages);
        let read = Tally::of(messages);
        self.batch_size.got(read, want);
        self.drops.count(read);
        (emptied, self.load(read), read)
    }

    fn load(&self, read: Tally) -> SocketLoad {
        let full = read.datagrams >= MAX_BATCH as u32;
        match full.then(|| system::backlog(&self.socket)).flatten() {
            Some(backlog) => SocketLoad {
                lossy: self.drops.are_many(clock::mono_ms(), backlog.lost),
                occupancy: self.occupancy.note(backlog, read.datagrams_in(backlog.waiting)),
            },
            None => {
                self.occupancy.clear();
                SocketLoad::default()
            }
        }
    }

    /// Sends datagrams that lie one after the other in `bytes`; only a lone one may have a TTL of
    /// its own. What cannot leave now is lost, as on any network.
    pub fn send(&self, transmits: &[Transmit], bytes: &[u8]) {
        self.sender.send(&self.socket, transmits, bytes);
    }

    /// As [`Self::send`], one to whatever address. A TTL of 0 is the socket's.
    pub fn send_to(&self, to: SocketAddr, ttl: u8, bytes: &[u8]) {
        self.sender.send_to(&self.socket, to, ttl, bytes);
    }

    /// Sends datagrams of `segment` bytes each, of which the last may be shorter, to one address. As
    /// one bundle where there are several and the way takes them.
    pub fn send_run(&self, to: SocketAddr, bytes: &[u8], segment: usize) {
        self.sender.send_run(&self.socket, to, bytes, segment);
    }

    /// Streams send by it, or no more do. What is too long for a link is lost while they do, and a
    /// window of theirs has room.
    pub fn carry_streams(&self, on: bool) {
        let what = if on { Fragmentation::Forbidden } else { Fragmentation::Usual };
        self.set_fragmentation(what);
        if on && !self.is_sized.load(Ordering::Relaxed) {
            self.make_room();
        }
    }

    /// Runs `send` on a socket that carries streams, and what it sends may be cut. Nobody else sends
    /// meanwhile.
    pub fn allow_cuts(&self, send: impl FnOnce(&Self)) {
        self.set_fragmentation(Fragmentation::Allowed);
        send(self);
        self.set_fragmentation(Fragmentation::Forbidden);
    }

    /// # Errors
    /// The operating system's, as those of all that follow.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.family.set_ttl(&self.socket, ttl)
    }

    /// See [`socket_options::buffer_size`].
    pub fn buffer_size(&self, kind: BufferKind) -> io::Result<usize> {
        socket_options::buffer_size(&self.socket, kind)
    }

    /// See [`socket_options::set_buffer_size`].
    pub fn set_buffer_size(&self, kind: BufferKind, size: usize) -> io::Result<()> {
        if kind == BufferKind::Receive {
            self.is_sized.store(true, Ordering::Relaxed);
        }
        socket_options::set_buffer_size(&self.socket, kind, size)
    }

    /// See [`socket_options::set_membership`].
    pub fn set_membership(
        &self,
        group: IpAddr,
        interface: Option<SocketAddr>,
        join: bool,
    ) -> io::Result<()> {
        socket_options::set_membership(&self.socket, group, interface, join)
    }

    fn set_fragmentation(&self, what: Fragmentation) {
        if let Err(error) = fragmentation::set(&self.socket, self.family, what) {
            tracing::debug!(%error, ?what, "fragmentation stays as it is");
        }
    }

    /// A node's own has more.
    fn make_room(&self) {
        let has = self.buffer_size(BufferKind::Receive).unwrap_or(0);
        let larger = STREAMS_BUFFER.iter().filter(|size| **size > has);
        let set = |size: &usize| {
            socket_options::set_buffer_size(&self.socket, BufferKind::Receive, *size).is_ok()
        };
        if !{ larger }.any(set) {
            tracing::debug!(has, "the receive buffer stays as it is");
        }
    }
}
