//! Everything at once: what counts is that the rules hold and everything ends.

use dht_rpc_native::dht::wire::INVALID_TOKEN;
use dht_rpc_native::dht::*;
use rand::RngExt;

use super::{find_node, hostile, read, request, write};
use crate::simulator::model::{Dependence, NatKind};
use crate::simulator::network::Network;
use crate::simulator::options::Options;
use crate::simulator::report::{Report, Share};

/// Few enough that lookups end which visit all the dead that they name.
const LIARS: usize = 2;

/// Between two steps, in ms.
const STEP_MS: u64 = 500;

/// A token is stale after this, in ms.
const STALE_MS: u64 = 15_000;

/// Counts the lookups and requests that ended, of those whose peer lived on.
pub fn run(options: &Options) -> Report {
    let mut network = Network::persistent(options.seed, options.nodes);
    network.model = options.model();
    (0..network.peers.len()).for_each(|n| network.take_side(n));
    (0..LIARS).for_each(|_| network.add_liar());
    let mut asleep = Vec::new();
    let mut stolen = None;
    for step in 0..options.times {
        match step % 10 {
            0 => network.join_any(),
            1 => network.kill_any(),
            2 => fall_asleep(&mut network, &mut asleep),
            3 => wake_up(&mut network, &mut asleep),
            4 => network.split = step % 200 < 40,
            5 => stolen = Some(ask_for_token(&mut network)),
            6 => steal_token(&mut network, stolen),
            _ => ask(&mut network, options.thorough),
        }
        hostile::act(&mut network);
        network.run(STEP_MS);
    }
    network.split = false;
    while !asleep.is_empty() {
        wake_up(&mut network, &mut asleep);
    }
    network.finish_lookups();
    network.run(60_000);
    let requests = network.users.ended_requests(&network.peers);
    network.report(Share::count(requests), network.mean_ms(0..network.users.lookups.len()))
}

fn fall_asleep(network: &mut Network, asleep: &mut Vec<(usize, u64)>) {
    let n = network.anybody();
    if n > 1 {
        network.peers[n].sleep();
        asleep.push((n, network.now_ms));
    }
}

fn wake_up(network: &mut Network, asleep: &mut Vec<(usize, u64)>) {
    if !asleep.is_empty() {
        let (n, since_ms) = asleep.remove(0);
        let by_ms = network.rng.random_range(-60_000..60_000);
        network.peers[n].set_clock(by_ms);
        network.wake(n, network.now_ms - since_ms);
    }
}

fn ask(network: &mut Network, thorough: bool) {
    let n = network.anybody();
    let target = [network.rng.random_range(0..50); 32];
    let spec = match network.rng.random_range(0..3) {
        0 => find_node(target, thorough),
        1 => read(target, thorough),
        _ => write(target, b"chaos", thorough),
    };
    if network.peers[n].lookups.iter().all(|lookup| lookup.target != target) {
        network.look_up(n, spec);
    }
}

fn ask_for_token(network: &mut Network) -> (usize, Addr) {
    let (n, of) = (network.anybody(), network.anybody());
    let of = network.addr(of);
    (network.request(n, store(of, None)), of)
}

/// Whoever uses a token of somebody else, or one that is stale, is refused.
fn steal_token(network: &mut Network, stolen: Option<(usize, Addr)>) {
    let Some((request, of)) = stolen else {
        return;
    };
    let Some(Some(Ok(reply))) = network.users.requests.get(request) else {
        return;
    };
    let token = reply.token;
    let owner = network.users.askers[request];
    let thief = network.anybody();
    let by_thief = (thief != owner).then(|| network.request(thief, store(of, token)));
    network.run(STALE_MS);
    let awake = network.peers[owner].is_awake();
    let late = awake.then(|| network.request(owner, store(of, token)));
    network.run(5000);
    for late in [by_thief, late].into_iter().flatten() {
        if let Some(Some(Ok(reply))) = network.users.requests.get(late) {
            assert_eq!(reply.error, INVALID_TOKEN, "a stolen or stale token was accepted");
        }
    }
}

fn store(to: Addr, token: Option<Bytes32>) -> RequestSpec {
    RequestSpec { token, ..request(to) }
}

impl Network {
    /// A persistent, an adaptive node, or one behind a NAT.
    fn join_any(&mut self) {
        let kind = NatKind::new(Dependence::Address, Dependence::AddressAndPort);
        let (ephemeral, nat) = match self.rng.random_range(0..3) {
            0 => (Some(false), None),
            1 => (None, None),
            _ => (None, Some(self.add_nat(kind))),
        };
        let config = self.joining(Config { ephemeral, ..Config::default() });
        let n = self.add(config, nat);
        self.take_side(n);
        self.start(n);
    }

    /// Of what falls apart. What is behind a NAT is on side 0.
    fn take_side(&mut self, n: usize) {
        let side = self.rng.random_range(0..2);
        self.peers[n].side = if self.peers[n].nat.is_some() { 0 } else { side };
    }

    fn kill_any(&mut self) {
        let n = self.anybody();
        if n > 1 {
            self.kill(n);
        }
    }
}
