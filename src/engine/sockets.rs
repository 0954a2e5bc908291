//! The two UDP sockets of a node.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use parking_lot::Mutex;

use crate::proto::{Addr, Socket};

/// Errors in a row after which a socket is left alone until it is readable again.
const MAX_RECEIVE_ERRORS: usize = 1024;

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
    server: UdpSocket,
    client: UdpSocket,
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
        Ok(Self { server, client, ports, ttl: Mutex::new(()) })
    }

    /// Registers both; `token` is the server socket's, the next one the client socket's.
    pub fn register(&mut self, registry: &Registry, token: usize) -> io::Result<()> {
        registry.register(&mut self.server, Token(token), Interest::READABLE)?;
        registry.register(&mut self.client, Token(token + 1), Interest::READABLE)
    }

    pub fn deregister(&mut self, registry: &Registry) {
        // Closing removes them from the poll as well; an error here changes nothing.
        let _ = registry.deregister(&mut self.server);
        let _ = registry.deregister(&mut self.client);
    }

    /// Receives one datagram; `None` when there is none.
    pub fn receive(&self, socket: Socket, buf: &mut [u8]) -> Option<(usize, Addr)> {
        for _ in 0..MAX_RECEIVE_ERRORS {
            match self.get(socket)?.recv_from(buf) {
                Ok((len, SocketAddr::V4(from))) => return Some((len, from)),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return None,
                // An ICMP error of an earlier send surfaces here, on Windows also a datagram that
                // is too large; the queue goes on behind it.
                Ok(_) | Err(_) => continue,
            }
        }
        None
    }

    /// Sends one datagram. One that cannot leave now is lost, as on any network.
    pub fn send(&self, socket: Socket, to: Addr, ttl: u8, bytes: &[u8]) {
        let Some(socket) = self.get(socket) else { return };
        if ttl == 0 {
            let _ = socket.send_to(bytes, to.into());
            return;
        }
        let _guard = self.ttl.lock();
        let Ok(before) = socket.ttl() else { return };
        if socket.set_ttl(u32::from(ttl)).is_ok() {
            let _ = socket.send_to(bytes, to.into());
            let _ = socket.set_ttl(before);
        }
    }

    fn get(&self, socket: Socket) -> Option<&UdpSocket> {
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
