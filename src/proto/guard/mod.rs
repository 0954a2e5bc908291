//! What keeps a node standing among hostile and broken peers.
//!
//! [`Protections`] are on by default: no honest peer, and nobody who watches the traffic, can tell
//! the difference. [`Hardened`] changes what a node sends, and is off by default. Each of them has
//! a counter in [`ProtectionCounters`].

mod allowance;
mod budget;
mod config;
mod counters;
mod members;
mod per_host;

pub use config::{Hardened, Protections, Unproven};
pub use counters::ProtectionCounters;

pub(super) use members::Crowd;
pub(super) use per_host::fair_share;

use allowance::Allowance;
use budget::Budget;
use members::Members;
use per_host::PerHost;

/// The state of a node's protections. An undisturbed node keeps next to nothing.
#[derive(Debug, Default)]
pub(super) struct Guard {
    pub budget: Budget,
    /// Checks that hints caused in this tick.
    pub hints: PerHost,
    /// Pings of full buckets that were caused in this tick.
    pub swaps: PerHost,
    /// DELAYED_PINGs that wait.
    pub delayed_pings: PerHost,
    /// Requests that wait for a filter.
    pub held: PerHost,
    pub members: Option<Box<Members>>,
    pub allowance: Option<Box<Allowance>>,
}

impl Guard {
    pub fn new(hardened: &Hardened) -> Self {
        Self {
            members: Members::new(hardened).map(Box::new),
            allowance: hardened.unproven.map(|limits| Box::new(Allowance::new(limits))),
            ..Self::default()
        }
    }

    pub fn tick(&mut self) {
        self.hints.clear();
        self.swaps.clear();
    }
}
