//! What a socket received.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::ptr;
use std::time::Duration;

pub trait Incoming {
    /// How many datagrams came, at least one: waits for the first, if the socket does.
    fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize>;

    /// A datagram that was received.
    fn get(&self, i: usize) -> &[u8];

    /// As [`Self::receive`], but waits for that long at most, to the nanosecond.
    fn receive_within(&mut self, socket: &UdpSocket, time: Duration) -> io::Result<usize> {
        let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let time = libc::timespec {
            tv_sec: time.as_secs() as libc::time_t,
            tv_nsec: time.subsec_nanos().into(),
        };
        // SAFETY: one descriptor, as is said, and no signal mask.
        match unsafe { libc::ppoll(&mut poll, 1, &time, ptr::null()) } {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            1 => self.receive(socket),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
