//! Destinations whose way takes no bundles.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Of as many addresses. One that takes another's place has that one asked again.
const PLACES: usize = 64;

/// Minutes after which a way is tried again: for as long as Linux believes in a path's MTU.
const MINUTES: u16 = 10;

/// No datagram is as long.
const NONE: u64 = u16::MAX as u64;

/// From which length of their datagrams on bundles were refused, by address. A place is an address
/// (32 bits, to which those of IPv6 are folded), a length (16) and the minute (16), so that threads share it without a lock.
pub struct Refusals {
    places: [AtomicU64; PLACES],
}

impl Default for Refusals {
    fn default() -> Self {
        Self { places: [const { AtomicU64::new(NONE << 16) }; PLACES] }
    }
}

impl Refusals {
    /// A bundle of datagrams of `len` bytes, or longer ones, was refused in this minute.
    pub fn note(&self, ip: IpAddr, len: usize, minute: u16) {
        let len = len.min(usize::from(u16::MAX)) as u64;
        let ip = folded(ip);
        let place = u64::from(ip) << 32 | len << 16 | u64::from(minute);
        self.place(ip).store(place, Ordering::Relaxed);
    }

    /// Whether bundles of such datagrams are refused.
    pub fn hold(&self, ip: IpAddr, len: usize, minute: u16) -> bool {
        let ip = folded(ip);
        let place = self.place(ip).load(Ordering::Relaxed);
        let (known, least, since) = ((place >> 32) as u32, (place >> 16) as u16, place as u16);
        known == ip && len >= usize::from(least) && minute.wrapping_sub(since) < MINUTES
    }

    fn place(&self, ip: u32) -> &AtomicU64 {
        // Neighbours get places of their own.
        &self.places[ip as usize % PLACES]
    }
}

fn folded(ip: IpAddr) -> u32 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits(),
        IpAddr::V6(ip) => {
            let bits = ip.to_bits();
            (bits >> 96 ^ bits >> 64 ^ bits >> 32 ^ bits) as u32
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const NEAR: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    const FAR: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

    #[test]
    fn what_was_refused_is_refused_from_that_length_on() {
        let refusals = Refusals::default();
        assert!(!refusals.hold(NEAR, 2048, 5));
        refusals.note(NEAR, 1400, 5);
        let held = [1399, 1400, 2048].map(|len| refusals.hold(NEAR, len, 5));
        assert_eq!(held, [false, true, true]);
        assert!(!refusals.hold(FAR, 2048, 5));
        refusals.note(FAR, 0, 5);
        assert!(refusals.hold(FAR, 1, 5));
    }

    #[test]
    fn a_way_is_tried_again_after_a_while_even_if_minutes_wrap() {
        let refusals = Refusals::default();
        refusals.note(NEAR, 0, u16::MAX);
        assert!(refusals.hold(NEAR, 1, MINUTES - 2));
        assert!(!refusals.hold(NEAR, 1, MINUTES - 1));
    }

    #[test]
    fn nothing_is_refused_at_first_not_even_to_no_address() {
        let refusals = Refusals::default();
        assert!(!refusals.hold(Ipv4Addr::UNSPECIFIED.into(), 2048, 0));
    }

    #[test]
    fn who_takes_anothers_place_has_it_asked_again() {
        let refusals = Refusals::default();
        let other = IpAddr::V4(Ipv4Addr::from_bits(folded(NEAR) + PLACES as u32));
        refusals.note(NEAR, 0, 0);
        refusals.note(other, 0, 0);
        assert!(!refusals.hold(NEAR, 1, 0) && refusals.hold(other, 1, 0));
    }

    #[test]
    fn ways_of_ipv6_are_told_apart() {
        let refusals = Refusals::default();
        let [one, other] = [1, 2].map(|n| IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, n)));
        refusals.note(one, 0, 0);
        assert!(refusals.hold(one, 1, 0) && !refusals.hold(other, 1, 0));
    }
}
