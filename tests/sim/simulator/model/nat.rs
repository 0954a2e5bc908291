//! Network address translation, by the words of RFC 4787.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use dht_rpc_native::dht::Addr;
use rand::RngExt;
use rand::rngs::StdRng;

/// What a mapping, or a filter, distinguishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    Endpoint,
    Address,
    AddressAndPort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NatKind {
    pub mapping: Dependence,
    pub filtering: Dependence,
    /// Ports outside are drawn; otherwise the port inside is kept where it is free.
    pub random_ports: bool,
    /// A mapping that nothing leaves by is forgotten, and so is who was contacted, in ms. RFC 4787
    /// asks for 2 minutes or more.
    pub expiry_ms: u64,
    /// Whether hosts inside reach each other by their addresses outside.
    pub hairpin: bool,
}

impl NatKind {
    pub const fn new(mapping: Dependence, filtering: Dependence) -> Self {
        Self { mapping, filtering, random_ports: false, expiry_ms: 120_000, hairpin: false }
    }
}

/// One box with one address outside.
#[derive(Debug)]
pub struct Nat {
    kind: NatKind,
    host: Ipv4Addr,
    by_inside: HashMap<(Addr, Option<Addr>), u16>,
    by_port: HashMap<u16, Mapping>,
}

#[derive(Debug)]
struct Mapping {
    inside: Addr,
    /// For whom it was made, as far as that is distinguished.
    towards: Option<Addr>,
    left_ms: u64,
    /// Who may answer, as far as that is distinguished, and when something left for them last.
    contacted: HashMap<Addr, u64>,
}

impl Nat {
    pub fn new(host: Ipv4Addr, kind: NatKind) -> Self {
        Self { kind, host, by_inside: HashMap::new(), by_port: HashMap::new() }
    }

    pub fn hairpin(&self) -> bool {
        self.kind.hairpin
    }

    /// A datagram leaves; returns its source outside.
    pub fn outbound(&mut self, now_ms: u64, inside: Addr, to: Addr, rng: &mut StdRng) -> Addr {
        let towards = seen(self.kind.mapping, to);
        let alive = self.by_inside.get(&(inside, towards)).copied().filter(|port| {
            self.by_port.get(port).is_some_and(|mapping| self.is_alive(now_ms, mapping))
        });
        let port = alive.unwrap_or_else(|| self.map(now_ms, inside, towards, rng));
        let contacted = seen(self.kind.filtering, to);
        if let Some(mapping) = self.by_port.get_mut(&port) {
            mapping.left_ms = now_ms;
            mapping.contacted.extend(contacted.map(|to| (to, now_ms)));
        }
        Addr::new(self.host, port)
    }

    /// A datagram comes from outside; returns for whom inside it is, if it passes.
    pub fn inbound(&self, now_ms: u64, from: Addr, port: u16) -> Option<Addr> {
        let mapping = self.by_port.get(&port)?;
        let passes = match seen(self.kind.filtering, from) {
            None => self.is_alive(now_ms, mapping),
            Some(from) => {
                let left_ms = mapping.contacted.get(&from);
                left_ms.is_some_and(|left_ms| self.lasts(now_ms, *left_ms))
            }
        };
        passes.then_some(mapping.inside)
    }

    fn is_alive(&self, now_ms: u64, mapping: &Mapping) -> bool {
        self.lasts(now_ms, mapping.left_ms)
    }

    fn lasts(&self, now_ms: u64, left_ms: u64) -> bool {
        now_ms - left_ms <= self.kind.expiry_ms
    }

    fn map(&mut self, now_ms: u64, inside: Addr, towards: Option<Addr>, rng: &mut StdRng) -> u16 {
        let port = self.free_port(now_ms, inside.port(), rng);
        if let Some(old) = self.by_port.remove(&port) {
            self.by_inside.remove(&(old.inside, old.towards));
        }
        let contacted = HashMap::new();
        self.by_inside.insert((inside, towards), port);
        self.by_port.insert(port, Mapping { inside, towards, left_ms: now_ms, contacted });
        port
    }

    fn free_port(&self, now_ms: u64, inside: u16, rng: &mut StdRng) -> u16 {
        let is_free = |port: &u16| {
            self.by_port.get(port).is_none_or(|mapping| !self.is_alive(now_ms, mapping))
        };
        let kept = Some(inside).filter(|_| !self.kind.random_ports);
        let mut drawn = std::iter::repeat_with(|| rng.random_range(1024..=u16::MAX));
        kept.filter(is_free).unwrap_or_else(|| drawn.find(is_free).unwrap_or(inside))
    }
}

/// What is left of an address if no more is distinguished.
fn seen(dependence: Dependence, addr: Addr) -> Option<Addr> {
    match dependence {
        Dependence::Endpoint => None,
        Dependence::Address => Some(Addr::new(*addr.ip(), 0)),
        Dependence::AddressAndPort => Some(addr),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::HashSet;

    const OUTSIDE: Ipv4Addr = Ipv4Addr::new(20, 0, 0, 1);

    fn addr(host: u8, port: u16) -> Addr {
        Addr::new(Ipv4Addr::new(30, 0, 0, host), port)
    }

    fn inside() -> Addr {
        Addr::new(Ipv4Addr::new(10, 0, 0, 2), 49_737)
    }

    /// Whether one port outside serves another port of the same host, and another host.
    fn mapping_is_kept(mapping: Dependence) -> [bool; 2] {
        let rng = &mut StdRng::seed_from_u64(1);
        let mut nat = Nat::new(OUTSIDE, NatKind::new(mapping, Dependence::Endpoint));
        let first = nat.outbound(0, inside(), addr(1, 1), rng);
        assert_eq!(first, Addr::new(OUTSIDE, 49_737), "the port is kept while it is free");
        [addr(1, 2), addr(2, 1)].map(|to| nat.outbound(0, inside(), to, rng) == first)
    }

    /// Whether the asked port, another one of its host, and another host pass.
    fn passes(filtering: Dependence) -> [bool; 3] {
        let rng = &mut StdRng::seed_from_u64(1);
        let mut nat = Nat::new(OUTSIDE, NatKind::new(Dependence::Endpoint, filtering));
        let port = nat.outbound(0, inside(), addr(1, 1), rng).port();
        [addr(1, 1), addr(1, 2), addr(2, 1)]
            .map(|from| nat.inbound(0, from, port) == Some(inside()))
    }

    #[test]
    fn mapping_and_filtering_distinguish_what_they_say() {
        assert_eq!(mapping_is_kept(Dependence::Endpoint), [true, true]);
        assert_eq!(mapping_is_kept(Dependence::Address), [true, false]);
        assert_eq!(mapping_is_kept(Dependence::AddressAndPort), [false, false]);
        assert_eq!(passes(Dependence::Endpoint), [true, true, true]);
        assert_eq!(passes(Dependence::Address), [true, true, false]);
        assert_eq!(passes(Dependence::AddressAndPort), [true, false, false]);
    }

    #[test]
    fn a_mapping_that_nothing_leaves_by_expires() {
        let rng = &mut StdRng::seed_from_u64(1);
        let kind = NatKind::new(Dependence::Endpoint, Dependence::Endpoint);
        let mut nat = Nat::new(OUTSIDE, NatKind { random_ports: true, ..kind });
        let first = nat.outbound(0, inside(), addr(1, 1), rng);
        assert_ne!(first.port(), inside().port());
        assert_eq!(nat.outbound(120_000, inside(), addr(1, 1), rng), first);
        assert_eq!(nat.inbound(240_000, addr(1, 1), first.port()), Some(inside()));
        assert_eq!(nat.inbound(240_001, addr(1, 1), first.port()), None);
        assert_ne!(nat.outbound(240_001, inside(), addr(1, 1), rng), first);
    }

    #[test]
    fn whoever_nothing_was_sent_to_for_long_does_not_pass_though_the_mapping_lives() {
        let rng = &mut StdRng::seed_from_u64(1);
        for filtering in [Dependence::Address, Dependence::AddressAndPort] {
            let mut nat = Nat::new(OUTSIDE, NatKind::new(Dependence::Endpoint, filtering));
            let port = nat.outbound(0, inside(), addr(1, 1), rng).port();
            nat.outbound(100_000, inside(), addr(2, 1), rng);
            assert_eq!(nat.inbound(120_000, addr(1, 1), port), Some(inside()));
            assert_eq!(nat.inbound(120_001, addr(1, 1), port), None);
            assert_eq!(nat.inbound(120_001, addr(2, 1), port), Some(inside()));
        }
    }

    /// The ports outside that 50 hosts see of one inside.
    fn ports(random_ports: bool) -> Vec<u16> {
        let rng = &mut StdRng::seed_from_u64(1);
        let kind = NatKind::new(Dependence::Address, Dependence::Endpoint);
        let mut nat = Nat::new(OUTSIDE, NatKind { random_ports, ..kind });
        (0..50).map(|host| nat.outbound(0, inside(), addr(host, 1), rng).port()).collect()
    }

    #[test]
    fn ports_are_drawn_or_kept() {
        for (random_ports, kept) in [(false, 1), (true, 0)] {
            let ports = ports(random_ports);
            let different: HashSet<u16> = ports.iter().copied().collect();
            assert_eq!(different.len(), ports.len());
            assert_eq!(ports.iter().filter(|port| **port == inside().port()).count(), kept);
            assert!(ports.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 1), "{ports:?}");
        }
    }

    #[test]
    fn a_port_that_is_taken_is_not_given_twice() {
        let rng = &mut StdRng::seed_from_u64(1);
        let kind = NatKind::new(Dependence::Endpoint, Dependence::Endpoint);
        let mut nat = Nat::new(OUTSIDE, kind);
        let neighbour = Addr::new(Ipv4Addr::new(10, 0, 0, 3), inside().port());
        let [a, b] = [inside(), neighbour].map(|host| nat.outbound(0, host, addr(1, 1), rng));
        assert_ne!(a, b);
        assert_eq!(nat.inbound(0, addr(1, 1), b.port()), Some(neighbour));
    }
}
