//! Delivery rates (draft-cheng-iccrg-delivery-rate-estimation-00), in packets.

/// What a packet notes when it is sent.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Stamp {
    /// When the first packet of its flight was sent.
    first_sent_us: u64,
    /// How many had been delivered, and when the last of them.
    delivered: u64,
    delivered_us: u64,
    app_limited: bool,
}

/// What one acknowledgement tells of the path.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct RateSample {
    /// Packets delivered before the newest of those that were acknowledged was sent.
    pub prior_delivered: u64,
    pub app_limited: bool,
    /// Packets delivered since, and in how many µs.
    pub delivered: u64,
    pub interval_us: u64,
    prior_us: u64,
    sent_us: u64,
    send_elapsed_us: u64,
    has_packet: bool,
}

#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct RateEstimator {
    delivered: u64,
    delivered_us: u64,
    first_sent_us: u64,
    /// Until so many are delivered, samples say what the application wrote; 0 if they do not.
    limited_until: u64,
}

impl RateEstimator {
    /// Packets delivered in all.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// When the last was delivered, or when the first was sent after all had been.
    pub fn delivered_us(&self) -> u64 {
        self.delivered_us
    }

    /// Whether what is sent says more of the application than of the path.
    pub fn is_app_limited(&self) -> bool {
        self.limited_until > 0
    }

    /// A packet is sent, with so many on their way.
    pub fn sent(&mut self, now: u64, in_flight: usize) -> Stamp {
        if in_flight == 0 {
            self.first_sent_us = now;
            self.delivered_us = now;
        }
        Stamp {
            first_sent_us: self.first_sent_us,
            delivered: self.delivered,
            delivered_us: self.delivered_us,
            app_limited: self.is_app_limited(),
        }
    }

    /// A packet was delivered, and nobody knows which transmission of it.
    pub fn delivered_some(&mut self, now: u64) {
        self.delivered += 1;
        self.delivered_us = now;
    }

    /// A packet was delivered.
    pub fn delivered_packet(
        &mut self,
        now: u64,
        stamp: &Stamp,
        sent_us: u64,
        sample: &mut RateSample,
    ) {
        self.delivered_some(now);
        let is_newer = (stamp.delivered, sent_us) > (sample.prior_delivered, sample.sent_us);
        if sample.has_packet && !is_newer {
            return;
        }
        sample.has_packet = true;
        sample.prior_delivered = stamp.delivered;
        sample.prior_us = stamp.delivered_us;
        sample.sent_us = sent_us;
        sample.app_limited = stamp.app_limited;
        sample.send_elapsed_us = sent_us.saturating_sub(stamp.first_sent_us);
        self.first_sent_us = sent_us;
    }

    /// The sample of an acknowledgement, once all its packets are counted. `None` if it says
    /// nothing: no packet, or in less time than a packet needs.
    pub fn finish(&mut self, mut sample: RateSample, least_rtt_us: u64) -> Option<RateSample> {
        if self.is_app_limited() && self.delivered > self.limited_until {
            self.limited_until = 0;
        }
        if !sample.has_packet {
            return None;
        }
        let ack_elapsed_us = self.delivered_us.saturating_sub(sample.prior_us);
        sample.interval_us = sample.send_elapsed_us.max(ack_elapsed_us);
        sample.delivered = self.delivered - sample.prior_delivered;
        (sample.interval_us > 0 && sample.interval_us >= least_rtt_us).then_some(sample)
    }

    /// The application has nothing more to send, with so many packets on their way.
    pub fn app_limited(&mut self, in_flight: usize) {
        self.limited_until = (self.delivered + in_flight as u64).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_the_slower_of_sending_and_acknowledging() {
        let mut rate = RateEstimator::default();
        let stamps: Vec<_> = (0..10).map(|n| rate.sent(n * 100, n as usize)).collect();
        let mut sample = RateSample::default();
        for (n, stamp) in stamps.iter().enumerate() {
            rate.delivered_packet(10_000, stamp, n as u64 * 100, &mut sample);
        }
        let sample = rate.finish(sample, 5_000).expect("a sample");
        assert_eq!((sample.delivered, sample.interval_us, sample.app_limited), (10, 10_000, false));
    }

    #[test]
    fn too_short_an_interval_says_nothing() {
        let mut rate = RateEstimator::default();
        let stamp = rate.sent(0, 0);
        let mut sample = RateSample::default();
        rate.delivered_packet(10, &stamp, 0, &mut sample);
        assert!(rate.finish(sample, 11).is_none());
        assert!(rate.finish(sample, 10).is_some());
        assert!(rate.finish(RateSample::default(), 0).is_none());
    }

    #[test]
    fn what_was_sent_for_want_of_more_is_marked_until_it_arrived() {
        let mut rate = RateEstimator::default();
        let before = rate.sent(0, 0);
        rate.app_limited(1);
        let after = rate.sent(1, 1);
        assert!(!before.app_limited && after.app_limited);
        let mut sample = RateSample::default();
        rate.delivered_packet(9, &before, 0, &mut sample);
        assert!(rate.finish(sample, 0).is_some_and(|sample| !sample.app_limited));
        assert!(rate.is_app_limited());
        let mut sample = RateSample::default();
        rate.delivered_packet(10, &after, 1, &mut sample);
        assert!(rate.finish(sample, 0).is_some_and(|sample| sample.app_limited));
        assert!(!rate.is_app_limited());
    }
}
