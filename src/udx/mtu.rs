//! How large packets may be: RFC 8899, with probes among the data. Constants are those of
//! udx-native 1.21.3. Sizes include the headers of IP and UDP.

use std::net::{IpAddr, SocketAddr};

use super::wire::HEADER_LEN;

/// What every path is taken to carry.
pub const BASE: u16 = 1200;

/// What is tried at most.
pub const MAX: u16 = 1500;

/// What one probe is larger than what is known.
const STEP: u16 = 32;

/// Probes of one size that may be lost.
const MAX_LOST: u8 = 3;

/// Bytes of the headers of IP and UDP.
const V4_HEADERS: u16 = 28;
const V6_HEADERS: u16 = 48;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    /// Nothing is known to have arrived.
    Base,
    /// Sizes are tried; whether one is on its way.
    Trying {
        in_flight: bool,
    },
    Done,
}

/// The search for one remote.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mtu {
    size: u16,
    max: u16,
    lost: u8,
    search: Search,
    headers: u16,
}

impl Mtu {
    /// For packets to `to`, over a first link of `route` bytes.
    pub fn new(to: SocketAddr, route: Option<u16>) -> Self {
        let max = route.map_or(MAX, |route| route.clamp(BASE, MAX));
        Self { size: BASE, max, lost: 0, search: Search::Base, headers: headers_to(to.ip()) }
    }

    /// Bytes of a full packet.
    pub fn size(&self) -> u16 {
        self.size
    }

    /// Bytes of payload in a full packet.
    pub fn payload(&self) -> usize {
        usize::from(self.size - self.headers) - HEADER_LEN
    }

    /// How many bytes pad a packet with so many of payload for it to be the probe that is due, and
    /// the size that it tries.
    pub fn probe(&self, payload: usize) -> Option<(u8, u16)> {
        if self.search != (Search::Trying { in_flight: false }) {
            return None;
        }
        let size = (self.size + STEP).min(self.max);
        let room = usize::from(size - self.headers) - HEADER_LEN;
        let padding = room.checked_sub(payload)?;
        let padding = u8::try_from(padding).ok().filter(|padding| *padding > 0)?;
        Some((padding, size))
    }

    pub fn probe_sent(&mut self) {
        self.search = Search::Trying { in_flight: true };
    }

    /// A packet arrived, which tried `probe` bytes if that is not 0.
    pub fn arrived(&mut self, probe: u16) {
        if self.search == Search::Base {
            self.search = self.next_search();
        }
        if probe > self.size {
            self.size = probe;
            self.lost = 0;
            self.search = self.next_search();
        }
    }

    /// A probe of so many bytes was lost.
    pub fn probe_lost(&mut self, probe: u16) {
        if probe <= self.size || self.search == Search::Done {
            return;
        }
        self.lost += 1;
        self.search = match self.lost >= MAX_LOST {
            true => Search::Done,
            false => Search::Trying { in_flight: false },
        };
    }

    fn next_search(&self) -> Search {
        match self.size >= self.max {
            true => Search::Done,
            false => Search::Trying { in_flight: false },
        }
    }
}

/// An IPv4 address that is written as an IPv6 one travels by IPv4.
fn headers_to(ip: IpAddr) -> u16 {
    match ip.to_canonical() {
        IpAddr::V4(_) => V4_HEADERS,
        IpAddr::V6(_) => V6_HEADERS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mtu(to: &str, route: Option<u16>) -> Mtu {
        Mtu::new(to.parse().expect("an address"), route)
    }

    /// What is found on a path of so many bytes, and the probes that were sent.
    fn found(mut mtu: Mtu, path: u16) -> (u16, Vec<u16>) {
        let mut probes = Vec::new();
        mtu.arrived(0);
        while let Some((padding, size)) = mtu.probe(mtu.payload()) {
            assert_eq!(usize::from(padding), usize::from(size - mtu.size));
            mtu.probe_sent();
            assert_eq!(mtu.probe(mtu.payload()), None);
            probes.push(size);
            match size <= path {
                true => mtu.arrived(size),
                false => mtu.probe_lost(size),
            }
        }
        (mtu.size, probes)
    }

    #[test]
    fn payloads_are_those_of_udx_native() {
        assert_eq!(mtu("1.2.3.4:5", None).payload(), 1152);
        assert_eq!(mtu("[::ffff:1.2.3.4]:5", None).payload(), 1152);
        assert_eq!(mtu("[2001:db8::1]:5", None).payload(), 1132);
    }

    #[test]
    fn sizes_are_tried_until_three_probes_of_one_are_lost() {
        let to = "1.2.3.4:5";
        assert_eq!(found(mtu(to, None), 1300), (1296, vec![1232, 1264, 1296, 1328, 1328, 1328]));
        let all = (1200..1500).step_by(32).skip(1).chain([1500]).collect();
        assert_eq!(found(mtu(to, Some(9000)), 9000), (1500, all));
        assert_eq!(found(mtu(to, Some(1210)), 9000), (1210, vec![1210]));
        assert_eq!(found(mtu(to, Some(1000)), 9000), (1200, vec![]));
    }

    #[test]
    fn nothing_is_tried_before_the_base_arrived_and_no_small_packet_is_padded_that_far() {
        let mut mtu = mtu("1.2.3.4:5", None);
        assert_eq!(mtu.probe(1152), None);
        mtu.arrived(0);
        assert_eq!(mtu.probe(1152), Some((32, 1232)));
        assert_eq!(mtu.probe(1184 - 255), Some((255, 1232)));
        assert_eq!(mtu.probe(1184 - 256), None);
        assert_eq!(mtu.probe(1184), None);
    }
}
