'use strict'

const { attempt, yesNo } = require('./describe')
const { HOST, silent } = require('./world')
const { setTimeout: pause } = require('timers/promises')

const BEFORE_DRAIN = 400 // ms

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
  'Errors without a code have one, their words stay. `Too few nodes responded` has how many answered, and how many of them were persistent, as properties.',
  'The names that the README gives to `ready` and `wakeup` are emitted as well.',
  'What a program sends may wait a little for more that leaves with it, where each datagram of the reference leaves with its call. A reply waits for the rest of its handler if requests that came with its own are still to be handled, and for no handler that begins more than 1 ms later. Requests past four in flight wait if they follow a record of a batch, and from the 17th of a turn on, for the rest of the turn. Never more than 15 wait, and once code kept one waiting for more than 1 ms the next 64 leave at once.',
  'What one host may take of a node is limited (docs/protections.md): a peer that asks for more than an honest one does is served less than by the reference, and who does not answer stays for a while when the operating system drops datagrams.',
  'What is given up before the first microtask after it was asked for is not sent: requests of a session leave with that microtask, as do those with a `signal` or a `timeout` (docs/cancellation.md).',
  "Once `destroy()` was called nothing but `close` is emitted, and the node calls no function of the user's: no filter, no `map`, no `commit`. Everything runs in nobody's asynchronous context, timeouts and the events of the user's own calls as well.",
  'What takes the place of `io.onrequest`, `io.onresponse` and `io.ontimeout`, or overrides `_onrequest`, `_onresponse` and `_ontimeout`, observes: it is called for each, in order, in the batch after the engine acted, and changes nothing. A command of a user goes to its handler once, whether or not it calls through.',
  'Nodes that nobody can reach (port 0, a host that is no IPv4 address) are skipped by `addNode`, and in the `nodes`, `closestNodes`, `replies` and `closestReplies` of a query; `request` and `ping` refuse them.',
  'Who is in the table is in the list as well, under the id of his address: `add` and `remove` of the one act on both.',
  'A row that comes last is delivered before `Too few nodes responded`. A request that is answered while it waits for its next try is over. `rtt` does not count the time that the machine slept. A newcomer is kept whose full bucket lost its oldest node meanwhile. Tokens rotate 7.5 s after the first was given, not with the windows.',
  'No answer waits for `filterNode`. What it said of an address is kept for 60 s, and asked for again once a second while the address is in use; `keepVerdicts: false` turns that off.',
  'An adaptive node asks whether its server socket is reached after the visits of the same moment, not between them.'
]

// Which of them a row shows.
const SHOWN_BY = {
  'Options / anyPort: false, destroy()': 8,
  'Options / anyPort: false, close': 8,
  'Requests, replies, sessions / reply to an odd host': 12,
  'Table, node list, NAT sampler / a known one again: nodes.length': 5,
  'Health / network-update: 6 healthy ticks': 6,
  'Health / network-update: 6 degraded ticks, then offline': 6,
  'Events / bootstrap, which the README names': 14,
  'Events / wake-up, which the README names': 14,
  'Events / destroyed in the turn of new': 18,
  'On purpose / io.onrequest that does not call through: commands that are handled': 19,
  'On purpose / a query of a node at port 0': 20,
  'On purpose / table.add() of a node: in nodes': 21,
  'Options / filterNode: asked again': 23,
  'Options / addNode: asked again': 23,
  'On purpose / two pings: their tids': 1,
  'On purpose / table.closest() in the order of distance': 2,
  'On purpose / 400 pings at once: answered before the window is drained': 3,
  'On purpose / session.destroy() of 40 pings of a full window: those that leave then': 7,
  'On purpose / request() while suspended': 9,
  'On purpose / replies to 2000 DELAYED_PINGs of one host': 11,
  'On purpose / a commit function that throws': 10,
  'On purpose / request() with a wrong command': 12,
  'On purpose / request() with a value of 3000 bytes': 4
}

module.exports = {
  DEVIATIONS,
  deviationOf,
  title: 'On purpose',
  probes: [probe, windows, commits, delayedPings, observers, byHand]
}

// Its number, or 0.
function deviationOf(row, reference) {
  if (row in SHOWN_BY) return SHOWN_BY[row]
  if (row.startsWith('Errors / wrong input: ')) return 12
  return /^Errors .*: code$/.test(row) && reference === 'undefined' ? 13 : 0
}

async function probe(row, world) {
  const node = await world.joined()
  const [a, b, c] = await Promise.all([1, 2, 3].map(() => node.ping(world.address)))
  const counted = b.tid === ((a.tid + 1) & 65535) && c.tid === ((a.tid + 2) & 65535)
  row('two pings: their tids', counted ? 'count up' : 'are random')

  for (let port = 1; port <= 200; port++) node.addNode({ host: '10.0.0.1', port })
  row('table.closest() in the order of distance', yesNo(isOrdered(node.table)))

  const lost = await silent()
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

// A window holds 80, and is drained every 750 ms from the bind on.
async function windows(row, world) {
  const busy = world.node({ bootstrap: [] })
  await busy.bind()
  let answered = 0
  ask(busy, 400, world.address, () => answered++)
  await pause(BEFORE_DRAIN)
  row('400 pings at once: answered before the window is drained', String(answered))

  const node = world.node({ bootstrap: [] })
  await node.bind()
  const lost = await silent()
  const session = node.session()
  ask(node, 40, lost.address)
  ask(session, 40, lost.address)
  await null // what is given up before that is not sent
  session.destroy()
  ask(node, 200, lost.address)
  await pause(BEFORE_DRAIN)
  const left = lost.received() - 80
  row('session.destroy() of 40 pings of a full window: those that leave then', String(left))
  await lost.close()
}

function ask(from, count, to, onanswer = ignore) {
  for (let i = 0; i < count; i++) from.ping(to).then(onanswer, ignore)
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

async function commits(row, world) {
  const peer = await world.persistent()
  peer.on('request', (req) => req.reply(null))
  const commit = () => {
    throw new Error('not today')
  }
  row('a commit function that throws', await throwing(world, commit))
}

// Handed in at once, as what a socket drops must not count, and before the first of them is due.
async function delayedPings(row, world) {
  const node = await world.joined()
  let replies = 0
  const socket = { trySend: () => replies++ }
  // Version, flags (internal, value), tid, to, command, length of the value, ms.
  const ping = Buffer.from('0314' + '0100' + '7f0000010100' + '04' + '04' + 'f4010000', 'hex')
  for (let i = 0; i < 2000; i++) node.onmessage(socket, ping, { host: '127.0.0.1', port: 9 })
  for (let seen = -1; seen !== replies || seen === 0;) {
    seen = replies
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  row('replies to 2000 DELAYED_PINGs of one host', String(replies))
}

async function observers(row, world) {
  const node = await world.persistent()
  const asking = await world.joined()
  let handled = 0
  node.on('request', (req) => {
    handled++
    req.reply(null)
  })
  node.io.onrequest = () => {}
  const to = { host: HOST, port: node.localAddress().port }
  asking.request({ command: 1 }, to, { retry: false }).catch(ignore)
  await pause(BEFORE_DRAIN)
  row('io.onrequest that does not call through: commands that are handled', String(handled))
}

async function byHand(row, world) {
  const node = world.node({ bootstrap: [] })
  await node.fullyBootstrapped()
  const opts = { nodes: [{ host: HOST, port: 0 }], onlyClosestNodes: true, retries: 0 }
  const query = node.findNode(Buffer.alloc(32), opts)
  await query.finished()
  row('a query of a node at port 0', `${query.errors} failed`)
  node.addNode({ host: HOST, port: 1 })
  const [entry] = node.table.toArray()
  node.table.remove(entry.id)
  node.nodes.remove(entry)
  node.table.add(entry)
  row('table.add() of a node: in nodes', String(node.nodes.length))
}

// The reference throws out of a socket's callback there, which cannot be seen from here: its query
// is only looked at.
async function throwing(world, commit) {
  const node = await world.joined()
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', ignore)
  const query = node.query({ target: Buffer.alloc(32), command: 1 }, { commit })
  const outcome = attempt(() => query.finished())
  const late = new Promise((resolve) => setTimeout(resolve, 300, 'hangs'))
  const seen = await Promise.race([outcome, late])
  process.removeListener('uncaughtException', ignore)
  for (const listener of listeners) process.on('uncaughtException', listener)
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

function ignore() {}
