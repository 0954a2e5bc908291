//! BBR v1: how many packets may be on their way, and how many bytes a second leave.

use super::super::limits::MAX_TRANSMIT;
use super::aggregation::Aggregation;
use super::bbr_model::{Model, bytes_per_second};
use super::make_up::MakeUp;
use super::rate::RateSample;

/// Gains are in thousandths. 2 / ln 2, and its inverse.
const HIGH_GAIN: u32 = 2885;
const DRAIN_GAIN: u32 = 347;
const UNIT_GAIN: u32 = 1000;
const CWND_GAIN: u32 = 2000;

/// How the bandwidth is probed for, a round trip each. The cycle begins in the midst of it.
const CYCLE: [u32; 8] = [1250, 750, 1000, 1000, 1000, 1000, 1000, 1000];
const CYCLE_START: usize = 4;

const INITIAL_CWND: u32 = 10;
const LEAST_CWND: u32 = 4;
const MAX_CWND: u32 = 1 << 20;

/// For how long few packets are on their way so that the round trip shows, in µs.
const PROBE_RTT_US: u64 = 200_000;

/// Packets leave 1 % more slowly than the path takes them.
const PACING_MARGIN: u64 = 99;

/// Bytes a second at least: one a ms.
const LEAST_RATE: u64 = 1000;

/// The round trip before any sample, for pacing, in µs.
const UNKNOWN_RTT_US: u64 = 1000;

/// What BBR is about. The numbers are those of udx-native's `bbrState`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BbrState {
    #[default]
    Startup = 0,
    Drain = 1,
    ProbeBw = 2,
    ProbeRtt = 3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recovery {
    None,
    /// What was lost by now made it begin, and is counted already.
    Entered,
    /// In its first round as many packets leave as arrive.
    Conserving,
    Growing,
}

/// What an acknowledgement brought.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Acked {
    pub now: u64,
    /// Packets delivered in all, and by this acknowledgement.
    pub delivered: u64,
    pub newly: u32,
    pub lost: u32,
    /// Packets on their way, before it and after it.
    pub prior_in_flight: u32,
    pub in_flight: u32,
    pub sample: Option<RateSample>,
    pub rtt_us: Option<u64>,
    pub smoothed_rtt_us: u64,
    /// Bytes of payload of a full packet.
    pub payload: usize,
}

#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Bbr {
    state: BbrState,
    model: Model,
    aggregation: Aggregation,
    cwnd: u32,
    prior_cwnd: u32,
    pacing_rate: u64,
    pacing_gain: u32,
    cwnd_gain: u32,
    recovery: Recovery,
    has_rtt: bool,
    cycle: usize,
    cycle_at: u64,
    /// When the round trip has shown; 0 until few packets are on their way.
    probe_rtt_until: u64,
    probe_rtt_round: bool,
    is_restarting: bool,
    make_up: MakeUp,
}

impl Bbr {
    pub fn new(now: u64, payload: usize) -> Self {
        Self {
            state: BbrState::Startup,
            model: Model::new(now),
            aggregation: Aggregation::default(),
            cwnd: INITIAL_CWND,
            prior_cwnd: 0,
            pacing_rate: initial_rate(UNKNOWN_RTT_US, payload),
            pacing_gain: HIGH_GAIN,
            cwnd_gain: HIGH_GAIN,
            recovery: Recovery::None,
            has_rtt: false,
            cycle: 0,
            cycle_at: now,
            probe_rtt_until: 0,
            probe_rtt_round: false,
            is_restarting: false,
            make_up: MakeUp::default(),
        }
    }

    pub fn state(&self) -> BbrState {
        self.state
    }

    /// Packets that may be on their way.
    pub fn cwnd(&self) -> u32 {
        self.cwnd
    }

    /// Bytes of payload a second.
    pub fn pacing_rate(&self) -> u64 {
        self.pacing_rate
    }

    /// What the path takes, in bytes a second.
    pub fn bandwidth(&self, payload: usize) -> u64 {
        bytes_per_second(self.model.bandwidth(), payload)
    }

    /// True while few packets are sent on purpose: samples say nothing of the path.
    pub fn is_limiting(&self) -> bool {
        self.state == BbrState::ProbeRtt
    }

    /// The first packet after a pause leaves.
    pub fn restarted(&mut self, payload: usize) {
        self.is_restarting = true;
        if self.state == BbrState::ProbeBw {
            self.pace(UNIT_GAIN, payload);
        }
    }

    pub fn acked(&mut self, acked: &Acked) {
        let rtt = acked.smoothed_rtt_us;
        self.model.update(acked.now, acked.sample.as_ref(), acked.delivered, rtt);
        let is_over = self.model.round_start && self.recovery == Recovery::Conserving;
        if is_over {
            self.recovery = Recovery::Growing;
        }
        let (bw, round_start) = (self.model.bandwidth(), self.model.round_start);
        self.aggregation.update(acked.now, acked.newly, bw, self.cwnd, round_start);
        self.advance_cycle(acked);
        self.check_drain(acked);
        self.probe_rtt(acked);
        self.set_pacing(acked);
        self.set_cwnd(acked);
    }

    /// Losses were found in packets that were sent before any of this recovery.
    pub fn enter_recovery(&mut self, in_flight: u32, newly: u32, delivered: u64) {
        self.save_cwnd();
        self.recovery = Recovery::Entered;
        self.model.start_round(delivered);
        self.cwnd = in_flight + newly.max(1);
    }

    pub fn leave_recovery(&mut self) {
        self.recovery = Recovery::None;
        self.cwnd = self.cwnd.max(self.prior_cwnd);
    }

    /// Nothing was heard for the retransmission time-out.
    pub fn timed_out(&mut self, in_flight: u32) {
        self.save_cwnd();
        self.recovery = Recovery::Growing;
        self.model.forget_full();
        self.cwnd = in_flight + 1;
    }

    fn save_cwnd(&mut self) {
        let is_own = self.recovery == Recovery::None && self.state != BbrState::ProbeRtt;
        self.prior_cwnd = if is_own { self.cwnd } else { self.prior_cwnd.max(self.cwnd) };
    }

    fn advance_cycle(&mut self, acked: &Acked) {
        if self.state != BbrState::ProbeBw {
            return;
        }
        let has_lasted = acked.now - self.cycle_at > self.model.min_rtt().unwrap_or(0);
        let in_flight = u64::from(acked.prior_in_flight);
        let holds = |gain| in_flight >= self.model.bdp(gain).unwrap_or(0);
        let is_over = match self.pacing_gain {
            UNIT_GAIN => has_lasted,
            gain if gain > UNIT_GAIN => has_lasted && (acked.lost > 0 || holds(gain)),
            _ => has_lasted || in_flight <= self.model.bdp(UNIT_GAIN).unwrap_or(0),
        };
        if !is_over {
            return;
        }
        let cycle = (self.cycle + 1) % CYCLE.len();
        if cycle == 0 {
            self.make_up.end(acked.now, acked.delivered, self.model.bandwidth());
        } else if self.pacing_gain < UNIT_GAIN {
            self.make_up.begin(acked.now, acked.delivered);
        }
        self.enter_cycle(cycle, acked.now);
    }

    fn enter_cycle(&mut self, cycle: usize, now: u64) {
        self.cycle = cycle;
        self.cycle_at = now;
        self.pacing_gain = CYCLE[cycle];
    }

    fn check_drain(&mut self, acked: &Acked) {
        if self.state == BbrState::Startup && self.model.is_full {
            self.state = BbrState::Drain;
            self.pacing_gain = DRAIN_GAIN;
        }
        let is_drained =
            self.model.bdp(UNIT_GAIN).is_some_and(|bdp| u64::from(acked.in_flight) <= bdp);
        if self.state == BbrState::Drain && is_drained {
            self.enter_probe_bw(acked.now);
        }
    }

    fn enter_probe_bw(&mut self, now: u64) {
        self.state = BbrState::ProbeBw;
        self.cwnd_gain = CWND_GAIN;
        self.enter_cycle(CYCLE_START, now);
    }

    fn enter_startup(&mut self) {
        self.state = BbrState::Startup;
        self.pacing_gain = HIGH_GAIN;
        self.cwnd_gain = HIGH_GAIN;
    }

    fn probe_rtt(&mut self, acked: &Acked) {
        let is_old = self.model.sample_rtt(acked.now, acked.rtt_us);
        if is_old && !self.is_restarting && self.state != BbrState::ProbeRtt {
            self.save_cwnd();
            self.state = BbrState::ProbeRtt;
            self.pacing_gain = UNIT_GAIN;
            self.cwnd_gain = UNIT_GAIN;
            self.probe_rtt_until = 0;
        }
        if self.state == BbrState::ProbeRtt {
            self.go_on_probing_rtt(acked);
        }
        if acked.newly > 0 {
            self.is_restarting = false;
        }
    }

    fn go_on_probing_rtt(&mut self, acked: &Acked) {
        if self.probe_rtt_until == 0 {
            if acked.in_flight <= self.probe_rtt_cwnd() {
                self.probe_rtt_until = acked.now + PROBE_RTT_US;
                self.probe_rtt_round = false;
                self.model.start_round(acked.delivered);
            }
            return;
        }
        self.probe_rtt_round |= self.model.round_start;
        if !self.probe_rtt_round || acked.now < self.probe_rtt_until {
            return;
        }
        self.model.refresh_rtt(acked.now);
        self.cwnd = self.cwnd.max(self.prior_cwnd);
        match self.model.is_full {
            true => self.enter_probe_bw(acked.now),
            false => self.enter_startup(),
        }
    }

    /// Half of what the path holds empties its queue, and costs a long way little.
    fn probe_rtt_cwnd(&self) -> u32 {
        let half = self.model.bdp(UNIT_GAIN / 2).unwrap_or(0);
        u32::try_from(half).unwrap_or(MAX_CWND).max(LEAST_CWND)
    }

    fn set_pacing(&mut self, acked: &Acked) {
        if !self.has_rtt && acked.smoothed_rtt_us > 0 {
            self.has_rtt = true;
            self.pacing_rate = initial_rate(acked.smoothed_rtt_us, acked.payload);
        }
        self.pace(self.pacing_gain, acked.payload);
    }

    /// Startup never lowers the rate.
    fn pace(&mut self, gain: u32, payload: usize) {
        if self.model.bandwidth() == 0 {
            return;
        }
        let gain = match self.state {
            BbrState::ProbeBw => self.make_up.applied_to(gain),
            _ => gain,
        };
        let rate = with_gain(bytes_per_second(self.model.bandwidth(), payload), gain);
        if self.model.is_full || rate > self.pacing_rate {
            self.pacing_rate = rate.max(LEAST_RATE);
        }
    }

    fn set_cwnd(&mut self, acked: &Acked) {
        if matches!(self.recovery, Recovery::Conserving | Recovery::Growing) {
            self.cwnd = self.cwnd.saturating_sub(acked.lost).max(LEAST_CWND);
        }
        match self.recovery {
            Recovery::Entered => self.recovery = Recovery::Conserving,
            Recovery::Conserving => self.cwnd = self.cwnd.max(acked.in_flight + acked.newly),
            Recovery::None | Recovery::Growing if acked.newly > 0 => self.grow_cwnd(acked),
            _ => {}
        }
        if self.state == BbrState::ProbeRtt {
            self.cwnd = self.cwnd.min(self.probe_rtt_cwnd());
        }
        self.cwnd = self.cwnd.min(MAX_CWND);
    }

    fn grow_cwnd(&mut self, acked: &Acked) {
        let target = self.target(acked.payload);
        let grown = self.cwnd.saturating_add(acked.newly);
        if self.model.is_full {
            self.cwnd = grown.min(target);
        } else if self.cwnd < target || acked.delivered < u64::from(INITIAL_CWND) {
            self.cwnd = grown;
        }
        self.cwnd = self.cwnd.max(LEAST_CWND);
    }

    /// What the path holds, and what leaves in one go at each end and between.
    fn target(&self, payload: usize) -> u32 {
        let held = match self.model.bdp(self.cwnd_gain) {
            Some(bdp) => bdp,
            None => return INITIAL_CWND * self.cwnd_gain / UNIT_GAIN,
        };
        let bundled = (self.pacing_rate / 1000).clamp(payload as u64, MAX_TRANSMIT as u64);
        let extra = match self.model.is_full {
            true => self.aggregation.extra(self.model.bandwidth()),
            false => 0,
        };
        let target = held.saturating_add(extra) + 3 * bundled / payload as u64;
        u32::try_from(target).unwrap_or(MAX_CWND)
    }
}

fn initial_rate(rtt_us: u64, payload: usize) -> u64 {
    let flight = u64::from(INITIAL_CWND) * payload as u64;
    with_gain(flight * 1_000_000 / rtt_us, HIGH_GAIN).max(LEAST_RATE)
}

fn with_gain(rate: u64, gain: u32) -> u64 {
    let rate = u128::from(rate) * u128::from(gain) * u128::from(PACING_MARGIN) / 100_000;
    u64::try_from(rate).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::rate::RateEstimator;
    use super::*;
    use std::collections::VecDeque;

    const PAYLOAD: usize = 1000;

    /// A sender that always has data, over a path of a fixed rate and round trip.
    struct Path {
        bbr: Bbr,
        rate: RateEstimator,
        now: u64,
        /// When each packet arrives, its stamp, and when it was sent.
        packets: VecDeque<(u64, super::super::rate::Stamp, u64)>,
        free_at: u64,
        next_at: u64,
        per_packet_us: u64,
        rtt_us: u64,
        most: usize,
    }

    impl Path {
        fn new(per_packet_us: u64, rtt_us: u64) -> Self {
            Self {
                bbr: Bbr::new(0, PAYLOAD),
                rate: RateEstimator::default(),
                now: 0,
                packets: VecDeque::new(),
                free_at: 0,
                next_at: 0,
                per_packet_us,
                rtt_us,
                most: 0,
            }
        }

        fn run(&mut self, us: u64) {
            let end = self.now + us;
            while self.now < end {
                let arrival = self.packets.front().map_or(u64::MAX, |packet| packet.0);
                let may_send = (self.packets.len() as u32) < self.bbr.cwnd();
                if may_send && self.next_at <= arrival {
                    self.now = self.now.max(self.next_at);
                    self.send();
                } else {
                    self.now = arrival;
                    self.arrive();
                }
            }
        }

        fn send(&mut self) {
            let stamp = self.rate.sent(self.now, self.packets.len());
            self.free_at = self.free_at.max(self.now) + self.per_packet_us;
            self.packets.push_back((self.free_at + self.rtt_us, stamp, self.now));
            self.most = self.most.max(self.packets.len());
            self.next_at = self.now + PAYLOAD as u64 * 1_000_000 / self.bbr.pacing_rate();
        }

        fn arrive(&mut self) {
            let (_, stamp, sent) = self.packets.pop_front().expect("a packet arrives");
            let mut sample = RateSample::default();
            self.rate.delivered_packet(self.now, &stamp, sent, &mut sample);
            let rtt_us = self.now - sent;
            let acked = Acked {
                now: self.now,
                delivered: self.rate.delivered(),
                newly: 1,
                lost: 0,
                prior_in_flight: self.packets.len() as u32 + 1,
                in_flight: self.packets.len() as u32,
                sample: self.rate.finish(sample, 0),
                rtt_us: Some(rtt_us),
                smoothed_rtt_us: rtt_us,
                payload: PAYLOAD,
            };
            self.bbr.acked(&acked);
        }
    }

    #[test]
    fn it_finds_the_rate_of_the_path_and_keeps_its_queue_short() {
        let mut path = Path::new(1000, 50_000);
        path.run(3_000_000);
        assert_eq!(path.bbr.state(), BbrState::ProbeBw);
        let bandwidth = path.bbr.bandwidth(PAYLOAD);
        assert!((950_000..1_050_000).contains(&bandwidth), "{bandwidth}");
        let delivered = path.rate.delivered();
        path.most = 0;
        path.run(2_000_000);
        assert!(path.rate.delivered() - delivered > 1_960, "the pipe is kept full");
        assert!(path.most <= 2 * 51 + 8, "{} on their way", path.most);
    }

    #[test]
    fn each_10_s_it_looks_what_the_round_trip_is_without_a_queue() {
        let mut path = Path::new(1000, 50_000);
        path.run(5_000_000);
        path.rtt_us = 80_000;
        let mut states = Vec::new();
        for _ in 0..1500 {
            path.run(10_000);
            states.push(path.bbr.state());
        }
        assert!(states.contains(&BbrState::ProbeRtt));
        path.run(1_000_000);
        assert_eq!(path.bbr.state(), BbrState::ProbeBw);
        assert_eq!(path.bbr.model.min_rtt(), Some(81_000));
    }

    #[test]
    fn recovery_sends_what_arrives_and_gives_the_window_back() {
        let mut path = Path::new(1000, 50_000);
        path.run(3_000_000);
        let before = path.bbr.cwnd();
        path.bbr.enter_recovery(30, 2, path.rate.delivered());
        assert_eq!(path.bbr.cwnd(), 32);
        path.bbr.leave_recovery();
        assert_eq!(path.bbr.cwnd(), before);
        path.bbr.timed_out(0);
        assert_eq!(path.bbr.cwnd(), 1);
        path.bbr.leave_recovery();
        assert_eq!(path.bbr.cwnd(), before);
    }

    #[test]
    fn it_begins_as_udx_native_does() {
        let bbr = Bbr::new(0, 1152);
        assert_eq!((bbr.cwnd(), bbr.state(), bbr.bandwidth(1152)), (10, BbrState::Startup, 0));
        let a_ms = 10.0 * 1152.0 * 2.885 * 0.99;
        assert!((bbr.pacing_rate() as f64 / 1000.0 - a_ms).abs() < 1.0);
    }
}
