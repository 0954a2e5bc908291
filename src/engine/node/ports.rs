//! Where a node binds.

use std::io;
use std::net::Ipv4Addr;

use super::super::udp::socket::Socket;

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

impl BindOptions {
    /// Binds the server socket to its range, or to the port it had.
    ///
    /// # Errors
    /// The operating system's error for the port that had to be free.
    pub(super) fn bind_server(&self, previous: u16) -> io::Result<Socket> {
        let range = u32::from(self.port_from)..self.port_to;
        let previous = (previous != 0).then_some(u32::from(previous));
        for port in previous.into_iter().chain(range) {
            let Ok(port) = u16::try_from(port) else { break };
            match Socket::bind(self.host, port) {
                Ok(socket) => return Ok(socket),
                Err(e) if !self.any_port => return Err(e),
                Err(_) => {}
            }
        }
        Socket::bind(self.host, 0)
    }

    /// Binds the client socket to a random port, or to the one it had if that is free.
    ///
    /// # Errors
    /// The operating system's.
    pub(super) fn bind_client(&self, previous: u16) -> io::Result<Socket> {
        Socket::bind(self.host, previous).or_else(|_| Socket::bind(self.host, 0))
    }
}
