//! What the network does to datagrams.

mod latency;
mod loss;
mod nat;

use std::net::Ipv4Addr;

use rand::RngExt;
use rand::rngs::StdRng;

pub use self::latency::Latency;
pub use self::loss::Loss;
pub use self::nat::{Dependence, Nat, NatKind};

/// The conditions on every way through the network.
#[derive(Debug, Default)]
pub struct Model {
    pub latency: Latency,
    pub loss: Loss,
    /// How many of the datagrams arrive twice: 0 to 1.
    pub duplicated: f64,
    /// How many of the datagrams are held up by up to [`HELD_UP_MS`]: 0 to 1.
    pub held_up: f64,
}

/// Long enough for a datagram to be overtaken by the next tries of its request, in ms.
const HELD_UP_MS: u64 = 3000;

impl Model {
    /// After how many ms a datagram arrives, each time that it does.
    pub fn arrivals(
        &mut self,
        now_ms: u64,
        from: Ipv4Addr,
        to: Ipv4Addr,
        rng: &mut StdRng,
    ) -> impl Iterator<Item = u64> + use<> {
        let first = (!self.loss.takes(now_ms, from, to, rng)).then(|| self.delay(from, to, rng));
        let again = first.filter(|_| happens(self.duplicated, rng));
        let second = again.map(|_| self.delay(from, to, rng));
        first.into_iter().chain(second)
    }

    fn delay(&self, from: Ipv4Addr, to: Ipv4Addr, rng: &mut StdRng) -> u64 {
        let held_up_ms = match happens(self.held_up, rng) {
            true => rng.random_range(0..HELD_UP_MS),
            false => 0,
        };
        self.latency.sample(from, to, rng) + held_up_ms
    }
}

/// True with this probability. Draws nothing where there is nothing to decide.
fn happens(probability: f64, rng: &mut StdRng) -> bool {
    probability > 0.0 && rng.random::<f64>() < probability
}
