//! Sending: many datagrams a call, and those that are alike as one.
//!
//! A bundle leaves whole or not at all. What is refused as a bundle leaves as single datagrams.

use std::io;
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;
use std::sync::OnceLock;

use mio::net::UdpSocket;

use super::super::super::clock;
use super::super::family::Family;
use super::super::raw_option;
use super::message::{Control, Name, header_of, places};
use super::parcels::{MOST, Outgoing, Parcels, arrange};
use super::refusals::Refusals;
use crate::net::addr::Addr;
use crate::net::transmit::Transmit;

const MS_OF_A_MINUTE: u64 = 60_000;

/// How a socket's datagrams leave.
pub struct Sender {
    family: Family,
    bundles: bool,
    /// Most sockets never meet one.
    refusals: OnceLock<Box<Refusals>>,
}

impl Sender {
    /// For this socket, with bundles if the system knows them.
    pub fn new(socket: &UdpSocket, family: Family) -> Self {
        let bundles = raw_option::get(socket, (libc::SOL_UDP, libc::UDP_SEGMENT)).is_ok();
        // One that does not would send a bundle as one datagram.
        Self { bundles, ..Self::plain(family) }
    }

    /// Without bundles.
    pub fn plain(family: Family) -> Self {
        Self { family, bundles: false, refusals: OnceLock::new() }
    }

    /// Sends datagrams that lie one after the other in `bytes`; only a lone one may have a TTL of
    /// its own. What cannot leave now is lost, as on any network.
    pub fn send(&self, socket: &UdpSocket, transmits: &[Transmit], mut bytes: &[u8]) {
        for transmits in transmits.chunks(MOST) {
            let len = transmits.iter().map(|transmit| transmit.len).sum();
            let Some((these, after)) = bytes.split_at_checked(len) else { return };
            bytes = after;
            match transmits {
                [one] => self.send_to(socket, one.to.into(), one.ttl, these),
                _ => self.send_many(socket, transmits, these),
            }
        }
    }

    /// One datagram, to whatever address.
    pub fn send_to(&self, socket: &UdpSocket, to: SocketAddr, ttl: u8, bytes: &[u8]) {
        let to = self.family.towards(to);
        match ttl {
            0 => drop(socket.send_to(bytes, to)),
            _ => send_with_ttl(socket, to, ttl, bytes),
        }
    }

    /// Datagrams of `segment` bytes each, of which the last may be shorter, to one address.
    pub fn send_run(&self, socket: &UdpSocket, to: SocketAddr, bytes: &[u8], segment: usize) {
        let towards = self.family.towards(to);
        let is_bundle = bytes.len() > segment && self.takes_from(to.ip(), segment);
        if is_bundle {
            match send_bundle(socket, towards, bytes, segment) {
                Ok(()) => return,
                // No room, and each alone would ask in vain.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => self.refused(to.ip(), segment, &error),
            }
        }
        for datagram in bytes.chunks(segment.max(1)) {
            let _ = socket.send_to(datagram, towards);
        }
    }

    fn send_many(&self, socket: &UdpSocket, transmits: &[Transmit], mut bytes: &[u8]) {
        let nowhere = Addr::new(Ipv4Addr::UNSPECIFIED, 0);
        let mut datagrams = [Outgoing { to: nowhere, bytes: &[] }; MOST];
        let datagrams = &mut datagrams[..transmits.len()];
        for (datagram, transmit) in datagrams.iter_mut().zip(transmits) {
            let (these, after) = bytes.split_at(transmit.len);
            bytes = after;
            *datagram = Outgoing { to: transmit.to, bytes: these };
        }
        if self.bundles {
            arrange(datagrams);
        }
        self.send_parcels(socket, Parcels::of(datagrams, |first| self.takes(first)));
    }

    fn send_parcels<'a: 'b, 'b>(
        &self,
        socket: &UdpSocket,
        parcels: impl Iterator<Item = &'b [Outgoing<'a>]>,
    ) {
        let mut sent: [&[Outgoing<'_>]; MOST] = [&[]; MOST];
        let mut names = places::<Name, MOST>();
        let mut parts = places::<libc::iovec, MOST>();
        let mut controls = places::<Control, MOST>();
        let mut headers = places::<libc::mmsghdr, MOST>();
        let mut free = &mut parts[..];
        let mut count = 0;
        let rooms = sent.iter_mut().zip(&mut names).zip(&mut controls).zip(&mut headers);
        for (parcel, (((place, name), control), header)) in parcels.zip(rooms) {
            let parts;
            (parts, free) = free.split_at_mut(parcel.len());
            let name = name.write(Name::of(self.towards(parcel[0].to)));
            let written = write_parts(parts, parcel);
            let header = header.write(header_of(name, parts.as_mut_ptr().cast(), written));
            if parcel.len() > 1 {
                let (kind, segment) = ((libc::SOL_UDP, libc::UDP_SEGMENT), parcel[0].bytes.len());
                control.write(Control::EMPTY).say(&mut header.msg_hdr, kind, segment as u16);
            }
            *place = parcel;
            count += 1;
        }
        let send = |from: usize| {
            // SAFETY: the headers from `from` to `count` are written and point to bytes, names,
            // parts and control data that live until the end of this function; sending writes to
            // none of them.
            let sent = unsafe {
                let rest: *mut libc::mmsghdr = headers[from..count].as_mut_ptr().cast();
                let len = (count - from) as _;
                libc::sendmmsg(socket.as_raw_fd(), rest, len, libc::MSG_DONTWAIT as _)
            };
            usize::try_from(sent).map_err(|_| io::Error::last_os_error())
        };
        send_all(count, send, |failed, error| self.send_singly(socket, sent[failed], &error));
    }

    /// A parcel did not leave. A datagram alone is lost then, those of a bundle have another chance.
    fn send_singly(&self, socket: &UdpSocket, parcel: &[Outgoing<'_>], error: &io::Error) {
        let [first, _, ..] = parcel else { return };
        self.refused((*first.to.ip()).into(), first.bytes.len(), error);
        for datagram in parcel {
            let _ = socket.send_to(datagram.bytes, self.towards(datagram.to));
        }
    }

    fn towards(&self, to: Addr) -> SocketAddr {
        self.family.towards(to.into())
    }

    /// Remembers that there are no bundles on this way, if that is what the error says.
    fn refused(&self, to: IpAddr, len: usize, error: &io::Error) {
        if let Some(len) = refused_from(len, error) {
            tracing::debug!(%to, len, %error, "no bundles on this way");
            self.refusals.get_or_init(Box::default).note(to, len, minute());
        }
    }

    fn takes(&self, first: &Outgoing<'_>) -> bool {
        self.takes_from((*first.to.ip()).into(), first.bytes.len())
    }

    fn takes_from(&self, to: IpAddr, len: usize) -> bool {
        let refused = |refusals: &Refusals| refusals.hold(to, len, minute());
        self.bundles && !self.refusals.get().is_some_and(|refusals| refused(refusals))
    }
}

/// Sends so many parcels: `send` those from one on, of which it says how many left. One that cannot
/// is told to `failed`, and those behind it are sent.
fn send_all(
    count: usize,
    mut send: impl FnMut(usize) -> io::Result<usize>,
    mut failed: impl FnMut(usize, io::Error),
) {
    let mut done = 0;
    while done < count {
        match send(done) {
            Ok(sent) => done += sent.max(1),
            // No room, and each of the rest would ask in vain.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) => {
                failed(done, error);
                done += 1;
            }
        }
    }
}

/// Writes where the bytes of a parcel are, in as few parts as they lie in. Returns how many.
fn write_parts(places: &mut [MaybeUninit<libc::iovec>], parcel: &[Outgoing<'_>]) -> usize {
    let mut runs = parcel.chunk_by(|a, b| a.bytes.as_ptr_range().end == b.bytes.as_ptr());
    let mut count = 0;
    for (place, run) in places.iter_mut().zip(&mut runs) {
        let base = run[0].bytes.as_ptr().cast_mut().cast();
        let len = run.iter().map(|datagram| datagram.bytes.len()).sum();
        place.write(libc::iovec { iov_base: base, iov_len: len });
        count += 1;
    }
    count
}

/// The length of datagrams from which on an error says that there are no bundles of them.
fn refused_from(len: usize, error: &io::Error) -> Option<usize> {
    match error.raw_os_error()? {
        // The device computes no checksums, or the packets are transformed on their way.
        libc::EIO => Some(0),
        // They are longer than the route's MTU: invalid, for kernels before 6.13.
        libc::EMSGSIZE | libc::EINVAL => Some(len),
        _ => None,
    }
}

fn send_bundle(socket: &UdpSocket, to: SocketAddr, bytes: &[u8], segment: usize) -> io::Result<()> {
    let mut name = Name::of(to);
    let base = bytes.as_ptr().cast_mut().cast();
    let mut part = libc::iovec { iov_base: base, iov_len: bytes.len() };
    let mut control = Control::EMPTY;
    let mut header = header_of(&mut name, &mut part, 1).msg_hdr;
    control.say(&mut header, (libc::SOL_UDP, libc::UDP_SEGMENT), segment as u16);
    // SAFETY: the header points to bytes, name, part and control data that live until the end of
    // this function; sending writes to none of them.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &header, libc::MSG_DONTWAIT as _) };
    if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The TTL goes with the datagram: as an option of the socket it would be everyone's for a moment.
fn send_with_ttl(socket: &UdpSocket, to: SocketAddr, ttl: u8, bytes: &[u8]) {
    let mut name = Name::of(to);
    let base = bytes.as_ptr().cast_mut().cast();
    let mut part = libc::iovec { iov_base: base, iov_len: bytes.len() };
    let mut control = Control::EMPTY;
    let mut header = header_of(&mut name, &mut part, 1).msg_hdr;
    // The system sends what goes to a mapped address as any of IPv4.
    let kind = match to {
        SocketAddr::V6(to) if to.ip().to_ipv4_mapped().is_none() => {
            (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT)
        }
        _ => (libc::IPPROTO_IP, libc::IP_TTL),
    };
    control.say(&mut header, kind, libc::c_int::from(ttl));
    // SAFETY: the header points to bytes, name, part and control data that live until the end of
    // this function; sending writes to none of them.
    unsafe { libc::sendmsg(socket.as_raw_fd(), &header, libc::MSG_DONTWAIT as _) };
}

fn minute() -> u16 {
    (clock::mono_ms() / MS_OF_A_MINUTE) as u16
}
