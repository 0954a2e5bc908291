//! What a node counts.

use super::guard::ProtectionCounters;

/// Numbers that only grow, except those called active. Writable by the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub queries_active: i64,
    pub queries_total: i64,
    pub requests_active: i64,
    pub requests_total: i64,
    pub responses: i64,
    pub timeouts: i64,
    pub retries: i64,
    /// PING, PING_NAT, FIND_NODE, DOWN_HINT: requests made and replies got.
    pub commands_tx: [i64; 4],
    pub commands_rx: [i64; 4],
    /// Datagrams, requests and timers refused because a bound was reached.
    pub dropped: i64,
    pub protections: ProtectionCounters,
}

/// How many of the user's own requests were settled by an event so far. A driver that delivers
/// events late takes those that it has yet to deliver off the [`Counters`] that it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettledRequests {
    pub all: i64,
    pub responses: i64,
    pub timeouts: i64,
    /// PING, PING_NAT, FIND_NODE, DOWN_HINT.
    pub commands_rx: [i64; 4],
}
