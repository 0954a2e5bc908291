//! How much a node asks: tries, requests in flight of a lookup, sends of a slot, checks, hints.

use std::collections::HashMap;

use dht_rpc_native::dht::requests::{QUERY_RETRIES, RETRIES};
use dht_rpc_native::dht::window::SLOT_MS;
use dht_rpc_native::dht::wire::{self, command};
use dht_rpc_native::dht::*;

use super::{Verdict, require};

/// A try is waited for so long, in ms, where no other time-out is configured.
const TRY_MS: u64 = 1000;

/// Pings at a time: 10 checks may be under way when 5 more nodes are due, and 3 swaps.
const MAX_PINGS: usize = 10 + 5 + 3;

/// Requests that are older play no part any more, in ms.
const OLD_MS: u64 = 10_000;

/// The limits of a node, and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    pub tick: i32,
    /// Requests made and settled so far.
    pub made: i64,
    pub in_flight: i64,
    pub concurrency: usize,
    pub window: i64,
    pub hints: u32,
    /// Down hints made so far. They may wait for the window and leave in a later tick.
    pub hints_made: i64,
}

impl From<&Node> for Asker {
    fn from(node: &Node) -> Self {
        let config = Config::default();
        Self {
            tick: node.tick_count(),
            made: node.counters().requests_total,
            in_flight: node.inflight() as i64,
            concurrency: config.concurrency as usize,
            window: i64::from(config.max_window),
            hints: config.down_hints_rate_limit.unwrap_or(u32::MAX),
            hints_made: node.counters().commands_tx[command::DOWN_HINT as usize],
        }
    }
}

/// The requests of one node, as they were seen on the wire.
#[derive(Debug, Default)]
pub struct Asking {
    by_tid: HashMap<u16, Sent>,
    /// The tick of the last down hint, and those made until its first one left.
    hints: (i32, i64),
    slot: Slot,
}

#[derive(Debug)]
struct Sent {
    to: Addr,
    bytes: Box<[u8]>,
    tries: u32,
    last_ms: u64,
    kind: Kind,
    internal: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Part of a lookup for this target.
    Visit(Bytes32),
    Ping,
    Other,
}

/// Sends since some moment, over no more than one slot of the window.
#[derive(Debug, Default)]
struct Slot {
    since_ms: u64,
    sends: i64,
    settled: i64,
}

impl Asking {
    pub fn sent(
        &mut self,
        now_ms: u64,
        node: Asker,
        request: &wire::Request<'_>,
        bytes: &[u8],
    ) -> Verdict {
        let again = self.by_tid.get(&request.tid).is_some_and(|sent| *sent.bytes == *bytes);
        let kind = kind_of(request);
        if again {
            self.again(now_ms, request.tid)?;
        } else {
            let wire::Request { to, internal, .. } = *request;
            let (tries, last_ms, bytes) = (1, now_ms, bytes.into());
            self.by_tid.insert(request.tid, Sent { to, bytes, tries, last_ms, kind, internal });
            self.hinted(node, request)?;
        }
        self.in_slot(now_ms, node)?;
        self.at_a_time(now_ms, node, kind)?;
        if self.by_tid.len() > 512 {
            self.by_tid.retain(|_, sent| now_ms - sent.last_ms < OLD_MS);
        }
        Ok(())
    }

    /// A reply arrived. Anybody may answer a user's request: it may have been relayed.
    pub fn answered(&mut self, from: Addr, tid: u16) {
        if self.by_tid.get(&tid).is_some_and(|sent| sent.to == from || !sent.internal) {
            self.by_tid.remove(&tid);
        }
    }

    /// A lookup for this target ended, and what it had in flight with it.
    pub fn dropped(&mut self, target: Bytes32) {
        self.by_tid.retain(|_, sent| sent.kind != Kind::Visit(target));
    }
}

impl Asking {
    fn again(&mut self, now_ms: u64, tid: u16) -> Verdict {
        let Some(sent) = self.by_tid.get_mut(&tid) else {
            return Ok(());
        };
        sent.tries += 1;
        let waited_ms = now_ms - sent.last_ms;
        sent.last_ms = now_ms;
        let retries = match sent.kind {
            Kind::Visit(_) => QUERY_RETRIES,
            Kind::Ping | Kind::Other => RETRIES,
        };
        let (tries, to) = (sent.tries, sent.to);
        require(tries <= u32::from(retries) + 1, || format!("try {tries} of a request to {to}"))?;
        require(waited_ms >= TRY_MS, || format!("another try to {to} after {waited_ms} ms"))
    }

    fn hinted(&mut self, node: Asker, request: &wire::Request<'_>) -> Verdict {
        if !request.internal || request.command != command::DOWN_HINT {
            return Ok(());
        }
        if self.hints.0 != node.tick {
            // The first to leave may have been made in the tick before.
            self.hints = (node.tick, node.hints_made);
        }
        let in_tick = node.hints_made - self.hints.1;
        require(in_tick <= i64::from(node.hints), || format!("down hint {in_tick} of a tick"))
    }

    /// In no 750 ms, wherever they begin, more may leave than two slots have places for, and one
    /// more for each that was settled meanwhile.
    fn in_slot(&mut self, now_ms: u64, node: Asker) -> Verdict {
        let settled = node.made - node.in_flight;
        if now_ms - self.slot.since_ms >= SLOT_MS {
            self.slot = Slot { since_ms: now_ms, sends: 0, settled };
        }
        self.slot.sends += 1;
        let sends = self.slot.sends;
        let allowed = 2 * node.window + settled - self.slot.settled;
        require(sends <= allowed, || format!("{sends} sends in 750 ms, {allowed} are allowed"))
    }

    fn at_a_time(&self, now_ms: u64, node: Asker, kind: Kind) -> Verdict {
        let waited_for = self.by_tid.values().filter(|sent| now_ms - sent.last_ms < TRY_MS);
        let alike = waited_for.filter(|sent| sent.kind == kind);
        match kind {
            Kind::Visit(_) => {
                let count = alike.filter(|sent| sent.tries == 1).count();
                let allowed = node.concurrency;
                require(count <= allowed, || format!("{count} visits of a lookup at a time"))
            }
            Kind::Ping => {
                let count = alike.count();
                require(count <= MAX_PINGS, || format!("{count} pings at a time"))
            }
            Kind::Other => Ok(()),
        }
    }
}

fn kind_of(request: &wire::Request<'_>) -> Kind {
    match (request.target, request.token) {
        (Some(target), None) => Kind::Visit(*target),
        _ if request.internal && request.command == command::PING => Kind::Ping,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: Asker = Asker {
        tick: 7,
        made: 0,
        in_flight: 0,
        concurrency: 10,
        window: 80,
        hints: 50,
        hints_made: 0,
    };

    fn peer(n: u16) -> Addr {
        Addr::new([20, 0, 0, 1].into(), n)
    }

    fn request(tid: u16, command: u64, target: Option<&Bytes32>) -> wire::Request<'_> {
        let (internal, to) = (true, peer(tid));
        wire::Request { tid, to, id: None, token: None, internal, command, target, value: None }
    }

    /// The first of the sends, counted from 0, that is too much.
    fn first_refused<'a>(
        mut sends: impl Iterator<Item = (u64, wire::Request<'a>)>,
    ) -> Option<usize> {
        let mut asking = Asking::default();
        sends.position(|(at_ms, request)| {
            let mut bytes = Vec::new();
            request.encode(&mut bytes);
            asking.sent(10_000 + at_ms, NODE, &request, &bytes).is_err()
        })
    }

    #[test]
    fn tries_are_counted_and_timed() {
        let target = [1; 32];
        let tries = |every_ms: u64, target| {
            (0..20).map(move |n| (n * every_ms, request(1, command::FIND_NODE, target)))
        };
        assert_eq!(first_refused(tries(1000, Some(&target))), Some(6));
        assert_eq!(first_refused(tries(1000, None)), Some(4));
        assert_eq!(first_refused(tries(999, None)), Some(1));
    }

    #[test]
    fn a_lookup_has_so_many_in_flight() {
        const TARGET: Bytes32 = [1; 32];
        let visits = |every_ms: u64| {
            let visit = |n| request(n, command::FIND_NODE, Some(&TARGET));
            (0..30).map(move |n| (u64::from(n) * every_ms, visit(n)))
        };
        assert_eq!(first_refused(visits(1)), Some(10));
        assert_eq!(first_refused(visits(100)), None);
    }

    #[test]
    fn an_answered_visit_and_a_dropped_lookup_give_their_places_back() {
        let target = [1; 32];
        let mut asking = Asking::default();
        let visit = |asking: &mut Asking, tid: u16| {
            let request = request(tid, command::FIND_NODE, Some(&target));
            let mut bytes = Vec::new();
            request.encode(&mut bytes);
            asking.sent(10_000, NODE, &request, &bytes).is_ok()
        };
        assert!((0..10).all(|tid| visit(&mut asking, tid)));
        asking.answered(peer(3), 3);
        asking.answered(peer(5), 4);
        assert!(visit(&mut asking, 10));
        assert!(!visit(&mut asking, 11));
        asking.dropped([2; 32]);
        assert!(!visit(&mut asking, 11));
        asking.dropped(target);
        assert!(visit(&mut asking, 12));
    }

    #[test]
    fn hints_of_a_tick_are_counted() {
        let refused = |hints| {
            let mut asking = Asking::default();
            (0..100u16).position(|n| {
                let node = Asker { hints, hints_made: i64::from(n) + 1, ..NODE };
                let request = request(n, command::DOWN_HINT, None);
                let mut bytes = Vec::new();
                request.encode(&mut bytes);
                asking.sent(10_000 + u64::from(n) * 50, node, &request, &bytes).is_err()
            })
        };
        assert_eq!(refused(50), Some(51));
        assert_eq!(refused(u32::MAX), None);
    }

    #[test]
    fn pings_at_a_time_are_counted() {
        let pings = (0..100).map(|n| (u64::from(n), request(n, command::PING, None)));
        assert_eq!(first_refused(pings), Some(18));
    }

    #[test]
    fn a_slot_has_so_many_places() {
        let sends = |every_ms: u64| {
            (0..400).map(move |n| (u64::from(n) * every_ms, request(n, command::PING_NAT, None)))
        };
        assert_eq!(first_refused(sends(1)), Some(160));
        assert_eq!(first_refused(sends(10)), None);
    }
}
