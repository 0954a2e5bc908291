//! Messages that are several datagrams of one length and sender, as the system hands them over.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::ptr;

use crate::control::{Control, attach, segment};
use crate::incoming::Incoming;

const ROOMS: usize = 8;
const ROOM: usize = 1 << 16;

/// Memory for some messages and their headers, set up once. Headers point into memory that never
/// moves.
pub struct Bundles {
    headers: Vec<libc::mmsghdr>,
    parts: Vec<libc::iovec>,
    controls: Vec<Control>,
    addresses: Vec<libc::sockaddr_in>,
    rooms: Vec<u8>,
    messages: Vec<Message>,
    /// Where each begins, and its length.
    datagrams: Vec<(usize, usize)>,
}

/// Datagrams of one sender, by their numbers.
#[derive(Clone)]
pub struct Message {
    pub datagrams: std::ops::Range<usize>,
    pub from: libc::sockaddr_in,
}

impl Bundles {
    /// Of this socket, which from now on is to be read in this way.
    pub fn new(socket: &UdpSocket) -> io::Result<Self> {
        let yes: libc::c_int = 1;
        // SAFETY: the system reads `yes`, no more.
        let done = unsafe {
            let (value, len) = (ptr::from_ref(&yes).cast(), size_of_val(&yes) as libc::socklen_t);
            libc::setsockopt(socket.as_raw_fd(), libc::SOL_UDP, libc::UDP_GRO, value, len)
        };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: all of these are plain C structures, for which zeros are valid.
        let mut bundles = unsafe {
            Self {
                headers: vec![std::mem::zeroed(); ROOMS],
                parts: vec![std::mem::zeroed(); ROOMS],
                controls: vec![Control::default(); ROOMS],
                addresses: vec![std::mem::zeroed(); ROOMS],
                rooms: vec![0; ROOMS * ROOM],
                messages: Vec::new(),
                datagrams: Vec::new(),
            }
        };
        for (i, room) in bundles.rooms.chunks_exact_mut(ROOM).enumerate() {
            bundles.parts[i] = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: ROOM };
            let header = &mut bundles.headers[i].msg_hdr;
            header.msg_iov = &mut bundles.parts[i];
            header.msg_iovlen = 1;
            header.msg_name = ptr::from_mut(&mut bundles.addresses[i]).cast();
        }
        Ok(bundles)
    }

    pub fn messages(&self) -> &[Message] {
        &self.messages
    }
}

impl Incoming for Bundles {
    fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        for (header, control) in self.headers.iter_mut().zip(&mut self.controls) {
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            attach(&mut header.msg_hdr, control);
        }
        // SAFETY: the headers point into memory of ours, as large as they say.
        let received = unsafe {
            let (headers, flags) = (self.headers.as_mut_ptr(), libc::MSG_WAITFORONE);
            libc::recvmmsg(socket.as_raw_fd(), headers, ROOMS as u32, flags, ptr::null_mut())
        };
        let received = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
        self.messages.clear();
        self.datagrams.clear();
        for (i, header) in self.headers.iter().enumerate().take(received) {
            let (at, length) = (i * ROOM, header.msg_len as usize);
            let each = segment(&header.msg_hdr).unwrap_or(length).max(1);
            let first = self.datagrams.len();
            let starts = (0..length.max(1)).step_by(each);
            self.datagrams.extend(starts.map(|start| (at + start, each.min(length - start))));
            let datagrams = first..self.datagrams.len();
            self.messages.push(Message { datagrams, from: self.addresses[i] });
        }
        Ok(self.datagrams.len())
    }

    fn get(&self, i: usize) -> &[u8] {
        let (at, length) = self.datagrams[i];
        &self.rooms[at..at + length]
    }
}
