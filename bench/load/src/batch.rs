//! Up to 64 datagrams at a time, by one system call.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::ptr;
use std::time::Duration;

pub const SIZE: usize = 64;
pub const DATAGRAM: usize = 2048;

/// Bytes of control data that carry one u16.
// SAFETY: computes a length, nothing else.
const CONTROL: usize = unsafe { libc::CMSG_SPACE(size_of::<u16>() as u32) } as usize;

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

    /// How many came, at least one: waits for the first, if the socket does.
    pub fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.parts.iter_mut().for_each(|part| part.iov_len = DATAGRAM);
        // SAFETY: the headers point into memory of ours, as large as they say.
        let received = unsafe {
            let headers = self.headers.as_mut_ptr();
            let flags = libc::MSG_WAITFORONE;
            libc::recvmmsg(socket.as_raw_fd(), headers, SIZE as u32, flags, ptr::null_mut())
        };
        usize::try_from(received).map_err(|_| io::Error::last_os_error())
    }

    /// The same, but waits for that long at most, to the nanosecond.
    pub fn receive_within(&mut self, socket: &UdpSocket, time: Duration) -> io::Result<usize> {
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

    /// A datagram that was received.
    pub fn get(&self, i: usize) -> &[u8] {
        let length = self.headers[i].msg_len as usize;
        &self.buffers[i][..length.min(DATAGRAM)]
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

    /// Sends the first `count` of them, all of one length, as one message that the system cuts into
    /// datagrams where they are received: for a tenth of the cost.
    pub fn send_alike(&mut self, socket: &UdpSocket, count: usize) -> io::Result<()> {
        let length = self.parts[0].iov_len;
        debug_assert!(self.parts[..count].iter().all(|part| part.iov_len == length));
        let mut control = [0u64; CONTROL.div_ceil(size_of::<u64>())];
        // SAFETY: a plain C structure, for which zeros are valid.
        let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
        message.msg_iov = self.parts.as_mut_ptr();
        message.msg_iovlen = count as _;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = CONTROL as _;
        // SAFETY: the control data has room for a head and a u16 behind it, and is aligned; the
        // message points into memory of ours, as large as it says.
        let sent = unsafe {
            let head = libc::CMSG_FIRSTHDR(&message);
            (*head).cmsg_level = libc::SOL_UDP;
            (*head).cmsg_type = libc::UDP_SEGMENT;
            (*head).cmsg_len = libc::CMSG_LEN(size_of::<u16>() as u32) as _;
            libc::CMSG_DATA(head).cast::<u16>().write_unaligned(length as u16);
            libc::sendmsg(socket.as_raw_fd(), &message, 0)
        };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
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
