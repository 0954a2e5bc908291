//! Both ways to read and send, each on real sockets.

use std::collections::HashSet;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::net::Ipv6Addr;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::ops::DerefMut;
use std::time::Duration;

use mio::net::UdpSocket;
use mio::{Events, Poll, Token};

use super::datagram::{Backlog, MAX_BATCH, Message};
use super::family::Family;
use super::portable;
#[cfg(any(target_os = "linux", target_os = "android"))]
use super::socket_options::SocketOptions;
#[cfg(any(target_os = "linux", target_os = "android"))]
use super::system;
use crate::net::socket_key::SocketKey;
use crate::net::transmit::Transmit;

const PATIENCE: Duration = Duration::from_secs(20);

/// A sender that nobody asks for more.
pub const FROM: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1));

/// What of a module is tested.
struct Way {
    register: fn(&mut UdpSocket, &mio::Registry, Token) -> std::io::Result<()>,
    deregister: fn(&mut UdpSocket, &mio::Registry),
    channel: fn(&UdpSocket, Family) -> Box<dyn Channel>,
    buffer: fn() -> Box<dyn DerefMut<Target = [u8]>>,
}

/// Both directions of a socket.
trait Channel: Sync {
    fn receive(&self, _: &UdpSocket, want: usize, _: &mut [u8], _: &mut Vec<Message>) -> bool;
    fn send(&self, socket: &UdpSocket, transmits: &[Transmit], bytes: &[u8]);
    fn send_to(&self, socket: &UdpSocket, to: SocketAddr, ttl: u8, bytes: &[u8]);
    fn send_run(&self, socket: &UdpSocket, to: SocketAddr, bytes: &[u8], segment: usize);
}

const PORTABLE: Way = Way {
    register: portable::register,
    deregister: portable::deregister,
    channel: |socket, family| Box::new((portable::Receiver, portable::Sender::new(socket, family))),
    buffer: || Box::new(portable::Buffer::new().unwrap()),
};

#[cfg(any(target_os = "linux", target_os = "android"))]
const LINUX: Way = Way {
    register: system::register,
    deregister: system::deregister,
    channel: |socket, family| {
        let receiver = system::Receiver::default();
        receiver.take_bundles(socket);
        Box::new((receiver, system::Sender::new(socket, family)))
    },
    buffer: || Box::new(system::Buffer::new().unwrap()),
};

/// Linux that knows no bundles.
#[cfg(any(target_os = "linux", target_os = "android"))]
const PLAIN: Way = Way {
    channel: |_, family| Box::new((system::Receiver::plain(), system::Sender::plain(family))),
    ..LINUX
};

#[cfg(any(target_os = "linux", target_os = "android"))]
const WAYS: [&Way; 3] = [&LINUX, &PLAIN, &PORTABLE];

macro_rules! channel {
    ($module:ident) => {
        impl Channel for ($module::Receiver, $module::Sender) {
            fn receive(
                &self,
                socket: &UdpSocket,
                want: usize,
                buffer: &mut [u8],
                messages: &mut Vec<Message>,
            ) -> bool {
                self.0.receive(socket, want, buffer, messages)
            }

            fn send(&self, socket: &UdpSocket, transmits: &[Transmit], bytes: &[u8]) {
                self.1.send(socket, transmits, bytes);
            }

            fn send_to(&self, socket: &UdpSocket, to: SocketAddr, ttl: u8, bytes: &[u8]) {
                self.1.send_to(socket, to, ttl, bytes);
            }

            fn send_run(&self, socket: &UdpSocket, to: SocketAddr, bytes: &[u8], segment: usize) {
                self.1.send_run(socket, to, bytes, segment);
            }
        }
    };
}

channel!(portable);
#[cfg(any(target_os = "linux", target_os = "android"))]
channel!(system);

#[test]
fn portable_loses_nothing() {
    everything_arrives(&PORTABLE, 1);
}

#[test]
fn portable_sends_runs() {
    runs_arrive(&PORTABLE);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn linux_sends_runs() {
    runs_arrive(&LINUX);
    runs_arrive(&PLAIN);
}

#[test]
fn portable_sends_past_an_error() {
    an_error_stops_nobody(&PORTABLE);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn linux_loses_nothing() {
    for want in [1, 2, MAX_BATCH] {
        everything_arrives(&LINUX, want);
        everything_arrives(&PLAIN, want);
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn linux_sends_past_an_error() {
    an_error_stops_nobody(&LINUX);
    an_error_stops_nobody(&PLAIN);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn linux_tells_what_waits_and_what_was_lost() {
    const SENT: usize = 1000;
    let (receiver, sender) = (bound(), bound());
    socket2::SockRef::from(&receiver).set_recv_buffer_size(64 * 1024).unwrap();
    let backlog = || system::backlog(&receiver).unwrap();
    assert_eq!((backlog().waiting, backlog().lost), (0, 0));
    for _ in 0..SENT {
        (LINUX.channel)(&sender, Family::V4).send(&sender, &[to(&receiver, 500)], &[7; 500]);
    }
    let Backlog { waiting, room, lost } = backlog();
    assert!(lost > 0, "the buffer took all");
    assert!(waiting > room / 4 * 3 && room >= 64 * 1024, "{waiting} of {room}");
    assert_eq!(receive_waiting(&LINUX, &receiver), SENT - lost as usize);
    assert_eq!(backlog().waiting, 0);
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_ttl_is_one_datagrams_own() {
    for way in WAYS {
        let (receiver, sender) = (bound(), bound());
        let usual = sender.ttl().unwrap() as u8;
        report_ttls(&receiver);
        for _ in 0..200 {
            std::thread::scope(|scope| {
                for ttl in [5, 0] {
                    let transmit = Transmit { ttl, ..to(&receiver, 2) };
                    let sender = &sender;
                    scope.spawn(move || {
                        (0..20).for_each(|_| {
                            (way.channel)(sender, Family::V4).send(sender, &[transmit], &[ttl; 2])
                        });
                    });
                }
            });
            let mut got: Vec<_> = (0..40).filter_map(|_| receive_ttl(&receiver)).collect();
            got.sort_unstable();
            let expected = [[(0, usual); 20], [(5, 5); 20]].concat();
            assert_eq!(got, expected);
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_socket_of_both_families_sends_to_either() {
    for way in WAYS {
        let (receiver, sender) = (bound(), open("[::]:0"));
        let outgoing = (way.channel)(&sender, Family::V6);
        let usual = receiver.ttl().unwrap() as u8;
        report_ttls(&receiver);
        outgoing.send_to(&sender, to(&receiver, 2).to.into(), 0, &[1; 2]);
        outgoing.send_to(&sender, to(&receiver, 2).to.into(), 5, &[2; 2]);
        outgoing.send_to(&sender, to(&receiver, 2).to.into(), 0, &[3; 2]);
        let got: Vec<_> = (0..3).filter_map(|_| receive_ttl(&receiver)).collect();
        assert_eq!(got, [(1, usual), (2, 5), (3, usual)]);

        let receiver = open("[::1]:0");
        let (address, hops) = (receiver.local_addr().unwrap(), Family::V6.ttl(&sender).unwrap());
        outgoing.send_to(&sender, address, 0, b"far");
        outgoing.send_to(&sender, address, 5, b"near");
        assert_eq!(Family::V6.ttl(&sender).unwrap(), hops, "one datagram's own");
        let got = read(way, &receiver);
        let from = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port(&sender));
        assert_eq!(got, [(from, b"far".to_vec()), (from, b"near".to_vec())]);
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_socket_of_both_families_reads_either_and_bundles() {
    const COUNT: usize = 12;
    for way in WAYS {
        let (receiver, sender) = (open("[::]:0"), open("[::]:0"));
        let outgoing = (way.channel)(&sender, Family::V6);
        let bytes: Vec<u8> = (0..COUNT as u8).flat_map(|i| [i; 9]).collect();
        outgoing.send(&sender, &[to(&receiver, 9); COUNT], &bytes);
        let from = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port(&sender));
        let expected: Vec<_> = (0..COUNT as u8).map(|i| (from, vec![i; 9])).collect();
        assert_eq!(read(way, &receiver), expected, "a mapped address is the one it stands for");
    }
}

#[test]
fn elsewhere_nobody_tells() {
    assert_eq!(portable::backlog(&bound()), None);
}

/// More datagrams than one batch takes, of all lengths, are read as they were sent.
fn everything_arrives(way: &Way, want: usize) {
    const COUNT: usize = 2 * MAX_BATCH + 5;
    let (mut receiver, sender) = (bound(), bound());
    let (incoming, outgoing) =
        ((way.channel)(&receiver, Family::V4), (way.channel)(&sender, Family::V4));
    let mut poll = Poll::new().unwrap();
    (way.register)(&mut receiver, poll.registry(), Token(7)).unwrap();

    // Some are alike, each of the others has a length of its own.
    let lens: Vec<_> = (0..COUNT).map(|i| 2 + i.max(COUNT / 3) * 11 % 500).collect();
    let bytes: Vec<u8> = lens.iter().enumerate().flat_map(|(i, &len)| vec![i as u8; len]).collect();
    let transmits: Vec<_> = lens.iter().map(|&len| to(&receiver, len)).collect();
    outgoing.send(&sender, &transmits, &bytes);

    let got = receive_all(way, &*incoming, &mut poll, &receiver, want, COUNT);
    let from = port(&sender);
    let expected = (0..COUNT).map(|i| (i as u8, lens[i], from)).collect();
    assert_eq!(got, expected);

    (way.deregister)(&mut receiver, poll.registry());
    outgoing.send(&sender, &transmits[..1], &bytes);
    let mut events = Events::with_capacity(4);
    poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
    assert!(events.is_empty(), "nobody reads it any more");
}

/// Datagrams of one length, of which the last is shorter.
fn runs_arrive(way: &Way) {
    let (mut receiver, sender) = (bound(), bound());
    let (incoming, outgoing) =
        ((way.channel)(&receiver, Family::V4), (way.channel)(&sender, Family::V4));
    let mut poll = Poll::new().unwrap();
    (way.register)(&mut receiver, poll.registry(), Token(0)).unwrap();
    for (count, last) in [(1, 500), (9, 500), (9, 3)] {
        let bytes: Vec<u8> = (0..count as u8).flat_map(|i| [i; 500]).collect();
        let end = bytes.len() - 500 + last;
        outgoing.send_run(&sender, receiver.local_addr().unwrap(), &bytes[..end], 500);
        let got = receive_all(way, &*incoming, &mut poll, &receiver, MAX_BATCH, count);
        let len = |i| if i + 1 == count { last } else { 500 };
        assert_eq!(got, (0..count).map(|i| (i as u8, len(i), port(&sender))).collect());
    }
}

/// One datagram of a batch cannot leave; those before and behind it do.
fn an_error_stops_nobody(way: &Way) {
    let (mut receiver, sender) = (bound(), bound());
    let (incoming, outgoing) =
        ((way.channel)(&receiver, Family::V4), (way.channel)(&sender, Family::V4));
    let mut poll = Poll::new().unwrap();
    (way.register)(&mut receiver, poll.registry(), Token(0)).unwrap();

    // Sending to a broadcast address is not permitted without a socket option.
    let nowhere = Transmit { to: SocketAddrV4::new(Ipv4Addr::BROADCAST, 9), ..to(&receiver, 2) };
    // Alone, and so many that they leave together.
    for each in [1, 9] {
        let kinds = [nowhere, to(&receiver, 2), nowhere, to(&receiver, 2), nowhere];
        let transmits: Vec<_> = kinds.iter().flat_map(|&kind| vec![kind; each]).collect();
        let bytes: Vec<u8> = (0..transmits.len() as u8).flat_map(|i| [i; 2]).collect();
        outgoing.send(&sender, &transmits, &bytes);

        let got = receive_all(way, &*incoming, &mut poll, &receiver, MAX_BATCH, 2 * each);
        let from = port(&sender);
        let sent = transmits.iter().enumerate().filter(|(_, transmit)| **transmit != nowhere);
        assert_eq!(got, sent.map(|(i, _)| (i as u8, 2, from)).collect());
    }
}

/// Reads as a shard does until `count` datagrams came: (their bytes, their length, their sender).
fn receive_all(
    way: &Way,
    channel: &dyn Channel,
    poll: &mut Poll,
    socket: &UdpSocket,
    want: usize,
    count: usize,
) -> HashSet<(u8, usize, u16)> {
    let mut got = HashSet::new();
    let mut buffer = (way.buffer)();
    let mut messages = Vec::new();
    let mut events = Events::with_capacity(4);
    let mut emptied = true;
    while got.len() < count {
        if emptied {
            poll.poll(&mut events, Some(PATIENCE)).unwrap();
            assert!(!events.is_empty(), "{} of {count} came", got.len());
        }
        messages.clear();
        emptied = channel.receive(socket, want, &mut buffer, &mut messages);
        for message in &messages {
            for bytes in message.datagrams(&buffer) {
                assert!(bytes.iter().all(|&byte| byte == bytes[0]));
                let datagram = (bytes[0], bytes.len(), message.from.port());
                assert!(got.insert(datagram), "read twice");
            }
        }
    }
    got
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn report_ttls(socket: &UdpSocket) {
    use std::os::fd::AsRawFd;
    let yes: libc::c_int = 1;
    // SAFETY: the system reads `yes`, no more.
    let done = unsafe {
        let (value, len) = (std::ptr::from_ref(&yes).cast(), size_of_val(&yes) as u32);
        libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_IP, libc::IP_RECVTTL, value, len)
    };
    assert_eq!(done, 0);
}

/// The first byte of a datagram that waits, and the TTL that it came with.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn receive_ttl(socket: &UdpSocket) -> Option<(u8, u8)> {
    use std::os::fd::AsRawFd;
    let (mut bytes, mut control) = ([0u8; 2], [0u64; 8]);
    let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: plain data; all that it points to lives until the end of this function, and the
    // system writes no more than it is told there is room for.
    unsafe {
        let mut header: libc::msghdr = std::mem::zeroed();
        header.msg_iov = &mut part;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control) as _;
        if libc::recvmsg(socket.as_raw_fd(), &mut header, libc::MSG_DONTWAIT as _) < 0 {
            return None;
        }
        let head = libc::CMSG_FIRSTHDR(&header).as_ref()?;
        assert_eq!(head.cmsg_type, libc::IP_TTL);
        Some((bytes[0], libc::CMSG_DATA(head).cast::<libc::c_int>().read_unaligned() as u8))
    }
}

/// How many wait to be read.
fn receive_waiting(way: &Way, socket: &UdpSocket) -> usize {
    let channel = (way.channel)(socket, Family::V4);
    let mut buffer = (way.buffer)();
    let mut messages = Vec::new();
    let mut count = 0;
    loop {
        messages.clear();
        channel.receive(socket, MAX_BATCH, &mut buffer, &mut messages);
        if messages.is_empty() {
            return count;
        }
        count += messages.len();
    }
}

/// The datagrams that wait, and their senders.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn read(way: &Way, socket: &UdpSocket) -> Vec<(SocketAddr, Vec<u8>)> {
    let channel = (way.channel)(socket, Family::V6);
    let mut buffer = (way.buffer)();
    let mut messages = Vec::new();
    let mut got = Vec::new();
    loop {
        messages.clear();
        channel.receive(socket, MAX_BATCH, &mut buffer, &mut messages);
        if messages.is_empty() {
            return got;
        }
        for message in &messages {
            got.extend(message.datagrams(&buffer).map(|bytes| (message.from, bytes.to_vec())));
        }
    }
}

/// As a user binds one.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn open(addr: &str) -> UdpSocket {
    let addr = addr.parse().unwrap();
    let options = SocketOptions { addr, ipv6_only: false, reuse_address: false };
    super::socket_options::open(&options).unwrap()
}

fn bound() -> UdpSocket {
    UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0).into()).unwrap()
}

fn port(socket: &UdpSocket) -> u16 {
    socket.local_addr().unwrap().port()
}

fn to(receiver: &UdpSocket, len: usize) -> Transmit {
    let to = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port(receiver));
    Transmit { socket: SocketKey::Server, to, ttl: 0, len }
}
