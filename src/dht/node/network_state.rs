//! Going public: whether peers reach our server socket, and the table around our public id.

use std::net::Ipv4Addr;

use super::super::contact::Contact;
use super::super::event::Event;
use super::super::id::Id;
use super::super::nat::NatSampler;
use super::super::wire::command;
use super::requesting::{IncomingReply, OutgoingRequest, RequestKind};
use super::resolving::EntryPointUser;
use super::upkeep::MORE_STABLE_TICKS;
use super::{FollowUp, Node};
use crate::net::addr::Addr;
use crate::net::clock::Now;
use crate::net::socket_key::SocketKey;

/// Nodes that are asked to reach our server socket, and how many of that many have to.
const PROBED: usize = 5;
const REACHED_OF_PROBED: usize = 3;

/// Who wants the network state updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UpdateRequester {
    User(u32),
    Bootstrap,
    Upkeep,
}

/// Several nodes being asked to reach our server socket.
#[derive(Debug)]
pub(super) struct Probe {
    asker: UpdateRequester,
    only_firewall: bool,
    /// What we took for our address when it began.
    claimed: Addr,
    nodes: Vec<Addr>,
    missing: usize,
    /// Of the probed hosts, those that a datagram came from on the server socket.
    heard: Vec<Ipv4Addr>,
    /// Senders of replies, and us as they see us.
    replies: Vec<(Ipv4Addr, Addr)>,
}

impl Node {
    /// Whether `only_firewall` is set or not, `asker` hears whether anything changed.
    pub(super) fn update_state(&mut self, now: Now, asker: UpdateRequester, only_firewall: bool) {
        if !self.ephemeral || only_firewall && !self.firewalled {
            return self.state_updated(asker, false);
        }
        let (host, port) = self.nat_outcome();
        if !only_firewall {
            self.stable_ticks = MORE_STABLE_TICKS;
            self.last_host = host;
        }
        let Some(host) = host.filter(|_| port != 0) else {
            return self.state_updated(asker, false);
        };
        let claimed = Addr::new(host, port);
        if !self.firewalled {
            let changed = self.go_public(claimed, only_firewall, None);
            return self.state_updated(asker, changed);
        }
        let latest = self.list.iter_latest_first().filter_map(|slot| self.table.entry(slot));
        let nodes: Vec<Addr> = latest.take(PROBED).map(|entry| entry.addr).collect();
        let enough = nodes.len() >= PROBED;
        let probe = Probe {
            asker,
            only_firewall,
            claimed,
            nodes,
            missing: 0,
            heard: Vec::new(),
            replies: Vec::new(),
        };
        let key = self.next_key();
        self.probes.insert(key, probe);
        if enough {
            self.probe_opened(now, key);
        } else {
            self.tasks.push_back(FollowUp::Resolve(EntryPointUser::Probe(key)));
        }
    }

    /// A datagram of any kind came in on the server socket.
    pub(super) fn heard_on_server(&mut self, host: Ipv4Addr) {
        for probe in self.probes.values_mut().filter(|probe| probe.missing > 0) {
            let probed = probe.nodes.iter().any(|node| *node.ip() == host);
            if probed && !probe.heard.contains(&host) {
                probe.heard.push(host);
            }
        }
    }

    pub(super) fn probe_candidate(&mut self, key: u32, node: Contact) {
        if let Some(probe) = self.probes.get_mut(&key) {
            probe.nodes.push(node.addr);
        }
    }

    /// All nodes to ask are known.
    pub(super) fn probe_opened(&mut self, now: Now, key: u32) {
        let Some(probe) = self.probes.get_mut(&key) else {
            return;
        };
        let nodes = probe.nodes.clone();
        probe.missing = nodes.len();
        let Some(ports) = self.ports.filter(|_| !nodes.is_empty()) else {
            return self.tasks.push_back(FollowUp::ProbeOver(key));
        };
        let value = ports.server.to_le_bytes();
        for addr in nodes {
            let to = Contact { id: None, addr };
            let kind = RequestKind::Probe { probe: key };
            let ask = OutgoingRequest::internal(command::PING_NAT, to, Some(&value), kind);
            if self.ask(now, ask).is_err() {
                self.probe_failed(key);
            }
        }
    }

    pub(super) fn probe_answered(&mut self, key: u32, answer: &IncomingReply<'_>) {
        let Some(probe) = self.probes.get_mut(&key) else {
            return;
        };
        let host = *answer.from.addr.ip();
        if answer.socket == SocketKey::Server && !probe.heard.contains(&host) {
            probe.heard.push(host);
        }
        probe.replies.push((host, answer.reply.to));
        self.probe_failed(key);
    }

    /// One answer less to wait for.
    pub(super) fn probe_failed(&mut self, key: u32) {
        let Some(probe) = self.probes.get_mut(&key) else {
            return;
        };
        probe.missing = probe.missing.saturating_sub(1);
        if probe.missing == 0 {
            self.tasks.push_back(FollowUp::ProbeOver(key));
        }
    }

    pub(super) fn probe_over(&mut self, key: u32) {
        let Some(probe) = self.probes.remove(&key) else {
            return;
        };
        let Probe { asker, only_firewall, claimed, .. } = probe;
        // What had answered when the node was destroyed makes no other node of it.
        let changed = match self.public_sampler(&probe).filter(|_| !self.destroyed) {
            Some(sampler) => self.go_public(claimed, only_firewall, Some(sampler)),
            None => false,
        };
        self.state_updated(asker, changed);
    }
}

impl Node {
    fn state_updated(&mut self, asker: UpdateRequester, changed: bool) {
        match asker {
            UpdateRequester::User(user) => self.emit(Event::NetworkState { user, changed }),
            UpdateRequester::Bootstrap => self.bootstrap_state_updated(changed),
            UpdateRequester::Upkeep => {}
        }
    }

    /// The samples of a probe, if it shows that there is no firewall.
    fn public_sampler(&self, probe: &Probe) -> Option<NatSampler> {
        let mut sampler = NatSampler::new();
        let mut reached = 0;
        for (host, to) in &probe.replies {
            if probe.heard.contains(host) {
                reached += 1;
                sampler.add(*to);
            }
        }
        let wanted = if probe.nodes.len() >= PROBED { REACHED_OF_PROBED } else { 1 };
        let same_host = sampler.host().is_some() && sampler.host() == self.nat.host();
        let local_port = self.ports.map_or(0, |ports| ports.server);
        let same_port = sampler.port() != 0 && sampler.port() == local_port;
        (reached >= wanted && same_host && same_port).then_some(sampler)
    }

    /// There is no firewall. `sampler` is what the server socket saw; without it the node knew so
    /// before, and what it knows stands. False if its address is not what was `claimed`.
    fn go_public(
        &mut self,
        claimed: Addr,
        only_firewall: bool,
        sampler: Option<NatSampler>,
    ) -> bool {
        self.firewalled = false;
        let (host, port) = match &sampler {
            Some(sampler) => (sampler.host(), sampler.port()),
            None => self.nat_outcome(),
        };
        let steady = self.nat_outcome() == (Some(*claimed.ip()), claimed.port());
        if !self.ephemeral || !steady || host != Some(*claimed.ip()) || port == 0 {
            return false;
        }
        if !only_firewall {
            self.ephemeral = false;
        }
        if let Some(sampler) = sampler {
            let before = self.nat_outcome();
            self.sampled_without_id.clear();
            self.nat = sampler;
            self.nat_changed_since(before);
        }
        self.recentre(Id::of(Addr::new(*claimed.ip(), port)));
        if !self.ephemeral {
            self.emit(Event::Persistent);
        }
        true
    }

    fn recentre(&mut self, id: Id) {
        if id == self.table.id() {
            return;
        }
        let dropped = self.table.recentre(id);
        self.changed();
        for (slot, entry) in dropped {
            self.list.remove(slot);
            self.entry_removed(entry);
        }
        if self.bootstrapped {
            self.refresh_now();
        }
    }
}
