//! Requests that wait for their reply, as others than the node see them.

use super::contact::Contact;
use super::id::Bytes32;
use crate::net::socket_key::SocketKey;

/// Names a request for as long as it is in flight, and nothing afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestKey {
    pub slot: u32,
    pub serial: u32,
}

/// A request in flight, whoever made it.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestInFlight {
    pub key: RequestKey,
    /// The driver's number, if a user made it.
    pub user: Option<u32>,
    pub socket: SocketKey,
    pub tid: u16,
    pub to: Contact,
    pub token: Option<Bytes32>,
    pub internal: bool,
    pub command: u64,
    pub target: Option<Bytes32>,
    pub value: Option<Box<[u8]>>,
    /// A session of the user's.
    pub session: Option<u32>,
    pub ttl: u8,
    /// Tries so far.
    pub sent: u32,
    /// Sends after the first.
    pub retries: u8,
    /// A fixed time-out a try, in ms.
    pub timeout_ms: Option<u32>,
}
