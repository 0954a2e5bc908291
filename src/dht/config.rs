//! How a node is to behave.

use std::net::Ipv4Addr;

use super::guard::{Hardened, Protections};
use super::id::Bytes32;
use crate::net::addr::Addr;

/// Where to find the network, as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootstrapNode {
    /// An address asked with a ping before `host` is looked up (`ip@host:port`).
    pub suggested: Option<Ipv4Addr>,
    /// An IPv4 literal or a name.
    pub host: String,
    pub port: u16,
}

/// Per-destination time-outs, see [`super::timeouts`]. Times in ms.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptiveTimeoutConfig {
    pub max_size: usize,
    pub max_age_ms: u64,
    pub fallback_ms: Vec<u32>,
    pub min_ms: u32,
    pub max_ms: u32,
    pub jitter_ms: u32,
}

impl Default for AdaptiveTimeoutConfig {
    fn default() -> Self {
        Self {
            max_size: 65_536,
            max_age_ms: 600_000,
            fallback_ms: vec![250, 500, 1000, 2000, 4000],
            min_ms: 300,
            max_ms: 4000,
            jitter_ms: 256,
        }
    }
}

/// How a node is to behave. The defaults are those of `dht-rpc`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Requests in flight of one query, at least 1.
    pub concurrency: u32,
    /// Sends of one 750 ms slot, at least 1, see [`super::window`].
    pub max_window: u32,
    /// The longest delay that a DELAYED_PING may ask for, in ms.
    pub max_ping_delay_ms: u32,
    /// `Some(false)` joins the tables of others at once, `Some(true)` and `None` start ephemeral.
    pub ephemeral: Option<bool>,
    /// With `ephemeral: None`: go persistent when stable.
    pub adaptive: bool,
    /// Whether to assume a firewall until the opposite is shown.
    pub firewalled: bool,
    /// Probe the NAT with the first reply of the bootstrap.
    pub quick_firewall: bool,
    /// The network's entry points.
    pub bootstrap: Vec<BootstrapNode>,
    /// Ask the driver for the entry points at each use ([`Event::BootstrapWanted`]).
    pub bootstrap_dynamic: bool,
    /// Ask the driver's user about names ([`Event::UserLookupWanted`]).
    pub user_lookup: bool,
    pub send_down_hints: bool,
    /// Down hints a tick; `None` is unlimited.
    pub down_hints_rate_limit: Option<u32>,
    pub adaptive_timeout: Option<AdaptiveTimeoutConfig>,
    /// Ask the driver about every sender and candidate ([`Event::VerdictWanted`]).
    pub filter: bool,
    /// What the driver said of them counts for 60 s, and is asked for again once a second.
    pub keep_verdicts: bool,
    /// Ask the driver about the sender of every request, before anything is done with it
    /// ([`Event::RequestVerdictWanted`]).
    pub filter_request: bool,
    pub protections: Protections,
    pub hardened: Hardened,
    /// A public address that is known from the start (bootstrap nodes).
    pub public_address: Option<Addr>,
    /// Makes a run repeatable. Take it from the operating system's entropy otherwise.
    pub seed: Bytes32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            concurrency: 10,
            max_window: 80,
            max_ping_delay_ms: 10_000,
            ephemeral: None,
            adaptive: true,
            firewalled: true,
            quick_firewall: true,
            bootstrap: Vec::new(),
            bootstrap_dynamic: false,
            user_lookup: false,
            send_down_hints: true,
            down_hints_rate_limit: Some(50),
            adaptive_timeout: None,
            filter: false,
            keep_verdicts: true,
            filter_request: false,
            protections: Protections::default(),
            hardened: Hardened::OFF,
            public_address: None,
            seed: [0; 32],
        }
    }
}
