//! The tokens by which a shard's poll knows its sockets.

use mio::Token;

/// Sockets that a tenant may have.
const EACH: usize = 2;

/// The token of a tenant's socket, by the tenant's key and the socket's index.
pub fn token(key: usize, index: usize) -> Token {
    Token(key * EACH + index)
}

/// The key and the index that a token stands for.
pub(super) fn place_of(token: usize) -> (usize, usize) {
    (token / EACH, token % EACH)
}
