use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// Counts what each host has of something that is bounded in all.
///
/// A tree: who chooses the hosts cannot make it slow.
#[derive(Debug, Default)]
pub struct PerHost(BTreeMap<Ipv4Addr, u32>);

impl PerHost {
    /// One more of `host`, unless it has `limit` already.
    pub fn take(&mut self, host: Ipv4Addr, limit: u32) -> bool {
        if limit == 0 {
            return false;
        }
        let count = self.0.entry(host).or_insert(0);
        let may = *count < limit;
        *count += u32::from(may);
        may
    }

    /// One less of `host`.
    pub fn give(&mut self, host: Ipv4Addr) {
        let Some(count) = self.0.get_mut(&host) else {
            return;
        };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.0.remove(&host);
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// What one host may take of `free` places: never more than it leaves to the others, so that many
/// hosts are needed to take all.
pub fn fair_share(limit: Option<u32>, free: usize) -> u32 {
    limit.map_or(u32::MAX, |limit| limit.min(u32::try_from(free).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Ipv4Addr = Ipv4Addr::new(1, 1, 1, 1);
    const B: Ipv4Addr = Ipv4Addr::new(2, 2, 2, 2);

    #[test]
    fn each_host_has_its_own_and_what_is_given_back_is_forgotten() {
        let mut counts = PerHost::default();
        assert!(counts.take(A, 2) && counts.take(A, 2));
        assert!(!counts.take(A, 2));
        assert!(counts.take(B, 2));
        assert!(!counts.take(B, 0));

        counts.give(A);
        assert!(counts.take(A, 2));
        for _ in 0..3 {
            counts.give(A);
            counts.give(B);
        }
        assert!(counts.0.is_empty());
    }

    #[test]
    fn the_last_places_are_left_to_others() {
        let (mut counts, mut free) = (PerHost::default(), 100);
        let taken = [40, 30, 15, 8].map(|expected| {
            let host = Ipv4Addr::from(expected);
            while counts.take(host, fair_share(Some(40), free)) {
                free -= 1;
            }
            counts.0.get(&host).copied().unwrap_or(0)
        });
        assert_eq!(taken, [40, 30, 15, 8], "the first has its limit, each leaves as many again");
        assert_eq!(fair_share(None, 0), u32::MAX);
    }
}
