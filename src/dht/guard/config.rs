/// What holds by default. `None` turns one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protections {
    /// Requests of one host a second that are read, while other hosts are heard as well. What is
    /// over is dropped before it is decoded.
    pub host_budget: Option<u32>,
    /// Requests of the busiest hosts are dropped before they are decoded while the system's room
    /// for those that wait runs out: it would drop the answers of others as well. See
    /// [`Node::handle_pressure`](super::Node::handle_pressure).
    pub load_shedding: bool,
    /// Checks that the DOWN_HINTs of one host may cause in a tick of 5 s.
    pub hints_per_host: Option<u32>,
    /// Pings of full buckets that nodes of one host may cause in a tick of 5 s.
    pub swaps_per_host: Option<u32>,
    /// DELAYED_PINGs of one host that wait, and never more than the others are left.
    pub delayed_pings_per_host: Option<u32>,
    /// Requests of one host that wait for a filter, and never more than the others are left.
    pub held_per_host: Option<u32>,
    /// Closer nodes of one reply that a lookup reads. An honest node names at most 20. Unless it
    /// is `None`, a lookup takes over 2048 of them in all.
    pub closer_nodes: Option<u32>,
    /// Who does not answer stays in the table while the system drops much of what comes in, and
    /// for 6 s after: its answers may be lost. So it is spared at most 3 times in a row, then it
    /// leaves like any other. See [`Node::handle_losses`](super::Node::handle_losses).
    pub flood_grace: bool,
}

impl Protections {
    /// None of them.
    pub const OFF: Self = Self {
        host_budget: None,
        load_shedding: false,
        hints_per_host: None,
        swaps_per_host: None,
        delayed_pings_per_host: None,
        held_per_host: None,
        closer_nodes: None,
        flood_grace: false,
    };
}

impl Default for Protections {
    /// Far above what a network of 500 nodes on one host needs of any of its nodes.
    fn default() -> Self {
        Self {
            host_budget: Some(10_000),
            load_shedding: true,
            hints_per_host: Some(64),
            swaps_per_host: Some(64),
            delayed_pings_per_host: Some(1024),
            held_per_host: Some(2048),
            closer_nodes: Some(100),
            flood_grace: true,
        }
    }
}

/// What changes the traffic of a node, and so is to be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hardened {
    /// A node known only from its own requests is pinged, and not handed out before it answered
    /// something.
    pub verify: bool,
    /// Entries of the table of one host.
    pub per_host: Option<u32>,
    /// Entries of the table of one /24.
    pub per_subnet: Option<u32>,
    /// Disjoint paths of a lookup; 1 is a plain one. At most 16.
    pub paths: u32,
    /// Limits the bytes of replies to hosts that showed no token.
    pub unproven: Option<Unproven>,
    /// A reply counts only if it comes from the address that was asked, one to a user's command
    /// too.
    pub asked_address: bool,
    /// A lookup that begins with nodes of the table that never answered has as many in reserve
    /// that did, for when no other candidates are left.
    pub lookup_reserve: bool,
}

impl Hardened {
    /// All of them. The limits of the table leave one attacker's hosts a small part of the some
    /// hundred entries that a node of a large network knows.
    pub const ON: Self = Self {
        verify: true,
        per_host: Some(4),
        per_subnet: Some(16),
        paths: 3,
        unproven: Some(Unproven { bytes: 4096, factor: 2 }),
        asked_address: true,
        lookup_reserve: true,
    };

    /// None of them.
    pub const OFF: Self = Self {
        verify: false,
        per_host: None,
        per_subnet: None,
        paths: 1,
        unproven: None,
        asked_address: false,
        lookup_reserve: false,
    };
}

impl Default for Hardened {
    fn default() -> Self {
        Self::OFF
    }
}

/// What a host that showed no valid token is sent: `bytes + factor * what it sent`, in 10 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unproven {
    pub bytes: u32,
    pub factor: u32,
}
