//! Joining the network: a lookup of ourselves, a look at our firewall, a second lookup.

use super::super::contact::Contact;
use super::super::event::Event;
use super::super::lookup::QueryOwner;
use super::super::wire::command;
use super::Node;
use super::network_state::UpdateRequester;
use super::requesting::{OutgoingRequest, RequestKind};
use crate::net::clock::Now;

/// Lookups of a bootstrap: the second for the new id, if the first showed our address.
const ROUNDS: u8 = 2;

/// How far the bootstrap is.
#[derive(Debug, Default)]
pub(super) struct Bootstrap {
    started: bool,
    rounds: u8,
    /// The first reply is still to be asked whether it reaches our server socket.
    test_first: bool,
    /// It is being asked.
    testing: bool,
    /// It does.
    reached: bool,
}

impl Node {
    /// Begins the bootstrap. To be called once the sockets are bound; nothing the second time.
    pub fn start(&mut self, now: Now) {
        if self.destroyed || std::mem::replace(&mut self.bootstrap.started, true) {
            return;
        }
        let in_question = self.firewalled && self.config.quick_firewall;
        self.bootstrap.test_first = in_question && !self.wants_persistent();
        self.bootstrap_round();
        self.settle(now);
    }

    /// A reply came to the bootstrap's lookup.
    pub(super) fn bootstrap_row(&mut self, now: Now, from: Contact) {
        if !std::mem::replace(&mut self.bootstrap.test_first, false) {
            return;
        }
        let Some(ports) = self.ports else {
            return;
        };
        let value = ports.server.to_le_bytes();
        let to = Contact { id: None, addr: from.addr };
        let ask = OutgoingRequest::internal(
            command::PING_NAT,
            to,
            Some(&value),
            RequestKind::QuickFirewall,
        );
        self.bootstrap.testing = self.ask(now, ask).is_ok();
    }

    /// The first reply's sender reaches our server socket, or cannot be asked.
    pub(super) fn quick_check_over(&mut self, reached: bool) {
        self.bootstrap.testing = false;
        self.bootstrap.reached |= reached;
    }

    /// Whether it is still open which comes first: the end of the bootstrap's lookup, of which the
    /// client socket hears, or the answer to the look at the firewall, which comes on the server
    /// socket. Where both wait to be read the driver is to read all of the client socket's first, as
    /// the reference does: a node in a network of a few on one host would take itself for reachable
    /// otherwise.
    pub fn reads_client_first(&self) -> bool {
        self.bootstrap.testing
    }

    /// The node is destroyed. A bootstrap that did not begin ends as its lookup does now.
    pub(super) fn end_bootstrap_before_start(&mut self) {
        if !std::mem::replace(&mut self.bootstrap.started, true) {
            self.bootstrap_round();
        }
    }

    pub(super) fn bootstrap_lookup_over(&mut self, now: Now) {
        if self.bootstrap.reached || self.wants_persistent() {
            self.update_state(now, UpdateRequester::Bootstrap, !self.wants_persistent());
        } else {
            self.bootstrap_over();
        }
    }

    pub(super) fn bootstrap_state_updated(&mut self, changed: bool) {
        if changed && self.bootstrap.rounds < ROUNDS {
            self.bootstrap_round();
        } else {
            self.bootstrap_over();
        }
    }
}

impl Node {
    fn bootstrap_round(&mut self) {
        self.bootstrap.rounds += 1;
        let target = *self.table.id().as_bytes();
        self.background_query(QueryOwner::Bootstrap, target);
    }

    fn bootstrap_over(&mut self) {
        self.bootstrapped = true;
        self.bootstrap.testing = false;
        self.release_memory();
        self.emit(Event::Ready);
    }

    fn wants_persistent(&self) -> bool {
        self.config.ephemeral == Some(false)
    }
}
