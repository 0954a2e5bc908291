const test = require('node:test')
const assert = require('node:assert')
const { packages, pairings, natives } = require('./helpers/packages')
const {
  HOST,
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { until } = require('./helpers/until')
const { idOf, randomTarget } = require('./helpers/ids')
const { COMMANDS } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')
const ThreadPeer = require('./helpers/thread-peer')

for (const { name, Server, Client, server: kind } of pairings) {
  test(`${name}: a node that is filtered out never enters the table`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(8).fill(Server))
    const banned = serverAddress(all[5]).port
    const asked = []
    const client = createNode(t, Client, {
      bootstrap,
      filterNode(node) {
        asked.push(node)
        return node.port !== banned
      }
    })
    await client.fullyBootstrapped()

    const query = client.findNode(all[5].id)
    await query.finished()

    assert.strictEqual(client.nodes.length, 7)
    assert.strictEqual(client.table.has(all[5].id), false)
    assert.ok(query.closestNodes.every(({ port }) => port !== banned))
    assert.strictEqual(query.closestNodes.length, 7)
    assert.ok(asked.some(({ port }) => port === banned))
    for (const node of asked) {
      assert.strictEqual(node.host, HOST)
      assert.deepStrictEqual(node.id, idOf(node))
    }
  })

  test(`${name}: nobody that asks enters the table of one that filters all`, async (t) => {
    const asked = []
    const server = await createBootstrapper(t, Server, {
      filterNode(node) {
        asked.push(node)
        return false
      }
    })
    const client = await createBootstrapper(t, Client)
    const visitor = createNode(t, Client)
    const to = serverAddress(server)

    await client.ping(to)
    await visitor.ping(to)
    await client.ping(to)

    assert.deepStrictEqual(server.toArray(), [])
    assert.ok(client.table.has(server.id))
    assert.deepStrictEqual(
      asked.map(({ port }) => port),
      Array(kind === 'native' ? 1 : 2).fill(serverAddress(client).port)
    )
    assert.deepStrictEqual(asked[0].id, client.id)
  })
}

for (const { name, DHT } of packages) {
  test(`${name}: replies are asked about too, with or without an id`, async (t) => {
    const [known, unknown] = [await RawPeer.create(t), await RawPeer.create(t)]
    known.serve(() => ({ id: idOf(known.address) }))
    unknown.serve(() => ({}))
    const asked = []
    const node = createNode(t, DHT, {
      filterNode({ id, port }) {
        asked.push([id === null ? null : id.toString('hex'), port])
        return false
      }
    })

    await node.ping(known.address)
    await node.ping(unknown.address)

    assert.deepStrictEqual(asked, [
      [idOf(known.address).toString('hex'), known.port],
      [null, unknown.port]
    ])
    assert.deepStrictEqual(node.toArray(), [])
    // Nor do those that are filtered say anything about our own address.
    assert.strictEqual(node.host, null)
  })

  test(`${name}: candidates that are filtered out are not visited`, async (t) => {
    const [near, good, bad] = [
      await RawPeer.create(t),
      await RawPeer.create(t),
      await RawPeer.create(t)
    ]
    near.serve(() => ({ id: idOf(near.address), closerNodes: [bad.address, good.address] }))
    good.serve(() => ({ id: idOf(good.address) }))
    const node = createNode(t, DHT, {
      bootstrap: [near.address],
      quickFirewall: false,
      filterNode: ({ port }) => port !== bad.port
    })
    await node.fullyBootstrapped()

    const query = node.query({ target: randomTarget(), command: 1 })
    await query.finished()

    assert.strictEqual(query.successes, 2)
    assert.strictEqual(bad.received.length, 0)
    assert.strictEqual(query.errors, 0)
  })

  test(`${name}: addNode is its old name`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT, { addNode: () => false })
    await node.ping(serverAddress(server))
    assert.deepStrictEqual(node.toArray(), [])
    assert.strictEqual(node.table.has(server.id), false)
  })

  test(`${name}: nodes given and nodes added by hand are not asked about`, (t) => {
    let asked = 0
    const given = { host: '10.0.0.1', port: 1 }
    const added = { host: '10.0.0.2', port: 2 }
    const node = createNode(t, DHT, {
      nodes: [given],
      filterNode() {
        asked++
        return false
      }
    })
    node.addNode(added)

    assert.deepStrictEqual(node.toArray(), [added, given])
    assert.strictEqual(asked, 0)
  })

  test(`${name}: a filter may change its mind`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    let open = false
    const node = createNode(t, DHT, { filterNode: () => open })

    await node.ping(serverAddress(server))
    assert.strictEqual(node.table.size, 0)
    open = true
    await node.ping(serverAddress(server))
    await until(() => node.table.size === 1, 'the server is known')
    assert.ok(node.table.has(server.id))
  })

  test(`${name}: a whole network of filters`, async (t) => {
    let asked = 0
    const filterNode = ({ port }) => {
      asked++
      return port > 0
    }
    const opts = { filterNode, keepVerdicts: false } // asked each time, as in the reference
    const { all, bootstrap } = await createNetwork(t, Array(10).fill(DHT), opts)
    for (const node of all) node.on('request', (req) => req.reply(null))
    const client = createNode(t, DHT, { ...opts, bootstrap })

    const query = client.query({ target: randomTarget(), command: 1 }, { commit: true })
    await query.finished()

    assert.strictEqual(query.closestNodes.length, 10)
    assert.ok(asked > 100, `${asked} times`)
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: what a filter said is kept, and asked again once a second`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    let asked = 0
    const node = createNode(t, DHT, { filterNode: () => ++asked > 0 })

    const start = performance.now()
    for (let i = 0; i < 100; i++) await node.ping(serverAddress(server))
    const seconds = Math.floor((performance.now() - start) / 1000)
    assert.ok(asked >= 1 && asked <= 1 + seconds, `${asked} in ${seconds} s`)
  })

  test(`${name}: an option has the filter asked each time`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    let asked = 0
    const node = createNode(t, DHT, { filterNode: () => ++asked > 0, keepVerdicts: false })
    for (let i = 0; i < 100; i++) await node.ping(serverAddress(server))
    assert.strictEqual(asked, 100)
  })

  test(`${name}: internal commands are answered while JavaScript computes`, async (t) => {
    const peer = await ThreadPeer.create(t)
    const node = await createBootstrapper(t, DHT, { filterNode: () => true })
    const ping = { internal: true, command: COMMANDS.PING, id: idOf(peer.address) }

    peer.ask(serverAddress(node), 200, 0, ping)
    assert.ok(peer.waitFor(200), `${peer.received} of 200`)
    await until(() => node.table.has(ping.id), 'the sender is known')
  })

  test(`${name}: a filtered node looks like any other`, async (t) => {
    const [known, unknown] = [await RawPeer.create(t), await RawPeer.create(t)]
    known.serve(() => ({ id: idOf(known.address) }))
    unknown.serve(() => ({}))
    const asked = []
    const node = createNode(t, DHT, { filterNode: (node) => asked.push(node) })
    await node.ping(known.address)
    await node.ping(unknown.address)

    const [first, second] = asked
    const { id, host, port } = first
    assert.deepStrictEqual({ id, host, port }, { id: idOf(known.address), ...known.address })
    assert.strictEqual(first.id, id)
    assert.deepStrictEqual(Object.keys(asked[0]).sort(), ['host', 'id', 'port'])
    assert.deepStrictEqual({ ...first }, { id, ...known.address })
    assert.deepStrictEqual(second, { id: null, ...unknown.address })
    first.id = null
    assert.strictEqual(first.id, null)
  })
}
