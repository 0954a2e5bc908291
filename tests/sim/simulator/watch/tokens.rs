//! Tokens: for one host, by one node, for two periods.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use dht_rpc_native::dht::Bytes32;
use dht_rpc_native::dht::token::TOKEN_ROTATION_MS;

use super::{Verdict, require};

/// Every token that was issued of late.
#[derive(Debug, Default)]
pub struct Tokens {
    issued: HashMap<(usize, Bytes32), Issued>,
    pruned_at: usize,
}

#[derive(Clone, Copy, Debug)]
struct Issued {
    host: Ipv4Addr,
    /// The first time: the same token is issued as long as its secret lasts.
    at_ms: u64,
}

/// After this a token is remembered no more, in ms, and nobody may accept it.
const FORGOTTEN_MS: u64 = 10 * TOKEN_ROTATION_MS;

impl Tokens {
    pub fn issued(&mut self, now_ms: u64, by: usize, token: &Bytes32, host: Ipv4Addr) {
        self.issued.entry((by, *token)).or_insert(Issued { host, at_ms: now_ms });
        if self.issued.len() > 2 * self.pruned_at + 10_000 {
            self.issued.retain(|_, issued| now_ms - issued.at_ms < FORGOTTEN_MS);
            self.pruned_at = self.issued.len();
        }
    }

    /// A node took a request's token for valid.
    pub fn accepted(&self, now_ms: u64, by: usize, token: &Bytes32, host: Ipv4Addr) -> Verdict {
        let issued = self.issued.get(&(by, *token)).copied();
        require(issued.is_some(), || {
            format!("it accepted a token of {host} that it never issued")
        })?;
        let Some(issued) = issued else {
            return Ok(());
        };
        require(issued.host == host, || {
            format!("it accepted a token of {} from {host}", issued.host)
        })?;
        let age_ms = now_ms - issued.at_ms;
        require(age_ms < 2 * TOKEN_ROTATION_MS, || format!("it accepted a token after {age_ms} ms"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Ipv4Addr = Ipv4Addr::new(20, 0, 0, 1);

    #[test]
    fn another_node_another_host_and_a_late_use_are_wrong() {
        let mut tokens = Tokens::default();
        tokens.issued(1000, 5, &[1; 32], HOST);
        tokens.issued(8000, 5, &[1; 32], HOST);
        assert!(tokens.accepted(15_999, 5, &[1; 32], HOST).is_ok());
        assert!(tokens.accepted(16_000, 5, &[1; 32], HOST).is_err());
        assert!(tokens.accepted(2000, 6, &[1; 32], HOST).is_err());
        assert!(tokens.accepted(2000, 5, &[2; 32], HOST).is_err());
        assert!(tokens.accepted(2000, 5, &[1; 32], Ipv4Addr::new(20, 0, 0, 2)).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut tokens = Tokens::default();
        for n in 0..200_000u64 {
            let mut token = [0; 32];
            token[..8].copy_from_slice(&n.to_le_bytes());
            tokens.issued(n * 100, 0, &token, HOST);
        }
        assert!(tokens.issued.len() < 20_000, "{}", tokens.issued.len());
        assert!(tokens.accepted(20_000_000, 0, &[0; 32], HOST).is_err());
    }
}
