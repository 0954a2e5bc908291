const { describe, test } = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const { IMPATIENT, createNode, createNetwork } = require('./helpers/network')
const { compare, idOf, randomTarget } = require('./helpers/ids')
const { until, turns } = require('./helpers/until')
const { COMMANDS, encodeReply } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

const ASK = 1
const TARGET = randomTarget()

describe('query options', { concurrency: 4 }, () => {
  for (const { name, DHT } of packages) {
    test(`${name}: only the given nodes, in their order`, async (t) => {
      const { nodes, asked } = await peers(t, 5)
      const stranger = await peers(t, 1)
      const client = createNode(t, DHT, { bootstrap: stranger.nodes, quickFirewall: false })
      await client.fullyBootstrapped()

      for (const opts of [{ nodes }, { closestNodes: nodes }]) {
        asked.length = 0
        const query = client.query(
          { target: TARGET, command: ASK },
          { ...opts, onlyClosestNodes: true, concurrency: 1 }
        )
        await query.finished()

        assert.deepStrictEqual(asked, ports(nodes))
        assert.strictEqual(query.successes, 5)
      }
      assert.deepStrictEqual(stranger.asked, [])
    })

    test(`${name}: the closest replies of an earlier query`, async (t) => {
      const { nodes, asked } = await peers(t, 6)
      const client = createNode(t, DHT, { bootstrap: nodes, quickFirewall: false })
      const first = client.query({ target: TARGET, command: ASK })
      await first.finished()

      for (const key of ['replies', 'closestReplies']) {
        asked.length = 0
        const again = client.query(
          { target: TARGET, command: ASK },
          { [key]: first.closestReplies, onlyClosestNodes: true, concurrency: 1 }
        )
        await again.finished()

        assert.deepStrictEqual(asked, ports(first.closestNodes))
        assert.deepStrictEqual(ports(again.closestNodes), ports(first.closestNodes))
      }
    })

    test(`${name}: bootstrap nodes first, then the table's, then the given ones`, async (t) => {
      const [given, known, entry] = [await peers(t, 2), await peers(t, 2), await peers(t, 2)]
      const order = []
      for (const { asked } of [given, known, entry]) asked.push = (port) => order.push(port)
      const client = createNode(t, DHT, { quickFirewall: false })
      await client.fullyBootstrapped()
      for (const node of known.nodes) client.addNode(node)
      client.bootstrapNodes.push(...entry.nodes)

      const query = client.query(
        { target: TARGET, command: ASK },
        { nodes: given.nodes, concurrency: 1 }
      )
      await query.finished()

      assert.deepStrictEqual(order.slice(0, 2), ports(entry.nodes).reverse())
      assert.deepStrictEqual(new Set(order.slice(2, 4)), new Set(ports(known.nodes)))
      assert.deepStrictEqual(order.slice(4), ports(given.nodes))
    })

    test(`${name}: candidates that are no closer than the 20 at hand are dropped`, async (t) => {
      const { nodes, asked } = await peers(t, 30)
      const client = createNode(t, DHT)
      const near = [...nodes].sort((a, b) => compare(TARGET, idOf(a), idOf(b)))
      const run = (list) =>
        client.query(
          { target: TARGET, command: ASK },
          { nodes: list, onlyClosestNodes: true, concurrency: 1 }
        )

      const nearFirst = run(near)
      await nearFirst.finished()
      assert.deepStrictEqual(asked, ports(near.slice(0, 20)))
      assert.deepStrictEqual(ports(nearFirst.closestNodes), ports(near.slice(0, 20)))

      asked.length = 0
      const farFirst = run([...near].reverse())
      await farFirst.finished()
      assert.deepStrictEqual(asked, ports(near).reverse())
      assert.deepStrictEqual(ports(farFirst.closestNodes), ports(near.slice(0, 20)))
      assert.strictEqual(farFirst.successes, 30)
    })

    test(`${name}: no more at once than the concurrency, which can be changed`, async (t) => {
      const { nodes, held, release } = await holding(t, 12)
      const client = createNode(t, DHT)
      const query = client.query(
        { target: TARGET, command: ASK },
        { nodes, onlyClosestNodes: true, concurrency: 4 }
      )
      // Fewer than 20 given: the later starts are not held back.
      query.resume()

      await until(() => held.length === 4, 'the first requests')
      await turns(20)
      assert.strictEqual(held.length, 4)
      assert.strictEqual(query.inflight, 4)

      query.concurrency = 2
      release()
      release()
      release()
      await until(() => query.successes === 3, 'three replies')
      await until(() => held.length === 2, 'one more is asked')
      await turns(20)
      assert.strictEqual(query.inflight, 2)

      query.concurrency = 10
      release()
      await until(() => query.inflight === 8, 'all the rest')
      await until(() => held.length === 8, 'they were all asked')
      while (held.length > 0) release()
      await query.finished()
      assert.strictEqual(query.successes, 12)
    })

    test(`${name}: a reused set of 20 nodes is asked with care at first`, async (t) => {
      const { nodes, held, release } = await holding(t, 20)
      const client = createNode(t, DHT)
      const query = client.query({ target: TARGET, command: ASK }, { nodes, concurrency: 6 })
      query.resume()

      await until(() => held.length === 6, 'the first requests')
      for (const [released, asked] of [
        [3, 0],
        [1, 1],
        [1, 1]
      ]) {
        const before = query.successes + query.inflight
        for (let i = 0; i < released; i++) release()
        await until(() => query.successes + query.inflight === before + asked, 'the next starts')
        await until(() => query.inflight === 3, 'three in flight')
        await turns(20)
        assert.strictEqual(query.inflight, 3)
      }

      release()
      await until(() => query.inflight === 6, 'full speed')
      await until(() => {
        if (held.length > 0) release()
        return query.inflight === 0
      }, 'all have answered')
      await query.finished()
      assert.strictEqual(query.closestReplies.length, 20)
    })

    test(`${name}: back-pressure stops the visits, reading goes on with them`, async (t) => {
      const { nodes, asked } = await peers(t, 30)
      const client = createNode(t, DHT)
      const farFirst = [...nodes].sort((a, b) => compare(TARGET, idOf(b), idOf(a)))
      const query = client.query(
        { target: TARGET, command: ASK },
        { nodes: farFirst, onlyClosestNodes: true, concurrency: 2 }
      )
      const rows = query[Symbol.asyncIterator]()

      assert.strictEqual((await rows.next()).done, false)
      await until(async () => {
        const before = asked.length
        await turns(20)
        return before === asked.length && before >= 16 && query.inflight === 0
      }, 'the buffer is full')
      assert.ok(asked.length <= 20, `${asked.length} asked for a buffer of 16`)
      assert.strictEqual(query.destroyed, false)
      assert.strictEqual(client.stats.requests.active, 0)

      let count = 1
      while (!(await rows.next()).done) count++
      assert.strictEqual(count, 30)
      assert.strictEqual(asked.length, 30)
    })

    test(`${name}: pause and resume`, async (t) => {
      const { nodes } = await peers(t, 10)
      const client = createNode(t, DHT)
      const rows = []
      const query = client.query(
        { target: TARGET, command: ASK },
        { nodes, onlyClosestNodes: true, concurrency: 1 }
      )
      query.on('data', (row) => {
        rows.push(row)
        query.pause()
      })

      for (let n = 1; n <= 10; n++) {
        await until(() => rows.length === n, `row ${n}`)
        await turns(3)
        assert.strictEqual(rows.length, n)
        query.resume()
      }
      await query.finished()
    })

    test(`${name}: how often a silent node is tried`, async (t) => {
      const client = createNode(t, DHT, IMPATIENT)
      const tried = async (times, opts) => {
        const silent = await RawPeer.create(t)
        const query = client.query(
          { target: TARGET, command: ASK },
          { nodes: [silent.address], onlyClosestNodes: true, ...opts }
        )
        await query.finished()
        assert.strictEqual(query.errors, 1)
        await until(() => silent.received.length >= times, `${times} tries arrived`)
        assert.strictEqual(silent.received.length, times)
      }

      await Promise.all([
        tried(6, {}),
        tried(1, { retries: 0 }),
        tried(3, { retries: 2 }),
        tried(1, { force: true })
      ])
    })

    test(`${name}: slow nodes are not waited for`, async (t) => {
      const { nodes } = await peers(t, 20)
      const silent = await RawPeer.create(t)
      const client = createNode(t, DHT, IMPATIENT)
      await client.fullyBootstrapped()

      const query = client.query(
        { target: TARGET, command: ASK },
        { nodes: [silent.address, ...nodes], onlyClosestNodes: true }
      )
      await query.finished()

      assert.strictEqual(query.closestReplies.length, 20)
      assert.ok(silent.received.length >= 1 && silent.received.length < 5)
      assert.strictEqual(query.inflight, 0)
      assert.strictEqual(client.stats.requests.active, 0)
    })

    test(`${name}: stats while a query runs, and after`, async (t) => {
      const { nodes, held, release } = await holding(t, 3)
      const client = createNode(t, DHT)
      await client.fullyBootstrapped()
      const { queries, requests } = client.stats
      const total = queries.total

      const query = client.query(
        { target: TARGET, command: ASK },
        { nodes, onlyClosestNodes: true }
      )
      assert.deepStrictEqual({ ...queries }, { active: 1, total: total + 1 })
      query.resume()
      await until(() => held.length === 3, 'all are asked')
      assert.strictEqual(query.inflight, 3)
      assert.strictEqual(requests.active, 3)

      release()
      await until(() => query.successes === 1, 'a reply')
      assert.deepStrictEqual([query.inflight, requests.active, requests.responses], [2, 2, 1])
      release()
      release()
      await query.finished()

      assert.deepStrictEqual({ ...queries }, { active: 0, total: total + 1 })
      assert.deepStrictEqual([query.inflight, requests.active, requests.responses], [0, 0, 3])
      assert.deepStrictEqual([query.successes, query.errors], [3, 0])
    })

    test(`${name}: many queries at a time`, async (t) => {
      const { all, bootstrap } = await createNetwork(t, Array(12).fill(DHT))
      for (const node of all) node.on('request', (req) => req.reply(req.target))
      const client = createNode(t, DHT, { bootstrap })
      const targets = Array.from({ length: 16 }, () => randomTarget())

      const rows = await Promise.all(
        targets.map(async (target) => {
          const values = []
          for await (const { value } of client.query({ target, command: ASK })) values.push(value)
          return values
        })
      )

      for (const [i, values] of rows.entries()) {
        assert.strictEqual(values.length, 12)
        for (const value of values) assert.deepStrictEqual(value, targets[i])
      }
      await until(() => client.stats.queries.active === 0, 'all queries are over')
    })
  }
})

// Peers that answer at once; asked lists the ports that got a user's request, in order.
async function peers(t, n) {
  const asked = []
  const nodes = []
  for (let i = 0; i < n; i++) {
    const peer = await RawPeer.create(t)
    peer.serve((req) => {
      if (!req.internal) asked.push(peer.port)
      return { id: idOf(peer.address) }
    })
    nodes.push(peer.address)
  }
  return { nodes, asked }
}

// Peers that answer a user's request when it is released, first come, first served.
async function holding(t, n) {
  const held = []
  const nodes = []
  for (let i = 0; i < n; i++) {
    const peer = await RawPeer.create(t)
    peer.serve((req, to) => {
      if (req.internal && req.command !== COMMANDS.FIND_NODE) return { id: idOf(peer.address) }
      held.push(() => {
        peer.send(encodeReply({ tid: req.tid, to, id: idOf(peer.address) }), to)
      })
      return null
    })
    nodes.push(peer.address)
  }
  return { nodes, held, release: () => held.shift()() }
}

function ports(nodes) {
  return nodes.map(({ port }) => port)
}
