use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::config::Hardened;

/// Who is in the table of a hardened node, and on what grounds.
#[derive(Debug)]
pub struct Members {
    verify: bool,
    per_host: Option<u32>,
    per_subnet: Option<u32>,
    hosts: BTreeMap<Ipv4Addr, u32>,
    /// By the first three bytes.
    subnets: BTreeMap<[u8; 3], u32>,
    /// Entries that were never heard answering, by their serials: the slot of one that has yet to
    /// be pinged.
    unproven: BTreeMap<u32, Option<u16>>,
}

/// Why a newcomer finds no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiversityLimit {
    Host,
    Subnet,
}

impl Members {
    /// `None` if nothing of this is asked for.
    pub fn new(hardened: &Hardened) -> Option<Self> {
        let Hardened { verify, per_host, per_subnet, .. } = *hardened;
        let wanted = verify || per_host.is_some() || per_subnet.is_some();
        wanted.then(|| Self {
            verify,
            per_host,
            per_subnet,
            hosts: BTreeMap::new(),
            subnets: BTreeMap::new(),
            unproven: BTreeMap::new(),
        })
    }

    /// Whether the table has a place for one more of this host.
    pub fn crowd(&self, host: Ipv4Addr) -> Option<DiversityLimit> {
        let of_host = self.hosts.get(&host).copied().unwrap_or(0);
        let of_subnet = self.subnets.get(&subnet(host)).copied().unwrap_or(0);
        if self.per_host.is_some_and(|limit| of_host >= limit) {
            return Some(DiversityLimit::Host);
        }
        self.per_subnet.is_some_and(|limit| of_subnet >= limit).then_some(DiversityLimit::Subnet)
    }

    /// An entry was added.
    pub fn added(&mut self, host: Ipv4Addr, serial: u32, slot: u16, proven: bool) {
        *self.hosts.entry(host).or_insert(0) += 1;
        *self.subnets.entry(subnet(host)).or_insert(0) += 1;
        if self.verify && !proven {
            self.unproven.insert(serial, Some(slot));
        }
    }

    /// The serial and slot of an entry that is to be pinged now; of each only once.
    pub fn next_to_verify(&mut self) -> Option<(u32, u16)> {
        let mut waiting = self.unproven.iter_mut();
        waiting.find_map(|(serial, slot)| Some((*serial, slot.take()?)))
    }

    /// The ping of an entry was not made, or not waited for.
    pub fn verify_later(&mut self, serial: u32, slot: u16) {
        if let Some(waiting) = self.unproven.get_mut(&serial) {
            *waiting = Some(slot);
        }
    }

    pub fn removed(&mut self, host: Ipv4Addr, serial: u32) {
        one_less(&mut self.hosts, host);
        one_less(&mut self.subnets, subnet(host));
        self.unproven.remove(&serial);
    }

    /// An entry answered.
    pub fn proved(&mut self, serial: u32) {
        self.unproven.remove(&serial);
    }

    pub fn is_unproven(&self, serial: u32) -> bool {
        self.unproven.contains_key(&serial)
    }

    pub fn unproven(&self) -> usize {
        self.unproven.len()
    }
}

fn subnet(host: Ipv4Addr) -> [u8; 3] {
    let [a, b, c, _] = host.octets();
    [a, b, c]
}

fn one_less<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K) {
    let Some(count) = counts.get_mut(&key) else {
        return;
    };
    *count = count.saturating_sub(1);
    if *count == 0 {
        counts.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(hardened: Hardened) -> Members {
        Members::new(&hardened).expect("something is asked for")
    }

    #[test]
    fn a_host_and_a_subnet_have_so_many_places() {
        let limits = Hardened { per_host: Some(2), per_subnet: Some(3), ..Hardened::OFF };
        let mut members = members(limits);
        let [a, b] = [5, 6].map(|last| Ipv4Addr::new(9, 9, 9, last));
        for serial in 0..2 {
            assert_eq!(members.crowd(a), None);
            members.added(a, serial, 0, false);
        }
        assert_eq!(members.next_to_verify(), None, "nothing is to be verified");
        assert_eq!(members.crowd(a), Some(DiversityLimit::Host));
        members.added(b, 2, 0, false);
        assert_eq!(members.crowd(b), Some(DiversityLimit::Subnet));
        assert_eq!(members.crowd(Ipv4Addr::new(9, 9, 8, 5)), None);

        members.removed(a, 0);
        assert_eq!(members.crowd(a), None);
        members.removed(a, 1);
        members.removed(b, 2);
        assert!(members.hosts.is_empty() && members.subnets.is_empty());
    }

    #[test]
    fn an_entry_is_unproven_until_it_answers_or_leaves() {
        let mut members = members(Hardened { verify: true, ..Hardened::OFF });
        let host = Ipv4Addr::new(9, 9, 9, 9);
        members.added(host, 1, 11, false);
        members.added(host, 2, 12, false);
        members.added(host, 3, 13, true);
        let pinged: Vec<_> = std::iter::from_fn(|| members.next_to_verify()).collect();
        assert_eq!(pinged, [(1, 11), (2, 12)]);
        assert_eq!([1, 2, 3].map(|serial| members.is_unproven(serial)), [true, true, false]);
        members.proved(1);
        members.removed(host, 2);
        assert_eq!(members.unproven(), 0);
        assert!(Members::new(&Hardened::OFF).is_none());
    }
}
