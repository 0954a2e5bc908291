//! Who may call itself persistent, and when an adaptive node has to.

use super::{Verdict, require};

/// An open adaptive node is persistent after 240 ticks of 5 s, the next refresh and its probe at
/// the latest, in ms.
const STABLE_MS: u64 = 240 * 5000 + 60_000;

/// After a wake-up it takes three times as long.
const STABLE_AGAIN_MS: u64 = 3 * 240 * 5000 + 60_000;

/// When a peer last began to settle.
#[derive(Debug, Default)]
pub struct Standing {
    due_ms: Option<u64>,
}

impl Standing {
    /// The bootstrap is done.
    pub fn ready(&mut self, now_ms: u64) {
        self.due_ms = Some(now_ms + STABLE_MS);
    }

    /// It woke up, or is ephemeral again.
    pub fn unsettled(&mut self, now_ms: u64) {
        self.due_ms = Some(now_ms + STABLE_AGAIN_MS);
    }

    /// It told others that they can reach it.
    pub fn persistent(&self, behind_nat: bool) -> Verdict {
        require(!behind_nat, || "it is behind a NAT and calls itself persistent".into())
    }

    /// `adapts`: nothing keeps it from going persistent.
    pub fn audit(&self, now_ms: u64, ephemeral: bool, adapts: bool) -> Verdict {
        let late_ms = self.due_ms.map_or(0, |due_ms| now_ms.saturating_sub(due_ms));
        require(late_ms == 0 || !ephemeral || !adapts, || {
            format!("it is open, and ephemeral {late_ms} ms after its stable time")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_behind_a_nat_is_not_persistent() {
        assert!(Standing::default().persistent(false).is_ok());
        assert!(Standing::default().persistent(true).is_err());
    }

    #[test]
    fn an_open_adaptive_node_has_to_be_after_its_stable_time() {
        let mut standing = Standing::default();
        assert!(standing.audit(u64::MAX, true, true).is_ok(), "it is not even ready");
        standing.ready(1000);
        assert!(standing.audit(1000 + STABLE_MS, true, true).is_ok());
        assert!(standing.audit(1001 + STABLE_MS, true, true).is_err());
        assert!(standing.audit(1001 + STABLE_MS, true, false).is_ok());
        assert!(standing.audit(1001 + STABLE_MS, false, true).is_ok());
        standing.unsettled(2000);
        assert!(standing.audit(2000 + STABLE_AGAIN_MS, true, true).is_ok());
        assert!(standing.audit(2001 + STABLE_AGAIN_MS, true, true).is_err());
    }
}
