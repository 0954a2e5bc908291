//! Who named whom: whoever named a node that is down is told so.

use super::super::contact::Contact;
use crate::net::addr::Addr;

/// Nodes that a lookup takes over from what others name, if it is limited: more than any took over
/// among 10 000 simulated nodes that lost 30 % of their datagrams each way.
pub(in crate::dht) const MAX_NAMED: usize = 2048;

/// So many are remembered: each silent node costs a look at all of them.
pub(super) const MAX_REFERRALS: usize = 4 * MAX_NAMED;

#[derive(Debug, Default)]
pub(super) struct Referrals {
    /// The named, and the place of who named it among those below; some more than once.
    named: Vec<(Addr, u32)>,
    by: Vec<Contact>,
}

impl Referrals {
    pub fn note(&mut self, named: Addr, by: Contact) {
        if self.named.len() >= MAX_REFERRALS {
            return;
        }
        if self.by.last() != Some(&by) {
            self.by.push(by);
        }
        self.named.push((named, self.by.len() as u32 - 1));
    }

    /// Who named a node.
    pub fn of(&self, addr: Addr) -> Vec<Contact> {
        let referrals = self.named.iter().filter(|(named, _)| *named == addr);
        referrals.filter_map(|(_, by)| self.by.get(*by as usize).copied()).collect()
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.named.len()
    }
}
