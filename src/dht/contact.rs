//! Other nodes, as they are named and as they are kept.

use super::id::Id;
use crate::net::addr::Addr;

/// A node as others name it: an address, and its id where that was verified or computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Contact {
    pub id: Option<Id>,
    pub addr: Addr,
}

/// Whom a filter is asked about: an address, with the id that follows from it or without any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    pub addr: Addr,
    pub has_id: bool,
}

impl Subject {
    /// Made when it is asked for: most filters look at addresses only.
    pub fn id(&self) -> Option<Id> {
        self.has_id.then(|| Id::of(self.addr))
    }
}

impl From<Contact> for Subject {
    fn from(contact: Contact) -> Self {
        Self { addr: contact.addr, has_id: contact.id.is_some() }
    }
}

/// A node of the table and the node list. Ticks are 5 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeEntry {
    /// Counts the entries of a node: the same number is the same entry.
    pub serial: u32,
    pub id: Id,
    pub addr: Addr,
    /// Us, as it saw us when it was last sampled.
    pub to: Option<Addr>,
    pub sampled: i32,
    pub added: i32,
    pub pinged: i32,
    pub seen: i32,
    pub down_hints: u32,
}
