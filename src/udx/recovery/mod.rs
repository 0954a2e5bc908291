//! When packets count as lost: RFC 8985, with the constants of udx-native 1.21.3.

mod rack;
mod rtt;

pub(super) use self::rack::{Arrived, Rack};
pub(super) use self::rtt::Rtt;

/// The 7th time-out without progress closes a stream.
pub(super) const MAX_TIMEOUTS: u32 = 7;

/// The least time after which a tail loss is probed for, in µs. A peer whose thread is busy for a
/// moment is no reason to send twice.
const LEAST_PROBE_US: u64 = 10_000;

/// A probe of a lone packet waits so much longer: the peer may put its acknowledgement off, in µs.
const LONE_PACKET_US: u64 = 2_000;

/// The time of a probe before any sample, in µs.
const UNKNOWN_PROBE_US: u64 = 1_000_000;

/// After how many µs of silence a tail loss is probed for (RFC 8985, section 7.2).
pub(super) fn probe_timeout(rtt: &Rtt, is_lone: bool) -> u64 {
    if rtt.smoothed() == 0 {
        return UNKNOWN_PROBE_US;
    }
    let lone = if is_lone { LONE_PACKET_US } else { 0 };
    (2 * rtt.smoothed() + lone).max(LEAST_PROBE_US)
}
