//! The words that the rooms above share: addresses, time, sockets, datagrams that leave.

pub mod addr;
pub mod clock;
pub mod socket_key;
pub mod transmit;

pub use addr::Addr;
pub use clock::Now;
pub use socket_key::SocketKey;
pub use transmit::Transmit;
