//! Bundles, on real sockets.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::AsRawFd;
use std::ptr::from_ref;

use mio::net::UdpSocket;
use socket2::SockRef;

use super::super::datagram::{MAX_BATCH, Message};
use super::super::family::Family;
use super::super::tally::Tally;
use super::parcels::{LEAST, MOST};
use super::*;
use crate::net::addr::Addr;
use crate::net::socket_key::SocketKey;
use crate::net::transmit::Transmit;

/// A socket that takes bundles, and what was read of it.
struct Reader {
    socket: UdpSocket,
    receiver: Receiver,
    buffer: Buffer,
    messages: Vec<Message>,
}

impl Reader {
    fn new() -> Self {
        let reader = Self::cut();
        reader.receiver.take_bundles(&reader.socket);
        reader
    }

    /// It is handed datagrams, until some have waited.
    fn cut() -> Self {
        let (receiver, buffer, messages) =
            (Receiver::default(), Buffer::new().unwrap(), Vec::new());
        Self { socket: bound(), receiver, buffer, messages }
    }

    fn addr(&self) -> Addr {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.socket.local_addr().unwrap().port())
    }

    /// The lengths of the datagrams of each message that waits.
    fn read(&mut self, want: usize) -> Vec<Vec<usize>> {
        self.messages.clear();
        self.receiver.receive(&self.socket, want, &mut self.buffer, &mut self.messages);
        let lengths = |m: &Message| m.datagrams(&self.buffer).map(<[u8]>::len).collect();
        self.messages.iter().map(lengths).collect()
    }

    /// The first byte of each datagram that waits.
    fn read_firsts(&mut self) -> Vec<u8> {
        self.read(MAX_BATCH);
        let first = |bytes: &[u8]| bytes[0];
        self.messages.iter().flat_map(|m| m.datagrams(&self.buffer).map(first)).collect()
    }

    /// As one datagram after the other, the n-th of them full of n.
    fn sent_alike(&self, sender: &Sender, socket: &UdpSocket, count: usize, len: usize) {
        let bytes: Vec<u8> = (0..count).flat_map(|i| vec![i as u8; len]).collect();
        sender.send(socket, &vec![to(self.addr(), len); count], &bytes);
    }
}

#[test]
fn datagrams_that_are_alike_leave_and_come_as_one() {
    for want in [1, MAX_BATCH] {
        let (mut reader, socket) = (Reader::new(), bound());
        let sender = Sender::new(&socket, Family::V4);
        reader.sent_alike(&sender, &socket, MOST, 13);
        reader.sent_alike(&sender, &socket, LEAST, 1000);
        let lengths = [reader.read(want), reader.read(want)].concat();
        assert_eq!(lengths, [vec![13; MOST], vec![1000; LEAST]]);
        let bytes: Vec<_> =
            reader.messages.iter().flat_map(|m| m.datagrams(&reader.buffer)).collect();
        assert!(want > 1 || (0..).zip(bytes).all(|(i, bytes)| bytes == [i; 1000]));
    }
}

#[test]
fn the_longest_bundles_come_whole() {
    // One datagram more fits into a packet, and not into a frame with a head of its own.
    let (mut reader, socket) = (Reader::new(), bound());
    reader.sent_alike(&Sender::new(&socket, Family::V4), &socket, 40, 2047);
    assert_eq!(reader.read(MAX_BATCH), [vec![2047; 31], vec![2047; 9]]);
    reader.sent_alike(&Sender::new(&socket, Family::V4), &socket, MOST, 1015);
    assert_eq!(reader.read(MAX_BATCH), [vec![1015; MOST]]);
}

#[test]
fn a_few_come_one_by_one() {
    let (mut reader, socket) = (Reader::new(), bound());
    reader.sent_alike(&Sender::new(&socket, Family::V4), &socket, LEAST - 1, 13);
    assert_eq!(reader.read(MAX_BATCH), vec![vec![13]; LEAST - 1]);
    reader.sent_alike(&Sender::plain(Family::V4), &socket, 2 * LEAST, 13);
    assert_eq!(reader.read(MAX_BATCH), vec![vec![13]; 2 * LEAST]);
}

#[test]
fn a_socket_is_asked_for_bundles_once_several_datagrams_waited() {
    let (mut reader, socket) = (Reader::cut(), bound());
    let sender = Sender::new(&socket, Family::V4);
    reader.sent_alike(&sender, &socket, LEAST, 13);
    reader.read(LEAST - 1);
    reader.sent_alike(&sender, &socket, LEAST, 13);
    assert_eq!(reader.read(MAX_BATCH), vec![vec![13]; LEAST + 1]);
    reader.sent_alike(&sender, &socket, LEAST, 13);
    assert_eq!(reader.read(1), [[13; LEAST]]);
    reader.sent_alike(&sender, &socket, 1, 13);
    assert_eq!(reader.read(1), [[13]]);
    assert!(reader.read(1).is_empty());
}

#[test]
fn whatever_a_sender_makes_is_cut_as_it_was() {
    let (mut reader, sender) = (Reader::new(), bound());
    let cases = [
        (1, MOST, vec![1; MOST]),
        (100, 1024, [vec![100; 10], vec![24]].concat()),
        (1000, 60_500, [vec![1000; 60], vec![500]].concat()),
        (1024, 65_000, [vec![1024; 63], vec![488]].concat()),
        (3000, 7000, vec![3000, 3000, 1000]),
        // Not longer than one segment: no bundle, whatever was said.
        (100, 100, vec![100]),
        (100, 3, vec![3]),
        (100, 0, vec![0]),
    ];
    for want in [1, MAX_BATCH] {
        for (segment, len, lengths) in &cases {
            send_segmented(&sender, reader.addr(), *segment, *len);
            assert_eq!(reader.read(want), vec![lengths.clone()], "{len} of {segment}");
        }
    }
}

#[test]
fn those_to_one_destination_keep_their_order_among_others() {
    let (mut readers, socket) = ([Reader::new(), Reader::new()], bound());
    let lens = |i: usize| if i < 100 { 20 } else { 20 - i % 3 };
    let transmits: Vec<_> = (0..200).map(|i| to(readers[i % 2].addr(), lens(i))).collect();
    let bytes: Vec<u8> = (0..200).flat_map(|i| vec![i as u8; lens(i)]).collect();
    Sender::new(&socket, Family::V4).send(&socket, &transmits, &bytes);
    for (n, reader) in readers.iter_mut().enumerate() {
        let mut firsts = Vec::new();
        while firsts.len() < 100 {
            let more = reader.read_firsts();
            assert!(!more.is_empty(), "{} came", firsts.len());
            firsts.extend(more);
        }
        assert_eq!(firsts, (0..200).skip(n).step_by(2).collect::<Vec<u8>>());
    }
}

#[test]
fn a_refusal_is_remembered_and_costs_no_datagram() {
    let (mut reader, socket) = (Reader::new(), bound());
    let sender = Sender::new(&socket, Family::V4);
    // Linux makes no bundles without checksums, and says that they are invalid.
    set(&socket, libc::SO_NO_CHECK, 1);
    reader.sent_alike(&sender, &socket, 2 * LEAST, 100);
    assert_eq!(reader.read_firsts(), (0..2 * LEAST as u8).collect::<Vec<u8>>());

    // Remembered: they leave singly where a bundle would leave now.
    set(&socket, libc::SO_NO_CHECK, 0);
    reader.sent_alike(&sender, &socket, 2 * LEAST, 100);
    assert_eq!(reader.read(MAX_BATCH), vec![vec![100]; 2 * LEAST]);
    reader.sent_alike(&sender, &socket, 2 * LEAST, 99);
    assert_eq!(reader.read(MAX_BATCH), [vec![99; 2 * LEAST]], "shorter ones were not refused");
    reader.sent_alike(&Sender::new(&socket, Family::V4), &socket, 2 * LEAST, 100);
    assert_eq!(reader.read(MAX_BATCH), [vec![100; 2 * LEAST]], "by another socket");
}

#[test]
fn the_system_counts_bundles_where_a_node_counts_datagrams() {
    const SENT: u32 = 1000;
    let (mut reader, socket) = (Reader::new(), bound());
    SockRef::from(&reader.socket).set_recv_buffer_size(64 * 1024).unwrap();
    let sender = Sender::new(&socket, Family::V4);
    for _ in 0..SENT {
        reader.sent_alike(&sender, &socket, MOST, 13);
    }
    let Backlog { waiting, lost, .. } = backlog(&reader.socket).unwrap();
    let waits = SENT - lost;
    assert!(lost > 0 && waits > 0, "{lost} bundles of {SENT} were lost");
    reader.read(MAX_BATCH);
    let read = Tally::of(&reader.messages);
    assert_eq!((read.messages, read.datagrams), (MAX_BATCH as u32, (MAX_BATCH * MOST) as u32));
    let (estimated, true_count) = (read.datagrams_in(waiting), waits * MOST as u32);
    let near = true_count / 2..true_count * 2;
    assert!(near.contains(&estimated), "{estimated} instead of {true_count}");
}

/// A message that the system cuts into datagrams, which all may be longer or shorter than ours.
fn send_segmented(socket: &UdpSocket, to: Addr, segment: usize, len: usize) {
    let name = socket2::SockAddr::from(std::net::SocketAddr::V4(to));
    set_at(socket, libc::SOL_UDP, libc::UDP_SEGMENT, segment as libc::c_int);
    assert_eq!(SockRef::from(socket).send_to(&vec![7; len], &name).unwrap(), len);
}

fn set(socket: &UdpSocket, option: libc::c_int, value: libc::c_int) {
    set_at(socket, libc::SOL_SOCKET, option, value);
}

fn set_at(socket: &UdpSocket, level: libc::c_int, option: libc::c_int, value: libc::c_int) {
    // SAFETY: the system reads `value`, no more.
    let done = unsafe {
        let (value, len) = (from_ref(&value).cast(), size_of_val(&value) as libc::socklen_t);
        libc::setsockopt(socket.as_raw_fd(), level, option, value, len)
    };
    assert_eq!(done, 0);
}

fn bound() -> UdpSocket {
    UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into()).unwrap()
}

fn to(to: Addr, len: usize) -> Transmit {
    Transmit { socket: SocketKey::Server, to, ttl: 0, len }
}
