//! Linux: a poll that says again what was left unread, and system calls for many datagrams.
//!
//! Sockets are registered level-triggered, which mio does not offer: an edge-triggered one has to
//! be read until it says that it is empty, and that call costs as much as the datagram before it.
//! A socket that was left alone is simply in the next round again, behind all others.

mod buffer;
mod message;
mod parcels;
mod receive;
mod refusals;
mod send;

use std::io;
use std::os::fd::AsRawFd;

use mio::net::UdpSocket;
use mio::{Registry, Token};

pub use self::buffer::Buffer;
pub use self::receive::Receiver;
pub use self::send::Sender;
use super::datagram::Backlog;

/// Has the poll report `token` whenever there is something to read.
///
/// # Errors
/// The operating system's, when it has no room.
pub fn register(socket: &mut UdpSocket, registry: &Registry, token: Token) -> io::Result<()> {
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token.0 as u64 };
    control(registry, libc::EPOLL_CTL_ADD, socket, &mut event)
}

/// Has the poll report it no more.
pub fn deregister(socket: &mut UdpSocket, registry: &Registry) {
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    // Closing removes it from the poll as well; an error here changes nothing.
    let _ = control(registry, libc::EPOLL_CTL_DEL, socket, &mut event);
}

/// What waits to be read, and what was lost. None where the system does not tell.
pub fn backlog(socket: &UdpSocket) -> Option<Backlog> {
    let mut figures = [0u32; libc::SK_MEMINFO_DROPS as usize + 1];
    let mut len = size_of_val(&figures) as libc::socklen_t;
    // SAFETY: the system writes no more than `len` bytes, which `figures` has.
    let done = unsafe {
        let (level, figures) = (libc::SOL_SOCKET, figures.as_mut_ptr().cast());
        libc::getsockopt(socket.as_raw_fd(), level, libc::SO_MEMINFO, figures, &mut len)
    };
    (done == 0).then_some(Backlog {
        waiting: figures[libc::SK_MEMINFO_RMEM_ALLOC as usize],
        room: figures[libc::SK_MEMINFO_RCVBUF as usize],
        lost: figures[libc::SK_MEMINFO_DROPS as usize],
    })
}

fn control(
    registry: &Registry,
    operation: libc::c_int,
    socket: &UdpSocket,
    event: &mut libc::epoll_event,
) -> io::Result<()> {
    // SAFETY: both descriptors are open, and the event outlives the call, which copies it.
    let done =
        unsafe { libc::epoll_ctl(registry.as_raw_fd(), operation, socket.as_raw_fd(), event) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests;
