//! What a node knows: verified ids only, a table and a list that agree, counters that add up.

use std::collections::HashSet;

use dht_rpc_native::dht::requests::MAX_INFLIGHT;
use dht_rpc_native::dht::table::K;
use dht_rpc_native::dht::*;

use super::{MAX_NODE_BYTES, Verdict, require};

/// Somebody that a node talks to has the id of its address, or none.
pub fn sender(from: &Contact) -> Verdict {
    require(from.id.is_none_or(|id| id == Id::of(from.addr)), || {
        format!("{} passes for somebody else", from.addr)
    })
}

/// The result of a lookup: verified, each once, no more than k.
pub fn closest(state: &QueryState) -> Verdict {
    require(state.closest.len() <= K, || format!("{} closest", state.closest.len()))?;
    state.closest.iter().try_for_each(|reply| sender(&reply.from))?;
    let ids: HashSet<_> = state.closest.iter().map(|reply| reply.from.id).collect();
    let found = ids.len() == state.closest.len() && !ids.contains(&None);
    require(found, || "one of the closest is there twice, or without an id".into())
}

/// A node whose firewall was not shown to be open shows nobody an id.
pub fn own_standing(node: &Node) -> Verdict {
    let hidden = node.is_ephemeral() == node.id().is_none();
    require(hidden, || "it shows an id while it is ephemeral".into())?;
    require(node.is_ephemeral() || !node.is_firewalled(), || "firewalled, yet persistent".into())
}

/// The table and the list of a node.
pub struct Knowledge {
    pub id: Id,
    pub table: Vec<NodeEntry>,
    pub list: Vec<NodeEntry>,
    pub len: usize,
}

impl From<&Box<Node>> for Knowledge {
    fn from(node: &Box<Node>) -> Self {
        let table = node.table().iter().collect();
        let list = node.nodes().collect();
        Self { id: node.table_id(), table, list, len: node.nodes_len() }
    }
}

pub fn table_and_list(known: &Knowledge) -> Verdict {
    let Knowledge { id, table, list, len } = known;
    require(table.len() == list.len() && list.len() == *len, || {
        format!("{} nodes in the table, {} in the list of {len}", table.len(), list.len())
    })?;
    let ids: HashSet<Id> = table.iter().map(|entry| entry.id).collect();
    require(ids.len() == table.len() && list.iter().all(|entry| ids.contains(&entry.id)), || {
        "the table and the list know different nodes".into()
    })?;
    require(!ids.contains(id), || "it knows itself".into())?;
    for entry in table {
        let contact = Contact { id: Some(entry.id), addr: entry.addr };
        sender(&contact)?;
    }
    let mut sizes = [0usize; 257];
    for entry in table {
        sizes[entry.id.common_prefix(id.as_bytes())] += 1;
    }
    require(sizes.iter().all(|size| *size <= K), || "a bucket has too many entries".into())
}

/// Every request is in flight or over.
pub fn counters(node: &Node) -> Verdict {
    let counters = node.counters();
    let in_flight = node.inflight();
    let active = counters.requests_active;
    require(active == in_flight as i64 && in_flight <= MAX_INFLIGHT, || {
        format!("{active} requests active, {in_flight} in flight")
    })?;
    let over = counters.responses + counters.timeouts;
    require(over + active <= counters.requests_total, || {
        format!("{over} requests over, {active} active, {} made", counters.requests_total)
    })?;
    require(counters.queries_active >= 0, || "queries ended more than once".into())
}

pub fn memory(bytes: i64) -> Verdict {
    require(bytes <= MAX_NODE_BYTES, || format!("it takes {bytes} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u16) -> NodeEntry {
        let addr = Addr::new([20, 0, 0, 1].into(), n);
        NodeEntry {
            serial: u32::from(n),
            id: Id::of(addr),
            addr,
            to: None,
            sampled: 0,
            added: 0,
            pinged: 0,
            seen: 0,
            down_hints: 0,
        }
    }

    fn known(nodes: u16) -> Knowledge {
        let table: Vec<NodeEntry> = (1..=nodes).map(entry).collect();
        let list = table.iter().rev().copied().collect();
        Knowledge { id: Id::from_bytes([0; 32]), len: table.len(), table, list }
    }

    #[test]
    fn a_table_and_a_list_that_differ_are_wrong() {
        assert!(table_and_list(&known(20)).is_ok());
        for spoil in [
            |known: &mut Knowledge| known.len += 1,
            |known: &mut Knowledge| known.list[3] = entry(99),
            |known: &mut Knowledge| known.table[3] = entry(4 + 1),
            |known: &mut Knowledge| known.table.truncate(19),
            |known: &mut Knowledge| known.id = known.table[3].id,
            |known: &mut Knowledge| known.table[3].addr.set_port(99),
        ] {
            let mut known = known(20);
            spoil(&mut known);
            assert!(table_and_list(&known).is_err());
        }
    }

    #[test]
    fn a_bucket_has_twenty_at_most() {
        let far: Vec<NodeEntry> =
            (1..200).map(entry).filter(|entry| entry.id.as_bytes()[0] >= 0x80).collect();
        let with = |count: usize| {
            let table = far[..count].to_vec();
            let id = Id::from_bytes([0; 32]);
            table_and_list(&Knowledge { id, list: table.clone(), len: count, table })
        };
        assert!(with(20).is_ok());
        assert!(with(21).is_err());
    }

    #[test]
    fn a_false_id_is_seen() {
        let NodeEntry { id, addr, .. } = entry(1);
        assert!(sender(&Contact { id: Some(id), addr }).is_ok());
        assert!(sender(&Contact { id: None, addr }).is_ok());
        assert!(sender(&Contact { id: Some(id), addr: entry(2).addr }).is_err());
    }

    #[test]
    fn the_standing_and_the_counters_of_a_node_are_seen() {
        let config = Config { ephemeral: Some(true), ..Config::default() };
        let mut node = Node::new(config, Now::default());
        assert!(own_standing(&node).is_ok() && counters(&node).is_ok());
        node.counters_mut().requests_active = 1;
        assert!(counters(&node).is_err());
        node.counters_mut().requests_active = 0;
        node.counters_mut().responses = 1;
        assert!(counters(&node).is_err());
        node.set_flag(Flag::Ephemeral, false);
        assert!(own_standing(&node).is_err());
    }

    #[test]
    fn memory_has_a_limit() {
        assert!(memory(MAX_NODE_BYTES).is_ok());
        assert!(memory(MAX_NODE_BYTES + 1).is_err());
    }

    #[test]
    fn a_result_with_too_many_or_the_same_twice_is_wrong() {
        let reply = |n: u16| {
            let NodeEntry { id, addr, .. } = entry(n);
            std::sync::Arc::new(Reply {
                serial: 0,
                tid: 0,
                rtt_ms: 0,
                from: Contact { id: Some(id), addr },
                to: addr,
                token: None,
                closer_nodes: None,
                closer_nodes_read: Default::default(),
                error: 0,
                value: None,
            })
        };
        let with = |ports: &[u16]| {
            let found = ports.iter().map(|n| reply(*n)).collect();
            closest(&QueryState { closest: found, ..QueryState::default() })
        };
        assert!(with(&(1..=20).collect::<Vec<_>>()).is_ok());
        assert!(with(&(1..=21).collect::<Vec<_>>()).is_err());
        assert!(with(&[1, 2, 1]).is_err());
    }
}
