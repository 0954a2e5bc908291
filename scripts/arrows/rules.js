'use strict'

// What may import what. A room's files may import those of its own room and of the rooms that
// `below` names, and of no other.
const RUST = [
  { room: 'net/', below: [] },
  { room: 'dht/', below: ['net/'] },
  { room: 'udx/', below: ['net/'] },
  { room: 'engine/sync/', below: ['engine/processors.rs'] },
  { room: 'engine/udp/', below: ['net/', 'engine/sync/', 'engine/clock.rs'] },
  {
    room: 'engine/shard/',
    below: ['net/', 'engine/sync/', 'engine/udp/', 'engine/clock.rs', 'engine/processors.rs']
  },
  { room: 'engine/', below: ['net/', 'dht/', 'udx/'] },
  { room: 'binding/crossing/', below: ['net/', 'engine/'] },
  { room: 'binding/', below: ['net/', 'dht/', 'udx/', 'engine/'] },
  { room: '', below: ['net/', 'dht/', 'udx/', 'engine/', 'binding/'] }
]

const JAVASCRIPT = [
  { room: 'lib/common/', below: [] },
  { room: 'lib/crossing/', below: ['lib/common/'] },
  { room: 'lib/udx/', below: ['lib/common/', 'lib/crossing/'] },
  { room: 'lib/dht/', below: ['lib/common/', 'lib/crossing/', 'lib/udx/'] },
  { room: 'lib/types/', below: [] },
  { room: '', below: ['lib/common/', 'lib/crossing/', 'lib/udx/', 'lib/dht/', 'lib/types/'] }
]

// Rooms that compute, and have no other business. What each must not reach for.
const SANS_IO = ['net/', 'dht/', 'udx/']
const OUTSIDE = {
  'a clock': /\b(?:Instant|SystemTime)\s*::\s*now\b|\bstd\s*::\s*time\s*::\s*SystemTime\b/,
  'a thread': /\bstd\s*::\s*thread\b|\bthread\s*::\s*(?:spawn|sleep|park)\b|\bthread_local!/,
  'a lock': /\bparking_lot\b|\bstd\s*::\s*sync\s*::\s*(?:\{[^}]*)?\b(?:Mutex|RwLock|Condvar)\b/,
  'global randomness':
    /\bthread_rng\b|\brand\s*::\s*(?:rng|random\w*)\b|\b(?:OsRng|SysRng|getrandom)\b|\bRandomState\s*::\s*new\b/,
  'the system':
    /\bstd\s*::\s*(?:fs|env|process)\b|\b(?:UdpSocket|TcpStream)\b|\b(?:libc|socket2|mio)\s*::/,
  tokio: /\btokio\b/,
  napi: /\bnapi\w*\b/
}

module.exports = { RUST, JAVASCRIPT, SANS_IO, OUTSIDE }
