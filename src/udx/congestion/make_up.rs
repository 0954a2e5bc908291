//! What the path loses is sent on top, so that what arrives is what the path takes.

use super::bbr_model::{Bandwidth, bandwidth_of};

/// What is to arrive of the bandwidth, and how much more may leave for it, in thousandths. No more than
/// a probe for bandwidth sends.
const WANTED: u64 = 990;
const MOST: u64 = 250;

const UNIT: u64 = 1000;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MakeUp {
    /// How much more leaves than is to arrive, in thousandths.
    more: u64,
    /// When packets began to leave at the bandwidth, and how many had been delivered by then.
    begin: Option<(u64, u64)>,
}

impl MakeUp {
    /// From here on packets leave at the bandwidth.
    pub fn begin(&mut self, now: u64, delivered: u64) {
        self.begin = Some((now, delivered));
    }

    /// Until here. Where less arrived than the path takes, more leaves from now on: what is lost on the
    /// way says nothing of what the path takes. Each time a tenth of that is taken back, so that no
    /// stream makes up for what it lost by its own doing.
    pub fn end(&mut self, now: u64, delivered: u64, bw: Bandwidth) {
        let Some((at, before)) = self.begin.take() else {
            return;
        };
        let arrived = bandwidth_of(delivered - before, now - at).max(1);
        let gain = (UNIT + self.more).saturating_mul(bw) / UNIT * WANTED / arrived;
        self.more = (gain.saturating_sub(UNIT) * 9 / 10).min(MOST);
    }

    /// A gain in thousandths, with what is sent on top.
    pub fn applied_to(&self, gain: u32) -> u32 {
        gain + gain * self.more as u32 / UNIT as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// What is sent on top after many seconds, if so much of what leaves arrives, up to what the path
    /// takes.
    fn settled(arrives: f64, path: u64) -> u64 {
        let mut make_up = MakeUp { more: MOST, begin: None };
        for n in 0..100 {
            let sent = f64::from(make_up.applied_to(1000));
            let delivered = (sent * arrives).min(path as f64) as u64;
            make_up.begin(n * SECOND, 0);
            make_up.end((n + 1) * SECOND, delivered, bandwidth_of(path, SECOND));
        }
        make_up.more
    }

    #[test]
    fn what_is_lost_is_sent_on_top_up_to_a_quarter() {
        assert!((80..=100).contains(&settled(0.9, 1000)), "{}", settled(0.9, 1000));
        assert_eq!(settled(0.5, 1000), MOST);
    }

    #[test]
    fn what_the_path_does_not_take_is_not() {
        assert_eq!(settled(1.0, 1000), 0);
    }

    #[test]
    fn without_a_beginning_nothing_is_learnt() {
        let mut make_up = MakeUp::default();
        make_up.end(SECOND, 0, bandwidth_of(1000, SECOND));
        assert_eq!(make_up.applied_to(1250), 1250);
    }
}
