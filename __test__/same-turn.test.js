const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const { HOST, createNode, freePorts, hold } = require('./helpers/network')
const { collect, turns } = require('./helpers/until')
const RawPeer = require('./helpers/raw-peer')
const native = require('../lib/crossing/native')

// Nodes that are made in one turn may name each other: nobody has to ask twice. A datagram that comes
// before its port is bound is lost, and sent again after a second.
for (const { name, DHT } of packages) {
  for (const [kind, entry] of [
    ['an address', (port) => ({ host: HOST, port })],
    ['a string', (port) => `${HOST}:${port}`],
    ['a name', (port) => `localhost:${port}`],
    ['a name and its address', (port) => `${HOST}@localhost:${port}`]
  ]) {
    test(`${name}: a node, then its bootstrap node, by ${kind}`, async (t) => {
      const [port] = await freePorts(1)
      const nodes = [
        createNode(t, DHT, { bootstrap: [entry(port)] }),
        createNode(t, DHT, { bootstrap: [entry(port)], ephemeral: false }),
        bootstrapper(t, DHT, port)
      ]
      await assertAllHeard(nodes)
      assert.deepStrictEqual(
        nodes.map((node) => node.ephemeral),
        [true, false, false]
      )
    })
  }

  test(`${name}: four that name each other`, async (t) => {
    const ports = await freePorts(4)
    const nodes = ports.map((port) => {
      const bootstrap = ports.filter((other) => other !== port).map((other) => `${HOST}:${other}`)
      return bootstrapper(t, DHT, port, { bootstrap })
    })
    await assertAllHeard(nodes)
    for (const node of nodes) assert.strictEqual(node.table.size, 3)
  })

  test(`${name}: made one after the other's microtasks`, async (t) => {
    const [port] = await freePorts(1)
    const node = createNode(t, DHT, { bootstrap: [`${HOST}:${port}`] })
    await null
    await assertAllHeard([node, bootstrapper(t, DHT, port)])
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: what was asked before any was bound waits for the last one`, async (t) => {
    const [port] = await freePorts(1)
    const node = createNode(t, DHT)
    const pinged = node.ping({ host: HOST, port })
    node.bind()
    const found = node.findNode(Buffer.alloc(32), { nodes: [{ host: HOST, port }] }).finished()
    for (let i = 0; i < 20; i++) await null
    const asked = bootstrapper(t, DHT, port)

    await Promise.all([pinged, found])
    await assertAllHeard([node, asked])
  })

  test(`${name}: bound at once, and silent until the turn's code is done`, async (t) => {
    const peer = await RawPeer.create(t)
    const node = createNode(t, DHT, { bootstrap: [peer.address] })
    const events = collect(node, 'listening', 'ready')
    const bound = node.bind()
    const { port } = node.address()
    await assert.rejects(hold(t, port), { code: 'EADDRINUSE' })
    await bound
    assert.deepStrictEqual(events, ['listening'])

    const started = createNode(t, DHT)
    await started.bind()
    const pinged = started.ping(peer.address)
    peer.serve(() => ({}))
    await pinged
    await turns(1)
    assert.strictEqual(started.stats.requests.retries, 0)
  })

  test(`${name}: what keeps a bound node from starting is told to all that wait`, async (t) => {
    const start = t.mock.method(native, 'start', () => {
      throw Object.assign(new Error('no space for one more watch'), { code: 'ENOSPC' })
    })
    const node = createNode(t, DHT)
    const waiting = [node.bind(), node.fullyBootstrapped(), node.ping({ host: HOST, port: 9 })]
    for (const promise of waiting) await assert.rejects(promise, { code: 'ENOSPC' })
    start.mock.restore()

    await assert.rejects(node.bind(), { code: 'ENOSPC' })
    await assert.rejects(node.ping({ host: HOST, port: 9 }), { code: 'ENOSPC' })
    const events = collect(node, 'listening', 'ready', 'close')
    await node.destroy()
    assert.deepStrictEqual(events, ['close'])
  })

  test(`${name}: a port that is taken does not keep the others of the turn`, async (t) => {
    const [taken, port] = await freePorts(2)
    await hold(t, taken)
    const failing = createNode(t, DHT, { port: taken, anyPort: false })
    const nodes = [
      createNode(t, DHT, { bootstrap: [`${HOST}:${port}`] }),
      bootstrapper(t, DHT, port)
    ]

    await assert.rejects(failing.bind(), { code: 'EADDRINUSE' })
    await assert.rejects(failing.fullyBootstrapped(), { code: 'EADDRINUSE' })
    await assertAllHeard(nodes)
  })
}

function bootstrapper(t, DHT, port, opts) {
  const node = DHT.bootstrapper(port, HOST, { host: HOST, ...opts })
  t.after(() => node.destroy())
  return node
}

async function assertAllHeard(nodes) {
  await Promise.all(nodes.map((node) => node.fullyBootstrapped()))
  for (const { stats } of nodes) assert.strictEqual(stats.requests.retries, 0)
}
