//! Iterative lookups: what takes many requests, and who is nearest in the end.

mod candidates;
mod query;
mod referrals;
mod states;

pub(super) use query::{Query, Step};
pub(super) use referrals::MAX_NAMED;
pub(super) use states::{Commits, Phase, QueryOwner};
