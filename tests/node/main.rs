//! Whole nodes, in a network in memory and virtual time.

mod by_hand;
mod endings;
mod filtering;
mod giving_up;
mod hardened;
mod hostile;
mod joining;
mod looking;
mod lost;
mod misled;
mod net;
mod observing;
mod properties;
mod protections;
mod requesting;
mod serving;
mod shedding;
mod upkeep;
mod verdicts;
