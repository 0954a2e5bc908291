const peer = require('dht-rpc-reference/lib/peer')

module.exports = { idOf, compare, closestOf, randomTarget, generator }

// BLAKE2b-256 of the six bytes of the address.
function idOf({ host, port }) {
  return Buffer.from(peer.id(host, port))
}

function compare(target, a, b) {
  const i = a.findIndex((byte, n) => byte !== b[n])
  return i === -1 ? 0 : (a[i] ^ target[i]) - (b[i] ^ target[i])
}

// The addresses nearest to the target, by brute force, as 'host:port'. Those that have their `id` with them
// cost no more than the comparisons.
function closestOf(target, addresses, k = 20) {
  return addresses
    .map(({ host, port, id = idOf({ host, port }) }) => ({ host, port, id }))
    .sort((a, b) => compare(target, a.id, b.id))
    .slice(0, k)
    .map(({ host, port }) => `${host}:${port}`)
}

function randomTarget(random = Math.random) {
  return Buffer.from(Array.from({ length: 32 }, () => Math.floor(random() * 256)))
}

// Numbers in [0, 1) that are the same in every run (mulberry32).
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let n = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n
    return ((n ^ (n >>> 14)) >>> 0) / 4294967296
  }
}
