//! The words of the system's calls for many datagrams.

use std::mem::{MaybeUninit, zeroed};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::ptr::from_mut;

use super::super::family::unmapped;

/// Bytes of control data that carry one number.
// SAFETY: computes a length, nothing else.
const CONTROL: usize = unsafe { libc::CMSG_SPACE(size_of::<libc::c_int>() as u32) } as usize;

/// Control data of one number, aligned as its head is.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Control {
    head: [libc::cmsghdr; 0],
    bytes: [u8; CONTROL],
}

impl Control {
    /// Room for what the system will say.
    pub const EMPTY: Self = Self { head: [], bytes: [0; CONTROL] };

    /// Has `header` carry it.
    pub fn attach(&mut self, header: &mut libc::msghdr) {
        header.msg_control = from_mut(self).cast();
        header.msg_controllen = CONTROL as _;
    }

    /// Has `header` carry this number, of at most 4 bytes.
    pub fn say<T: Copy>(
        &mut self,
        header: &mut libc::msghdr,
        (level, kind): (libc::c_int, libc::c_int),
        number: T,
    ) {
        const { assert!(size_of::<T>() <= size_of::<libc::c_int>()) };
        self.attach(header);
        // SAFETY: the header's control data is aligned as a head is, and has room for one, with a
        // number behind it.
        unsafe {
            let head = libc::CMSG_FIRSTHDR(header);
            (*head).cmsg_level = level;
            (*head).cmsg_type = kind;
            (*head).cmsg_len = libc::CMSG_LEN(size_of::<T>() as u32) as _;
            libc::CMSG_DATA(head).cast::<T>().write_unaligned(number);
        }
    }
}

/// What the system said of a bundle that it handed over: the length of its datagrams.
///
/// # Safety
/// `header` was received with [`Control::attach`], and that control data lives.
pub unsafe fn segment_of(header: &libc::msghdr) -> Option<usize> {
    // SAFETY: as the caller's; the head is of the system's making, with a number behind it if it is
    // as long as one of these.
    unsafe {
        let head = libc::CMSG_FIRSTHDR(header).as_ref()?;
        let len = libc::CMSG_LEN(size_of::<libc::c_int>() as u32);
        let kind = (head.cmsg_level, head.cmsg_type, head.cmsg_len as usize);
        if kind != (libc::SOL_UDP, libc::UDP_GRO, len as usize) {
            return None;
        }
        let segment = libc::CMSG_DATA(head).cast::<libc::c_int>().read_unaligned();
        usize::try_from(segment).ok().filter(|segment| *segment > 0)
    }
}

/// An address as the system has it, of whichever family.
#[derive(Clone, Copy)]
#[repr(C)]
pub union Name {
    family: libc::sa_family_t,
    v4: libc::sockaddr_in,
    v6: libc::sockaddr_in6,
}

impl Name {
    /// Room for what the system will say.
    // SAFETY: plain data, for which all zeros are valid.
    pub const EMPTY: Self = unsafe { zeroed() };

    pub fn of(addr: SocketAddr) -> Self {
        let mut name = Self::EMPTY;
        match addr {
            SocketAddr::V4(addr) => name.v4 = name_v4(addr),
            SocketAddr::V6(addr) => name.v6 = name_v6(addr),
        }
        name
    }

    /// `None`: it is of neither family.
    pub fn addr(&self) -> Option<SocketAddr> {
        // SAFETY: all of it is plain data that was written, if only with zeros; the family says what
        // the rest is.
        unsafe {
            match libc::c_int::from(self.family) {
                libc::AF_INET => Some(addr_v4(&self.v4).into()),
                libc::AF_INET6 => Some(unmapped(addr_v6(&self.v6).into())),
                _ => None,
            }
        }
    }

    fn len(&self) -> usize {
        // SAFETY: as above.
        match libc::c_int::from(unsafe { self.family }) {
            libc::AF_INET => size_of::<libc::sockaddr_in>(),
            _ => size_of::<libc::sockaddr_in6>(),
        }
    }
}

/// A message of the parts that follow, to `name` or with room for one.
pub fn header_of(name: &mut Name, parts: *mut libc::iovec, count: usize) -> libc::mmsghdr {
    // SAFETY: plain data, for which all zeros are valid: no control data, no flags.
    let mut header: libc::mmsghdr = unsafe { zeroed() };
    header.msg_hdr.msg_namelen = name.len() as libc::socklen_t;
    header.msg_hdr.msg_name = from_mut(name).cast();
    header.msg_hdr.msg_iov = parts;
    header.msg_hdr.msg_iovlen = count as _;
    header
}

/// Places that are written as they are needed.
pub const fn places<T, const N: usize>() -> [MaybeUninit<T>; N] {
    [const { MaybeUninit::uninit() }; N]
}

fn name_v4(addr: SocketAddrV4) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: addr.port().to_be(),
        sin_addr: libc::in_addr { s_addr: addr.ip().to_bits().to_be() },
        sin_zero: [0; 8],
    }
}

fn name_v6(addr: SocketAddrV6) -> libc::sockaddr_in6 {
    libc::sockaddr_in6 {
        sin6_family: libc::AF_INET6 as libc::sa_family_t,
        sin6_port: addr.port().to_be(),
        sin6_flowinfo: addr.flowinfo(),
        sin6_addr: libc::in6_addr { s6_addr: addr.ip().octets() },
        sin6_scope_id: addr.scope_id(),
    }
}

fn addr_v4(name: &libc::sockaddr_in) -> SocketAddrV4 {
    let ip = Ipv4Addr::from_bits(u32::from_be(name.sin_addr.s_addr));
    SocketAddrV4::new(ip, u16::from_be(name.sin_port))
}

fn addr_v6(name: &libc::sockaddr_in6) -> SocketAddrV6 {
    let ip = Ipv6Addr::from(name.sin6_addr.s6_addr);
    let (port, scope) = (u16::from_be(name.sin6_port), name.sin6_scope_id);
    SocketAddrV6::new(ip, port, name.sin6_flowinfo, scope)
}
