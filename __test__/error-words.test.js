const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const {
  IMPATIENT,
  HOST,
  createNode,
  createBootstrapper,
  freePort,
  hold
} = require('./helpers/network')
const { serverAddress } = require('./helpers/network')
const RawPeer = require('./helpers/raw-peer')

const TARGET = Buffer.alloc(32)
const MESSAGE = { target: TARGET, command: 1 }

// Programs compare messages: they are the reference's, to the letter.
for (const { name, DHT } of packages) {
  test(`${name}: the words of every error`, async (t) => {
    const silent = await RawPeer.create(t)
    const server = await createBootstrapper(t, DHT)
    server.on('request', (req) => req.reply(null, { token: false }))
    const node = createNode(t, DHT, IMPATIENT)
    await node.fullyBootstrapped()
    const commit = (nodes) => node.query(MESSAGE, { nodes, commit: true }).finished()

    await says('Port is required', () => DHT.bootstrapper())
    await says('Host is required', () => DHT.bootstrapper(1))
    await says('Invalid host', () => DHT.bootstrapper(1, '0.0.0.0'))
    await says('Invalid host', () => DHT.bootstrapper(1, '::'))
    await says('Host must be a IPv4 address', () => DHT.bootstrapper(1, 'localhost'))
    await says('Bootstrap node format is host:port', () => new DHT({ bootstrap: ['name'] }))
    await says('Bootstrap node format is host:port', () => new DHT({ bootstrap: ['name:'] }))
    await says('Delay exceeds max delay: 10000ms', () => node.delayedPing(silent.address, 10001))
    await says('REQUEST_TIMEOUT: Request timed out', () => node.ping(silent.address))
    await says('Too few nodes responded', () => commit([]))
    await says('Too few nodes responded', () => commit([silent.address]))
    await says('No token received for closest node', () => commit([serverAddress(server)]))

    const session = node.session()
    const dropped = session.ping(silent.address)
    session.destroy()
    await says('REQUEST_DESTROYED: Request destroyed', () => dropped)
    const suspended = node.ping(silent.address)
    suspended.catch(() => {})
    await node.suspend()
    await says('IO_SUSPENDED: I/O suspended', () => suspended)
    await node.resume()

    const unread = node.query(MESSAGE, { nodes: [silent.address] })
    const pending = node.ping(silent.address)
    pending.catch(() => {})
    await node.destroy()
    await says('REQUEST_DESTROYED: Request destroyed', () => pending)
    await says('Node was destroyed', () => unread.finished())
    await says('Node destroyed', () => node.ping(silent.address))
    await says('Node destroyed', () => node.request(MESSAGE, silent.address))
    await says('Node destroyed', () => node.query(MESSAGE))
    await says('Node destroyed', () => node.findNode(TARGET))
  })

  test(`${name}: the words of the system's errors`, async (t) => {
    const taken = await freePort()
    await hold(t, taken)
    const opts = { host: HOST, bootstrap: [], port: taken, anyPort: false }
    const node = new DHT(opts)
    node.fullyBootstrapped().catch(() => {})
    await assert.rejects(node.bind(), { code: 'EADDRINUSE', message: 'address already in use' })
    const away = new DHT({ host: '192.0.2.1', bootstrap: [] })
    const nowhere = { code: 'EADDRNOTAVAIL', message: 'address not available' }
    await assert.rejects(away.fullyBootstrapped(), nowhere)
    for (const each of [node, away]) await end(each)
  })
}

for (const { name } of natives) {
  test(`${name}: each has a code`, async (t) => {
    const node = createNode(t, natives[0].DHT)
    const error = await node
      .query(MESSAGE, { commit: true })
      .finished()
      .catch((err) => err)
    const { code, answered, persistent } = error
    assert.deepStrictEqual(
      { code, answered, persistent },
      { code: 'TOO_FEW_NODES', answered: 0, persistent: 0 }
    )
  })
}

async function says(message, call) {
  await assert.rejects(
    async () => call(),
    (err) => {
      assert.strictEqual(err.message, message)
      return true
    }
  )
}

// The reference leaves timers behind.
async function end(node) {
  clearInterval(node._tickInterval)
  node.io.networkInterfaces?.destroy()
  await node.destroy().catch(() => {})
}
