use super::super::calls::QueryOutcome;
use super::super::id::Id;

/// Who made a query, and hears of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dht) enum QueryOwner {
    User,
    Refresh,
    Bootstrap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dht) enum Phase {
    /// Nobody asked for results yet.
    New,
    /// Candidates are being found.
    Opening,
    Looking,
    /// The lookup is over, its commits are not.
    Committing,
    Ended(QueryOutcome),
    /// Nobody asks any more; only visits in a session of the user's may still be in flight.
    Forgotten,
}

/// The commits under way.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::dht) struct Commits {
    pub pending: u32,
    pub done: u32,
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dht) struct Candidacy {
    /// Whether it is nearer than the farthest of k results.
    pub closer: bool,
    /// It was found down before; whoever named it should hear of that.
    pub down: bool,
    /// It would have been visited, but enough were named.
    pub refused: bool,
}

/// A node that was a candidate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub id: Option<Id>,
    pub fate: VisitOutcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VisitOutcome {
    /// It was not visited, or has yet to answer.
    Open,
    /// It did not answer, and is asked a second time.
    Again,
    Answered,
    Down,
}

impl VisitOutcome {
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Again)
    }
}
