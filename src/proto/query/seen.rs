use super::super::id::Id;

/// A node that was a candidate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub id: Option<Id>,
    pub fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was not visited, or has yet to answer.
    Open,
    /// It did not answer, and is asked a second time.
    Again,
    Answered,
    Down,
}

impl Fate {
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Again)
    }
}
