//! The two UDP sockets of a node.

use std::io;

use mio::Registry;

use super::super::shard::sockets::token;
use super::super::udp::socket::Socket;
use super::ports::{BindOptions, Ports};
use crate::net::socket_key::SocketKey;
use crate::net::transmit::Transmit;

/// Both sockets, bound and registered with the shard's poll.
pub(super) struct Sockets {
    server: Socket,
    client: Socket,
    pub ports: Ports,
}

impl Sockets {
    /// Binds the server socket to its range and the client socket to a random port, or both to
    /// the ports they had.
    ///
    /// # Errors
    /// The operating system's error for the port that had to be free.
    pub fn bind(options: &BindOptions, previous: Ports) -> io::Result<Self> {
        let server = options.bind_server(previous.server)?;
        let client = options.bind_client(previous.client)?;
        let ports = Ports { server: server.port()?, client: client.port()? };
        Ok(Self { server, client, ports })
    }

    /// Registers both for the tenant `key`.
    pub fn register(&mut self, registry: &Registry, key: usize) -> io::Result<()> {
        self.server.register(registry, token(key, 0))?;
        self.client.register(registry, token(key, 1))
    }

    pub fn deregister(&mut self, registry: &Registry) {
        self.server.deregister(registry);
        self.client.deregister(registry);
    }

    /// See [`Socket::send`].
    pub fn send(&self, socket: SocketKey, transmits: &[Transmit], bytes: &[u8]) {
        if let Some(socket) = self.get(socket) {
            socket.send(transmits, bytes);
        }
    }

    /// `None`: it is a socket of the user's.
    pub fn get(&self, socket: SocketKey) -> Option<&Socket> {
        match socket {
            SocketKey::Server => Some(&self.server),
            SocketKey::Client => Some(&self.client),
            SocketKey::Foreign(_) => None,
        }
    }
}

/// The place of a node's socket among its tokens, see [`token`].
pub(super) fn socket_at(index: usize) -> SocketKey {
    if index == 0 { SocketKey::Server } else { SocketKey::Client }
}
