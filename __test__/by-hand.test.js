const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const { HOST, HASTY, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { idOf } = require('./helpers/ids')
const { collect } = require('./helpers/until')
const RawPeer = require('./helpers/raw-peer')

const TARGET = Buffer.alloc(32, 5)
const LINES = [
  'Suspending waiting for io bind...',
  'Done, continuing',
  'Done, suspending io',
  'Done, dht suspended',
  'Resuming io',
  'Done, dht resumed'
]

for (const { name, DHT } of packages) {
  test(`${name}: _removeNode() takes a node out and tells so`, async (t) => {
    const node = createNode(t, DHT)
    const removed = []
    node.on('remove-node', (...args) => removed.push(args))
    for (const port of [1, 2, 3]) node.addNode({ host: HOST, port })
    const [, second] = node.nodes.toArray()

    assert.strictEqual(node._removeNode(second), undefined)

    assert.deepStrictEqual([node.table.size, node.nodes.length], [2, 2])
    assert.strictEqual(node.table.get(second.id), null)
    assert.strictEqual(removed.length, 1)
    assert.strictEqual(removed[0].length, 1)
    assert.strictEqual(removed[0][0], second)
    assert.deepStrictEqual([second.prev, second.next], [null, null])
    node._removeNode(second)
    assert.strictEqual(removed.length, 1)
    node.addNode({ host: HOST, port: 2 })
    assert.strictEqual(node.nodes.latest.port, 2)
  })

  test(`${name}: _removeNode() of a node that nobody listens to`, async (t) => {
    const node = createNode(t, DHT)
    for (const port of [1, 2]) node.addNode({ host: HOST, port })
    node._removeNode(node.nodes.oldest)
    assert.deepStrictEqual(
      node.nodes.toArray().map(({ port }) => port),
      [2]
    )
  })

  test(`${name}: _resolveBootstrapNodes() gives addresses with their ids`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const { port } = serverAddress(server)
    const silent = await RawPeer.create(t, { host: '127.0.0.9' })
    silent.serve(() => null)
    const lookups = []
    const node = createNode(t, DHT, {
      ...HASTY,
      bootstrap: [
        { host: HOST, port: 1 },
        `${HOST}@nobody.invalid:${port}`,
        `127.0.0.9@named.invalid:${silent.port}`,
        'unknown.invalid:5',
        'localhost:6'
      ]
    })
    await node.fullyBootstrapped()
    const lookup = async (host, opts) => {
      lookups.push([host, opts])
      if (host === 'unknown.invalid') throw new Error('unknown')
      return { host: '127.0.0.7', family: 4 }
    }
    node.udx.lookup = lookup

    const found = []
    const generator = node._resolveBootstrapNodes()
    assert.strictEqual(typeof generator.next, 'function')
    for await (const entry of generator) found.push(entry)

    const expected = [
      { host: HOST, port: 1 },
      { host: HOST, port },
      { host: '127.0.0.7', port: silent.port },
      { host: '127.0.0.7', port: 6 }
    ]
    assert.deepStrictEqual(
      found,
      expected.map((address) => ({ id: idOf(address), ...address }))
    )
    assert.deepStrictEqual(
      lookups,
      ['named.invalid', 'unknown.invalid', 'localhost'].map((host) => [host, { family: 4 }])
    )
  })

  test(`${name}: _online(), _degraded() and _offline() tell what changed`, async (t) => {
    const node = createNode(t, DHT)
    const events = collect(node, 'network-update')
    const states = []
    for (const state of [
      '_online',
      '_degraded',
      '_degraded',
      '_offline',
      '_offline',
      '_online',
      '_online'
    ]) {
      node[state]()
      states.push([node.online, node.degraded, events.splice(0).length])
    }
    assert.deepStrictEqual(states, [
      [true, false, 0],
      [true, true, 1],
      [true, true, 0],
      [false, false, 1],
      [false, false, 0],
      [true, false, 1],
      [true, false, 0]
    ])
  })

  test(`${name}: suspend() and resume() log their steps`, async (t) => {
    const node = createNode(t, DHT)
    const lines = []
    const log = (...args) => lines.push(...args)
    await node.suspend({ log })
    await node.resume({ log })
    assert.deepStrictEqual(lines.splice(0), LINES)
    await node.resume({ log })
    assert.deepStrictEqual(lines, [])
    await node.suspend()
    await node.suspend({ log })
    assert.deepStrictEqual(lines.splice(0), LINES.slice(0, 2))
    await node.resume()
  })

  test(`${name}: what the system says comes in libuv's words`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const { port } = serverAddress(server)
    const failing = { host: HOST, bootstrap: [] }
    const taken = new DHT({ ...failing, port, anyPort: false })
    const elsewhere = new DHT({ ...failing, host: '192.0.2.1' })
    for (const [node, code, message] of [
      [taken, 'EADDRINUSE', 'address already in use'],
      [elsewhere, 'EADDRNOTAVAIL', 'address not available']
    ]) {
      await assert.rejects(node.bind(), { code, message })
      clearInterval(node._tickInterval)
      await node.io.networkInterfaces.destroy()
      await node.destroy().catch(() => {})
    }
  })

  test(`${name}: what is written takes the place of what is read`, async (t) => {
    'use strict'
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    node.addNode({ host: HOST, port: 1 })
    const query = node.findNode(TARGET)
    const written = [
      [node.table, 'size', 'rows'],
      [node.nodes, 'oldest', 'latest', 'length'],
      [node._nat, 'host', 'port', 'size'],
      [node.health, '_window'],
      [query, 'errors', 'successes', 'inflight', 'closestReplies'],
      [node.io, 'table', 'clientSocket', 'serverSocket', 'suspended', 'inflight', 'congestion'],
      [node.io, 'networkInterfaces', 'onrequest', 'onresponse', 'ontimeout'],
      [node.table.closest(TARGET)[0], 'to', 'prev', 'next']
    ]
    for (const [object, ...names] of written) {
      for (const name of names) {
        const before = object[name]
        const value = { name }
        object[name] = value
        assert.strictEqual(object[name], value, name)
        assert.ok(Object.keys(object).includes(name), name)
        object[name] = before
      }
    }
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: nodes that nobody can be at are skipped`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const good = serverAddress(server)
    const bad = [
      { host: 'nowhere', port: 1 },
      { host: HOST, port: 0 },
      { host: HOST, port: 70000 },
      { host: HOST },
      { port: 1 },
      {}
    ]
    const node = createNode(t, DHT)
    for (const address of bad) assert.strictEqual(node.addNode(address), undefined)
    assert.strictEqual(node.table.size, 0)
    for (const nothing of [null, undefined, 5]) {
      assert.throws(() => node.addNode(nothing), { code: 'ERR_INVALID_OPTION' })
    }

    const nodes = [...bad, good]
    for (const opts of [
      { nodes },
      { closestNodes: nodes },
      { replies: nodes.map((from) => ({ from })) },
      { closestReplies: nodes.map((from) => ({ from })) }
    ]) {
      const query = node.findNode(TARGET, { ...opts, onlyClosestNodes: true })
      await query.finished()
      assert.deepStrictEqual([query.successes, query.errors], [1, 0])
    }
    assert.throws(() => node.findNode(TARGET, { nodes: [5] }), { code: 'ERR_INVALID_OPTION' })
    assert.throws(() => node.findNode(TARGET, { nodes: 5 }), { code: 'ERR_INVALID_OPTION' })
  })
}
