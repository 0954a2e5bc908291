//! The datagrams of the load.

use std::str::FromStr;

/// Of a datagram: where its tid is.
pub const TID: std::ops::Range<usize> = 2..4;
pub const REPLY: u8 = 0x13;

const REQUEST: u8 = 0x03;
const INTERNAL: u8 = 4;
const TARGET: u8 = 8;
const VALUE: u8 = 16;

const PING: u8 = 0;
const FIND_NODE: u8 = 2;
/// A command of the user's own.
const USER: u8 = 7;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Ping,
    FindNode,
    /// With a target and a value of 32 bytes.
    User,
    /// PING and FIND_NODE in turn.
    Mixed,
    /// What nobody asked for.
    Reply,
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "ping" => Ok(Self::Ping),
            "find-node" => Ok(Self::FindNode),
            "user" => Ok(Self::User),
            "mixed" => Ok(Self::Mixed),
            "reply" => Ok(Self::Reply),
            _ => Err(()),
        }
    }
}

/// The requests of a load, of which each has a target of its own.
pub struct Requests {
    kind: Kind,
    ping: Vec<u8>,
    find_node: Vec<u8>,
    user: Vec<u8>,
    reply: Vec<u8>,
    made: u64,
}

impl Requests {
    pub fn new(kind: Kind, port: u16) -> Self {
        let find_node = [&head(INTERNAL | TARGET, port, FIND_NODE)[..], &[0; 32]].concat();
        let user = [&head(TARGET | VALUE, port, USER)[..], &[0; 32], &[32], &[0xcd; 32]].concat();
        let mut reply = head(0, port, 0);
        reply[0] = REPLY;
        reply.pop();
        Self { kind, ping: head(INTERNAL, port, PING), find_node, user, reply, made: 0 }
    }

    pub fn next(&mut self, tid: u16) -> &[u8] {
        self.made += 1;
        let target = spread(self.made);
        // Whoever makes up replies knows nothing of the requests.
        let tid = if self.kind == Kind::Reply { target as u16 } else { tid };
        let request = match self.kind {
            Kind::Ping => &mut self.ping,
            Kind::FindNode => &mut self.find_node,
            Kind::User => &mut self.user,
            Kind::Mixed if self.made.is_multiple_of(2) => &mut self.ping,
            Kind::Mixed => &mut self.find_node,
            Kind::Reply => &mut self.reply,
        };
        request[TID].copy_from_slice(&tid.to_le_bytes());
        if let Some(first) = request.get_mut(HEAD..HEAD + 8) {
            first.copy_from_slice(&target.to_le_bytes());
        }
        request
    }
}

/// Bytes before the target.
const HEAD: usize = 11;

fn head(flags: u8, port: u16, command: u8) -> Vec<u8> {
    let mut head = vec![REQUEST, flags, 0, 0, 127, 0, 0, 1];
    head.extend_from_slice(&port.to_le_bytes());
    head.push(command);
    head
}

/// Neighbours become far apart (SplitMix64).
fn spread(n: u64) -> u64 {
    let n = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}
