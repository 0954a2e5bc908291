'use strict'

const { attempt, yesNo } = require('./describe')
const { silent } = require('./world')

// The differences on purpose, numbered as in the document.
const DEVIATIONS = [
  'Tids are random instead of counting up. A reply to an internal command counts only if it comes from the port that was asked, and from that host unless the host was unspecified, loopback, private or link-local.',
  '`closest` is exactly the k nearest in the order of their XOR distance, not in the order of buckets.',
  'Requests that wait for the congestion window leave in their order as soon as there is a place, not with the next drain.',
  'A datagram above 2048 bytes is dropped instead of cut. A value that would not fit is refused with an error that names the limit.',
  'A live node is not removed because of one hint or of an unanswered PING_NAT; full buckets are renewed after the table moved as before; whoever is dropped then gives `remove-node`; neither our own entry nor a node that was added twice stays in `nodes`.',
  '`degraded` clears after an offline tick as after any other.',
  '`session.destroy` gives the places of its requests in the congestion window back once, not twice.',
  'With `anyPort: false` and a taken port `destroy()` resolves, `close` is emitted and the process can exit.',
  'A request that is made while the node is suspended rejects at once with IO_SUSPENDED instead of timing out.',
  'A commit function that throws has failed, one that returns no promise is done; the query goes on.',
  'DELAYED_PINGs that wait and requests in flight are bounded and counted.',
  'Addresses, targets, tokens, commands and values of the wrong kind are refused at once by `request`, `ping` and `query`, with an error that says what is allowed; `reply` and `relay` do not throw for an address.',
  'Errors without a code have one, their words stay. `Too few nodes responded` goes on to say how many answered.',
  'The names that the README gives to `ready` and `wakeup` are emitted as well.'
]

// Which of them a row shows.
const SHOWN_BY = {
  'Options / anyPort: false, destroy()': 8,
  'Options / anyPort: false, close': 8,
  'Query / commit to nobody': 13,
  'Requests, replies, sessions / reply to an odd host': 12,
  'Table, node list, NAT sampler / a known one again: nodes.length': 5,
  'Health / network-update: 6 healthy ticks': 6,
  'Health / network-update: 6 degraded ticks, then offline': 6,
  'Events / bootstrap, which the README names': 14,
  'Events / wake-up, which the README names': 14,
  'Errors / commit without anybody: message': 13,
  'On purpose / two pings: their tids': 1,
  'On purpose / table.closest() in the order of distance': 2,
  'On purpose / request() while suspended': 9,
  'On purpose / a commit function that throws': 10,
  'On purpose / request() with a wrong command': 12,
  'On purpose / request() with a value of 3000 bytes': 4
}

module.exports = { DEVIATIONS, deviationOf, title: 'On purpose', probes: [probe] }

// Its number, or 0.
function deviationOf(row) {
  return SHOWN_BY[row] || (/^Errors .*: code$/.test(row) ? 13 : 0)
}

async function probe(row, world) {
  const node = await world.joined()
  const [a, b, c] = await Promise.all([1, 2, 3].map(() => node.ping(world.address)))
  const counted = b.tid === ((a.tid + 1) & 65535) && c.tid === ((a.tid + 2) & 65535)
  row('two pings: their tids', counted ? 'count up' : 'are random')

  for (let port = 1; port <= 200; port++) node.addNode({ host: '10.0.0.1', port })
  row('table.closest() in the order of distance', yesNo(isOrdered(node.table)))

  const lost = await silent()
  const target = Buffer.alloc(32)
  const commit = () => {
    throw new Error('not today')
  }
  row('a commit function that throws', await throwing(world, { target, commit }))
  const wrong = { command: 'one' }
  row(
    'request() with a wrong command',
    await briefly(node, () => node.request(wrong, lost.address))
  )
  const large = { command: 1, value: Buffer.alloc(3000) }
  row(
    'request() with a value of 3000 bytes',
    await briefly(node, () => node.request(large, lost.address))
  )
  await node.suspend()
  row(
    'request() while suspended',
    await briefly(node, () => node.request({ command: 1 }, lost.address))
  )
  await lost.close()
}

function isOrdered(table) {
  return Array.from({ length: 20 }, (_, i) => Buffer.alloc(32, 13 * i)).every((target) => {
    const distances = table.closest(target).map(({ id }) => xor(id, target))
    return distances.every(
      (distance, i) => i === 0 || Buffer.compare(distances[i - 1], distance) < 0
    )
  })
}

function xor(a, b) {
  return Buffer.from(a.map((byte, i) => byte ^ b[i]))
}

// The reference throws out of a socket's callback there, which cannot be seen from here: its query
// is only looked at.
async function throwing(world, { target, commit }) {
  const node = await world.joined()
  const uncaught = () => {}
  process.on('uncaughtException', uncaught)
  const query = node.query({ target, command: 1 }, { commit })
  const outcome = attempt(() => query.finished())
  const late = new Promise((resolve) => setTimeout(resolve, 300, 'hangs'))
  const seen = await Promise.race([outcome, late])
  process.removeListener('uncaughtException', uncaught)
  query.destroy()
  await node.destroy()
  return seen
}

// Whether a call rejects before a second is over.
async function briefly(node, call) {
  const pending = attempt(call)
  const late = new Promise((resolve) => setTimeout(resolve, 300, 'is tried'))
  return Promise.race([pending, late])
}
