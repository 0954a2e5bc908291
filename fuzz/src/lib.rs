//! What the fuzzers do with an input. `tests/corpus.rs` includes these modules too, and replays the
//! corpus with them.

pub mod boundary;
pub mod decode;
pub mod hub;
pub mod node;
pub mod packet;
