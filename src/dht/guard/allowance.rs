use std::net::Ipv4Addr;

use rand::Rng;

use super::config::Unproven;

/// ms
const WINDOW_MS: u64 = 10_000;

/// For how long a host that showed a valid token is known to receive there: as long as a token can
/// live, in ms.
const PROVEN_MS: u64 = 15_000;

/// One host that took all that it may get takes it from one in so many others.
const PLACES: usize = 512;

/// Bytes that hosts without a token may be sent.
///
/// Hosts are counted in a fixed number of places that change with every window of 10 s: those that
/// share one share what it may be sent.
pub struct Allowance {
    limits: Unproven,
    window: u64,
    secret: u64,
    counted: [Bytes; PLACES],
    /// Hosts that showed a token, and until when that counts in ms. One takes another's place.
    proven: [Option<(Ipv4Addr, u64)>; PLACES],
}

impl Allowance {
    pub fn new(limits: Unproven) -> Self {
        Self {
            limits,
            window: u64::MAX,
            secret: 0,
            counted: [Bytes::default(); PLACES],
            proven: [None; PLACES],
        }
    }

    /// A request came.
    pub fn received(&mut self, now_ms: u64, host: Ipv4Addr, bytes: usize, rng: &mut impl Rng) {
        self.begin(now_ms, rng);
        let place = self.place(host);
        place.received = place.received.saturating_add(bytes as u64);
    }

    /// A valid token came.
    pub fn proved(&mut self, now_ms: u64, host: Ipv4Addr, rng: &mut impl Rng) {
        self.begin(now_ms, rng);
        self.proven[index(self.secret, host)] = Some((host, now_ms.saturating_add(PROVEN_MS)));
    }

    /// Bytes that may be sent now, in answer to a request of `asked` bytes at least: what it earned
    /// by itself is never less, whatever those took who share its host's place.
    pub fn room(&mut self, now_ms: u64, host: Ipv4Addr, asked: usize, rng: &mut impl Rng) -> usize {
        self.begin(now_ms, rng);
        let known = self.proven[index(self.secret, host)];
        if known.is_some_and(|(proven, until_ms)| proven == host && now_ms < until_ms) {
            return usize::MAX;
        }
        let Unproven { bytes, factor } = self.limits;
        let factor = u64::from(factor);
        let place = self.place(host);
        let earned = place.received.saturating_mul(factor);
        let left = earned.saturating_add(u64::from(bytes)).saturating_sub(place.sent);
        left.max(factor * asked as u64) as usize
    }

    /// A reply leaves.
    pub fn sent(&mut self, host: Ipv4Addr, bytes: usize) {
        let place = self.place(host);
        place.sent = place.sent.saturating_add(bytes as u64);
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Bytes {
    received: u64,
    sent: u64,
}

impl Allowance {
    fn begin(&mut self, now_ms: u64, rng: &mut impl Rng) {
        let window = now_ms / WINDOW_MS;
        if window == self.window {
            return;
        }
        let proven = std::mem::replace(&mut self.proven, [None; PLACES]);
        self.window = window;
        self.secret = rng.next_u64();
        self.counted = [Bytes::default(); PLACES];
        for (host, until_ms) in proven.into_iter().flatten().filter(|known| now_ms < known.1) {
            self.proven[index(self.secret, host)] = Some((host, until_ms));
        }
    }

    fn place(&mut self, host: Ipv4Addr) -> &mut Bytes {
        &mut self.counted[index(self.secret, host)]
    }
}

impl std::fmt::Debug for Allowance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Allowance").field("limits", &self.limits).finish_non_exhaustive()
    }
}

fn index(secret: u64, host: Ipv4Addr) -> usize {
    super::budget::keyed(secret, host) % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const HOST: Ipv4Addr = Ipv4Addr::new(1, 2, 3, 4);

    #[test]
    fn a_host_earns_by_what_it_sends() {
        let rng = &mut StdRng::from_seed([5; 32]);
        let mut allowance = Allowance::new(Unproven { bytes: 1000, factor: 2 });
        allowance.received(0, HOST, 100, rng);
        assert_eq!(allowance.room(0, HOST, 0, rng), 1200);
        allowance.sent(HOST, 1150);
        assert_eq!(allowance.room(0, HOST, 0, rng), 50);
        allowance.sent(HOST, 100);
        assert_eq!(allowance.room(0, HOST, 0, rng), 0);
        assert_eq!(allowance.room(WINDOW_MS, HOST, 0, rng), 1000);
    }

    #[test]
    fn a_loud_host_takes_from_few_others() {
        let rng = &mut StdRng::from_seed([5; 32]);
        let mut allowance = Allowance::new(Unproven { bytes: 1000, factor: 2 });
        allowance.room(0, HOST, 0, rng);
        allowance.sent(HOST, 1_000_000);
        let others = (0..10_000u32).map(|n| Ipv4Addr::from(0x4200_0000 + n));
        let silenced = others.filter(|other| allowance.room(0, *other, 0, rng) == 0).count();
        assert!(silenced < 100, "{silenced} of 10 000");
    }

    #[test]
    fn nobody_takes_what_a_request_earns() {
        let rng = &mut StdRng::from_seed([5; 32]);
        let mut allowance = Allowance::new(Unproven { bytes: 1000, factor: 2 });
        for n in 0..10_000u32 {
            let other = Ipv4Addr::from(0x4200_0000 + n);
            allowance.room(0, other, 0, rng);
            allowance.sent(other, 10_000);
        }
        allowance.received(0, HOST, 40, rng);
        assert_eq!((allowance.room(0, HOST, 0, rng), allowance.room(0, HOST, 40, rng)), (0, 80));
    }

    #[test]
    fn a_token_is_good_for_fifteen_seconds() {
        let rng = &mut StdRng::from_seed([5; 32]);
        let mut allowance = Allowance::new(Unproven { bytes: 0, factor: 0 });
        assert_eq!(allowance.room(0, HOST, 0, rng), 0);
        allowance.proved(5, HOST, rng);
        assert_eq!(allowance.room(WINDOW_MS, HOST, 0, rng), usize::MAX);
        assert_eq!(allowance.room(PROVEN_MS + 4, HOST, 0, rng), usize::MAX);
        assert_eq!(allowance.room(PROVEN_MS + 5, HOST, 0, rng), 0);
    }
}
