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

pub(super) use budget::Admission;
pub(super) use members::{DiversityLimit, Members};
pub(super) use per_host::fair_share;

use allowance::Allowance;
use budget::Budget;
use per_host::PerHost;

/// All tries of a visit, in ms: the first may have been answered among losses that are over.
const AFTERMATH_MS: u64 = 6000;

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
    lossy_until_ms: u64,
}

impl Guard {
    pub fn new(hardened: &Hardened) -> Self {
        Self {
            members: Members::new(hardened).map(Box::new),
            allowance: hardened.unproven.map(|limits| Box::new(Allowance::new(limits))),
            ..Self::default()
        }
    }

    /// The members of a table, if there are some among them that never answered.
    pub fn unproven(&self) -> Option<&Members> {
        self.members.as_deref().filter(|members| members.unproven() > 0)
    }

    /// Much of what came in was lost.
    pub fn note_losses(&mut self, now_ms: u64) {
        self.lossy_until_ms = now_ms + AFTERMATH_MS;
    }

    /// Whether much is lost, or was while a request that fails now was under way.
    pub fn is_lossy(&self, now_ms: u64) -> bool {
        now_ms < self.lossy_until_ms
    }

    pub fn tick(&mut self) {
        self.hints.clear();
        self.swaps.clear();
    }
}
