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

// The same, as what `use` names, whatever it is called afterwards.
const OUTSIDE_PATHS = {
  'a clock': /^std::time::(?:Instant|SystemTime)$/,
  'a thread': /^std::thread\b/,
  'a lock': /^(?:std::sync::(?:Mutex|RwLock|Condvar|Barrier)|parking_lot)\b/,
  'global randomness':
    /^(?:rand::(?:rng|random\w*|thread_rng)|getrandom|std::(?:hash|collections::hash_map)::RandomState)\b/,
  'the system':
    /^(?:std::(?:fs|env|process)|std::io::(?:stdin|stdout|stderr|self)|std::net::(?:Udp|Tcp)\w+|libc|mio|socket2)\b/,
  tokio: /^tokio\b/,
  napi: /^napi\w*/
}

module.exports = { RUST, JAVASCRIPT, SANS_IO, OUTSIDE, OUTSIDE_PATHS }
