//! A hub on a socket: the loop that drives it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dht_rpc_native::udx::{Event, Hub, SocketId};
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};

/// The number by which the hub knows its only socket.
pub const SOCKET: SocketId = SocketId(1);

/// Bytes of the system's receive buffer, as udx-native asks for.
const RECEIVE_BUFFER: usize = 1 << 20;

/// Datagrams that are read before what came of them is sent.
const BATCH: usize = 64;

pub struct Endpoint {
    pub hub: Hub,
    socket: UdpSocket,
    poll: Poll,
    events: Events,
    start: Instant,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Endpoint {
    pub fn bind(start: Instant) -> std::io::Result<Self> {
        let mut socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let poll = Poll::new()?;
        poll.registry().register(&mut socket, Token(0), Interest::READABLE)?;
        // What a peer sends while this thread computes has to wait somewhere.
        socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER)?;
        let mut hub = Hub::default();
        hub.open_socket(SOCKET);
        Ok(Self {
            hub,
            socket,
            poll,
            events: Events::with_capacity(1),
            start,
            incoming: vec![0; 1 << 16],
            outgoing: Vec::new(),
        })
    }

    pub fn addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The time of the hub, in µs.
    pub fn now(&self) -> u64 {
        self.start.elapsed().as_micros() as u64
    }

    /// Reads, does what is due, sends. What there is to tell goes to `handle`, which may make calls.
    /// True if anything happened.
    pub fn turn(&mut self, mut handle: impl FnMut(&mut Hub, u64, Event)) -> std::io::Result<bool> {
        let mut was_busy = self.read()?;
        let now = self.now();
        self.hub.handle_timeout(now);
        while let Some(event) = self.hub.poll_event() {
            was_busy = true;
            handle(&mut self.hub, now, event);
        }
        Ok(self.send()? || was_busy)
    }

    fn read(&mut self) -> std::io::Result<bool> {
        for n in 0..BATCH {
            match self.socket.recv_from(&mut self.incoming) {
                Ok((len, from)) => {
                    let datagram = Bytes::copy_from_slice(&self.incoming[..len]);
                    self.hub.handle_datagram(self.now(), SOCKET, from, &datagram);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(n > 0),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn send(&mut self) -> std::io::Result<bool> {
        let mut has_sent = false;
        loop {
            self.outgoing.clear();
            let now = self.now();
            let Some(transmit) = self.hub.poll_transmit(now, &mut self.outgoing) else {
                return Ok(has_sent);
            };
            for packet in self.outgoing.chunks(transmit.segment) {
                match self.socket.send_to(packet, transmit.to) {
                    // A full buffer loses the packet, as any router may.
                    Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                    _ => has_sent = true,
                }
            }
        }
    }

    /// Sleeps until the next deadline, or until a datagram comes, but no longer than this. Only after
    /// a turn in which nothing happened: what is unread is not told again.
    pub fn wait(&mut self, most: Duration) -> std::io::Result<()> {
        let due = self.hub.poll_timeout().unwrap_or(u64::MAX).saturating_sub(self.now());
        match self.poll.poll(&mut self.events, Some(most.min(Duration::from_micros(due)))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}
