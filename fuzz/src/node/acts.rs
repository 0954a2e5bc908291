//! Carrying a step out.

use dht_rpc_native::dht::wire::{self, Message};
use dht_rpc_native::dht::{Addr, RelaySpec, ReplySpec, SocketKey};

use super::driver::Driver;
use super::peers::{Answered, Asked, Peer, Token, Value};
use super::steps::{Ask, FIELDS, FLAGS, Look, Many, On, Step, entries};

/// Requests and queries of a user's at a time, so that an input stays fast.
const MAX_OPEN: usize = 256;
const MAX_QUERIES: usize = 64;

/// Datagrams that one step hands in.
const MAX_HANDED_IN: u8 = 100;

pub fn act(driver: &mut Driver, step: Step) {
    let now = driver.now;
    match step {
        Step::Raw { on, from, bytes } => hand_in(driver, on.socket(), from.addr(), &bytes),
        Step::Asked { on, asked } => asked_by(driver, on.socket(), &asked),
        Step::Answered { on, answered } => {
            answered_by(driver, on.map(On::socket), &answered);
        }
        Step::Wait(ms) => driver.wait_until(now.mono_ms + u64::from(ms)),
        Step::WaitForTimeout => {
            if let Some(at_ms) = driver.node.poll_timeout() {
                driver.wait_until(at_ms);
            }
        }
        Step::Sleep(seconds) => driver.now.wall_ms += 1000 * u64::from(seconds),
        Step::Request(ask) => request(driver, &ask),
        Step::Query(look) => {
            if driver.queries.len() < MAX_QUERIES {
                let query = driver.node.query(now, look.spec());
                driver.queries.push(query);
            }
        }
        Step::Demand { query, room } => {
            if let Some(query) = nth(&driver.queries, query) {
                driver.node.query_demand(now, query, u32::from(room));
            }
        }
        Step::Change { query, look } => change(driver, query, &look),
        Step::Rows { query, on } => {
            if let Some(query) = nth(&driver.queries, query) {
                driver.node.query_rows(query, on);
            }
        }
        Step::EndQuery(n) => {
            if let Some(query) = nth(&driver.queries, n) {
                driver.node.query_destroy(now, query);
                driver.queries.retain(|other| *other != query);
            }
        }
        Step::EndSession(session) => {
            let session = u32::from(session & 3);
            driver.node.session_destroy(now, session);
            driver.open.retain(|_, of| *of != Some(session));
        }
        Step::Cancel(n) => {
            let users: Vec<_> = driver.open.keys().copied().collect();
            if let Some(user) = nth(&users, n) {
                driver.node.cancel(now, user);
                driver.open.remove(&user);
            }
        }
        Step::Reply { nth, token, closer_nodes, error, value, to } => {
            reply(driver, nth, (token, closer_nodes, error), &value, to.map(|peer| peer.addr()));
        }
        Step::Relay { nth, to } => relay(driver, nth, to.addr()),
        Step::Many(many) => act_many(driver, many),
        step => act_on_itself(driver, step),
    }
}

fn act_many(driver: &mut Driver, many: Many) {
    if driver.many == 0 {
        return;
    }
    driver.many -= 1;
    match many {
        Many::Nodes { subnet, count } => {
            for n in 0..count {
                driver.node.add_node(driver.now, Peer::of_subnet(subnet, n).addr());
            }
        }
        Many::Askers { subnet, count, asked } => {
            for n in 0..count.min(MAX_HANDED_IN) {
                asked_by(driver, SocketKey::Server, &asked.by(Peer::of_subnet(subnet, n)));
                driver.drain();
            }
        }
        Many::Answers { count, mut answered } => {
            for nth in 0..count.min(MAX_HANDED_IN) {
                answered.nth = nth;
                answered_by(driver, None, &answered);
            }
        }
        Many::Timeouts(count) => {
            for _ in 0..count {
                act(driver, Step::WaitForTimeout);
            }
        }
        Many::Requests { subnet, count, ask } => {
            for n in 0..count {
                request(driver, &ask.of(Peer::of_subnet(subnet, n)));
            }
        }
    }
}

/// The rest: what neither peers nor lookups have to do with.
fn act_on_itself(driver: &mut Driver, step: Step) {
    let (node, now) = (&mut driver.node, driver.now);
    match step {
        Step::Verdict { accepted } => {
            if let Some((key, _)) = driver.verdicts.pop() {
                node.handle_verdict(now, key, &accepted);
            }
        }
        Step::Looked { found } => {
            if let Some(key) = driver.lookups.pop() {
                node.handle_lookup(now, key, found.map(|peer| *peer.addr().ip()));
            }
        }
        Step::Bootstrap(list) => match driver.bootstraps.pop() {
            Some(key) => node.handle_bootstrap_nodes(now, key, entries(&list)),
            None => node.set_bootstrap_dynamic(!list.is_empty()),
        },
        Step::AddNode(peer) => node.add_node(now, peer.addr()),
        Step::NatAdd(peer) => node.nat_add(peer.addr()),
        Step::Health { responses, timeouts } => {
            node.update_health(i64::from(responses), i64::from(timeouts));
        }
        Step::UpdateState { only_firewall } => node.update_network_state(now, 1, only_firewall),
        Step::Interest { requests, nodes } => driver.set_interest(requests, nodes),
        Step::Tick => node.tick(now),
        Step::Refresh => node.refresh(now),
        Step::WakeUp => node.wakeup(now),
        Step::ResetHealth => node.reset_health(),
        Step::Suspend => node.suspend(now),
        Step::Resume => {
            node.resume(now);
            node.handle_bound(now, 4000, 5000);
            node.resumed(now);
        }
        Step::SetFlag { flag, on } => node.set_flag(FLAGS[usize::from(flag) % FLAGS.len()], on),
        Step::SetEntry { nth, field, value } => {
            let serial = node.nodes().nth(usize::from(nth)).map(|entry| entry.serial);
            if let Some(serial) = serial {
                node.set_entry(serial, FIELDS[usize::from(field) % FIELDS.len()], value);
            }
        }
        Step::SetTicks { tick, refresh, stable } => {
            node.set_tick_count(tick);
            node.set_refresh_ticks(refresh);
            node.set_stable_ticks(stable);
        }
        Step::SetNumbers { concurrency, max_ping_delay, tids } => {
            node.set_concurrency(u32::from(concurrency));
            node.set_max_ping_delay(max_ping_delay);
            node.set_tid_count(tids);
        }
        _ => unreachable!("see act"),
    }
}

fn hand_in(driver: &mut Driver, socket: SocketKey, from: Addr, bytes: &[u8]) {
    if let Some(Message::Request(request)) = wire::decode(bytes)
        && request.internal
    {
        driver.unproven = Some((from, bytes.len()));
    }
    driver.node.handle_datagram(driver.now, socket, from, bytes);
}

fn asked_by(driver: &mut Driver, socket: SocketKey, asked: &Asked) {
    let from = asked.from.addr();
    let token = match asked.token {
        Token::Nothing => None,
        Token::Issued(n) => driver.issued.iter().rev().nth(usize::from(n)).map(|(_, token)| *token),
        Token::Forged(n) => Some([n; 32]),
    };
    let bytes = asked.encode(from, token);
    hand_in(driver, socket, from, &bytes);
}

fn answered_by(driver: &mut Driver, socket: Option<SocketKey>, answered: &Answered) {
    let Some(sent) = driver.sent.iter().rev().nth(usize::from(answered.nth)) else {
        return;
    };
    let from = answered.from.map_or(sent.to, |peer| peer.addr());
    let bytes = answered.encode(sent.tid, from, sent.to);
    let socket = socket.unwrap_or(sent.socket);
    driver.node.handle_datagram(driver.now, socket, from, &bytes);
}

fn request(driver: &mut Driver, ask: &Ask) {
    if driver.open.len() >= MAX_OPEN {
        return;
    }
    driver.users += 1;
    let spec = ask.spec(driver.users);
    let session = spec.session;
    if driver.node.request(driver.now, spec).is_ok() {
        driver.open.insert(driver.users, session);
    }
}

fn change(driver: &mut Driver, query: u8, look: &Look) {
    if let Some(query) = nth(&driver.queries, query) {
        driver.node.query_change(query, look.spec());
        driver.node.query_concurrency(query, look.spec().concurrency);
    }
}

fn reply(
    driver: &mut Driver,
    n: u8,
    (token, closer_nodes, error): (bool, bool, u8),
    value: &Value,
    to: Option<Addr>,
) {
    let Some(incoming) = driver.incoming.iter().rev().nth(usize::from(n)) else {
        return;
    };
    let value = value.bytes();
    let spec = ReplySpec {
        socket: incoming.socket,
        tid: incoming.tid,
        to: to.unwrap_or(incoming.from.addr),
        token,
        closer_nodes,
        target: incoming.target.as_ref(),
        error: u64::from(error),
        value: value.as_deref(),
    };
    driver.node.reply(driver.now, spec);
}

fn relay(driver: &mut Driver, n: u8, to: Addr) {
    let Some(incoming) = driver.incoming.iter().rev().nth(usize::from(n)) else {
        return;
    };
    let spec = RelaySpec {
        socket: incoming.socket,
        tid: incoming.tid,
        to,
        internal: false,
        command: incoming.command,
        target: incoming.target.as_ref(),
        value: incoming.value.as_deref(),
    };
    driver.node.relay(driver.now, spec);
}

fn nth<T: Copy>(list: &[T], n: u8) -> Option<T> {
    list.iter().rev().nth(usize::from(n)).copied()
}
