//! What a stream has received: the next number, what came before its turn, the window.

use super::super::limits::{MAX_AHEAD, MAX_BEYOND_WINDOW};
use super::super::seq::{self, Seq};
use super::super::shared::Shared;
use super::reassembly::{Reassembly, Waiting};

/// Packets that are acknowledged together at most.
const ACK_EVERY: u32 = 16;

/// Below this window a peer may take it for closed: a large packet.
const PACKET: u32 = 1500;

/// A window that was closed opens again when so much of it is free.
const REOPEN_PART: u32 = 8;

/// What becomes of a packet with data or the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the next one.
    Next,
    /// It was kept, or was there, or is of no use any more.
    Kept,
    /// It did not fit.
    TooFar,
    WindowFull,
}

#[derive(Debug)]
pub(super) struct Incoming {
    /// The number expected next.
    pub next: Seq,
    pub waiting: Reassembly,
    /// Bytes handed to the reader, and those that it took.
    pub delivered: u64,
    pub consumed: u64,
    /// The peer's END, and all before it, came in.
    pub has_ended: bool,
    /// A state packet is owed.
    pub owes_ack: bool,
    unacked: u32,
    /// Packets taken beyond a closed window.
    beyond: u32,
    max_window: u32,
    told_window: u32,
}

impl Incoming {
    pub fn new(max_window: u32) -> Self {
        Self {
            next: seq::first(0),
            waiting: Reassembly::default(),
            delivered: 0,
            consumed: 0,
            has_ended: false,
            owes_ack: false,
            unacked: 0,
            beyond: 0,
            max_window,
            told_window: max_window,
        }
    }

    /// Whether nothing came in so far.
    pub fn is_fresh(&self) -> bool {
        self.next == seq::first(0) && self.waiting.is_empty() && !self.has_ended
    }

    /// Bytes that the reader may be sent.
    pub fn window(&self) -> u32 {
        let ahead = self.delivered - self.consumed;
        u64::from(self.max_window).saturating_sub(ahead) as u32
    }

    /// The window, which a packet tells the peer.
    pub fn tell_window(&mut self) -> u32 {
        self.told_window = self.window();
        self.told_window
    }

    /// A packet left that tells the peer all of it.
    pub fn acknowledged(&mut self) {
        self.owes_ack = false;
        self.unacked = 0;
    }

    /// A packet is to be acknowledged. True if that is not to wait for the rest of the batch.
    pub fn owe_ack(&mut self) -> bool {
        self.owes_ack = true;
        self.unacked += 1;
        self.unacked >= ACK_EVERY
    }

    /// Where a packet belongs whose number is not below the next. Keeps it if it came early.
    pub fn place(
        &mut self,
        shared: &mut Shared,
        number: Seq,
        payload: &[u8],
        is_end: bool,
    ) -> Place {
        if self.has_ended || self.waiting.contains(number) {
            return Place::Kept;
        }
        if number == self.next {
            return if self.admits(payload.len()) { Place::Next } else { Place::WindowFull };
        }
        let cost = Reassembly::cost_of(payload.len());
        let fits = number - self.next < MAX_AHEAD
            && self.waiting.cost() + cost <= shared.limits.reassembly
            && shared.reassembly + cost <= shared.limits.reassembly_total;
        if !fits {
            return Place::TooFar;
        }
        shared.reassembly += cost;
        self.waiting.insert(number, payload, is_end);
        Place::Kept
    }

    /// Whether the reader takes so many bytes more.
    fn admits(&mut self, len: usize) -> bool {
        if len == 0 || len as u64 <= u64::from(self.window()) {
            return true;
        }
        self.beyond += 1;
        self.beyond <= MAX_BEYOND_WINDOW
    }

    /// The next packet has been delivered.
    pub fn advance(&mut self, len: usize, is_end: bool) {
        self.next += 1;
        self.delivered += len as u64;
        self.has_ended |= is_end;
    }

    /// The next packet, if it waits and the reader takes it.
    pub fn pop(&mut self, shared: &mut Shared) -> Option<Waiting> {
        let len = self.waiting.len_of(self.next)?;
        if !self.admits(len) {
            return None;
        }
        let cost = self.waiting.cost();
        let packet = self.waiting.take(self.next)?;
        shared.reassembly -= cost - self.waiting.cost();
        Some(packet)
    }

    /// The reader took so many bytes. True if the peer has to know that the window is open again.
    pub fn consume(&mut self, bytes: u64) -> bool {
        self.consumed = self.consumed.saturating_add(bytes).min(self.delivered);
        let window = self.window();
        let is_open = window >= self.max_window / REOPEN_PART || self.consumed == self.delivered;
        if is_open {
            self.beyond = 0;
        }
        is_open && self.told_window < PACKET && window > self.told_window
    }

    /// The stream closes: what waits is gone.
    pub fn clear(&mut self, shared: &mut Shared) {
        shared.reassembly -= self.waiting.cost();
        self.waiting = Reassembly::default();
    }
}
