//! The two UDP sockets of a node.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use mio::net::UdpSocket;
use mio::{Registry, Token};
use socket2::SockRef;

use super::batch::Heat;
use super::clock;
use super::losses::Losses;
use super::pressure::Pressure;
use super::udp::{self, Entry, MAX_BATCH};
use crate::proto::{Socket, Transmit};

/// Bytes of a socket that wait to be read, if the system allows as many (Linux: no more than
/// `net.core.rmem_max`, and twice that with what it keeps of each datagram). While the thread that
/// reads is not scheduled, a flood of 200 000 datagrams a second fills Linux' usual 212 992 in
/// 3 ms, this in 50, and answers are lost with it. The system takes the memory only while datagrams
/// wait.
const RECEIVE_BUFFER: usize = 4 << 20;

/// Where a node binds.
#[derive(Clone, Debug)]
pub struct BindOptions {
    pub host: Ipv4Addr,
    /// The first port to try for the server socket.
    pub port_from: u16,
    /// Where the range ends, exclusive; equal to `port_from` is any port.
    pub port_to: u32,
    /// When the range is taken, take any port; otherwise only its first port is tried.
    pub any_port: bool,
}

/// The ports that a node has, or had: they are tried first when it binds again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    pub server: u16,
    pub client: u16,
}

struct Side {
    socket: UdpSocket,
    heat: Heat,
    losses: Losses,
    pressure: Pressure,
}

/// How a socket fares.
#[derive(Clone, Copy, Debug, Default)]
pub struct Strain {
    /// The system dropped more than one in 16 of what came in lately.
    pub lossy: bool,
    /// Steps by which its room for what is still to be read is running out.
    pub pressure: u32,
}

/// Both sockets, bound and registered with the shard's poll.
pub struct Sockets {
    server: Side,
    client: Side,
    pub ports: Ports,
}

impl Sockets {
    /// Binds the server socket to its range and the client socket to a random port, or both to
    /// the ports they had.
    ///
    /// # Errors
    /// The operating system's error for the port that had to be free.
    pub fn bind(options: &BindOptions, previous: Ports) -> io::Result<Self> {
        let server = bind_server(options, previous.server)?;
        let client =
            bind_one(options.host, previous.client).or_else(|_| bind_one(options.host, 0))?;
        let ports = Ports { server: port_of(&server)?, client: port_of(&client)? };
        let [server, client] = [server, client].map(Side::new);
        Ok(Self { server, client, ports })
    }

    /// Registers both; `token` is the server socket's, the next one the client socket's.
    pub fn register(&mut self, registry: &Registry, token: usize) -> io::Result<()> {
        udp::register(&mut self.server.socket, registry, Token(token))?;
        udp::register(&mut self.client.socket, registry, Token(token + 1))
    }

    pub fn deregister(&mut self, registry: &Registry) {
        udp::deregister(&mut self.server.socket, registry);
        udp::deregister(&mut self.client.socket, registry);
    }

    /// Reads datagrams in the poll's round `round`. `false`: there may be more, and the poll will
    /// not say so.
    pub fn receive(
        &self,
        socket: Socket,
        round: u32,
        bytes: &mut [u8],
        entries: &mut Vec<Entry>,
    ) -> bool {
        let Some(Side { socket, heat, losses, .. }) = self.get(socket) else { return true };
        let want = heat.want(round);
        let emptied = udp::receive(socket, want, bytes, entries);
        heat.got(entries.len(), want);
        losses.count(entries.len());
        emptied
    }

    /// How a socket fares of which `len` datagrams were just read.
    pub fn strain(&self, socket: Socket, len: usize) -> Strain {
        let Some(Side { socket, losses, pressure, .. }) = self.get(socket) else {
            return Strain::default();
        };
        let full = len == MAX_BATCH;
        match full.then(|| udp::backlog(socket)).flatten() {
            Some(backlog) => Strain {
                lossy: losses.are_many(clock::mono_ms(), backlog.lost),
                pressure: pressure.note(backlog),
            },
            None => {
                pressure.clear();
                Strain::default()
            }
        }
    }

    /// Sends datagrams that lie one after the other in `bytes`; only a lone one may have a TTL of
    /// its own. What cannot leave now is lost, as on any network.
    pub fn send(&self, socket: Socket, transmits: &[Transmit], bytes: &[u8]) {
        if let Some(Side { socket, .. }) = self.get(socket) {
            udp::send(socket, transmits, bytes);
        }
    }

    fn get(&self, socket: Socket) -> Option<&Side> {
        match socket {
            Socket::Server => Some(&self.server),
            Socket::Client => Some(&self.client),
            Socket::Foreign(_) => None,
        }
    }
}

impl Side {
    fn new(socket: UdpSocket) -> Self {
        Self {
            socket,
            heat: Heat::default(),
            losses: Losses::default(),
            pressure: Pressure::default(),
        }
    }
}

fn bind_server(options: &BindOptions, previous: u16) -> io::Result<UdpSocket> {
    let range = u32::from(options.port_from)..options.port_to;
    let previous = (previous != 0).then_some(u32::from(previous));
    for port in previous.into_iter().chain(range) {
        let Ok(port) = u16::try_from(port) else { break };
        match bind_one(options.host, port) {
            Ok(socket) => return Ok(socket),
            Err(e) if !options.any_port => return Err(e),
            Err(_) => {}
        }
    }
    bind_one(options.host, 0)
}

fn bind_one(host: Ipv4Addr, port: u16) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(SocketAddrV4::new(host, port).into())?;
    if let Err(error) = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER) {
        tracing::debug!(%error, "the receive buffer stays as it is");
    }
    Ok(socket)
}

fn port_of(socket: &UdpSocket) -> io::Result<u16> {
    Ok(socket.local_addr()?.port())
}
