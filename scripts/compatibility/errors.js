'use strict'

const { HOST, silent } = require('./world')

const TARGET = Buffer.alloc(32)
const ELSEWHERE = '192.0.2.1' // an address of documentation, so no machine's own
const SOON = { adaptiveTimeout: { fallback: [20], min: 10, max: 30, jitter: 1 } }

module.exports = {
  title: 'Errors',
  probes: [named, plain, ofQueries, ofSockets, wrongInput]
}

// Those with a class of their own.
async function named(row, world) {
  const lost = await silent()
  const node = world.node({ bootstrap: [], ...SOON })
  await node.fullyBootstrapped()

  dhtError(row, 'REQUEST_TIMEOUT', await caught(() => node.ping(lost.address)))
  const session = node.session()
  const dropped = caught(() => session.ping(lost.address))
  session.destroy()
  dhtError(row, 'REQUEST_DESTROYED', await dropped)
  const suspended = caught(() => node.ping(lost.address))
  await node.suspend()
  dhtError(row, 'IO_SUSPENDED', await suspended)
  await node.resume()
  const pending = caught(() => node.ping(lost.address))
  await node.destroy()
  row('destroy() rejects what is in flight', (await pending).message)
  await lost.close()
}

function dhtError(row, name, err) {
  row(`${name}: message`, err.message)
  row(`${name}: name, code`, `${err.name}, ${err.code}`)
  row(`${name}: its class`, `${err.constructor.name}, an Error ${err instanceof Error}`)
  row(`${name}: its stack begins with`, err.stack.split('\n')[0])
}

async function plain(row, world) {
  const { DHT, address } = world
  const node = await world.joined()
  await node.destroy()
  const calls = {
    'request() after destroy': () => node.request({ command: 1 }, address),
    'ping() after destroy': () => node.ping(address),
    'query() after destroy': () => node.query({ target: TARGET, command: 1 }),
    'findNode() after destroy': () => node.findNode(TARGET),
    'rttStats() after destroy': () => node.rttStats(),
    'session.ping() after destroy': () => node.session().ping(address),
    'session.query() after destroy': () => node.session().query({ target: TARGET, command: 1 }),
    'delayedPing() above the limit': () => node.delayedPing(address, 20000),
    'bootstrap without a port': () => new DHT({ bootstrap: ['name'] }),
    'bootstrapper() without port': () => DHT.bootstrapper(),
    'bootstrapper() without host': () => DHT.bootstrapper(1),
    'bootstrapper() on 0.0.0.0': () => DHT.bootstrapper(1, '0.0.0.0'),
    'bootstrapper() by name': () => DHT.bootstrapper(1, 'localhost')
  }
  await tell(row, calls)
}

async function ofQueries(row, world) {
  const lost = await silent()
  const node = await world.joined(SOON)
  const lonely = world.node({ bootstrap: [] })
  world.bootstrapper.on('request', (req) => req.reply(null, { token: false }))
  const message = { target: TARGET, command: 1 }
  const read = async (query) => {
    for await (const reply of query) if (reply === null) break
  }
  const given = node.findNode(TARGET)
  given.on('error', () => {})
  given.destroy(new Error('enough'))
  const dropped = node.findNode(TARGET)
  dropped.destroy()
  const calls = {
    'commit without anybody': () => lonely.query(message, { commit: true }).finished(),
    'commit without a token': () => node.query(message, { commit: true }).finished(),
    'iterating a query destroyed with an error': () => read(given),
    'iterating a destroyed query': () => read(dropped),
    'a query that lost its node': () => dying(world, lost)
  }
  await tell(row, calls)
  await lost.close()
}

// With a candidate left that was not asked yet.
async function dying(world, lost) {
  const node = world.node({ bootstrap: [] })
  await node.fullyBootstrapped()
  const nodes = [lost.address, { host: '127.0.0.9', port: 9 }]
  const query = node.findNode(TARGET, { nodes, concurrency: 1 })
  const finished = query.finished()
  await Promise.all([finished, node.destroy()])
}

async function ofSockets(row, world) {
  const { DHT, address } = world
  const bound = async (opts) => {
    const node = new DHT({ bootstrap: [], ...opts })
    try {
      await node.fullyBootstrapped()
    } finally {
      // The reference leaves them behind, and the process would not end.
      clearInterval(node._tickInterval)
      node.io.networkInterfaces?.destroy()
    }
  }
  await tell(row, {
    'a port that is taken': () => bound({ host: HOST, port: address.port, anyPort: false }),
    'a host that is not ours': () => bound({ host: ELSEWHERE })
  })
}

async function wrongInput(row, world) {
  const node = world.node({ bootstrap: [] })
  const calls = {
    'a host that is no address': () => node.ping({ host: 'nowhere', port: 1 }),
    'no destination': () => node.ping(),
    'no message': () => node.request(undefined, world.address),
    'a value that is a string': () => node.request({ command: 1, value: 'v' }, world.address),
    'a delay that is none': () => node.delayedPing(world.address, -1),
    'a query of nothing': () => node.query(),
    'a socket that cannot send': () => node.ping(world.address, { socket: {} }),
    'a bootstrap list that is none': () => new world.DHT({ bootstrap: 5 })
  }
  await node.fullyBootstrapped()
  for (const [name, call] of Object.entries(calls)) {
    row(`wrong input: ${name}`, wordsOf(await caught(call)))
  }
}

// The words of what JavaScript stumbled over depend on its version.
function wordsOf({ name, code, message }) {
  const stumbled = name !== 'Error' && (code === undefined || code === 'ERR_OUT_OF_RANGE')
  return stumbled ? `a ${name} of JavaScript` : message
}

async function tell(row, calls) {
  for (const [name, call] of Object.entries(calls)) {
    const err = await caught(call)
    row(`${name}: message`, err.message)
    row(`${name}: code`, String(err.code))
  }
}

async function caught(call) {
  try {
    await call()
  } catch (err) {
    return err
  }
  return new Error('nothing was thrown')
}
