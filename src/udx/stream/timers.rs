//! When a stream has to look at its clock, and what it does then.

use super::super::deadlines::NEVER;
use super::super::error::CloseReason;
use super::super::recovery::MAX_TIMEOUTS;
use super::super::shared::Shared;
use super::super::wire::flag;
use super::Stream;

/// Probes for a tail loss while something is missing, until anything arrives.
const MAX_PROBES: u32 = 4;

/// Deadlines in µs; [`NEVER`] where there is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timers {
    rto_at: u64,
    pub reordering_at: u64,
    probe_at: u64,
    pub pacing_at: u64,
    zero_window_at: u64,
    keepalive_at: u64,
    /// 0 is off.
    keepalive_us: u64,
    /// Time-outs since the last progress.
    pub rto_count: u32,
    /// A round trip was measured since the last probe.
    pub may_probe: bool,
    /// A tail loss is to be probed for with the next packet.
    pub probe_due: bool,
    /// Probes since anything arrived.
    pub probes: u32,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            rto_at: NEVER,
            reordering_at: NEVER,
            probe_at: NEVER,
            pacing_at: NEVER,
            zero_window_at: NEVER,
            keepalive_at: NEVER,
            keepalive_us: 0,
            rto_count: 0,
            may_probe: false,
            probe_due: false,
            probes: 0,
        }
    }
}

impl Timers {
    /// A packet is on its way.
    pub fn start_rto(&mut self, now: u64, timeout: u64) {
        if self.rto_at == NEVER {
            self.rto_at = now + timeout;
        }
    }

    /// A tail loss was probed for: the time-out begins anew.
    pub fn probed(&mut self, now: u64, timeout: u64) {
        self.probe_due = false;
        self.rto_at = now + timeout;
    }

    /// The oldest packet arrived.
    pub fn progress(&mut self, now: u64, timeout: u64, is_idle: bool) {
        self.rto_count = 0;
        self.probe_due = false;
        self.rto_at = if is_idle { NEVER } else { now + timeout };
        self.restart_keepalive(now);
    }

    /// Never later than the retransmission time-out.
    pub fn set_probe(&mut self, at: Option<u64>) {
        self.probe_at = at.map_or(NEVER, |at| at.min(self.rto_at));
    }

    pub fn stop_zero_window(&mut self) {
        self.zero_window_at = NEVER;
    }

    fn restart_keepalive(&mut self, now: u64) {
        self.keepalive_at = match self.keepalive_us {
            0 => NEVER,
            us => now.saturating_add(us),
        };
    }

    fn first(&self) -> u64 {
        let timers = [
            self.rto_at,
            self.reordering_at,
            self.probe_at,
            self.pacing_at,
            self.zero_window_at,
            self.keepalive_at,
        ];
        timers.into_iter().fold(NEVER, u64::min)
    }
}

/// Whether a deadline has come; it is gone then.
fn is_due(at: &mut u64, now: u64) -> bool {
    let is_due = *at <= now;
    if is_due {
        *at = NEVER;
    }
    is_due
}

impl Stream {
    /// When it wants to be called.
    pub fn deadline(&self) -> u64 {
        self.timers.first()
    }

    pub fn handle_timeout(&mut self, shared: &mut Shared) {
        let now = shared.now;
        is_due(&mut self.timers.pacing_at, now);
        if is_due(&mut self.timers.rto_at, now) {
            self.retransmission_timeout(now);
            return;
        }
        if is_due(&mut self.timers.reordering_at, now) {
            self.reordering_timeout(now);
        }
        if is_due(&mut self.timers.probe_at, now) {
            self.timers.probe_due = true;
            self.timers.probes += 1;
            self.timers.may_probe = self.is_missing() && self.timers.probes < MAX_PROBES;
        }
        if is_due(&mut self.timers.zero_window_at, now) {
            self.timers.zero_window_at = now + 2 * self.rtt.timeout();
            self.post_header(shared, flag::HEARTBEAT);
        }
        if is_due(&mut self.timers.keepalive_at, now) {
            self.timers.restart_keepalive(now);
            if self.flight.is_empty() {
                self.post_header(shared, flag::HEARTBEAT);
            }
        }
    }

    /// Once after the time-out, then after twice that each time, as udx-native 1.21.3: nothing backs
    /// off, and a peer that is gone is given up after 13 s.
    fn retransmission_timeout(&mut self, now: u64) {
        self.timers.rto_count += 1;
        if self.timers.rto_count >= MAX_TIMEOUTS {
            self.closing = Some(CloseReason::TimedOut);
            return;
        }
        self.timers.set_probe(None);
        self.timers.probe_due = false;
        self.timers.reordering_at = NEVER;
        self.timers.rto_at = now + 2 * self.rtt.timeout();
        self.lose_after_timeout(now);
    }

    /// Data waits, nothing is on its way, and the peer takes nothing.
    pub(super) fn probe_zero_window(&mut self, shared: &mut Shared) {
        let wants = self.peer_window == 0 && self.flight.is_empty() && self.cut < self.buffer.end();
        if wants && self.timers.zero_window_at == NEVER {
            self.timers.zero_window_at = shared.now + self.rtt.timeout();
            self.post_header(shared, flag::HEARTBEAT);
        }
    }

    /// So many µs after the last acknowledgement, and again and again, a heartbeat leaves while
    /// nothing is on its way; 0 turns it off.
    pub fn set_keepalive(&mut self, now: u64, us: u64) {
        self.timers.keepalive_us = us;
        self.start_keepalive(now);
    }

    pub(super) fn start_keepalive(&mut self, now: u64) {
        match self.remote {
            Some(_) => self.timers.restart_keepalive(now),
            None => self.timers.keepalive_at = NEVER,
        }
    }
}
