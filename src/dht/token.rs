//! Round-trip tokens: proof that the sender of a request receives at its host.
//!
//! ```text
//! secret   |--- issues and accepts ---|--- accepts ---|
//! ms       0                        7500            15000
//! ```

use std::hint::black_box;
use std::io::{Cursor, Write};
use std::net::Ipv4Addr;

use blake2::Blake2bMac;
use blake2::digest::consts::U32;
use blake2::digest::{KeyInit, Mac};
use rand::Rng;

use super::id::Bytes32;

/// How long a secret issues tokens, in ms; it accepts them as long again. Ten drains of 750 ms in
/// the reference.
pub const TOKEN_ROTATION_MS: u64 = 7500;

/// The secrets of a node. Nothing is kept until a first token is asked for.
///
/// Secrets rotate by the clock that the calls bring, counted from the first call: there is no
/// timer to arm.
#[derive(Debug, Default)]
pub struct Tokens(Option<Box<Secrets>>);

impl Tokens {
    pub const fn new() -> Self {
        Self(None)
    }

    /// A token for `host`, which lives 7.5 to 15 s.
    pub fn issue(&mut self, now_mono_ms: u64, host: Ipv4Addr, rng: &mut impl Rng) -> Bytes32 {
        hash(&self.secrets(now_mono_ms, rng).issuing, host)
    }

    /// The token of whoever is named `host`, by the secret that issues or by the one before it.
    pub fn of_name(
        &mut self,
        now_mono_ms: u64,
        host: &[u8],
        issuing: bool,
        rng: &mut impl Rng,
    ) -> Bytes32 {
        let secrets = self.secrets(now_mono_ms, rng);
        hash_name(if issuing { &secrets.issuing } else { &secrets.accepted }, host)
    }

    /// Whether `token` was issued to `host` and still lives. Takes the same time for any token.
    pub fn verify(
        &mut self,
        now_mono_ms: u64,
        host: Ipv4Addr,
        token: &Bytes32,
        rng: &mut impl Rng,
    ) -> bool {
        let secrets = self.secrets(now_mono_ms, rng);
        let by_issuing = equal(token, &hash(&secrets.issuing, host));
        let by_accepted = equal(token, &hash(&secrets.accepted, host));
        by_issuing | by_accepted
    }

    fn secrets(&mut self, now_mono_ms: u64, rng: &mut impl Rng) -> &Secrets {
        let secrets = self.0.get_or_insert_with(|| {
            Box::new(Secrets { since_ms: now_mono_ms, issuing: fresh(rng), accepted: fresh(rng) })
        });
        secrets.rotate(now_mono_ms, rng);
        secrets
    }
}

struct Secrets {
    since_ms: u64,
    issuing: Bytes32,
    accepted: Bytes32,
}

impl Secrets {
    fn rotate(&mut self, now_mono_ms: u64, rng: &mut impl Rng) {
        let rotations = now_mono_ms.saturating_sub(self.since_ms) / TOKEN_ROTATION_MS;
        if rotations == 0 {
            return;
        }
        self.since_ms += rotations * TOKEN_ROTATION_MS;
        self.accepted = if rotations == 1 { self.issuing } else { fresh(rng) };
        self.issuing = fresh(rng);
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("since_ms", &self.since_ms).finish_non_exhaustive()
    }
}

fn fresh(rng: &mut impl Rng) -> Bytes32 {
    let mut secret = [0; 32];
    rng.fill_bytes(&mut secret);
    secret
}

/// BLAKE2b-256 keyed with `secret` over the ASCII of `host`, as in `1.2.3.4`.
fn hash(secret: &Bytes32, host: Ipv4Addr) -> Bytes32 {
    let mut text = Cursor::new([0; "255.255.255.255".len()]);
    write!(text, "{host}").expect("the longest address fits");
    let len = text.position() as usize;
    hash_name(secret, &text.get_ref()[..len])
}

fn hash_name(secret: &Bytes32, host: &[u8]) -> Bytes32 {
    Blake2bMac::<U32>::new_from_slice(secret)
        .expect("BLAKE2b takes keys up to 64 bytes")
        .chain_update(host)
        .finalize()
        .into_bytes()
        .into()
}

fn equal(a: &Bytes32, b: &Bytes32) -> bool {
    let differing = a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b));
    black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    const START_MS: u64 = 1_000_003;
    const HOST: Ipv4Addr = Ipv4Addr::new(1, 2, 3, 4);

    fn verifies_after(issued_ms: u64, elapsed_ms: u64) -> bool {
        let rng = &mut StdRng::from_seed([7; 32]);
        let mut tokens = Tokens::new();
        tokens.issue(START_MS, HOST, rng);
        let token = tokens.issue(START_MS + issued_ms, HOST, rng);
        tokens.verify(START_MS + issued_ms + elapsed_ms, HOST, &token, rng)
    }

    #[test]
    fn a_token_lives_until_its_secret_was_replaced_twice() {
        assert!(verifies_after(0, 0));
        assert!(verifies_after(0, 14_999));
        assert!(!verifies_after(0, 15_000));
        assert!(verifies_after(7499, 7500));
        assert!(!verifies_after(7499, 7501));
        assert!(!verifies_after(0, 1_000_000));
    }

    #[test]
    fn a_rotation_that_nobody_watched_is_made_up_for() {
        let rng = &mut StdRng::from_seed([7; 32]);
        let mut tokens = Tokens::new();
        let first = tokens.issue(START_MS, HOST, rng);
        let second = tokens.issue(START_MS + 5 * TOKEN_ROTATION_MS + 1, HOST, rng);
        assert_ne!(first, second);
        assert!(tokens.verify(START_MS + 7 * TOKEN_ROTATION_MS - 1, HOST, &second, rng));
        assert!(!tokens.verify(START_MS + 7 * TOKEN_ROTATION_MS, HOST, &second, rng));
    }

    #[test]
    fn a_token_is_for_one_host_and_one_node() {
        let rng = &mut StdRng::from_seed([7; 32]);
        let mut tokens = Tokens::new();
        let token = tokens.issue(START_MS, HOST, rng);
        assert!(!tokens.verify(START_MS, Ipv4Addr::new(1, 2, 3, 40), &token, rng));
        assert!(!Tokens::new().verify(START_MS, HOST, &token, rng));

        let mut forged = token;
        forged[31] ^= 1;
        assert!(!tokens.verify(START_MS, HOST, &forged, rng));
    }

    #[test]
    fn nothing_is_kept_before_the_first_use_and_nothing_secret_is_shown() {
        assert!(Tokens::new().0.is_none());
        let mut tokens = Tokens::new();
        tokens.issue(5, HOST, &mut StdRng::from_seed([7; 32]));
        assert_eq!(format!("{tokens:?}"), "Tokens(Some(Secrets { since_ms: 5, .. }))");
    }
}
