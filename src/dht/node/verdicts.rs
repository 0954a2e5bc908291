//! What the user's filter said of others, for a while.
//!
//! ```text
//!   asked ── verdict ──────── 1 s ──────────────────────────────────────── 60 s
//!     │         │   used: asked again     used: asked again at once,         │
//!     │         │   when the second is    the kept verdict counts until      │
//!     │         │   over                  the new one is there               │
//!   waits       kept                                                      forgotten
//! ```

use std::collections::{BTreeSet, HashMap};

use super::super::contact::{Contact, Subject};
use super::super::hash::Hashing;
use crate::net::addr::Addr;

/// Verdicts kept at a time. Of too many the oldest quarter goes.
const MAX_KEPT: usize = 4096;

/// How long they are kept, in ms.
const KEPT_MS: u64 = 60_000;

/// The filter is asked again after so many ms, if the subject is in use: one that changes its mind
/// is heard within that time.
const REVIEWED_MS: u64 = 1000;

/// Those who are due at almost the same time are asked about together.
const GRID_MS: u64 = 20;

/// Senders of requests who are asked about at once in a second. Of a node that hears of more the
/// others are asked about together: each question wakes JavaScript.
const AT_ONCE: u32 = 16;
const TOGETHER_MS: u64 = 50;
const MOST_TOGETHER: usize = 64;

/// What a node that is judged said of us.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sighting {
    pub from: Contact,
    /// Us, as it sees us.
    pub to: Addr,
    /// Whether that says something about our NAT.
    pub sample: bool,
    /// It answered us.
    pub proven: bool,
}

/// What a new verdict changes.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// What was refused until now, and is not any more.
    pub sighting: Option<Sighting>,
    /// It came into the table by a verdict that is not true any more.
    pub leaves: bool,
}

#[derive(Debug, Default)]
pub(super) struct Verdicts {
    kept: HashMap<Subject, Kept, Hashing>,
    /// When which are to be asked about again.
    reviews: BTreeSet<(u64, Subject)>,
    /// The last sighting of those that were refused by a kept verdict.
    refused: HashMap<Subject, Sighting, Hashing>,
    /// Senders of requests of whom nothing is known yet, and the question about them; `None`: it is
    /// still to be asked.
    awaited: HashMap<Subject, Option<u32>, Hashing>,
    /// Who is to be asked about together, and when.
    together: Vec<Sighting>,
    together_ms: u64,
    /// Who was asked about at once since when.
    at_once: u32,
    at_once_since_ms: u64,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    since_ms: u64,
    accepted: bool,
    /// It is to be asked about again, or is being asked about.
    reviewed: bool,
    /// It came into the table when the verdict was an old one.
    entered: bool,
}

impl Verdicts {
    /// The verdict that is kept. Using it has it reviewed.
    pub fn recall(&mut self, now_ms: u64, subject: Subject) -> Option<bool> {
        let kept = self.kept.get_mut(&subject)?;
        if is_over(kept.since_ms, now_ms) {
            self.forget(subject);
            return None;
        }
        if !std::mem::replace(&mut kept.reviewed, true) {
            let due_ms = kept.since_ms.saturating_add(REVIEWED_MS);
            let due_ms = now_ms.max(due_ms - due_ms % GRID_MS);
            self.reviews.insert((due_ms, subject));
        }
        Some(kept.accepted)
    }

    /// A sender that a kept verdict refused: should the next one accept it.
    pub fn refuse(&mut self, subject: Subject, sighting: Sighting) {
        if self.kept.contains_key(&subject) {
            self.refused.insert(subject, sighting);
        }
    }

    /// A sender came into the table: by a kept verdict, if that is not of this moment.
    pub fn entered(&mut self, now_ms: u64, subject: Subject) {
        if let Some(kept) = self.kept.get_mut(&subject) {
            kept.entered = kept.since_ms != now_ms;
        }
    }

    /// The question about a sender of a request, if there is one: `Some(None)` is still to be asked.
    pub fn awaited(&self, subject: Subject) -> Option<Option<u32>> {
        self.awaited.get(&subject).copied()
    }

    /// Whether the sender of a request may be asked about later. Then it will be.
    pub fn postpone(&mut self, now_ms: u64, sighting: Sighting) -> bool {
        if now_ms.saturating_sub(self.at_once_since_ms) >= REVIEWED_MS {
            (self.at_once, self.at_once_since_ms) = (0, now_ms);
        }
        if self.at_once < AT_ONCE || self.together.len() >= MOST_TOGETHER {
            self.at_once += 1;
            return false;
        }
        if self.together.is_empty() {
            self.together_ms = now_ms.saturating_add(TOGETHER_MS);
        }
        self.awaited.insert(sighting.from.into(), None);
        self.together.push(sighting);
        true
    }

    /// Those who were to be asked about later.
    pub fn take_together(&mut self) -> Vec<Sighting> {
        std::mem::take(&mut self.together)
    }

    /// A sender of a request is being asked about.
    pub fn await_one(&mut self, subject: Subject, question: u32) {
        self.awaited.insert(subject, Some(question));
    }

    /// Keeps what the filter said.
    pub fn decide(&mut self, now_ms: u64, subject: Subject, accepted: bool) -> Change {
        self.awaited.remove(&subject);
        if self.kept.len() >= MAX_KEPT && !self.kept.contains_key(&subject) {
            self.make_room(now_ms);
        }
        let kept = Kept { since_ms: now_ms, accepted, reviewed: false, entered: false };
        let before = self.kept.insert(subject, kept);
        let sighting = self.refused.remove(&subject);
        Change {
            sighting: sighting.filter(|_| accepted),
            leaves: !accepted && before.is_some_and(|before| before.entered),
        }
    }

    /// When somebody is to be asked about.
    pub fn next_question(&self) -> Option<u64> {
        let together = (!self.together.is_empty()).then_some(self.together_ms);
        self.next_review().into_iter().chain(together).min()
    }

    pub fn is_together_due(&self, now_ms: u64) -> bool {
        !self.together.is_empty() && self.together_ms <= now_ms
    }

    /// Those that are to be asked about again by now.
    pub fn due(&mut self, now_ms: u64) -> Vec<Subject> {
        let mut due = Vec::new();
        while self.next_review().is_some_and(|due_ms| due_ms <= now_ms) {
            let subject = self.reviews.pop_first().map(|(_, subject)| subject);
            due.extend(subject.filter(|subject| self.is_reviewed(subject)));
        }
        due
    }

    /// Forgets who waits for a verdict: nobody will be told.
    pub fn interrupt(&mut self) {
        self.awaited.clear();
        self.together.clear();
        self.reviews.clear();
        self.refused.clear();
        self.kept.values_mut().for_each(|kept| kept.reviewed = false);
    }

    /// Gives back what is not needed any more.
    pub fn release_memory(&mut self, now_ms: u64) {
        self.forget_before(now_ms.saturating_sub(KEPT_MS));
        shrink(&mut self.kept);
        shrink(&mut self.refused);
        shrink(&mut self.awaited);
        self.together.shrink_to_fit();
    }

    fn next_review(&self) -> Option<u64> {
        self.reviews.first().map(|(due_ms, _)| *due_ms)
    }

    fn is_reviewed(&self, subject: &Subject) -> bool {
        self.kept.get(subject).is_some_and(|kept| kept.reviewed)
    }

    fn make_room(&mut self, now_ms: u64) {
        self.forget_before(now_ms.saturating_sub(KEPT_MS));
        if self.kept.len() < MAX_KEPT {
            return;
        }
        let mut since: Vec<u64> = self.kept.values().map(|kept| kept.since_ms).collect();
        let (_, oldest_kept, _) = since.select_nth_unstable(MAX_KEPT / 4);
        self.forget_before(*oldest_kept);
        // All of one moment: whichever.
        while self.kept.len() >= MAX_KEPT
            && let Some(subject) = self.kept.keys().next().copied()
        {
            self.forget(subject);
        }
    }

    fn forget_before(&mut self, since_ms: u64) {
        let (refused, reviews) = (&mut self.refused, &mut self.reviews);
        self.kept.retain(|subject, kept| {
            let stays = kept.since_ms >= since_ms;
            if !stays {
                refused.remove(subject);
            }
            stays
        });
        let kept = &self.kept;
        reviews.retain(|(_, subject)| kept.contains_key(subject));
    }

    fn forget(&mut self, subject: Subject) {
        self.kept.remove(&subject);
        self.refused.remove(&subject);
    }
}

fn is_over(since_ms: u64, now_ms: u64) -> bool {
    now_ms.saturating_sub(since_ms) > KEPT_MS
}

/// Room for at most four times as many as there are.
fn shrink<V>(map: &mut HashMap<Subject, V, Hashing>) {
    if map.capacity() > 4 * map.len() {
        map.shrink_to_fit();
    }
}
