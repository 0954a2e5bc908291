//! The sockets of a hub. The driver opens and closes them, and counts what it sends by itself.

use super::super::counters::Traffic;
use super::super::error::CloseReason;
use super::super::transmit::SocketId;
use super::Hub;

impl Hub {
    /// Streams may be connected to a socket from here on. A number is used again after
    /// [`Hub::remove_socket`] at the earliest.
    pub fn open_socket(&mut self, socket: SocketId) {
        self.shared.sockets.entry(socket).or_default();
    }

    /// The socket takes no new stream. Those that it has go on.
    pub fn close_socket(&mut self, socket: SocketId) {
        if let Some(socket) = self.shared.sockets.get_mut(&socket) {
            socket.is_closing = true;
        }
    }

    /// The socket is gone: what it was to send, its tombstones, and streams that it still has.
    pub fn remove_socket(&mut self, now: u64, socket: SocketId) {
        self.at(now);
        if self.socket_streams(socket) > 0 {
            let on_it = |key: &_| {
                self.streams.get(*key).is_some_and(|stream| stream.sockets().any(|on| on == socket))
            };
            let keys: Vec<_> = self.streams.keys().filter(on_it).collect();
            for key in keys {
                self.close(key, CloseReason::Destroyed);
            }
        }
        self.shared.outbox.forget(socket);
        self.tombstones.forget(socket);
        self.shared.sockets.remove(&socket);
        self.shared.turned.retain(|(turned, _)| *turned != socket);
    }

    /// Streams that keep a socket busy.
    pub fn socket_streams(&self, socket: SocketId) -> usize {
        self.shared.sockets.get(&socket).map_or(0, |socket| socket.streams)
    }

    /// A socket that got its first stream (true) or lost its last one, since this was asked before.
    pub fn poll_turned(&mut self) -> Option<(SocketId, bool)> {
        self.shared.turned.pop()
    }

    /// What came in and went out by a socket, streams or not.
    pub fn socket_traffic(&self, socket: SocketId) -> Traffic {
        self.shared.sockets.get(&socket).map(|socket| socket.traffic).unwrap_or_default()
    }

    /// The driver sent a datagram of its own by a socket.
    pub fn count_sent(&mut self, socket: SocketId, bytes: usize) {
        self.shared.count_transmitted(socket, 1, bytes);
    }
}
