//! The two UDP sockets of a node.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};

use mio::net::UdpSocket;
use mio::{Registry, Token};
use parking_lot::Mutex;

use super::batch::Heat;
use super::udp::{self, Entry};
use crate::proto::{Socket, Transmit};

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

/// Both sockets, bound and registered with the shard's poll.
pub struct Sockets {
    server: (UdpSocket, Heat),
    client: (UdpSocket, Heat),
    pub ports: Ports,
    /// The TTL is an option of the socket: whoever sets it sends, then puts it back.
    ttl: Mutex<()>,
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
        let [server, client] = [server, client].map(|socket| (socket, Heat::default()));
        Ok(Self { server, client, ports, ttl: Mutex::new(()) })
    }

    /// Registers both; `token` is the server socket's, the next one the client socket's.
    pub fn register(&mut self, registry: &Registry, token: usize) -> io::Result<()> {
        udp::register(&mut self.server.0, registry, Token(token))?;
        udp::register(&mut self.client.0, registry, Token(token + 1))
    }

    pub fn deregister(&mut self, registry: &Registry) {
        udp::deregister(&mut self.server.0, registry);
        udp::deregister(&mut self.client.0, registry);
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
        let Some((socket, heat)) = self.get(socket) else { return true };
        let want = heat.want(round);
        let emptied = udp::receive(socket, want, bytes, entries);
        heat.got(entries.len(), want);
        emptied
    }

    /// Sends datagrams that lie one after the other in `bytes`; only a lone one may have a TTL of
    /// its own. What cannot leave now is lost, as on any network.
    pub fn send(&self, socket: Socket, transmits: &[Transmit], bytes: &[u8]) {
        let Some((socket, _)) = self.get(socket) else { return };
        let ttl = transmits.first().map_or(0, |transmit| transmit.ttl);
        if ttl == 0 {
            return udp::send(socket, transmits, bytes);
        }
        let _guard = self.ttl.lock();
        let Ok(before) = socket.ttl() else { return };
        if socket.set_ttl(u32::from(ttl)).is_ok() {
            udp::send(socket, transmits, bytes);
            let _ = socket.set_ttl(before);
        }
    }

    fn get(&self, socket: Socket) -> Option<&(UdpSocket, Heat)> {
        match socket {
            Socket::Server => Some(&self.server),
            Socket::Client => Some(&self.client),
            Socket::Foreign(_) => None,
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
    UdpSocket::bind(SocketAddrV4::new(host, port).into())
}

fn port_of(socket: &UdpSocket) -> io::Result<u16> {
    Ok(socket.local_addr()?.port())
}
