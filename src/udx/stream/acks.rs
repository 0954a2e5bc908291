//! What is acknowledged and what is lost: RFC 8985.

use super::super::congestion::{Acked, BbrState, RateSample};
use super::super::recovery::{self, Arrived};
use super::super::seq::{self, Seq};
use super::super::shared::Shared;
use super::super::wire::{self, flag};
use super::flight::{Sent, State};
use super::inbound::Packet;
use super::{Recovery, Stream};

/// What one packet acknowledges.
#[derive(Clone, Copy, Debug, Default)]
struct News {
    sample: RateSample,
    /// The round trip of the newest packet that was sent once.
    rtt_us: Option<u64>,
    has_progress: bool,
}

/// Packets that count as lost; probes of the path's MTU say nothing of congestion.
#[derive(Clone, Copy, Debug, Default)]
struct Losses {
    data: u32,
    probes: u32,
}

impl Stream {
    pub(super) fn take_acks(&mut self, shared: &mut Shared, ack: Seq, packet: &Packet<'_>) {
        let has_blocks = packet.header.has(flag::SACK);
        if self.flight.is_empty() || (ack <= self.flight.first() && !has_blocks) {
            return;
        }
        let now = shared.now;
        let prior_in_flight = self.flight.in_flight() as u32;
        let prior_delivered = self.rate.delivered();
        let mut news = News::default();
        self.take_ack(now, ack, &mut news);
        if has_blocks {
            self.take_blocks(shared, packet, &mut news);
        }
        if let Some(rtt_us) = news.rtt_us {
            self.rtt.sample(now, rtt_us);
        }
        if news.has_progress {
            self.made_progress(shared);
        }
        self.leave_recovery();
        let newly = (self.rate.delivered() - prior_delivered) as u32;
        if news.rtt_us.is_some() || (newly > 0 && self.is_missing()) {
            (self.timers.may_probe, self.timers.probes) = (true, 0);
        }
        let losses = self.detect_losses(now);
        self.enter_recovery(losses, newly);
        if prior_in_flight > 0 {
            self.steer(now, &news, newly, losses, prior_in_flight);
        }
        self.arm_probe(now);
    }

    /// All below `ack` arrived.
    fn take_ack(&mut self, now: u64, ack: Seq, news: &mut News) {
        while self.flight.first() < ack {
            let seq = self.flight.first();
            let Some(sent) = self.flight.pop() else {
                break;
            };
            news.has_progress = true;
            if sent.state != State::Sacked {
                self.arrived(now, seq, &sent, news);
            }
            if sent.is_end {
                self.local_end_acknowledged();
            }
        }
        if news.has_progress {
            self.flight.forget_sacked();
        }
    }

    /// Blocks that name what was never sent, or what is acknowledged already, are skipped.
    fn take_blocks(&mut self, shared: &mut Shared, packet: &Packet<'_>, news: &mut News) {
        let rest = &packet.bundle[packet.rest.clone()];
        let (first, next) = (self.flight.first(), self.flight.next());
        let mut parts = std::mem::take(&mut shared.scratch);
        for (start, end) in wire::blocks(rest, packet.header.data_offset) {
            let (start, end) = (seq::expand(first, start), seq::expand(first, end));
            if first <= start && start < end && end <= next {
                self.flight.newly_sacked(start, end, &mut parts);
            }
        }
        for seq in parts.drain(..).flat_map(|(start, end)| start..end) {
            if let Some(sent) = self.flight.sack(seq) {
                self.arrived(shared.now, seq, &sent, news);
            }
        }
        shared.scratch = parts;
    }

    fn arrived(&mut self, now: u64, seq: Seq, sent: &Sent, news: &mut News) {
        let took = now.saturating_sub(sent.sent_us);
        if !sent.was_resent {
            news.rtt_us = Some(news.rtt_us.map_or(took, |least| least.min(took)));
        }
        let Sent { sent_us, transmission, was_resent, state, .. } = *sent;
        let packet = Arrived { seq, sent_us, transmission, was_resent };
        let is_last = self.rack.arrived(now, packet, &self.rtt);
        if sent.was_lost && (!is_last || state == State::Lost) {
            self.was_late(transmission);
        }
        match is_last {
            true => self.rate.delivered_packet(now, &sent.stamp, sent_us, &mut news.sample),
            // What the last transmission noted would make a round of no time.
            false => self.rate.delivered_some(now),
        }
        if !sent.to_previous {
            self.mtu.arrived(sent.probe);
        }
    }

    /// A packet that counted as lost was only late. If all did, nothing is to be recovered from.
    fn was_late(&mut self, transmission: u64) {
        self.rack.was_late(transmission, self.flight.transmissions());
        self.presumed_lost = self.presumed_lost.saturating_sub(1);
        if self.presumed_lost == 0 && matches!(self.recovery, Recovery::Fast { .. }) {
            self.recovery = Recovery::Open;
            self.bbr.leave_recovery();
        }
    }

    /// The oldest packet arrived: whatever was counted against the peer is forgotten.
    fn made_progress(&mut self, shared: &mut Shared) {
        let now = shared.now;
        let acked = match self.flight.get(self.flight.first()) {
            Some(sent) => sent.offset,
            None => self.cut,
        };
        self.buffer.release(acked);
        self.tell_acked(shared);
        self.timers.progress(now, self.rtt.timeout(), self.flight.is_empty());
    }

    fn leave_recovery(&mut self) {
        let high = match self.recovery {
            Recovery::Open => return,
            Recovery::Fast { high } | Recovery::Loss { high } => high,
        };
        if self.flight.first() <= high && !self.flight.is_empty() {
            return;
        }
        // Where losses are frequent one recovery passes into the next. Each anew would send no more
        // than arrives for a round, and the stream would never find what the path takes.
        if self.flight.unrepaired() > 0 && self.bbr.state() == BbrState::Startup {
            self.recovery = Recovery::Fast { high: self.flight.next() };
            return;
        }
        self.recovery = Recovery::Open;
        self.rack.recovered();
        self.bbr.leave_recovery();
    }

    fn enter_recovery(&mut self, losses: Losses, newly: u32) {
        if losses.data > 0 && self.recovery == Recovery::Open {
            self.recovery = Recovery::Fast { high: self.flight.next() };
            self.fast_recoveries += 1;
            self.presumed_lost = losses.data;
            let in_flight = self.flight.in_flight() as u32;
            self.bbr.enter_recovery(in_flight, newly, self.rate.delivered());
        }
    }

    /// Marks what is lost by now, and says when to look again.
    fn detect_losses(&mut self, now: u64) -> Losses {
        let window = self.reordering_window();
        let mut losses = Losses::default();
        let mut wait = super::super::deadlines::NEVER;
        while let Some((seq, sent)) = self.flight.oldest_sent() {
            if !self.rack.is_older(sent.transmission) {
                break;
            }
            let lost_at = self.rack.lost_at(sent.sent_us, window);
            if lost_at > now {
                wait = lost_at;
                break;
            }
            self.lose(seq, &mut losses);
        }
        self.timers.reordering_at = self.rack.look_again_at(wait, window);
        losses
    }

    fn reordering_window(&self) -> u64 {
        self.rack.window(&self.rtt, self.is_recovering(), self.flight.sacked())
    }

    fn lose(&mut self, seq: Seq, losses: &mut Losses) {
        let Some(probe) = self.flight.get(seq).map(|sent| sent.probe) else {
            return;
        };
        self.flight.lose(seq);
        match probe {
            0 => {
                losses.data += 1;
                self.presumed_lost += 1;
            }
            _ => {
                losses.probes += 1;
                self.mtu.probe_lost(probe);
            }
        }
    }

    /// The wait for reordered packets is over.
    pub(super) fn reordering_timeout(&mut self, now: u64) {
        let losses = self.detect_losses(now);
        self.enter_recovery(losses, 0);
        let in_flight = self.flight.in_flight() as u32;
        self.steer(now, &News::default(), 0, losses, in_flight + losses.data + losses.probes);
    }

    /// The oldest packet did not arrive within the retransmission time-out. If others did, it may have
    /// been lost twice, and losses are found as ever. Else it is lost, and all that had their round trip.
    pub(super) fn lose_after_timeout(&mut self, now: u64) {
        if now.saturating_sub(self.rate.delivered_us()) < self.rtt.timeout() {
            self.reordering_timeout(now);
            return;
        }
        let window = self.reordering_window();
        let mut losses = Losses::default();
        self.lose(self.flight.first(), &mut losses);
        while let Some((seq, sent)) = self.flight.oldest_sent()
            && self.rack.lost_at(sent.sent_us, window) < now
        {
            self.lose(seq, &mut losses);
        }
        self.recovery = Recovery::Loss { high: self.flight.next() };
        self.bbr.timed_out(self.flight.in_flight() as u32);
    }

    fn steer(&mut self, now: u64, news: &News, newly: u32, losses: Losses, prior_in_flight: u32) {
        let sample = self.rate.finish(news.sample, self.rtt.least());
        self.bbr.acked(&Acked {
            now,
            delivered: self.rate.delivered(),
            newly,
            lost: losses.data,
            prior_in_flight,
            in_flight: self.flight.in_flight() as u32,
            sample,
            rtt_us: news.rtt_us,
            smoothed_rtt_us: self.rtt.smoothed(),
            payload: self.mtu.payload(),
        });
        if self.bbr.is_limiting() {
            self.rate.app_limited(self.flight.in_flight());
        }
    }

    fn is_recovering(&self) -> bool {
        self.recovery != Recovery::Open
    }

    /// Whether later packets than one that has not arrived did, or it counted as lost.
    pub(super) fn is_missing(&self) -> bool {
        self.is_recovering() || self.flight.sacked() > 0
    }

    /// A tail loss is probed for, once for all that arrives. Beyond RFC 8985, while something is missing
    /// as well: where others fill a short queue, all of the few packets that may be on their way are
    /// lost again and again, and each time the stream would stand still for a time-out.
    pub(super) fn arm_probe(&mut self, now: u64) {
        let wants = self.timers.may_probe && self.flight.in_flight() > 0;
        let wait = recovery::probe_timeout(&self.rtt, self.flight.in_flight() == 1);
        self.timers.set_probe(wants.then(|| now + (wait << self.timers.probes)));
    }
}
