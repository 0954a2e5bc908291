//! What a stream sends: runs of packets of equal length.

use super::super::calls::Remote;
use super::super::limits::{MAX_OUTSTANDING, MAX_SEGMENTS, MAX_TRANSMIT, WINDOWS_OUTSTANDING};
use super::super::seq::{self, Seq};
use super::super::shared::Shared;
use super::super::transmit::Transmit;
use super::super::wire::{HEADER_LEN, Header, flag};
use super::flight::Sent;
use super::{Outgoing, Stream};

/// A packet that may leave.
#[derive(Clone, Copy, Debug)]
struct Outbound {
    /// Its number if it was sent before.
    again: Option<Seq>,
    sent: Sent,
    padding: u8,
}

impl Outbound {
    fn len(&self) -> usize {
        HEADER_LEN + usize::from(self.padding) + usize::from(self.sent.len)
    }
}

/// Packets that leave together.
#[derive(Clone, Copy, Debug)]
struct Run {
    to: Remote,
    segment: usize,
    packets: usize,
    len: usize,
    padding: usize,
    is_over: bool,
}

impl Run {
    fn new(to: Remote, first: &Outbound) -> Self {
        let segment = first.len();
        Self { to, segment, packets: 0, len: 0, padding: 0, is_over: false }
    }

    fn takes(&self, to: &Remote, packet: &Outbound) -> bool {
        let is_alone = packet.padding > 0 && self.packets > 0;
        !self.is_over
            && !is_alone
            && packet.len() <= self.segment
            && self.len + packet.len() <= MAX_TRANSMIT
            && self.packets < MAX_SEGMENTS
            && (to.addr, to.id) == (self.to.addr, self.to.id)
    }

    fn add(&mut self, packet: &Outbound) {
        self.packets += 1;
        self.len += packet.len();
        self.padding += usize::from(packet.padding);
        self.is_over = packet.padding > 0 || packet.len() < self.segment;
    }
}

impl Stream {
    /// Whether it may have something to send.
    pub fn may_send(&self) -> bool {
        self.remote.is_some()
            && (self.incoming.owes_ack
                || self.timers.probe_due
                || self.flight.lost() > 0
                || self.has_new())
    }

    /// The next packets, appended to `buf`. What came in is acknowledged by data where there is some.
    pub fn poll_transmit(&mut self, shared: &mut Shared, buf: &mut Vec<u8>) -> Option<Transmit> {
        let remote = self.remote?;
        if self.incoming.owes_ack && !self.incoming.waiting.is_empty() {
            return Some(self.transmit_state(shared, remote, buf));
        }
        let run = self.transmit_run(shared, remote, buf);
        if run.is_none() && self.incoming.owes_ack {
            return Some(self.transmit_state(shared, remote, buf));
        }
        if run.is_none() {
            self.probe_zero_window(shared);
        }
        run
    }

    fn transmit_state(
        &mut self,
        shared: &mut Shared,
        remote: Remote,
        buf: &mut Vec<u8>,
    ) -> Transmit {
        let start = buf.len();
        self.encode_state(remote.id, buf);
        let len = buf.len() - start;
        self.count_run(shared, &remote, 1, len);
        let (socket, to) = (remote.socket, remote.addr);
        Transmit { socket, to, len, segment: len, is_probe: false }
    }

    fn transmit_run(
        &mut self,
        shared: &mut Shared,
        remote: Remote,
        buf: &mut Vec<u8>,
    ) -> Option<Transmit> {
        let now = shared.now;
        self.pacer.fill(now, self.bbr.pacing_rate(), self.mtu.payload() + HEADER_LEN);
        let mut run: Option<Run> = None;
        while let Some(packet) = self.next_packet(now) {
            let to = self.destination(remote, &packet.sent);
            let run = run.get_or_insert_with(|| Run::new(to, &packet));
            if !run.takes(&to, &packet) {
                break;
            }
            run.add(&packet);
            self.transmit(now, &to, packet, buf);
        }
        self.note_app_limited();
        let run = run?;
        self.arm_probe(now);
        // What is repeated to where the stream went before may reach nobody.
        if run.to.addr == remote.addr {
            self.incoming.acknowledged();
        }
        self.count_run(shared, &remote, run.packets, run.len - run.padding);
        let Run { to, len, segment, padding, .. } = run;
        Some(Transmit { socket: to.socket, to: to.addr, len, segment, is_probe: padding > 0 })
    }

    fn count_run(&mut self, shared: &mut Shared, remote: &Remote, packets: usize, bytes: usize) {
        self.traffic.transmitted(packets, bytes);
        shared.count_transmitted(remote.socket, packets, bytes);
    }

    /// What may leave now. What is sent again heeds the congestion window alone, what is new the
    /// peer's window as well; a probe for a tail loss does not heed the congestion window.
    fn next_packet(&mut self, now: u64) -> Option<Outbound> {
        if self.timers.probe_due {
            return self.tail_probe();
        }
        let lost = self.flight.next_lost();
        if (lost.is_none() && !self.has_new()) || self.flight.in_flight() as u32 >= self.bbr.cwnd()
        {
            return None;
        }
        if lost.is_none() && !self.fits_window() {
            return None;
        }
        if !self.pacer.has_credit() {
            self.timers.pacing_at = self.pacer.wait(now, self.bbr.pacing_rate());
            return None;
        }
        match lost {
            Some(seq) => self.again(seq),
            None => Some(self.cut_packet(true)),
        }
    }

    /// What is lost if something is, else new data if there is some, else the last packet once more.
    fn tail_probe(&mut self) -> Option<Outbound> {
        let probe = match self.flight.next_lost() {
            Some(seq) => self.again(seq),
            None if self.has_new() && self.fits_window() => Some(self.cut_packet(false)),
            None => self.flight.last_missing().and_then(|seq| self.again(seq)),
        };
        if probe.is_none() {
            self.timers.probe_due = false;
        }
        probe
    }

    fn again(&self, seq: Seq) -> Option<Outbound> {
        let sent = *self.flight.get(seq)?;
        // A probe that is repeated before it counts as lost keeps its padding.
        let is_lost = sent.state == super::flight::State::Lost;
        let padding = if is_lost || sent.probe == 0 { 0 } else { self.padding_of(&sent) };
        Some(Outbound { again: Some(seq), sent, padding })
    }

    fn padding_of(&self, sent: &Sent) -> u8 {
        let headers = usize::from(self.mtu.size()) - self.mtu.payload();
        let padding = usize::from(sent.probe).saturating_sub(headers + usize::from(sent.len));
        u8::try_from(padding).unwrap_or(0)
    }

    fn has_new(&self) -> bool {
        self.cut < self.buffer.end() || self.outgoing == Outgoing::Ending
    }

    /// Whether the peer has room for a new packet. The bare end needs none.
    fn fits_window(&self) -> bool {
        let packets = match self.peer_window {
            0 => 0,
            window => (window as usize / self.mtu.payload()).max(1),
        };
        let is_bare_end = self.cut == self.buffer.end();
        let outstanding = self.flight.len();
        let has_room = self.flight.in_flight() < packets
            && outstanding < packets.saturating_mul(WINDOWS_OUTSTANDING);
        outstanding < MAX_OUTSTANDING && (is_bare_end || has_room)
    }

    /// The next piece of what was written, with the end if it is the last. It is cut once.
    fn cut_packet(&self, may_probe: bool) -> Outbound {
        let waiting = self.buffer.end() - self.cut;
        let len = waiting.min(self.mtu.payload() as u64) as usize;
        let is_end = self.outgoing == Outgoing::Ending && len as u64 == waiting;
        let may_probe = may_probe && len > 0 && self.previous.is_none();
        let (padding, size) = match self.mtu.probe(len) {
            Some(probe) if may_probe => probe,
            _ => (0, 0),
        };
        Outbound { again: None, sent: Sent::new(self.cut, len, is_end, size), padding }
    }

    fn transmit(&mut self, now: u64, to: &Remote, packet: Outbound, buf: &mut Vec<u8>) {
        let in_flight = self.flight.in_flight();
        if in_flight == 0 && self.rate.is_app_limited() {
            self.bbr.restarted(self.mtu.payload());
        }
        let stamp = self.rate.sent(now, in_flight);
        let seq = match packet.again {
            Some(seq) => {
                self.flight.resend(seq, now, stamp);
                self.retransmits += 1;
                seq
            }
            None => self.take_cut(now, stamp, &packet),
        };
        self.encode_data(to, seq, &packet, buf);
        self.pacer.spend(packet.len());
        match self.timers.probe_due {
            // What is missing for long has to show as time-outs.
            true if self.is_missing() => self.timers.probe_due = false,
            true => self.timers.probed(now, self.rtt.timeout()),
            false => self.timers.start_rto(now, self.rtt.timeout()),
        }
    }

    fn take_cut(
        &mut self,
        now: u64,
        stamp: super::super::congestion::Stamp,
        packet: &Outbound,
    ) -> Seq {
        self.cut += u64::from(packet.sent.len);
        if packet.sent.is_end {
            self.outgoing = Outgoing::EndCut;
        }
        if packet.padding > 0 {
            self.mtu.probe_sent();
        }
        self.flight.push(now, stamp, packet.sent)
    }

    fn encode_data(&mut self, to: &Remote, seq: Seq, packet: &Outbound, buf: &mut Vec<u8>) {
        let Sent { offset, len, is_end, .. } = packet.sent;
        let data = if len > 0 { flag::DATA } else { 0 };
        let end = if is_end { flag::END } else { 0 };
        let header = Header {
            data_offset: packet.padding,
            seq: seq::to_wire(seq),
            ..self.header(data | end, to.id)
        };
        header.encode(buf);
        buf.resize(buf.len() + usize::from(packet.padding), 0);
        self.buffer.copy(offset, usize::from(len), buf);
    }

    /// The path could carry more than the application wrote.
    fn note_app_limited(&mut self) {
        let waiting = self.buffer.end() - self.cut;
        let is_limited = waiting < self.mtu.payload() as u64
            && self.flight.lost() == 0
            && (self.flight.in_flight() as u32) < self.bbr.cwnd();
        if is_limited {
            self.rate.app_limited(self.flight.in_flight());
        }
    }
}
