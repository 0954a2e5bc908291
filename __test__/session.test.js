const test = require('node:test')
const assert = require('node:assert')
const { packages, pairings, natives } = require('./helpers/packages')
const {
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { until, settled, turns } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

for (const { name, Server, Client } of pairings) {
  test(`${name}: requests, pings and queries of a session`, async (t) => {
    const server = await createBootstrapper(t, Server)
    server.on('request', (req) => req.reply(req.value))
    const to = serverAddress(server)
    const client = createNode(t, Client, { bootstrap: [to] })
    const session = client.session()
    const value = Buffer.from('v')

    const pong = await session.ping(to)
    const reply = await session.request({ command: 1, value }, to)
    const query = session.query({ target: randomTarget(), command: 1, value })
    await query.finished()

    assert.deepStrictEqual(pong.from, { id: server.id, ...to })
    assert.deepStrictEqual(reply.value, value)
    assert.deepStrictEqual(query.closestReplies[0].value, value)
    assert.strictEqual(session.dht, client)
    assert.strictEqual(session.inflight.length, 0)
  })
}

for (const { name, DHT } of packages) {
  async function busy(t, opts) {
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT, opts)
    await node.fullyBootstrapped()
    return { node, silent, to: silent.address, session: node.session() }
  }

  test(`${name}: an error of one's own for everything in flight`, async (t) => {
    const { node, session, to } = await busy(t)
    const failure = new Error('my own')
    const outcomes = Promise.allSettled([
      session.ping(to),
      session.request({ command: 1 }, to),
      session.request({ command: 2 }, to, { retry: false }),
      node.ping(to, { session }),
      node.request({ command: 3 }, to, { session })
    ])
    assert.strictEqual(session.inflight.length, 5)
    assert.strictEqual(node.stats.requests.active, 5)

    session.destroy(failure)

    assert.strictEqual(session.inflight.length, 0)
    assert.strictEqual(node.stats.requests.active, 0)
    for (const { status, reason } of await outcomes) {
      assert.strictEqual(status, 'rejected')
      assert.strictEqual(reason, failure)
    }
  })

  test(`${name}: without one it is REQUEST_DESTROYED`, async (t) => {
    const { session, to } = await busy(t)
    const request = session.ping(to)
    session.destroy()
    await assert.rejects(request, {
      name: 'DHTError',
      code: 'REQUEST_DESTROYED',
      message: 'REQUEST_DESTROYED: Request destroyed'
    })
  })

  test(`${name}: requests of others go on`, async (t) => {
    const { node, silent, session, to } = await busy(t)
    const other = node.session()
    const theirs = other.ping(to)
    const plain = node.ping(to)
    const mine = session.ping(to)
    await until(() => silent.received.length === 3, 'all pings are out')

    session.destroy()

    await assert.rejects(mine, { code: 'REQUEST_DESTROYED' })
    assert.strictEqual(await settled(theirs), 'pending')
    assert.strictEqual(await settled(plain), 'pending')
    assert.strictEqual(other.inflight.length, 1)
    assert.strictEqual(node.stats.requests.active, 2)
    theirs.catch(() => {})
    plain.catch(() => {})
  })

  test(`${name}: the session stays usable`, async (t) => {
    const { session, to } = await busy(t)
    const server = await createBootstrapper(t, DHT)

    for (let i = 0; i < 3; i++) {
      const doomed = session.ping(to)
      session.destroy()
      await assert.rejects(doomed, { code: 'REQUEST_DESTROYED' })
      const pong = await session.ping(serverAddress(server))
      assert.strictEqual(pong.error, 0)
    }
    session.destroy()
    session.destroy()
  })

  test(`${name}: a session of another node`, async (t) => {
    const { node, silent, to, session } = await busy(t)
    const other = createNode(t, DHT)
    await other.fullyBootstrapped()
    const pings = [node, other].map((each) => each.ping(to, { session }))
    const opts = { session, nodes: [to] }
    const query = other.query({ target: randomTarget(), command: 1 }, opts)
    const finished = query.finished()
    await until(() => silent.received.length === 3, 'all of them')
    assert.strictEqual(session.inflight.length, 3)
    const err = new Error('Hung up')

    session.destroy(err)

    for (const ping of pings) await assert.rejects(ping, err)
    await finished
    assert.deepStrictEqual([session.inflight.length, query.errors], [0, 1])
    for (const { stats } of [node, other]) assert.strictEqual(stats.requests.active, 0)
  })

  test(`${name}: a reply that comes too late is ignored`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const held = []
    server.on('request', (req) => held.push(req))
    const client = createNode(t, DHT)
    const session = client.session()
    const request = session.request({ command: 1 }, serverAddress(server))
    await until(() => held.length === 1, 'the request arrived')

    session.destroy()
    held[0].reply(null)

    await assert.rejects(request, { code: 'REQUEST_DESTROYED' })
    const before = client.stats.requests.responses
    await client.ping(serverAddress(server))
    assert.strictEqual(client.stats.requests.responses, before + 1)
  })

  test(`${name}: a query on a session loses its requests with it`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(4).fill(DHT))
    const held = []
    for (const node of all) node.on('request', (req) => held.push(req))
    const client = createNode(t, DHT, { bootstrap })
    await client.fullyBootstrapped()
    const session = client.session()

    const query = session.query({ target: randomTarget(), command: 1 })
    query.resume()
    await until(() => held.length === 4, 'everybody was asked')
    session.destroy()
    await query.finished()

    assert.strictEqual(query.errors, 4)
    assert.strictEqual(query.successes, 0)
    assert.deepStrictEqual(query.closestReplies, [])
  })

  test(`${name}: the requests of a query are in flight in its session`, async (t) => {
    const { silent, session, to } = await busy(t)
    session.query({ target: randomTarget(), command: 1 }, { nodes: [to] }).resume()
    await until(() => silent.received.length === 1, 'the request of the query is out')

    assert.strictEqual(session.inflight.length, 1)
    session.destroy()
    assert.strictEqual(session.inflight.length, 0)
  })

  test(`${name}: destroying a query leaves the given session's requests alone`, async (t) => {
    const { node, silent, session, to } = await busy(t)
    const ping = session.ping(to)
    const query = session.query(
      { target: randomTarget(), command: 1 },
      { nodes: [to], onlyClosestNodes: true }
    )
    query.resume()
    await until(() => silent.received.length === 2, 'both are out')

    query.destroy()
    await query.finished()

    assert.strictEqual(await settled(ping), 'pending')
    assert.strictEqual(node.stats.requests.active, 2)
    session.destroy()
    await assert.rejects(ping, { code: 'REQUEST_DESTROYED' })
    assert.strictEqual(node.stats.requests.active, 0)
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: places in the window come back once`, async (t) => {
    const counts = []
    // Every 750 ms the window opens, at a moment unknown here: an attempt that it falls into says nothing.
    while (!counts.includes(6) && counts.length < 5) counts.push(await attempt())
    assert.ok(counts.includes(6), `${counts} left instead of 6`)

    // Four places are taken, two of them by the session; giving back two lets exactly two more out.
    async function attempt() {
      const silent = await RawPeer.create(t)
      const node = createNode(t, DHT, { maxWindow: 4 })
      await node.fullyBootstrapped()
      const session = node.session()
      const ping = (by) => by.ping(silent.address).catch(() => {})

      for (const by of [node, node, session, session]) ping(by)
      await until(() => silent.received.length >= 4, 'the window is full')
      for (let i = 0; i < 8; i++) ping(node)
      session.destroy()
      await until(() => silent.received.length >= 6, 'two waiting requests leave')
      await turns(30)
      return silent.received.length
    }
  })
}
