//! Nodes of the DHT on their shards.

mod borrowed_sockets;
mod output;
mod ports;
mod runner;
mod sink;
mod sockets;

pub use ports::BindOptions;
pub use runner::Runner;
pub use sink::Sink;
