const test = require('node:test')
const assert = require('node:assert')
const os = require('node:os')
const { EventEmitter } = require('node:events')
const { packages, natives } = require('./helpers/packages')
const {
  HASTY,
  HOST,
  createNode,
  createBootstrapper,
  createNetwork,
  freePort,
  serverAddress
} = require('./helpers/network')
const { once, collect, until } = require('./helpers/until')
const { idOf } = require('./helpers/ids')

const FIRST = { host: '10.0.0.1', port: 1001 }
const SECOND = { host: '10.0.0.2', port: 1002 }
const THIRD = { host: '10.0.0.3', port: 1003 }

for (const { name, DHT } of packages) {
  test(`${name}: what a node is before anything happened`, (t) => {
    const node = createNode(t, DHT)

    assert.ok(node instanceof EventEmitter)
    assert.strictEqual(node.id, null)
    assert.strictEqual(node.host, null)
    assert.strictEqual(node.port, 0)
    assert.strictEqual(node.randomized, false)
    assert.strictEqual(node.ephemeral, true)
    assert.strictEqual(node.firewalled, true)
    assert.strictEqual(node.adaptive, true)
    assert.strictEqual(node.bootstrapped, false)
    assert.strictEqual(node.destroyed, false)
    assert.strictEqual(node.suspended, false)
    assert.strictEqual(node.online, true)
    assert.strictEqual(node.degraded, false)
    assert.strictEqual(node.concurrency, 10)
    assert.strictEqual(node.maxPingDelay, 10000)
    assert.strictEqual(node.address(), null)
    assert.strictEqual(node.localAddress(), null)
    assert.strictEqual(node.remoteAddress(), null)
    assert.strictEqual(node.socket, null)
    assert.strictEqual(node.table.id.byteLength, 32)
    assert.deepStrictEqual(node.toArray(), [])
  })

  test(`${name}: table ids are random until the address is known`, async (t) => {
    const [one, two] = [createNode(t, DHT), createNode(t, DHT)]
    assert.notDeepStrictEqual(one.table.id, two.table.id)
    await one.fullyBootstrapped()
    assert.notDeepStrictEqual(one.table.id, two.table.id)
  })

  test(`${name}: options that are words`, (t) => {
    const adaptive = (opts) => createNode(t, DHT, opts).adaptive
    assert.strictEqual(adaptive({ ephemeral: true }), false)
    assert.strictEqual(adaptive({ ephemeral: false }), false)
    assert.strictEqual(adaptive({ adaptive: false }), false)
    assert.strictEqual(createNode(t, DHT, { firewalled: false }).firewalled, false)
    assert.strictEqual(createNode(t, DHT, { concurrency: 3 }).concurrency, 3)
    assert.strictEqual(createNode(t, DHT, { maxPingDelay: 3 }).maxPingDelay, 3)
  })

  test(`${name}: events of a bootstrapper, in order`, async (t) => {
    const node = DHT.bootstrapper(await freePort(), HOST, { host: HOST })
    t.after(() => node.destroy())
    const events = collect(node, 'listening', 'nat-update', 'persistent', 'ready', 'close')
    const seen = []
    node.on('persistent', () => seen.push(['persistent', node.id, node.bootstrapped]))
    node.on('ready', () => seen.push(['ready', node.id, node.bootstrapped]))

    await node.fullyBootstrapped()

    assert.deepStrictEqual(events, ['listening', 'persistent', 'ready'])
    const id = idOf(serverAddress(node))
    assert.deepStrictEqual(seen, [
      ['persistent', id, false],
      ['ready', id, true]
    ])
    await node.destroy()
    assert.deepStrictEqual(events.slice(3), ['close'])
  })

  test(`${name}: events of a node that joins, in order`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT, { bootstrap: [serverAddress(server)], ephemeral: false })
    const events = collect(node, 'listening', 'add-node', 'nat-update', 'persistent', 'ready')
    const updates = []
    node.on('nat-update', (host, port) => updates.push([host, port, node.host, node.port]))

    await node.fullyBootstrapped()

    assert.strictEqual(events[0], 'listening')
    assert.strictEqual(events.filter((event) => event === 'add-node').length, 1)
    assert.deepStrictEqual(events.slice(-3), ['nat-update', 'persistent', 'ready'])
    const client = node.io.clientSocket.address().port
    const { port } = serverAddress(node)
    assert.deepStrictEqual(updates, [
      [HOST, client, HOST, client],
      [HOST, port, HOST, port]
    ])
  })

  test(`${name}: ready() is fullyBootstrapped(), again and again`, async (t) => {
    const node = createNode(t, DHT)
    const ready = once(node, 'ready')

    assert.strictEqual(await node.ready(), undefined)
    await ready
    assert.strictEqual(node.bootstrapped, true)
    await Promise.all([node.ready(), node.fullyBootstrapped(), node.fullyBootstrapped()])
  })

  test(`${name}: a bootstrapper's arguments`, () => {
    const wrong = [
      [[], 'Port is required'],
      [[0, HOST], 'Port is required'],
      [[1000], 'Host is required'],
      [[1000, ''], 'Host is required'],
      [[1000, '0.0.0.0'], 'Invalid host'],
      [[1000, '::'], 'Invalid host'],
      [[1000, 'localhost'], 'Host must be a IPv4 address'],
      [[1000, '::1'], 'Host must be a IPv4 address'],
      [[1000, '1.2.3'], 'Host must be a IPv4 address']
    ]
    for (const [args, message] of wrong) {
      assert.throws(() => DHT.bootstrapper(...args), { message }, message)
    }
  })

  test(`${name}: what a bootstrapper is`, async (t) => {
    const port = await freePort()
    const node = DHT.bootstrapper(port, HOST, { host: HOST })
    t.after(() => node.destroy())

    assert.ok(node instanceof DHT)
    assert.deepStrictEqual([node.host, node.port], [HOST, port])
    assert.strictEqual(node.firewalled, false)
    assert.strictEqual(node.adaptive, false)
    assert.strictEqual(node.id, null)

    await node.fullyBootstrapped()

    assert.deepStrictEqual(node.id, idOf({ host: HOST, port }))
    assert.deepStrictEqual(node.table.id, node.id)
    assert.deepStrictEqual(node.address(), { host: HOST, family: 4, port })
    assert.deepStrictEqual(node.remoteAddress(), { host: HOST, port })
    assert.strictEqual(node.socket, node.io.serverSocket)
  })

  test(`${name}: the public address may be another one than the bound one`, async (t) => {
    const port = await freePort()
    const node = DHT.bootstrapper(port, '1.2.3.4', { host: HOST })
    t.after(() => node.destroy())

    await node.fullyBootstrapped()

    assert.deepStrictEqual(node.remoteAddress(), { host: '1.2.3.4', port })
    assert.deepStrictEqual(node.address(), { host: HOST, family: 4, port })
    assert.deepStrictEqual(node.id, idOf({ host: '1.2.3.4', port }))
  })

  test(`${name}: addresses of a firewalled node`, async (t) => {
    const node = createNode(t, DHT)
    await node.bind()
    const { clientSocket, serverSocket } = node.io

    assert.strictEqual(node.socket, clientSocket)
    assert.deepStrictEqual(node.address(), clientSocket.address())
    assert.strictEqual(node.address().host, HOST)
    assert.strictEqual(node.address().family, 4)
    assert.notStrictEqual(clientSocket.address().port, serverSocket.address().port)
    assert.deepStrictEqual(node.localAddress(), {
      host: localHost(),
      port: serverSocket.address().port
    })
    assert.strictEqual(node.remoteAddress(), null)
  })

  test(`${name}: nodes given are in the table at once, in their order`, (t) => {
    const node = createNode(t, DHT, { nodes: [FIRST, SECOND, THIRD] })

    assert.deepStrictEqual(node.toArray(), [FIRST, SECOND, THIRD])
    assert.strictEqual(node.table.size, 3)
    assert.strictEqual(node.nodes.length, 3)
    assert.deepStrictEqual(node.nodes.latest.id, idOf(FIRST))
    assert.deepStrictEqual(node.nodes.oldest.id, idOf(THIRD))
    assert.ok(node.table.has(idOf(SECOND)))
  })

  test(`${name}: toArray with a limit, newest first`, (t) => {
    const node = createNode(t, DHT)
    node.addNode(FIRST)
    node.addNode(SECOND)
    node.addNode(THIRD)

    assert.deepStrictEqual(node.toArray(), [THIRD, SECOND, FIRST])
    assert.deepStrictEqual(node.toArray({}), [THIRD, SECOND, FIRST])
    assert.deepStrictEqual(node.toArray({ limit: 2 }), [THIRD, SECOND])
    assert.deepStrictEqual(node.toArray({ limit: 1 }), [THIRD])
    assert.deepStrictEqual(node.toArray({ limit: 0 }), [])
    assert.deepStrictEqual(node.toArray({ limit: 99 }), [THIRD, SECOND, FIRST])
  })

  test(`${name}: add-node carries the object of table and list`, async (t) => {
    const node = createNode(t, DHT)
    const added = []
    node.on('add-node', (entry) => added.push(entry))

    node.addNode(FIRST)
    await until(() => added.length > 0, 'add-node')

    assert.strictEqual(added.length, 1)
    assert.strictEqual(added[0], node.table.get(idOf(FIRST)))
    assert.strictEqual(added[0], node.nodes.latest)
    assert.strictEqual(added[0], node.nodes.oldest)
    assert.strictEqual(added[0], node.table.closest(idOf(FIRST))[0])
    assert.deepStrictEqual([added[0].host, added[0].port], [FIRST.host, FIRST.port])
    assert.deepStrictEqual(added[0].id, idOf(FIRST))
  })

  test(`${name}: a node that is gone leaves the table with remove-node`, async (t) => {
    const { bootstrapper, nodes } = await createNetwork(t, [DHT, DHT], HASTY)
    const entry = bootstrapper.nodes.latest
    const removed = once(bootstrapper, 'remove-node')
    await nodes[0].destroy()

    const query = bootstrapper.findNode(entry.id)
    await query.finished()

    assert.strictEqual(query.errors, 1)
    assert.deepStrictEqual(await removed, [entry])
    assert.strictEqual((await removed)[0], entry)
    assert.deepStrictEqual(bootstrapper.toArray(), [])
    assert.strictEqual(bootstrapper.table.get(entry.id), null)
    assert.strictEqual(bootstrapper.table.has(entry.id), false)
    assert.strictEqual(bootstrapper.nodes.latest, null)
  })

  test(`${name}: statics`, () => {
    assert.deepStrictEqual(DHT.DEFAULTS, { concurrency: 10, maxWindow: 80, maxPingDelay: 10000 })
    assert.strictEqual(DHT.OK, 0)
    assert.strictEqual(DHT.ERROR_UNKNOWN_COMMAND, 1)
    assert.strictEqual(DHT.ERROR_INVALID_TOKEN, 2)
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: the names of events in the readme are emitted as well`, async (t) => {
    const node = createNode(t, DHT)
    const events = collect(node, 'ready', 'bootstrap', 'wakeup', 'wake-up')

    await node.fullyBootstrapped()
    assert.deepStrictEqual([...events].sort(), ['bootstrap', 'ready'])

    await node.suspend()
    await node.resume()
    assert.deepStrictEqual(events.slice(2).sort(), ['wake-up', 'wakeup'])
  })

  test(`${name}: importable as a module`, async () => {
    const imported = await import(require.resolve('..'))
    assert.strictEqual(imported.default, DHT)
  })
}

function localHost() {
  const external = Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
    addresses
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => ({ name, address }))
  )
  const found = external.find(({ name }) => name === 'en0') || external[0]
  return found ? found.address : HOST
}
