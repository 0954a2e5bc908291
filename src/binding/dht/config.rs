//! The options of a node, as the front hands them over.

use std::net::Ipv4Addr;

use napi_derive::napi;

use crate::dht::{self, AdaptiveTimeoutConfig, BootstrapNode};
use crate::engine::BindOptions;

/// What `create` takes. The front has checked every field and filled every default in.
#[napi(object)]
pub struct NodeConfig {
    /// The handle of the hub that the node's sockets are of; 0 if there is none.
    pub hub: u32,
    /// Shards that the node may be placed on; 0: as many as there are processors.
    pub shards: u32,
    /// IPv4 address to bind to.
    pub host: String,
    pub port_from: u32,
    /// Exclusive; equal to `portFrom` is any port.
    pub port_to: u32,
    pub any_port: bool,
    pub concurrency: u32,
    pub max_window: u32,
    /// ms
    pub max_ping_delay: u32,
    pub ephemeral: Option<bool>,
    pub adaptive: bool,
    pub firewalled: bool,
    pub quick_firewall: bool,
    /// `host:port` or `ip@host:port`
    pub bootstrap: Vec<String>,
    pub bootstrap_dynamic: bool,
    /// JavaScript looks names up.
    pub user_lookup: bool,
    pub send_down_hints: bool,
    /// -1 is unlimited.
    pub down_hints_rate_limit: i32,
    pub adaptive_timeout: Option<AdaptiveTimeout>,
    pub filter: bool,
    pub keep_verdicts: bool,
    pub filter_request: bool,
    pub protections: Protections,
    pub hardened: Hardened,
    pub public_ip: Option<u32>,
    pub public_port: Option<u32>,
}

/// Limits; what is left out is off.
#[napi(object)]
pub struct Protections {
    pub host_budget: Option<u32>,
    pub load_shedding: bool,
    pub hints_per_host: Option<u32>,
    pub swaps_per_host: Option<u32>,
    pub delayed_pings_per_host: Option<u32>,
    pub held_per_host: Option<u32>,
    pub closer_nodes: Option<u32>,
    pub flood_grace: bool,
}

/// Limits; what is left out is off.
#[napi(object)]
pub struct Hardened {
    pub verify: bool,
    pub per_host: Option<u32>,
    pub per_subnet: Option<u32>,
    pub paths: u32,
    pub unproven_bytes: Option<u32>,
    pub unproven_factor: u32,
    pub asked_address: bool,
    pub lookup_reserve: bool,
}

/// Per-destination time-outs, in ms.
#[napi(object)]
pub struct AdaptiveTimeout {
    pub max_size: u32,
    pub max_age: u32,
    pub fallback: Vec<u32>,
    pub min: u32,
    pub max: u32,
    pub jitter: u32,
}

impl NodeConfig {
    /// Where to bind; `None` if the host is no IPv4 address.
    pub fn bind(&self) -> Option<BindOptions> {
        Some(BindOptions {
            host: self.host.parse().ok()?,
            port_from: self.port_from as u16,
            port_to: self.port_to,
            any_port: self.any_port,
        })
    }

    /// How to behave.
    pub fn core(&self) -> dht::Config {
        let public_address = self
            .public_ip
            .zip(self.public_port)
            .map(|(ip, port)| dht::Addr::new(Ipv4Addr::from_bits(ip), port as u16));
        dht::Config {
            concurrency: self.concurrency,
            max_window: self.max_window,
            max_ping_delay_ms: self.max_ping_delay,
            ephemeral: self.ephemeral,
            adaptive: self.adaptive,
            firewalled: self.firewalled,
            quick_firewall: self.quick_firewall,
            bootstrap: bootstrap_nodes(&self.bootstrap),
            bootstrap_dynamic: self.bootstrap_dynamic,
            user_lookup: self.user_lookup,
            send_down_hints: self.send_down_hints,
            down_hints_rate_limit: u32::try_from(self.down_hints_rate_limit).ok(),
            adaptive_timeout: self.adaptive_timeout.as_ref().map(AdaptiveTimeout::core),
            filter: self.filter,
            keep_verdicts: self.keep_verdicts,
            filter_request: self.filter_request,
            protections: self.protections.core(),
            hardened: self.hardened.core(),
            public_address,
            seed: rand::random(),
        }
    }
}

impl Protections {
    fn core(&self) -> dht::Protections {
        dht::Protections {
            host_budget: self.host_budget,
            load_shedding: self.load_shedding,
            hints_per_host: self.hints_per_host,
            swaps_per_host: self.swaps_per_host,
            delayed_pings_per_host: self.delayed_pings_per_host,
            held_per_host: self.held_per_host,
            closer_nodes: self.closer_nodes,
            flood_grace: self.flood_grace,
        }
    }
}

impl Hardened {
    fn core(&self) -> dht::Hardened {
        let factor = self.unproven_factor;
        dht::Hardened {
            verify: self.verify,
            per_host: self.per_host,
            per_subnet: self.per_subnet,
            paths: self.paths,
            unproven: self.unproven_bytes.map(|bytes| dht::Unproven { bytes, factor }),
            asked_address: self.asked_address,
            lookup_reserve: self.lookup_reserve,
        }
    }
}

impl AdaptiveTimeout {
    fn core(&self) -> AdaptiveTimeoutConfig {
        AdaptiveTimeoutConfig {
            max_size: self.max_size as usize,
            max_age_ms: u64::from(self.max_age),
            fallback_ms: self.fallback.clone(),
            min_ms: self.min,
            max_ms: self.max,
            jitter_ms: self.jitter,
        }
    }
}

/// Parses `host:port` and `ip@host:port`; what is neither is left out.
pub fn bootstrap_nodes(list: &[String]) -> Vec<BootstrapNode> {
    let mut nodes: Vec<_> = list.iter().filter_map(|text| bootstrap_node(text)).collect();
    // Each node of a process has its own.
    nodes.shrink_to_fit();
    nodes
}

fn bootstrap_node(text: &str) -> Option<BootstrapNode> {
    let (place, port) = text.rsplit_once(':')?;
    let (suggested, host) = match place.split_once('@') {
        Some((ip, host)) => (ip.parse().ok(), host),
        None => (None, place),
    };
    Some(BootstrapNode { suggested, host: host.to_owned(), port: port.parse().ok()? })
}
