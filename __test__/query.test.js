const test = require('node:test')
const assert = require('node:assert')
const { packages, pairings } = require('./helpers/packages')
const { createNode, createNetwork, serverAddress } = require('./helpers/network')
const { compare, idOf, randomTarget } = require('./helpers/ids')
const { turns, until } = require('./helpers/until')

const ASK = 1

async function network(t, DHT, size, onrequest = (req) => req.reply(Buffer.from('answer'))) {
  const { all, bootstrap } = await createNetwork(t, Array(size).fill(DHT))
  for (const [i, node] of all.entries()) node.on('request', (req) => onrequest(req, i))
  return { all, bootstrap }
}

for (const { name, Server, Client } of pairings) {
  test(`${name}: rows, closest replies, closest nodes`, async (t) => {
    const { bootstrap, all } = await network(t, Server, 24)
    const client = createNode(t, Client, { bootstrap })
    const target = randomTarget()
    const rows = []

    const query = client.query({ target, command: ASK })
    query.on('data', (row) => rows.push(row))
    await query.finished()

    assert.strictEqual(query.closestReplies.length, 20)
    assert.ok(rows.length >= 20 && rows.length <= 24)
    assert.strictEqual(query.successes, rows.length)
    assert.strictEqual(query.errors, 0)
    assert.strictEqual(query.inflight, 0)
    const ports = new Set(all.map((node) => serverAddress(node).port))
    for (const row of rows) {
      assert.deepStrictEqual(Object.keys(row).sort(), replyKeys())
      assert.strictEqual(row.value.toString(), 'answer')
      assert.strictEqual(row.error, 0)
      assert.strictEqual(row.token.byteLength, 32)
      assert.deepStrictEqual(row.from.id, idOf(row.from))
      assert.ok(ports.has(row.from.port))
      for (const closer of row.closerNodes) assert.ok(ports.has(closer.port))
    }
    for (const [i, reply] of query.closestReplies.entries()) {
      assert.ok(rows.includes(reply), 'the closest replies are rows')
      if (i === 0) continue
      assert.ok(compare(target, query.closestReplies[i - 1].from.id, reply.from.id) < 0)
    }
  })

  test(`${name}: for await`, async (t) => {
    const { bootstrap } = await network(t, Server, 6)
    const client = createNode(t, Client, { bootstrap })
    const rows = []

    const query = client.query({ target: randomTarget(), command: ASK })
    for await (const row of query) rows.push(row)

    assert.strictEqual(rows.length, 6)
    assert.strictEqual(query.destroyed, true)
    assert.strictEqual(query.closestReplies.length, 6)
  })

  test(`${name}: error replies count, are no rows, and their closer nodes are used`, async (t) => {
    const { bootstrap } = await network(t, Server, 6, (req, i) =>
      i === 0 ? req.error(16) : req.reply(null)
    )
    const client = createNode(t, Client, { bootstrap })
    const rows = []

    const query = client.query({ target: randomTarget(), command: ASK })
    for await (const row of query) rows.push(row)

    assert.strictEqual(query.errors, 1)
    assert.strictEqual(query.successes, 5)
    assert.strictEqual(rows.length, 5)
    for (const { from } of [...rows, ...query.closestReplies]) {
      assert.notStrictEqual(from.port, bootstrap[0].port)
    }
  })
}

for (const { name, DHT } of packages) {
  test(`${name}: a query is a readable stream with the fields of a query`, async (t) => {
    const { bootstrap } = await network(t, DHT, 2)
    const client = createNode(t, DHT, { bootstrap })
    const target = randomTarget()
    const value = Buffer.from('v')
    const map = (reply) => reply.value

    const query = client.query({ target, command: ASK, value }, { map, concurrency: 4 })
    const find = client.findNode(target)

    assert.strictEqual(query.dht, client)
    assert.strictEqual(query.k, 20)
    assert.strictEqual(query.target, target)
    assert.strictEqual(query.internal, false)
    assert.strictEqual(query.command, ASK)
    assert.strictEqual(query.value, value)
    assert.strictEqual(query.force, false)
    assert.strictEqual(query.map, map)
    assert.strictEqual(query.retries, 5)
    assert.strictEqual(query.concurrency, 4)
    assert.deepStrictEqual([query.errors, query.successes, query.inflight], [0, 0, 0])
    assert.deepStrictEqual([query.closestReplies, query.closestNodes], [[], []])
    assert.deepStrictEqual([find.internal, find.command, find.value], [true, 2, null])
    assert.strictEqual(find.concurrency, 10)
    assert.strictEqual(client.findNode(target, { retries: 0 }).retries, 0)
    for (const method of ['read', 'resume', 'pause', 'pipe', 'destroy', 'finished']) {
      assert.strictEqual(typeof query[method], 'function', method)
    }
  })

  test(`${name}: nothing is sent until somebody reads`, async (t) => {
    const { bootstrap } = await network(t, DHT, 3)
    const readers = [
      (query) => query.on('data', () => {}),
      (query) => query.on('readable', () => query.read()),
      (query) => query.resume(),
      (query) => query.finished(),
      (query) => query[Symbol.asyncIterator]().next()
    ]

    for (const read of readers) {
      const client = createNode(t, DHT, { bootstrap, quickFirewall: false })
      await client.fullyBootstrapped()
      const before = { ...client.stats.requests }
      const queries = client.stats.queries.active

      const query = client.query({ target: randomTarget(), command: ASK })
      await turns(5)
      assert.strictEqual(client.stats.queries.active, queries + 1)
      assert.deepStrictEqual({ ...client.stats.requests }, before)
      assert.strictEqual(query.inflight, 0)

      read(query)
      await until(() => query.successes === 3, 'the query ran')
      query.destroy()
      await until(() => client.stats.queries.active === queries, 'the query is over')
    }
  })

  test(`${name}: break drops what is in flight`, async (t) => {
    const held = []
    const { bootstrap } = await network(t, DHT, 12, (req) => {
      if (held.push(req) === 1) req.reply(null)
    })
    const client = createNode(t, DHT, { bootstrap })
    await client.fullyBootstrapped()
    await until(() => client.stats.requests.active === 0, 'the bootstrap is over')

    const query = client.query({ target: randomTarget(), command: ASK }, { concurrency: 4 })
    for await (const row of query) {
      assert.strictEqual(row.error, 0)
      assert.ok(query.inflight > 0)
      break
    }

    assert.strictEqual(query.destroyed, true)
    assert.strictEqual(client.stats.queries.active, 0)
    assert.strictEqual(client.stats.requests.active, 0)
    await query.finished()
  })

  test(`${name}: destroy with an error of one's own`, async (t) => {
    const { bootstrap } = await network(t, DHT, 3, () => {})
    const client = createNode(t, DHT, { bootstrap })
    const failure = new Error('enough')
    const query = client.query({ target: randomTarget(), command: ASK })
    const errors = []
    query.on('error', (err) => errors.push(err))
    query.resume()
    await until(() => query.inflight > 0, 'the query runs')

    query.destroy(failure)

    await assert.rejects(query.finished(), (err) => err === failure)
    assert.deepStrictEqual(errors, [failure])
  })

  test(`${name}: finished, also late and more than once`, async (t) => {
    const { bootstrap } = await network(t, DHT, 3)
    const client = createNode(t, DHT, { bootstrap })

    const query = client.query({ target: randomTarget(), command: ASK })
    const first = query.finished()
    assert.strictEqual(await first, undefined)
    assert.strictEqual(await query.finished(), undefined)
    await Promise.all([query.finished(), query.finished()])

    assert.strictEqual(query.closestReplies.length, 3)
    assert.strictEqual(query.closestNodes.length, 3)
    assert.strictEqual(query.successes, 3)
  })

  test(`${name}: end and close`, async (t) => {
    const { bootstrap } = await network(t, DHT, 3)
    const client = createNode(t, DHT, { bootstrap })
    const events = []

    const query = client.query({ target: randomTarget(), command: ASK })
    query.on('data', () => events.push('data'))
    query.on('end', () => events.push('end'))
    query.on('close', () => events.push('close'))
    await query.finished()

    assert.deepStrictEqual(events, ['data', 'data', 'data', 'end', 'close'])
  })

  test(`${name}: map`, async (t) => {
    const { bootstrap, all } = await network(t, DHT, 6)
    const client = createNode(t, DHT, { bootstrap })
    const mapped = []
    const rows = []
    const first = serverAddress(all[0]).port

    const query = client.query(
      { target: randomTarget(), command: ASK },
      {
        map(reply) {
          mapped.push(reply)
          return reply.from.port === first ? null : { port: reply.from.port }
        }
      }
    )
    for await (const row of query) rows.push(row)

    assert.strictEqual(mapped.length, 6)
    assert.strictEqual(rows.length, 5)
    const expected = all.slice(1).map((node) => serverAddress(node).port)
    assert.deepStrictEqual(rows.map(({ port }) => port).sort(), expected.sort())
    assert.deepStrictEqual(new Set(mapped), new Set(query.closestReplies))
    assert.strictEqual(query.successes, 6)
  })

  test(`${name}: closestNodes is a fresh array of the repliers`, async (t) => {
    const { bootstrap } = await network(t, DHT, 4)
    const client = createNode(t, DHT, { bootstrap })
    const query = client.query({ target: randomTarget(), command: ASK })
    await query.finished()

    const nodes = query.closestNodes
    assert.notStrictEqual(nodes, query.closestNodes)
    assert.strictEqual(query.closestReplies, query.closestReplies)
    for (const [i, node] of nodes.entries()) {
      assert.strictEqual(node, query.closestReplies[i].from)
      assert.deepStrictEqual(Object.keys(node).sort(), ['host', 'id', 'port'])
    }
  })

  test(`${name}: closest replies while the query runs`, async (t) => {
    const { bootstrap } = await network(t, DHT, 8)
    const client = createNode(t, DHT, { bootstrap })
    const target = randomTarget()
    const seen = []

    const query = client.query({ target, command: ASK }, { concurrency: 1 })
    for await (const row of query) {
      seen.push(row)
      assert.ok(query.closestReplies.includes(row))
      assert.ok(query.closestReplies.length >= seen.length)
      assert.ok(query.successes >= seen.length)
    }
    assert.strictEqual(seen.length, 8)
  })
}

function replyKeys() {
  return ['closerNodes', 'error', 'from', 'rtt', 'tid', 'to', 'token', 'value']
}
