//! Why a call was refused, and why a stream closed.

use std::fmt;

/// Why a call was refused. Codes and texts are those of udx-native 1.21.3 where it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no such stream, or no more.
    Closed,
    /// `connect` twice.
    AlreadyConnected,
    /// `write` before `connect`.
    WriteBeforeConnect,
    /// `end` before `connect`.
    NotConnected,
    /// `write` or `end` after `end`.
    BrokenPipe,
    /// The socket is closed, closing, or none of this hub.
    SocketClosed,
    /// Port 0 cannot be sent to.
    BadPort,
    /// `change_remote` while another change is under way.
    RemoteChanging,
    /// `change_remote` before `connect`.
    NotYetConnected,
    /// `relay_to` twice, or to a closed stream.
    BadRelay,
    /// The hub has as many streams as it may.
    TooManyStreams { max: usize },
    /// The peer acknowledges more slowly than the stream is written to.
    BacklogFull { max: u64 },
    /// A message that no datagram holds.
    MessageTooLong { len: usize, max: usize },
}

impl Error {
    /// The name by which programs tell it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed => "ERR_UDX_STREAM_CLOSED",
            Self::AlreadyConnected => "ERR_UDX_ALREADY_CONNECTED",
            Self::WriteBeforeConnect => "ERR_ASSERTION",
            Self::NotConnected => "ENOTCONN",
            Self::BrokenPipe => "EPIPE",
            Self::SocketClosed => "ERR_UDX_SOCKET_CLOSED",
            Self::BadPort => "ERR_UDX_BAD_PORT",
            Self::RemoteChanging => "ERR_UDX_REMOTE_CHANGING",
            Self::NotYetConnected => "ERR_UDX_NOT_CONNECTED",
            Self::BadRelay => "EINVAL",
            Self::TooManyStreams { .. } => "ERR_UDX_TOO_MANY_STREAMS",
            Self::BacklogFull { .. } => "ERR_UDX_BACKLOG_FULL",
            Self::MessageTooLong { .. } => "ERR_UDX_MESSAGE_TOO_LONG",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("Stream is closed"),
            Self::AlreadyConnected => f.write_str("Already connected"),
            Self::WriteBeforeConnect => {
                f.write_str("Writing while not connected not currently supported")
            }
            Self::NotConnected => f.write_str("socket is not connected"),
            Self::BrokenPipe => f.write_str("broken pipe"),
            Self::SocketClosed => f.write_str("Socket is closed"),
            Self::BadPort => f.write_str("0 is not a valid port: 1 to 65535 are"),
            Self::RemoteChanging => f.write_str("Remote already changing"),
            Self::NotYetConnected => f.write_str("Not yet connected"),
            Self::BadRelay => f.write_str("invalid argument"),
            Self::TooManyStreams { max } => write!(f, "a hub has at most {max} streams"),
            Self::BacklogFull { max } => {
                write!(f, "at most {max} bytes may wait to be acknowledged")
            }
            Self::MessageTooLong { len, max } => {
                write!(f, "a message of {len} bytes: at most {max} are sent")
            }
        }
    }
}

impl std::error::Error for Error {}

/// Why a stream closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// Both directions ended.
    Ended,
    /// By a call of `destroy`.
    Destroyed,
    /// The peer gave the stream up: `ECONNRESET`.
    Reset,
    /// The 7th retransmission time-out without progress: `ETIMEDOUT`, 13 s after the first packet.
    TimedOut,
    /// The stream that it relayed to closed. udx-native tells nobody of it.
    RelayClosed,
}

impl CloseReason {
    /// Code and text of the error that the user is told, if any.
    pub fn error(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Reset => Some(("ECONNRESET", "connection reset by peer")),
            Self::TimedOut => Some(("ETIMEDOUT", "connection timed out")),
            Self::Ended | Self::Destroyed | Self::RelayClosed => None,
        }
    }
}
