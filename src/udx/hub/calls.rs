//! What a user does with streams.

use bytes::Bytes;

use super::super::calls::{ConnectOptions, Remote, RemoteChange, StreamOptions, Written};
use super::super::error::Error;
use super::super::slots::StreamKey;
use super::super::stream::Stream;
use super::Hub;

impl Hub {
    /// A stream that is known by `id`. It receives if its firewall says so, and sends nothing before
    /// it is connected. A living stream with this id is not found by it any more.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyStreams`].
    pub fn create_stream(
        &mut self,
        now: u64,
        id: u32,
        options: &StreamOptions,
    ) -> Result<StreamKey, Error> {
        self.at(now);
        let max = self.shared.limits.streams;
        if self.streams.len() >= max {
            return Err(Error::TooManyStreams { max });
        }
        let shared = &self.shared;
        let key = self.streams.insert(|key| Stream::new(shared, key, id, options));
        self.ids.insert(id, key);
        self.tombstones.remove(id);
        Ok(key)
    }

    /// Tells a stream where its packets go. There is no handshake: both sides learn ids and addresses
    /// elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::AlreadyConnected`], [`Error::SocketClosed`], [`Error::BadPort`].
    pub fn connect(
        &mut self,
        now: u64,
        stream: StreamKey,
        remote: Remote,
        options: &ConnectOptions,
    ) -> Result<(), Error> {
        self.at(now);
        let found = self.streams.get_mut(stream).ok_or(Error::Closed)?;
        if found.remote().is_some() {
            return Err(Error::AlreadyConnected);
        }
        if !self.shared.is_open(remote.socket) {
            return Err(Error::SocketClosed);
        }
        if remote.addr.port() == 0 {
            return Err(Error::BadPort);
        }
        self.shared.join(remote.socket);
        found.connect(&mut self.shared, remote, options);
        self.settle(stream);
        Ok(())
    }

    /// Queues bytes. They leave with the next `poll_transmit`: what is written before shares packets.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::WriteBeforeConnect`], [`Error::BrokenPipe`],
    /// [`Error::BacklogFull`].
    pub fn write(&mut self, now: u64, stream: StreamKey, bytes: Bytes) -> Result<Written, Error> {
        self.at(now);
        let found = self.streams.get_mut(stream).ok_or(Error::Closed)?;
        let written = found.write(&self.shared, bytes)?;
        self.settle(stream);
        Ok(written)
    }

    /// Ends our direction: the end is queued behind the data.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`], [`Error::NotConnected`], [`Error::BrokenPipe`].
    pub fn end(&mut self, now: u64, stream: StreamKey) -> Result<(), Error> {
        self.at(now);
        self.streams.get_mut(stream).ok_or(Error::Closed)?.end()?;
        self.settle(stream);
        Ok(())
    }

    /// Gives a stream up: what is not acknowledged is lost, the peer is told once. Nothing happens to
    /// one that is gone.
    pub fn destroy(&mut self, now: u64, stream: StreamKey) {
        self.at(now);
        if let Some(found) = self.streams.get_mut(stream) {
            found.destroy(&mut self.shared);
            self.settle(stream);
        }
    }

    /// Sends a message outside of the stream: unordered, unacknowledged, of up to
    /// [`super::super::limits::MAX_MESSAGE`] bytes. False if the stream is not connected or gone, or
    /// if too much waits.
    ///
    /// # Errors
    ///
    /// [`Error::MessageTooLong`].
    pub fn send_message(
        &mut self,
        now: u64,
        stream: StreamKey,
        payload: &[u8],
    ) -> Result<bool, Error> {
        self.at(now);
        match self.streams.get_mut(stream) {
            Some(found) => found.send_message(&mut self.shared, payload),
            None => Ok(false),
        }
    }

    /// The reader took so many bytes of what [`super::super::Event::Data`] told: the peer may send
    /// as many more.
    pub fn consumed(&mut self, now: u64, stream: StreamKey, bytes: u64) {
        self.at(now);
        if let Some(found) = self.streams.get_mut(stream) {
            found.consumed(&mut self.shared, bytes);
            self.settle(stream);
        }
    }

    /// From here packets go to another remote. What is on its way is repeated to the old one, and the
    /// change is over when all of it is acknowledged. Discovery of the path's MTU begins anew.
    ///
    /// # Errors
    ///
    /// [`Error::RemoteChanging`], [`Error::NotYetConnected`] (a stream that is gone, too),
    /// [`Error::SocketClosed`], [`Error::BadPort`].
    pub fn change_remote(
        &mut self,
        now: u64,
        stream: StreamKey,
        remote: Remote,
        route_mtu: Option<u16>,
    ) -> Result<RemoteChange, Error> {
        self.at(now);
        let found = self.streams.get_mut(stream).ok_or(Error::NotYetConnected)?;
        if found.is_changing_remote() {
            return Err(Error::RemoteChanging);
        }
        let old = found.remote().ok_or(Error::NotYetConnected)?.socket;
        if !self.shared.is_open(remote.socket) {
            return Err(Error::SocketClosed);
        }
        if remote.addr.port() == 0 {
            return Err(Error::BadPort);
        }
        let change = found.change_remote(remote, route_mtu)?;
        if remote.socket != old {
            self.shared.join(remote.socket);
        }
        self.settle(stream);
        Ok(change)
    }

    /// A heartbeat leaves so many µs after the last acknowledgement while nothing is on its way, and
    /// again each time; 0 turns that off. It keeps NATs open. No answer has no consequence.
    pub fn set_keepalive(&mut self, now: u64, stream: StreamKey, us: u64) {
        self.at(now);
        if let Some(found) = self.streams.get_mut(stream) {
            found.set_keepalive(self.shared.now, us);
            self.settle(stream);
        }
    }
}
