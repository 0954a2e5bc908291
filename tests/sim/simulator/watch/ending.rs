//! What users ask for ends: each request and each lookup once, in good time.

use std::collections::HashMap;

use super::{Verdict, Violation, require};

/// The longest that anything takes, in ms. A thorough lookup in a network most of which is gone
/// takes some minutes, and a node may fall asleep in the middle of it.
const MAX_MS: u64 = 600_000;

/// Something that a user began; the numbers of requests and of lookups are two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    Request(u32),
    Lookup(u32),
}

/// What the user of one node waits for, and since when by the node's own clock.
#[derive(Debug, Default)]
pub struct Ending {
    under_way: HashMap<Asked, u64>,
}

impl Ending {
    pub fn began(&mut self, asked: Asked, now_ms: u64) {
        self.under_way.insert(asked, now_ms);
    }

    pub fn ended(&mut self, asked: Asked) -> Verdict {
        let ended = self.under_way.remove(&asked);
        ended
            .map(|_| ())
            .ok_or_else(|| Violation(format!("{asked:?} ended, and was not under way")))
    }

    pub fn audit(&self, now_ms: u64) -> Verdict {
        self.under_way.iter().try_for_each(|(asked, since_ms)| {
            let took_ms = now_ms.saturating_sub(*since_ms);
            require(took_ms <= MAX_MS, || format!("{asked:?} did not end for {took_ms} ms"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> Ending {
        let mut ending = Ending::default();
        ending.began(Asked::Request(1), 1000);
        ending.began(Asked::Lookup(1), 1000);
        ending
    }

    #[test]
    fn what_ends_twice_or_never_began_is_seen() {
        for asked in [Asked::Request(1), Asked::Lookup(1)] {
            let mut ending = begun();
            assert_eq!(ending.ended(asked), Ok(()));
            assert!(ending.ended(asked).is_err());
        }
        assert!(begun().ended(Asked::Request(2)).is_err());
        assert!(begun().ended(Asked::Lookup(2)).is_err());
    }

    #[test]
    fn what_never_ends_is_seen() {
        let mut ending = begun();
        assert_eq!(ending.audit(1000 + MAX_MS), Ok(()));
        assert!(ending.audit(1001 + MAX_MS).is_err());
        ending.ended(Asked::Request(1)).unwrap();
        assert!(ending.audit(1001 + MAX_MS).is_err());
        ending.ended(Asked::Lookup(1)).unwrap();
        assert_eq!(ending.audit(1001 + MAX_MS), Ok(()));
    }
}
