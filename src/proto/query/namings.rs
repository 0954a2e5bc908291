//! Who named whom: whoever named a node that is down is told so.

use super::super::types::{Addr, Contact};
use super::MAX_NAMED;

/// So many are remembered: each silent node costs a look at all of them.
pub(super) const MAX_NAMINGS: usize = 4 * MAX_NAMED;

#[derive(Debug, Default)]
pub(super) struct Namings {
    /// The named, and the place of who named it among those below; some more than once.
    named: Vec<(Addr, u32)>,
    by: Vec<Contact>,
}

impl Namings {
    pub fn note(&mut self, named: Addr, by: Contact) {
        if self.named.len() >= MAX_NAMINGS {
            return;
        }
        if self.by.last() != Some(&by) {
            self.by.push(by);
        }
        self.named.push((named, self.by.len() as u32 - 1));
    }

    /// Who named a node.
    pub fn of(&self, addr: Addr) -> Vec<Contact> {
        let namings = self.named.iter().filter(|(named, _)| *named == addr);
        namings.filter_map(|(_, by)| self.by.get(*by as usize).copied()).collect()
    }

    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.named.len()
    }
}
