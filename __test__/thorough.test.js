const { describe, test } = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const { IMPATIENT, createNode } = require('./helpers/network')
const { compare, idOf, randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

const ASK = 1
const TARGET = randomTarget()
const MESSAGE = { target: TARGET, command: ASK }
const INVALID_TOKEN = 2

describe('thorough', { concurrency: 4 }, () => {
  for (const { DHT } of natives) {
    test('waits for a slow node, which a plain lookup does without', async (t) => {
      const { nodes, nearest } = await peers(t, 21)
      nearest.answers = () => nearest.asked.length > 3
      const client = createNode(t, DHT, IMPATIENT)

      const plain = client.query(MESSAGE, { nodes, onlyClosestNodes: true })
      await plain.finished()
      assert.ok(nearest.asked.length < 3, `asked ${nearest.asked.length} times`)
      assert.strictEqual(has(plain, nearest), false)

      nearest.asked.length = 0
      const thorough = client.query(MESSAGE, { nodes, onlyClosestNodes: true, thorough: true })
      await thorough.finished()
      assert.strictEqual(nearest.asked.length, 4)
      assert.strictEqual(has(thorough, nearest), true)
      assert.deepStrictEqual([thorough.closestNodes.length, thorough.errors], [20, 0])
    })

    test('asks again whoever did not answer, once, after everybody else', async (t) => {
      const { nodes, nearest, order } = await peers(t, 21)
      const client = createNode(t, DHT, IMPATIENT)
      const opts = { nodes, onlyClosestNodes: true, thorough: true, retries: 1 }

      nearest.answers = () => nearest.asked.length > 2
      const found = client.query(MESSAGE, opts)
      await found.finished()
      assert.strictEqual(nearest.asked.length, 3)
      assert.strictEqual(has(found, nearest), true)
      assert.deepStrictEqual([found.successes, found.errors, found.inflight], [21, 0, 0])
      assert.strictEqual(order.at(-1), nearest.peer.port)

      nearest.asked.length = 0
      nearest.answers = () => false
      const missed = client.query(MESSAGE, opts)
      await missed.finished()
      assert.strictEqual(nearest.asked.length, 4)
      assert.strictEqual(has(missed, nearest), false)
      assert.deepStrictEqual([missed.successes, missed.errors, missed.inflight], [20, 1, 0])
      assert.strictEqual(client.stats.requests.active, 0)
    })

    test('commits follow a token that ran out, and try twice as often', async (t) => {
      const { nodes, nearest } = await peers(t, 3)
      const tokens = [1, 2].map((n) => Buffer.alloc(32, n))
      const commits = []
      nearest.reply = ({ token }) => {
        if (token === null) return { token: tokens[0] }
        commits.push(token)
        if (commits.length <= 4) return null
        return token.equals(tokens[1]) ? {} : { error: INVALID_TOKEN, token: tokens[1] }
      }
      const client = createNode(t, DHT, IMPATIENT)
      const opts = { nodes, onlyClosestNodes: true, commit: true, thorough: true }

      await client.query(MESSAGE, opts).finished()
      assert.deepStrictEqual(commits, [...Array(5).fill(tokens[0]), tokens[1]])

      commits.length = 0
      await client.query(MESSAGE, { ...opts, thorough: false }).finished()
      assert.deepStrictEqual(commits, Array(4).fill(tokens[0]))
    })

    test('goes on with the table where the nearest are gone', async (t) => {
      const { nodes, list } = await peers(t, 45)
      const client = createNode(t, DHT, { ...IMPATIENT, nodes })
      await client.fullyBootstrapped()
      const known = client.table.toArray().map(({ port }) => port)
      const inTable = list.filter(({ peer }) => known.includes(peer.port))
      const gone = inTable.slice(-20)
      for (const peer of gone) peer.answers = () => false

      const opts = { retries: 0 }
      const plain = client.query(MESSAGE, opts)
      await plain.finished()
      assert.deepStrictEqual([plain.successes, plain.errors], [0, 20])

      for (const { peer } of gone) client.addNode(peer.address)
      const thorough = client.query(MESSAGE, { ...opts, thorough: true })
      await thorough.finished()
      const living = inTable.slice(0, -20).map(({ peer }) => peer.port)
      const found = thorough.closestNodes.map(({ port }) => port)
      assert.ok(found.length > 0)
      assert.deepStrictEqual(found.reverse(), living.slice(-20))
    })

    test('is true or false', async (t) => {
      const client = createNode(t, DHT)
      for (const [given, shown] of [
        ['yes', '"yes"'],
        [1, '1'],
        [{}, 'an object (Object)']
      ]) {
        assert.throws(() => client.findNode(TARGET, { thorough: given }), {
          name: 'TypeError',
          code: 'ERR_INVALID_OPTION',
          message: `thorough must be true or false, got ${shown}`
        })
      }
      for (const thorough of [undefined, null, false]) client.findNode(TARGET, { thorough })
    })
  }
})

// Peers that answer at once, farthest first; the nearest one as the test says.
async function peers(t, n) {
  const order = []
  const all = []
  for (let i = 0; i < n; i++) {
    const peer = await RawPeer.create(t)
    const it = { peer, asked: [], answers: () => true, reply: () => ({ token: Buffer.alloc(32) }) }
    peer.serve((req) => {
      if (req.internal) return { id: idOf(peer.address) }
      it.asked.push(req)
      order.push(peer.port)
      const fields = it.answers() ? it.reply(req) : null
      return fields && { id: idOf(peer.address), ...fields }
    })
    all.push(it)
  }
  all.sort((a, b) => compare(TARGET, idOf(b.peer.address), idOf(a.peer.address)))
  return { nodes: all.map(({ peer }) => peer.address), nearest: all.at(-1), list: all, order }
}

function has(query, { peer }) {
  return query.closestNodes.some(({ port }) => port === peer.port)
}
