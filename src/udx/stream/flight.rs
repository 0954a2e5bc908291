//! Packets that were sent and are not acknowledged.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::super::congestion::Stamp;
use super::super::ranges::Ranges;
use super::super::seq::Seq;
use super::super::wire::HEADER_LEN;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    InFlight,
    /// It arrived, but not all before it.
    Sacked,
    /// It is to be sent again.
    Lost,
}

/// A packet: the same bytes whenever it is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// Where its payload begins in the stream, and how long it is.
    pub offset: u64,
    pub len: u16,
    pub is_end: bool,
    /// It goes where the stream went before its remote changed.
    pub to_previous: bool,
    pub was_resent: bool,
    /// It counted as lost, whether it was sent again since or not.
    pub was_lost: bool,
    pub state: State,
    /// The size that it tries; 0 if it is no probe.
    pub probe: u16,
    /// When it was sent last, and as the how-manieth transmission of the stream.
    pub sent_us: u64,
    pub transmission: u64,
    pub stamp: Stamp,
    /// Its neighbours among those in flight, in the order of transmission; 0 if there is none.
    before: Seq,
    after: Seq,
}

impl Sent {
    pub fn new(offset: u64, len: usize, is_end: bool, probe: u16) -> Self {
        Self {
            offset,
            len: len as u16,
            is_end,
            to_previous: false,
            was_resent: false,
            was_lost: false,
            state: State::InFlight,
            probe,
            sent_us: 0,
            transmission: 0,
            stamp: Stamp::default(),
            before: 0,
            after: 0,
        }
    }

    /// Bytes with the header, without padding.
    fn bytes(&self) -> usize {
        usize::from(self.len) + HEADER_LEN
    }
}

/// The packets from the oldest unacknowledged on. Those in flight, neither arrived nor lost, are a
/// list in the order in which they were sent: what may be lost stands at its front.
#[derive(Debug)]
pub(super) struct Flight {
    packets: VecDeque<Sent>,
    first: Seq,
    sacked: Ranges,
    sacked_count: usize,
    lost: BinaryHeap<Reverse<Seq>>,
    lost_count: usize,
    unrepaired: usize,
    head: Seq,
    tail: Seq,
    in_flight: usize,
    in_flight_bytes: usize,
    transmissions: u64,
}

/// Packets for which an empty flight keeps places.
const KEPT_PLACES: usize = 256;

impl Flight {
    pub fn new(first: Seq) -> Self {
        Self {
            packets: VecDeque::new(),
            first,
            sacked: Ranges::default(),
            sacked_count: 0,
            lost: BinaryHeap::new(),
            lost_count: 0,
            unrepaired: 0,
            head: 0,
            tail: 0,
            in_flight: 0,
            in_flight_bytes: 0,
            transmissions: 0,
        }
    }

    /// The oldest number that is not acknowledged.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// The next number to be used.
    pub fn next(&self) -> Seq {
        self.first + self.packets.len() as u64
    }

    /// Packets that are not acknowledged by number.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Packets that were sent, and sent again, so far.
    pub fn transmissions(&self) -> u64 {
        self.transmissions
    }

    /// Packets on their way: neither arrived nor lost.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Their bytes, with headers.
    pub fn in_flight_bytes(&self) -> usize {
        self.in_flight_bytes
    }

    pub fn sacked(&self) -> usize {
        self.sacked_count
    }

    pub fn lost(&self) -> usize {
        self.lost_count
    }

    /// Packets that counted as lost and have not arrived since.
    pub fn unrepaired(&self) -> usize {
        self.unrepaired
    }

    pub fn get(&self, seq: Seq) -> Option<&Sent> {
        self.packets.get(self.place(seq)?)
    }

    fn get_mut(&mut self, seq: Seq) -> Option<&mut Sent> {
        let place = self.place(seq)?;
        self.packets.get_mut(place)
    }

    fn place(&self, seq: Seq) -> Option<usize> {
        usize::try_from(seq.checked_sub(self.first)?).ok()
    }

    /// A new packet is sent; its number.
    pub fn push(&mut self, now: u64, stamp: Stamp, sent: Sent) -> Seq {
        let seq = self.next();
        self.packets.push_back(sent);
        self.transmitted(seq, now, stamp);
        seq
    }

    /// A packet is sent again. It counts as on its way from now, and is no probe any more.
    pub fn resend(&mut self, seq: Seq, now: u64, stamp: Stamp) {
        let Some(sent) = self.get_mut(seq) else {
            return;
        };
        sent.was_resent = true;
        match sent.state {
            State::Lost => {
                sent.probe = 0;
                self.lost_count -= 1;
            }
            State::InFlight => self.unlink(seq),
            State::Sacked => return,
        }
        self.transmitted(seq, now, stamp);
    }

    fn transmitted(&mut self, seq: Seq, now: u64, stamp: Stamp) {
        self.transmissions += 1;
        let (transmission, tail) = (self.transmissions, self.tail);
        let Some(sent) = self.get_mut(seq) else {
            return;
        };
        sent.state = State::InFlight;
        (sent.sent_us, sent.transmission, sent.stamp) = (now, transmission, stamp);
        (sent.before, sent.after) = (tail, 0);
        let bytes = sent.bytes();
        self.in_flight += 1;
        self.in_flight_bytes += bytes;
        self.tail = seq;
        match self.get_mut(tail) {
            Some(before) if tail != 0 => before.after = seq,
            _ => self.head = seq,
        }
    }

    /// Takes a packet out of those in flight.
    fn unlink(&mut self, seq: Seq) {
        let Some(sent) = self.get(seq) else {
            return;
        };
        let (before, after, bytes) = (sent.before, sent.after, sent.bytes());
        match before {
            0 => self.head = after,
            _ => self.link(before, |sent| sent.after = after),
        }
        match after {
            0 => self.tail = before,
            _ => self.link(after, |sent| sent.before = before),
        }
        self.in_flight -= 1;
        self.in_flight_bytes -= bytes;
    }

    fn link(&mut self, seq: Seq, change: impl FnOnce(&mut Sent)) {
        if let Some(sent) = self.get_mut(seq) {
            change(sent);
        }
    }

    /// Takes the oldest packet, which is acknowledged by number.
    pub fn pop(&mut self) -> Option<Sent> {
        let sent = *self.packets.front()?;
        match sent.state {
            State::InFlight => self.unlink(self.first),
            State::Sacked => self.sacked_count -= 1,
            State::Lost => self.lost_count -= 1,
        }
        self.unrepaired -= usize::from(sent.was_lost && sent.state != State::Sacked);
        self.packets.pop_front();
        self.first += 1;
        if self.packets.is_empty() {
            self.packets.shrink_to(KEPT_PLACES);
            self.lost.clear();
            self.lost.shrink_to(KEPT_PLACES);
        }
        Some(sent)
    }

    /// What was acknowledged by number is no gap's end any more.
    pub fn forget_sacked(&mut self) {
        self.sacked.remove_below(self.first);
    }

    /// The parts from `start` to before `end` that no SACK has named so far.
    pub fn newly_sacked(&mut self, start: Seq, end: Seq, into: &mut Vec<(Seq, Seq)>) {
        self.sacked.insert(start, end, |from, to| into.push((from, to)));
    }

    /// A packet arrived before others that were sent before it. `None` if that was known.
    pub fn sack(&mut self, seq: Seq) -> Option<Sent> {
        let sent = *self.get(seq)?;
        match sent.state {
            State::InFlight => self.unlink(seq),
            State::Lost => self.lost_count -= 1,
            State::Sacked => return None,
        }
        self.sacked_count += 1;
        self.unrepaired -= usize::from(sent.was_lost);
        self.link(seq, |sent| sent.state = State::Sacked);
        Some(sent)
    }

    /// A packet counts as lost.
    pub fn lose(&mut self, seq: Seq) {
        let Some(was_lost) =
            self.get(seq).filter(|sent| sent.state == State::InFlight).map(|sent| sent.was_lost)
        else {
            return;
        };
        self.unlink(seq);
        self.link(seq, |sent| (sent.state, sent.was_lost) = (State::Lost, true));
        self.unrepaired += usize::from(!was_lost);
        self.lost_count += 1;
        self.lost.push(Reverse(seq));
    }

    /// The lowest number that is to be sent again.
    pub fn next_lost(&mut self) -> Option<Seq> {
        while let Some(Reverse(seq)) = self.lost.peek().copied() {
            if self.get(seq).is_some_and(|sent| sent.state == State::Lost) {
                return Some(seq);
            }
            self.lost.pop();
        }
        None
    }

    /// The packet in flight that was sent first.
    pub fn oldest_sent(&self) -> Option<(Seq, &Sent)> {
        self.get(self.head).map(|sent| (self.head, sent))
    }

    /// The highest number that has not arrived.
    pub fn last_missing(&self) -> Option<Seq> {
        let place = self.packets.iter().rposition(|sent| sent.state != State::Sacked)?;
        Some(self.first + place as u64)
    }

    /// All packets go where the stream went before, and try no size of the new path.
    pub fn keep_destination(&mut self) {
        for sent in &mut self.packets {
            sent.to_previous = true;
            sent.probe = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Seq = (1 << 32) + 100;

    fn flight(count: u64) -> Flight {
        let mut flight = Flight::new(FIRST);
        for n in 0..count {
            let seq = flight.push(n, Stamp::default(), Sent::new(10 * n, 10, false, 0));
            assert_eq!(seq, FIRST + n);
        }
        flight
    }

    /// Those in flight in the order of transmission, forwards; backwards has to be the same.
    fn order(flight: &Flight) -> Vec<u64> {
        let walk = |start: Seq, next: fn(&Sent) -> Seq| {
            std::iter::successors(Some(start), |seq| flight.get(*seq).map(next))
                .take_while(|seq| *seq != 0)
                .map(|seq| seq - FIRST)
                .collect::<Vec<_>>()
        };
        let forwards = walk(flight.head, |sent| sent.after);
        let mut backwards = walk(flight.tail, |sent| sent.before);
        backwards.reverse();
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.len(), flight.in_flight());
        assert_eq!(flight.in_flight_bytes(), 30 * forwards.len());
        forwards
    }

    #[test]
    fn those_in_flight_stand_in_the_order_in_which_they_were_sent() {
        let mut flight = flight(5);
        assert_eq!(order(&flight), [0, 1, 2, 3, 4]);
        flight.lose(FIRST + 1);
        flight.lose(FIRST + 1);
        flight.lose(FIRST);
        assert_eq!((order(&flight), flight.lost(), flight.unrepaired()), (vec![2, 3, 4], 2, 2));
        assert_eq!(flight.next_lost(), Some(FIRST));
        flight.resend(FIRST, 9, Stamp::default());
        flight.resend(FIRST + 3, 9, Stamp::default());
        assert_eq!((order(&flight), flight.next_lost()), (vec![2, 4, 0, 3], Some(FIRST + 1)));
        assert!(flight.sack(FIRST + 4).is_some() && flight.sack(FIRST + 4).is_none());
        flight.lose(FIRST);
        flight.resend(FIRST, 9, Stamp::default());
        assert_eq!(flight.unrepaired(), 2);
        assert!(flight.sack(FIRST + 1).is_some());
        assert_eq!(flight.unrepaired(), 1);
        assert_eq!((order(&flight), flight.lost(), flight.sacked()), (vec![2, 3, 0], 0, 2));
        assert_eq!((flight.next_lost(), flight.last_missing()), (None, Some(FIRST + 3)));
        while flight.pop().is_some() {}
        assert_eq!((order(&flight), flight.first(), flight.sacked()), (vec![], FIRST + 5, 0));
        assert_eq!(flight.unrepaired(), 0);
    }

    #[test]
    fn a_lost_probe_is_none_when_it_is_sent_again_and_a_repeated_one_is() {
        let mut flight = Flight::new(FIRST);
        for _ in 0..2 {
            flight.push(0, Stamp::default(), Sent::new(0, 10, false, 1232));
        }
        flight.lose(FIRST);
        flight.resend(FIRST, 1, Stamp::default());
        flight.resend(FIRST + 1, 1, Stamp::default());
        let probe = |seq| flight.get(seq).map(|sent| sent.probe);
        assert_eq!((probe(FIRST), probe(FIRST + 1)), (Some(0), Some(1232)));
    }
}
