//! The two UDP sockets of a node.

use std::io;
use std::sync::{Arc, Weak};

use super::super::shard::shared_socket::{Route, SharedSocket};
use super::super::shard::sockets::Sockets as Table;
use super::super::shard::tenant::Tenant;
use super::super::udp::socket::Socket;
use super::super::udp::traffic::Traffic;
use super::ports::{BindOptions, Ports};
use crate::net::socket_key::SocketKey;
use crate::net::transmit::Transmit;

/// Both sockets, bound.
pub(super) struct Sockets {
    server: Arc<SharedSocket>,
    client: Arc<SharedSocket>,
    pub ports: Ports,
}

impl Sockets {
    /// Binds the server socket to its range and the client socket to a random port, or both to
    /// the ports they had. What comes on them goes to `tenant`, once they are registered.
    ///
    /// # Errors
    /// The operating system's error for the port that had to be free.
    pub fn bind(
        options: &BindOptions,
        previous: Ports,
        table: &Arc<Table>,
        tenant: &Weak<dyn Tenant>,
    ) -> io::Result<Self> {
        let server = options.bind_server(previous.server)?;
        let client = options.bind_client(previous.client)?;
        let ports = Ports { server: server.port()?, client: client.port()? };
        let shared = |socket: Socket, index| {
            let route = Route { tenant: Weak::clone(tenant), index };
            SharedSocket::new(table, socket, Some(route))
        };
        Ok(Self { server: shared(server, 0), client: shared(client, 1), ports })
    }

    /// Has the shard read both.
    pub fn register(&self) -> io::Result<()> {
        self.server.register()?;
        self.client.register()
    }

    pub fn close(&self) {
        self.server.close();
        self.client.close();
    }

    /// Both.
    pub fn all(&self) -> [&Arc<SharedSocket>; 2] {
        [&self.server, &self.client]
    }

    /// What both sent and received goes to `past`.
    pub fn leave_to(&self, past: &Traffic) {
        past.add(self.server.traffic());
        past.add(self.client.traffic());
    }

    /// See [`SharedSocket::send`].
    pub fn send(&self, socket: SocketKey, transmits: &[Transmit], bytes: &[u8]) {
        if let Some(socket) = self.get(socket) {
            socket.send(transmits, bytes);
        }
    }

    /// `None`: it is a socket of the user's.
    pub fn get(&self, socket: SocketKey) -> Option<&Arc<SharedSocket>> {
        match socket {
            SocketKey::Server => Some(&self.server),
            SocketKey::Client => Some(&self.client),
            SocketKey::Foreign(_) => None,
        }
    }
}

/// The socket that the node gave this index.
pub(super) fn socket_at(index: usize) -> SocketKey {
    if index == 0 { SocketKey::Server } else { SocketKey::Client }
}
