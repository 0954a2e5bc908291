//! The words of the system's calls for many datagrams.

use std::mem::{MaybeUninit, zeroed};
use std::net::Ipv4Addr;
use std::ptr::from_mut;

use crate::net::addr::Addr;

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

/// A message of the parts that follow.
pub fn header_of(
    name: *mut libc::sockaddr_in,
    parts: *mut libc::iovec,
    count: usize,
) -> libc::mmsghdr {
    // SAFETY: plain data, for which all zeros are valid: no control data, no flags.
    let mut header: libc::mmsghdr = unsafe { zeroed() };
    header.msg_hdr.msg_name = name.cast();
    header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    header.msg_hdr.msg_iov = parts;
    header.msg_hdr.msg_iovlen = count as _;
    header
}

/// Places that are written as they are needed.
pub const fn places<T, const N: usize>() -> [MaybeUninit<T>; N] {
    [const { MaybeUninit::uninit() }; N]
}

pub fn name_of(addr: Addr) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: addr.port().to_be(),
        sin_addr: libc::in_addr { s_addr: addr.ip().to_bits().to_be() },
        sin_zero: [0; 8],
    }
}

pub fn addr_of(name: &libc::sockaddr_in) -> Addr {
    Addr::new(Ipv4Addr::from_bits(u32::from_be(name.sin_addr.s_addr)), u16::from_be(name.sin_port))
}
