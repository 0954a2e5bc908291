'use strict'

const { HOST, silent } = require('./world')

const TARGET = Buffer.alloc(32)

module.exports = {
  title: 'Errors',
  probes: [errors]
}

async function errors(row, world) {
  const lost = await silent()
  const impatient = { adaptiveTimeout: { fallback: [20], min: 10, max: 30, jitter: 1 } }
  const node = world.node({ bootstrap: [], ...impatient })
  await node.fullyBootstrapped()

  const timeout = await caught(() => node.ping(lost.address))
  dhtError(row, 'REQUEST_TIMEOUT', timeout)
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

  await plain(row, world.DHT, node, lost)
  await lost.close()
}

function dhtError(row, name, err) {
  row(name, `${err.name} "${err.message}", code ${err.code}`)
  row(`${name}: its class`, `${err.constructor.name}, an Error ${err instanceof Error}`)
}

async function plain(row, DHT, node, lost) {
  const calls = {
    'request() after destroy': () => node.request({ command: 1 }, lost.address),
    'ping() after destroy': () => node.ping(lost.address),
    'query() after destroy': () => node.query({ target: TARGET, command: 1 }),
    'findNode() after destroy': () => node.findNode(TARGET),
    'delayedPing() above the limit': () => node.delayedPing(lost.address, 20000),
    'bootstrap without a port': () => new DHT({ bootstrap: ['name'] }),
    'bootstrapper() without port': () => DHT.bootstrapper(),
    'bootstrapper() without host': () => DHT.bootstrapper(1),
    'bootstrapper() on 0.0.0.0': () => DHT.bootstrapper(1, '0.0.0.0'),
    'bootstrapper() by name': () => DHT.bootstrapper(1, 'localhost'),
    'commit without anybody': () => nobody(DHT)
  }
  for (const [name, call] of Object.entries(calls)) {
    const err = await caught(call)
    row(`${name}: message`, err.message)
    row(`${name}: code`, String(err.code))
  }
}

async function nobody(DHT) {
  const node = new DHT({ host: HOST, bootstrap: [] })
  try {
    await node.query({ target: TARGET, command: 1 }, { commit: true }).finished()
  } finally {
    await node.destroy()
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
