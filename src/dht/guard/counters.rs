/// How often each protection stepped in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProtectionCounters {
    /// Requests dropped before decoding.
    pub host_budget: i64,
    /// Down hints that caused no check.
    pub hints_per_host: i64,
    /// Newcomers for whom no full bucket was pinged.
    pub swaps_per_host: i64,
    /// DELAYED_PINGs refused.
    pub delayed_pings_per_host: i64,
    /// Requests dropped instead of held for a filter.
    pub held_per_host: i64,
    /// Replies whose closer nodes a lookup did not take over to their end, for there were too many.
    pub closer_nodes: i64,
    /// Replies that nothing in flight waits for, dropped before decoding; late ones among them.
    pub unasked_replies: i64,
    /// Replies to internal commands from an address that was not asked.
    pub wrong_source: i64,
    /// Requests that the user's filter refused.
    pub filter_request: i64,
    /// Nodes pinged before they are handed out.
    pub verify: i64,
    /// Newcomers refused because of the entries of their host.
    pub per_host: i64,
    /// Newcomers refused because of the entries of their /24.
    pub per_subnet: i64,
    /// Lookups over several paths.
    pub paths: i64,
    /// Replies cut short or replaced by a token.
    pub unproven_bytes: i64,
    /// Replies to a user's commands from an address that was not asked.
    pub asked_address: i64,
    /// Silent nodes that stayed in the table, for their answers may have been lost in a flood.
    pub flood_grace: i64,
    /// Visits of nodes that a lookup had in reserve.
    pub lookup_reserve: i64,
    /// Requests of busy hosts dropped before decoding, for more came in than could be answered.
    pub load_shedding: i64,
}

impl ProtectionCounters {
    /// By their number: in the order in which they stand above.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut i64> {
        let all = [
            &mut self.host_budget,
            &mut self.hints_per_host,
            &mut self.swaps_per_host,
            &mut self.delayed_pings_per_host,
            &mut self.held_per_host,
            &mut self.closer_nodes,
            &mut self.unasked_replies,
            &mut self.wrong_source,
            &mut self.filter_request,
            &mut self.verify,
            &mut self.per_host,
            &mut self.per_subnet,
            &mut self.paths,
            &mut self.unproven_bytes,
            &mut self.asked_address,
            &mut self.flood_grace,
            &mut self.lookup_reserve,
            &mut self.load_shedding,
        ];
        all.into_iter().nth(number)
    }
}
