//! Reading: datagrams, and bundles where the sender or the network card made some.

use std::os::fd::AsRawFd;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU8, Ordering};

use mio::net::UdpSocket;

use super::super::datagram::{MAX_BATCH, Message};
use super::super::family::unmapped;
use super::super::raw_option;
use super::message::{Control, Name, header_of, places, segment_of};
use super::parcels::LEAST;

/// Bytes of the longest message. The system does not say before how long one is.
const ROOM: usize = 1 << 16;

/// From one room to the next. Their beginnings, where all small datagrams are, would else be of
/// the few places of a cache that are for one address in 4 kB.
const STRIDE: usize = ROOM + 192;

/// Bytes of a buffer for a batch.
pub const BUFFER: usize = MAX_BATCH * STRIDE;

/// Datagrams of a message that are read: as many as Linux makes one of. A virtual machine beside this one
/// may send more, of a byte each, and others wait for their turn.
const MAX_DATAGRAMS: usize = 128;

/// Whether the system hands over bundles as they are, or cut into datagrams.
const CUT: u8 = 0;
const WHOLE: u8 = 1;
/// It knows none.
const UNKNOWN: u8 = 2;

/// How a socket is read. To be told how long the datagrams of a bundle are costs each call a
/// sixteenth of what a lone datagram takes, so only a socket is asked for bundles that had several
/// datagrams waiting once.
#[derive(Default)]
pub struct Receiver {
    bundles: AtomicU8,
}

impl Receiver {
    /// Of a system that knows no bundles.
    #[cfg(test)]
    pub fn plain() -> Self {
        Self { bundles: AtomicU8::new(UNKNOWN) }
    }

    /// Has the system hand over bundles as they are from now on.
    pub fn take_bundles(&self, socket: &UdpSocket) {
        let done = raw_option::set(socket, (libc::SOL_UDP, libc::UDP_GRO), 1).is_ok();
        self.bundles.store(if done { WHOLE } else { UNKNOWN }, Ordering::Relaxed);
    }

    /// Reads up to `want` messages into the rooms of `buffer`. Returns whether the poll will say if
    /// there is more, which it always does.
    pub fn receive(
        &self,
        socket: &UdpSocket,
        want: usize,
        buffer: &mut [u8],
        messages: &mut Vec<Message>,
    ) -> bool {
        let bundles = self.bundles.load(Ordering::Relaxed);
        if want > 1 || bundles == WHOLE {
            receive_many(socket, want, buffer, messages);
        } else if let Ok((len, from)) = socket.recv_from(&mut buffer[..ROOM]) {
            messages.push(Message::lone(0, len, unmapped(from)));
        }
        if bundles == CUT && messages.len() >= LEAST {
            self.take_bundles(socket);
        }
        true
    }
}

fn receive_many(socket: &UdpSocket, want: usize, buffer: &mut [u8], messages: &mut Vec<Message>) {
    let mut names = places::<Name, MAX_BATCH>();
    let mut parts = places::<libc::iovec, MAX_BATCH>();
    let mut controls = places::<Control, MAX_BATCH>();
    let mut headers = places::<libc::mmsghdr, MAX_BATCH>();
    let rooms = buffer.chunks_exact_mut(STRIDE).take(want);
    let mut count = 0;
    for ((((room, name), part), control), header) in
        rooms.zip(&mut names).zip(&mut parts).zip(&mut controls).zip(&mut headers)
    {
        let name = name.write(Name::EMPTY);
        let part = part.write(libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: ROOM });
        let header = header.write(header_of(name, part, 1));
        control.write(Control::EMPTY).attach(&mut header.msg_hdr);
        count += 1;
    }
    // SAFETY: the first `count` headers are written and point to rooms, names, parts and control
    // data that live until the end of this function; each room has as many bytes as its part says.
    let received = unsafe { receive_into(socket, headers.as_mut_ptr().cast(), count) };
    for (i, (header, name)) in headers.iter().zip(&names).take(received).enumerate() {
        // SAFETY: no more were received than were written, names and control data with them.
        let (header, from, segment) = unsafe {
            let header: &libc::mmsghdr = header.assume_init_ref();
            (header, name.assume_init_ref().addr(), segment_of(&header.msg_hdr))
        };
        let Some(from) = from else { continue };
        let len = ROOM.min(header.msg_len as usize);
        messages.push(message_of(Message::lone(i * STRIDE, len, from), segment));
    }
}

/// `whole`, of which the system may have said that it is several datagrams.
fn message_of(whole: Message, segment: Option<usize>) -> Message {
    let Some(segment) = segment else { return whole };
    Message { len: whole.len.min(segment.saturating_mul(MAX_DATAGRAMS)), segment, ..whole }
}

/// How many came. For one there is a call that costs less.
///
/// # Safety
/// `headers` are `count` headers, and may be received into.
unsafe fn receive_into(socket: &UdpSocket, headers: *mut libc::mmsghdr, count: u32) -> usize {
    let (socket, flags) = (socket.as_raw_fd(), libc::MSG_DONTWAIT);
    // SAFETY: as the caller's.
    unsafe {
        if count != 1 {
            let received = libc::recvmmsg(socket, headers, count, flags as _, null_mut());
            return usize::try_from(received).unwrap_or(0);
        }
        let len = libc::recvmsg(socket, &raw mut (*headers).msg_hdr, flags as _);
        (*headers).msg_len = u32::try_from(len).unwrap_or(0);
        usize::from(len >= 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_is_more_datagrams_than_linux_makes_one_of() {
        let whole = Message::lone(0, 60_000, ([127, 0, 0, 1], 1).into());
        let counts = [1, 100, 1000, usize::MAX].map(|each| message_of(whole, Some(each)).count());
        assert_eq!(counts, [MAX_DATAGRAMS, MAX_DATAGRAMS, 60, 1]);
        assert_eq!(message_of(whole, None), whole);
    }
}
