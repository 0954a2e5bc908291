'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const { HOST, createNode, createBootstrapper } = require('./helpers/network')
const RawPeer = require('./helpers/raw-peer')

const TARGET = Buffer.alloc(32, 7)
const { asyncDispose } = Symbol

for (const { name, DHT } of natives) {
  test(`${name}: a disposed node is destroyed`, async () => {
    const node = new DHT({ host: HOST, bootstrap: [] })
    let closed = false
    node.on('close', () => (closed = true))
    assert.strictEqual(await node[asyncDispose](), undefined)
    assert.deepStrictEqual([node.destroyed, closed], [true, true])
    await node[asyncDispose]()
  })

  test(`${name}: a disposed session drops what is in flight`, async (t) => {
    const { node, silent } = await alone(t, DHT)
    const session = node.session()
    const request = session.ping(silent)
    assert.strictEqual(await session[asyncDispose](), undefined)
    await assert.rejects(request, { code: 'REQUEST_DESTROYED' })
  })

  test(`${name}: a disposed query is closed`, async (t) => {
    const { node, silent } = await alone(t, DHT)
    for (const read of [true, false]) {
      const query = node.findNode(TARGET, { nodes: [silent] })
      if (read) query.resume()
      let closed = false
      query.on('close', () => (closed = true))
      assert.strictEqual(await query[asyncDispose](), undefined)
      assert.deepStrictEqual([query.destroyed, closed], [true, true])
      await query[asyncDispose]()
    }
    assert.strictEqual(node.stats.queries.active, 0)
  })

  test(`${name}: a query that ended or failed is disposed in peace`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT, { bootstrap: [server] })
    const ended = node.findNode(TARGET)
    await ended.finished()
    await ended[asyncDispose]()

    const failed = node.query({ target: TARGET, command: 1 }, { commit: true, nodes: [] })
    const failure = assert.rejects(failed.finished())
    await failed[asyncDispose]()
    await failure.catch(() => {})
    assert.ok(failed.destroyed)
  })
}

async function alone(t, DHT) {
  const { address } = await RawPeer.create(t)
  const node = createNode(t, DHT)
  await node.bind()
  return { node, silent: address }
}
