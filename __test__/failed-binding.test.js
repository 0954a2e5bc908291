const test = require('node:test')
const assert = require('node:assert')
const { createRequire } = require('node:module')
const { natives } = require('./helpers/packages')
const { HOST, createNode, freePort, hold, port } = require('./helpers/network')
const { collect, settled } = require('./helpers/until')
const { run } = require('./helpers/child')
const RawPeer = require('./helpers/raw-peer')

const UDX = createRequire(require.resolve('dht-rpc-reference'))('udx-native')
const TARGET = Buffer.alloc(32, 7)
const TAKEN = { code: 'EADDRINUSE' }

for (const { name, DHT, path } of natives) {
  for (const [sockets, udx] of [
    ['its own sockets', () => undefined],
    ['sockets of a UDX', () => new UDX()]
  ]) {
    test(`${name}, ${sockets}: what waits for the sockets fails as they do`, async (t) => {
      const { opts, to } = await taken(t, udx())
      // Not bound before this turn is over.
      const node = createNode(t, DHT, opts)
      const session = node.session()
      const query = node.query({ target: TARGET, command: 1 })
      const waiting = [
        node.ping(to),
        node.delayedPing(to, 1),
        node.request({ command: 1 }, to),
        session.ping(to),
        query.finished(),
        node.findNode(TARGET).finished(),
        rows(node.findNode(TARGET))
      ]
      const outcomes = Promise.all(waiting.map((promise) => settled(promise)))

      const failure = await node.bind().catch((err) => err)

      assert.strictEqual(failure.code, 'EADDRINUSE')
      for (const outcome of await outcomes) assert.strictEqual(outcome, failure)
      assert.strictEqual(await settled(node.fullyBootstrapped()), failure)
      assert.strictEqual(query.destroyed, true)
      assert.strictEqual(session.inflight.length, 0)
      assert.strictEqual(node.io.inflight.length, 0)
      assert.strictEqual(node.stats.queries.active, 0)
      assert.strictEqual(node.stats.requests.active, 0)
    })

    test(`${name}, ${sockets}: what is asked later fails as well`, async (t) => {
      const { opts, to, raw } = await taken(t, udx())
      const node = createNode(t, DHT, opts)
      const unread = node.query({ target: TARGET, command: 1 })
      const failure = await node.fullyBootstrapped().catch((err) => err)
      const errors = []
      const listened = node.query({ target: TARGET, command: 1 })
      listened.on('error', (err) => errors.push(err)).on('data', () => {})
      const { total } = node.stats.requests

      const later = [
        node.ping(to),
        node.delayedPing(to, 1),
        node.session().request({ command: 1 }, to),
        node.findNode(TARGET).finished(),
        unread.finished(),
        rows(node.query({ target: TARGET, command: 1 })),
        node.bind(),
        node.suspend()
      ]

      const outcomes = await Promise.all(later.map((promise) => settled(promise)))
      for (const outcome of outcomes) assert.strictEqual(outcome, failure)
      assert.strictEqual(await node._updateNetworkState(), false)
      assert.deepStrictEqual(errors, [failure])
      assert.strictEqual(listened.destroyed, true)
      assert.strictEqual(node.stats.requests.total, total)
      assert.strictEqual(node.stats.queries.active, 0)
      assert.strictEqual(raw.received.length, 0)
    })

    test(`${name}, ${sockets}: the node is destroyed as any other`, async (t) => {
      const { opts, to } = await taken(t, udx())
      const node = createNode(t, DHT, opts)
      const events = collect(node, 'close')
      const unread = node.findNode(TARGET)
      const ping = node.ping(to)
      await assert.rejects(ping, TAKEN)

      await node.destroy()
      await node.destroy()

      assert.deepStrictEqual(events, ['close'])
      await assert.rejects(node.ping(to), { code: 'NODE_DESTROYED' })
      await assert.rejects(unread.finished(), TAKEN)
    })

    test(`${name}, ${sockets}: a failed resume leaves it suspended`, async (t) => {
      const own = await freePort()
      const raw = await RawPeer.create(t)
      raw.serve(() => ({}))
      const node = createNode(t, DHT, { port: own, anyPort: false, udx: udx() })
      await node.fullyBootstrapped()
      await node.suspend()
      const events = collect(node, 'suspend', 'resume')
      const holder = createNode(t, DHT, { port: own })
      await holder.bind()

      const resumed = node.resume()
      const meanwhile = node.suspend()
      await assert.rejects(resumed, TAKEN)
      await meanwhile

      assert.strictEqual(node.suspended, true)
      assert.strictEqual(node.io.suspended, true)
      await assert.rejects(node.ping(raw.address), { code: 'IO_SUSPENDED' })
      await node.suspend()
      await assert.rejects(node.resume(), TAKEN)
      assert.deepStrictEqual(events, [])

      await holder.destroy()
      await node.resume()

      assert.strictEqual(node.suspended, false)
      assert.deepStrictEqual(events, ['resume'])
      assert.strictEqual(port(node), own)
      assert.strictEqual((await node.ping(raw.address)).error, 0)
    })
  }

  test(`${name}: the process can exit`, async (t) => {
    const own = await freePort()
    const source = `
      const DHT = require(process.argv[1])
      const dgram = require('dgram')
      const own = ${own}
      async function main() {
        const opts = { host: '${HOST}', port: own, anyPort: false, bootstrap: [] }
        const node = new DHT(opts)
        await node.fullyBootstrapped()
        const other = new DHT(opts)
        await other.fullyBootstrapped().catch((err) => console.log(err.code))
        await node.suspend()
        const holder = dgram.createSocket('udp4')
        await new Promise((resolve) => holder.bind({ port: own, address: '${HOST}' }, resolve))
        holder.unref()
        await node.resume().catch((err) => console.log(err.code))
      }
      main()`

    const { code, stdout, stderr } = await run(source, [path])

    assert.deepStrictEqual([code, stdout, stderr], [0, 'EADDRINUSE\nEADDRINUSE\n', ''])
  })

  async function taken(t, udx) {
    const raw = await RawPeer.create(t)
    const port = await freePort()
    await hold(t, port)
    return { opts: { port, anyPort: false, udx }, raw, to: raw.address }
  }
}

async function rows(query) {
  const list = []
  for await (const row of query) list.push(row)
  return list
}
