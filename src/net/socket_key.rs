//! By which name a socket goes.

/// The socket that a datagram came on or leaves from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SocketKey {
    /// The port that the user asked for.
    Server,
    /// A random port, in use while firewalled.
    Client,
    /// A socket of the user's, by a number that the driver chose.
    Foreign(u32),
}
