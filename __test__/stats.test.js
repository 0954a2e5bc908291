const test = require('node:test')
const assert = require('node:assert')
const util = require('node:util')
const { packages, natives } = require('./helpers/packages')
const { HOST, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { until } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

const FRESH = {
  queries: { active: 0, total: 0 },
  requests: { active: 0, total: 0, responses: 0, timeouts: 0, retries: 0 },
  commands: {
    ping: { tx: 0, rx: 0 },
    pingNat: { tx: 0, rx: 0 },
    findNode: { tx: 0, rx: 0 },
    downHint: { tx: 0, rx: 0 }
  }
}

for (const { name, DHT } of natives) {
  test(`${name}: what a bound refuses is counted`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const socket = { trySend() {} }
    const kept = 1024 // delayed pings that a node keeps
    const delayedPing = Buffer.from([3, 4 | 16, 0, 0, 127, 0, 0, 1, 1, 0, 4, 4, 0x10, 0x27, 0, 0])
    const deliver = (count) => {
      for (let i = 0; i < count; i++) node.onmessage(socket, delayedPing, { host: HOST, port: 1 })
    }
    deliver(kept)
    assert.strictEqual(node.io.dropped, 0)
    deliver(3)
    assert.strictEqual(node.io.dropped, 3)
  })
}

for (const { name, DHT } of packages) {
  test(`${name}: the shape of stats`, (t) => {
    const { stats } = createNode(t, DHT)

    assert.deepStrictEqual(plain(stats), FRESH)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(stats)), FRESH)
    assert.deepEqual(stats, FRESH)
    assert.deepStrictEqual(Object.keys(stats), Object.keys(FRESH))
    assert.deepStrictEqual(Object.keys(stats.requests), Object.keys(FRESH.requests))
    assert.match(util.inspect(stats.requests), /active: 0.*total: 0.*responses: 0/s)
  })

  test(`${name}: the same live objects for ever`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT)
    const copy = { ...node.stats }
    const { queries, requests, commands } = node.stats
    const { ping, findNode } = commands
    await node.fullyBootstrapped()
    const total = queries.total

    await node.ping(serverAddress(server))
    await node.findNode(randomTarget(), { nodes: [serverAddress(server)] }).finished()

    assert.deepStrictEqual({ ...ping }, { tx: 1, rx: 1 })
    assert.deepStrictEqual({ ...findNode }, { tx: 1, rx: 1 })
    assert.strictEqual(requests.total, 2)
    assert.strictEqual(requests.responses, 2)
    assert.strictEqual(queries.total, total + 1)
    assert.strictEqual(node.stats.queries, queries)
    assert.strictEqual(node.stats.requests, requests)
    assert.strictEqual(node.stats.commands.ping, ping)
    assert.strictEqual(copy.requests, requests)
    assert.strictEqual(copy.commands.ping.rx, 1)
  })

  test(`${name}: up to date as soon as a call returns`, async (t) => {
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT)
    const { queries, requests, commands } = node.stats
    const session = node.session()
    const catches = []
    const before = { queries: queries.total }

    catches.push(session.ping(silent.address))
    assert.deepStrictEqual({ ...commands.ping }, { tx: 1, rx: 0 })
    assert.deepStrictEqual([requests.active, requests.total], [1, 1])
    catches.push(session.request({ command: 0 }, silent.address))
    assert.deepStrictEqual({ ...commands.ping }, { tx: 1, rx: 0 })
    assert.deepStrictEqual([requests.active, requests.total], [2, 2])
    const query = node.query({ target: randomTarget(), command: 1 })
    assert.strictEqual(queries.total, before.queries + 1)

    session.destroy()
    assert.deepStrictEqual([requests.active, requests.total], [0, 2])
    for (const promise of catches) await assert.rejects(promise)
    const active = queries.active
    query.destroy()
    await until(() => queries.active < active, 'the query is over')
  })

  test(`${name}: their numbers can be written`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const { requests, queries, commands } = node.stats

    requests.responses = 100
    requests.timeouts += 7
    queries.total = 50
    commands.ping.rx = 10
    await node.ping(serverAddress(server))

    assert.strictEqual(requests.responses, 101)
    assert.strictEqual(requests.timeouts, 7)
    assert.strictEqual(queries.total, 50)
    assert.deepStrictEqual({ ...commands.ping }, { tx: 1, rx: 11 })
  })

  test(`${name}: readable after the end`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT)
    await node.ping(serverAddress(server))
    await node.destroy()

    assert.strictEqual(node.stats.requests.responses, 1)
    assert.strictEqual(node.stats.requests.active, 0)
    assert.strictEqual(node.stats.commands.ping.tx, 1)
  })

  test(`${name}: a reply is counted once, whatever follows it`, async (t) => {
    const raw = await RawPeer.create(t)
    raw.serve((req, from) => {
      const again = Buffer.from([0x13, 0, req.tid & 255, req.tid >> 8, 127, 0, 0, 1, 0, 0])
      again.writeUInt16LE(from.port, 8)
      for (let i = 0; i < 3; i++) raw.send(again, from)
      return {}
    })
    const node = createNode(t, DHT)

    await node.ping(raw.address)
    await node.ping(raw.address)

    assert.deepStrictEqual({ ...node.stats.commands.ping }, { tx: 2, rx: 2 })
    assert.strictEqual(node.stats.requests.responses, 2)
    assert.strictEqual(node.stats.requests.active, 0)
  })
}

function plain(stats) {
  return {
    queries: { ...stats.queries },
    requests: { ...stats.requests },
    commands: Object.fromEntries(
      Object.entries(stats.commands).map(([command, counters]) => [command, { ...counters }])
    )
  }
}
