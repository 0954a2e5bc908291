//! Up to 64 datagrams at a time, by one system call.

use std::io;
use std::net::UdpSocket;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::ptr;

use crate::control::{Control, say_segment};
use crate::incoming::Incoming;

pub const SIZE: usize = 64;
pub const DATAGRAM: usize = 2048;

/// Memory for a batch and its headers, set up once. Headers point into memory that never moves.
pub struct Batch {
    headers: Vec<libc::mmsghdr>,
    parts: Vec<libc::iovec>,
    buffers: Vec<[u8; DATAGRAM]>,
    addresses: Vec<libc::sockaddr_in>,
}

impl Batch {
    /// `addressed`: of a socket that is not connected.
    pub fn new(addressed: bool) -> Self {
        // SAFETY: all of these are plain C structures, for which zeros are valid.
        let mut batch = unsafe {
            Self {
                headers: vec![std::mem::zeroed(); SIZE],
                parts: vec![std::mem::zeroed(); SIZE],
                buffers: vec![[0; DATAGRAM]; SIZE],
                addresses: vec![std::mem::zeroed(); SIZE],
            }
        };
        for i in 0..SIZE {
            batch.parts[i].iov_base = batch.buffers[i].as_mut_ptr().cast();
            let header = &mut batch.headers[i].msg_hdr;
            header.msg_iov = &mut batch.parts[i];
            header.msg_iovlen = 1;
            if addressed {
                header.msg_name = ptr::from_mut(&mut batch.addresses[i]).cast();
                header.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
            }
        }
        batch
    }

    pub fn buffer(&mut self, i: usize) -> &mut [u8; DATAGRAM] {
        &mut self.buffers[i]
    }

    pub fn set_length(&mut self, i: usize, length: usize) {
        self.parts[i].iov_len = length.min(DATAGRAM);
    }

    pub fn put(&mut self, i: usize, datagram: &[u8]) {
        self.buffers[i][..datagram.len()].copy_from_slice(datagram);
        self.set_length(i, datagram.len());
    }

    /// Sends these, all of one length, as one message that the system cuts into datagrams where they
    /// are received: for a tenth of the cost.
    pub fn send_alike(&mut self, socket: &UdpSocket, these: Range<usize>) -> io::Result<()> {
        let parts = &mut self.parts[these];
        let Some(length) = parts.first().map(|part| part.iov_len) else { return Ok(()) };
        debug_assert!(parts.iter().all(|part| part.iov_len == length));
        let mut control = Control::default();
        // SAFETY: a plain C structure, for which zeros are valid.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = parts.as_mut_ptr();
        message.msg_iovlen = parts.len() as _;
        say_segment(&mut message, &mut control, length);
        // SAFETY: the message points into memory of ours, as large as it says.
        let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &message, 0) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Sends the first `count` of them, each run of one length as one message. What the system refuses
    /// is skipped.
    pub fn send_bundled(&mut self, socket: &UdpSocket, count: usize) {
        let mut at = 0;
        while at < count {
            let length = self.parts[at].iov_len;
            let run =
                self.parts[at..count].iter().take_while(|part| part.iov_len == length).count();
            let _ = self.send_alike(socket, at..at + run);
            at += run;
        }
    }

    /// Sends the first `count` of them. One that the system refuses is skipped.
    pub fn send(&mut self, socket: &UdpSocket, count: usize) {
        let mut at = 0;
        while at < count {
            let rest = &mut self.headers[at..count];
            // SAFETY: the headers point into memory of ours, as large as they say.
            let sent = unsafe {
                libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as u32, 0)
            };
            at += usize::try_from(sent).unwrap_or(1).max(1);
        }
    }
}

impl Incoming for Batch {
    fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.parts.iter_mut().for_each(|part| part.iov_len = DATAGRAM);
        // SAFETY: the headers point into memory of ours, as large as they say.
        let received = unsafe {
            let headers = self.headers.as_mut_ptr();
            let flags = libc::MSG_WAITFORONE;
            libc::recvmmsg(socket.as_raw_fd(), headers, SIZE as u32, flags, ptr::null_mut())
        };
        usize::try_from(received).map_err(|_| io::Error::last_os_error())
    }

    fn get(&self, i: usize) -> &[u8] {
        let length = self.headers[i].msg_len as usize;
        &self.buffers[i][..length.min(DATAGRAM)]
    }
}
