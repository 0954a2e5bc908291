const test = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const { internalsOf } = require('../lib/common/internals')
const { HOST, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { once, settled, turns, until } = require('./helpers/until')
const RawPeer = require('./helpers/raw-peer')
const native = require('../lib/crossing/native')
const Slab = require('../lib/crossing/slab')

const TARGET = Buffer.alloc(32, 1)
const NO_NUMBERS = ['x', {}, undefined, null, NaN]

for (const { name, DHT } of natives) {
  test(`${name}: what is no session is refused before anything is sent`, async (t) => {
    const { node, to, raw } = await pair(t)
    const strangers = [{}, 7, 'x', { dht: node, number: 1 }, node]
    const named = { code: 'ERR_INVALID_SESSION', message: /^session must be .*session\(\), got / }

    for (const session of strangers) {
      const refused = [
        node.request({ command: 1 }, to, { session }),
        node.ping(to, { session }),
        node.delayedPing(to, 1, { session })
      ]
      for (const promise of refused) await assert.rejects(promise, named)
      assert.throws(() => node.query({ target: TARGET, command: 1 }, { session }), named)
      assert.throws(() => node.findNode(TARGET, { session }), named)
    }

    assert.strictEqual(node.stats.requests.total, 0)
    assert.strictEqual(node.stats.queries.active, 0)
    assert.strictEqual(raw.received.length, 0)
  })

  test(`${name}: a session that a subclass makes is right`, async (t) => {
    class Derived extends DHT {
      session() {
        return Object.assign(super.session(), { name: 'mine' })
      }
    }
    const raw = await RawPeer.create(t)
    raw.serve(() => ({}))
    const node = createNode(t, Derived)
    const session = node.session()

    for (const none of [undefined, null]) await node.ping(raw.address, { session: none })
    await node.ping(raw.address, { session })
    await session.request({ command: 1 }, raw.address)
    await node.findNode(TARGET, { session }).finished()
  })

  test(`${name}: what a session is asked wrongly is rejected`, async (t) => {
    const { node, to } = await pair(t)
    const session = node.session()

    for (const promise of [
      session.ping(null),
      session.request(null, to),
      session.request({ command: 1 }, undefined)
    ]) {
      await assert.rejects(promise, {
        code: 'ERR_INVALID_OPTION',
        message: /^(to|message) must be/
      })
    }
    await assert.rejects(session.ping({ host: HOST, port: 0 }, null), { code: 'ERR_INVALID_PORT' })
  })

  test(`${name}: the number of an error is checked, wherever it would go`, async (t) => {
    const errors = await inRequest(t, (req) => [
      () => req.error('x'),
      () => req.error(-1),
      () => req.error(undefined),
      () => req.error(1.5, { to: { host: 'nowhere', port: 0 } }),
      () => req.sendReply(NaN, null, false, false)
    ])

    for (const err of errors) {
      assert.strictEqual(err.code, 'ERR_INVALID_ERROR')
      assert.match(err.message, /^error must be an unsigned integer .*, got /)
    }
  })

  test(`${name}: a request is relayed to somebody`, async (t) => {
    const errors = await inRequest(t, (req) => [
      () => req.relay(null),
      () => req.relay(Buffer.from('x'), null)
    ])

    for (const err of errors) {
      assert.strictEqual(err.code, 'ERR_INVALID_OPTION')
      assert.match(err.message, /^to must be an object, got (undefined|null)$/)
    }
  })

  test(`${name}: a query whose map always throws comes to its end`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT, { bootstrap: [serverAddress(server)] })
    await node.fullyBootstrapped()
    const uncaught = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (err) => uncaught.push(err))
    t.after(() => {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    })
    const failure = new Error('no row')
    const map = () => {
      throw failure
    }

    // More rows than a stream has room for.
    const nodes = await Promise.all(Array.from({ length: 40 }, () => answering(t)))
    const query = node.findNode(TARGET, { map, nodes, onlyClosestNodes: true, concurrency: 4 })
    await within(query.finished())

    assert.strictEqual(query.successes, 40)
    assert.ok(uncaught.length === 40 && uncaught.every((err) => err === failure))
  })

  test(`${name}: a query that is changed to nonsense fails`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT, { bootstrap: [serverAddress(server)] })
    const query = node.findNode(TARGET)
    query.target = 'x'
    await assert.rejects(within(query.finished()), { code: 'ERR_INVALID_TARGET' })
  })

  test(`${name}: fields of numbers take what is none for 0`, (t) => {
    const node = createNode(t, DHT)
    const { requests, queries, commands } = node.stats

    for (const given of NO_NUMBERS) {
      for (const field of ['_tick', '_refreshTicks', '_stableTicks', '_lastTick']) {
        node[field] = 7
        node[field] = given
        assert.strictEqual(node[field], 0, `${field} of ${given}`)
      }
      for (const counter of [requests, queries]) {
        counter.total = 7
        counter.total = given
        assert.strictEqual(counter.total, 0)
      }
      commands.ping.tx = given
      node.io._tid = given
      assert.deepStrictEqual([commands.ping.tx, node.io._tid], [0, 0])
    }
    requests.total = '12'
    assert.strictEqual(requests.total, 12)

    node.addNode({ host: HOST, port: 9 })
    node.nodes.latest.pinged = 'x'
    assert.strictEqual(node.nodes.latest.pinged, 0)
    node.stats = { requests: { responses: 'x' } }
    node.health.update()
  })

  test(`${name}: fields of a destroyed node as well`, async (t) => {
    const node = createNode(t, DHT)
    await node.destroy()
    node._tick = 'x'
    assert.strictEqual(node._tick, 0)
  })

  test(`${name}: a datagram is bytes`, async (t) => {
    const node = createNode(t, DHT)
    await node.bind()
    const socket = { sent: [], trySend: (buffer) => socket.sent.push(buffer) }
    const from = { host: HOST, port: 4000 }
    const ping = Uint8Array.of(3, 4, 1, 0, 127, 0, 0, 1, 1, 1, 0)
    const named = { code: 'ERR_INVALID_VALUE', message: /^buffer must be .*Uint8Array, got / }

    for (const given of [ping.buffer, 'text', null, undefined, [1, 2], new DataView(ping.buffer)]) {
      assert.throws(() => node.onmessage(socket, given, from), named)
      assert.throws(() => node.io.onmessage(socket, given, from), named)
    }
    for (const none of [null, undefined]) {
      assert.throws(() => node.onmessage(socket, ping, none), { code: 'ERR_INVALID_OPTION' })
    }
    node.onmessage(socket, new Uint8Array(1), from)
    await turns(2)
    assert.strictEqual(socket.sent.length, 0)

    node.onmessage(socket, ping, from)
    await until(() => socket.sent.length === 1, 'the ping is answered')
    assert.strictEqual(socket.sent[0][0], 0x13)
  })

  test(`${name}: suspend and resume without options, and with wrong ones`, async (t) => {
    const node = createNode(t, DHT)
    const wrong = { code: 'ERR_INVALID_OPTION', message: /^log must be a function, got 7$/ }

    await assert.rejects(node.suspend({ log: 7 }), wrong)
    assert.strictEqual(node.suspended, false)
    await node.suspend(null)
    assert.strictEqual(node.suspended, true)
    await assert.rejects(node.resume({ log: 7 }), wrong)
    assert.strictEqual(node.suspended, true)
    await node.resume(null)
    assert.strictEqual(node.suspended, false)
  })

  test(`${name}: a log that throws leaves the node as it was`, async (t) => {
    const node = createNode(t, DHT)
    const failure = new Error('no log')
    const log = (line) => {
      if (!line.includes('waiting')) throw failure
    }

    await assert.rejects(node.suspend({ log }), failure)
    assert.strictEqual(node.suspended, false)
    await node.suspend()
    await assert.rejects(node.resume({ log }), failure)
    assert.strictEqual(node.suspended, true)
    await node.resume()
  })

  test(`${name}: a concurrency that makes no sense`, (t) => {
    const node = createNode(t, DHT)
    const named = { code: 'ERR_INVALID_OPTION', message: /^concurrency must be an integer from 1/ }

    for (const wrong of ['x', -1, 1.5, NaN, 0, null]) {
      node.concurrency = wrong
      assert.throws(() => node.query({ target: TARGET, command: 1 }), named, String(wrong))
      node.findNode(TARGET, { concurrency: 3 }).destroy()
    }
    node.concurrency = 100_000
    assert.strictEqual(node.findNode(TARGET).concurrency, 100_000)
  })

  test(`${name}: the size of a ping`, async (t) => {
    const { node, to, raw } = await pair(t)
    const sizes = []
    raw.serve(({ value }) => sizes.push(value === null ? 0 : value.byteLength) && {})

    for (const size of [-1, 2035, 3000, 1e9, Infinity, NaN, 1.5, 'x', '8', true, {}]) {
      const message = /^size must be an integer from 0 to 2034 bytes, got /
      const code = size > 2034 ? 'ERR_VALUE_TOO_LARGE' : 'ERR_INVALID_OPTION'
      await assert.rejects(node.ping(to, { size }), { code, message })
    }
    for (const size of [undefined, null, 0, 1, 2034]) await node.ping(to, { size })

    assert.deepStrictEqual(sizes, [0, 0, 0, 1, 2034])
    assert.strictEqual(node.stats.requests.total, 5)
  })

  test(`${name}: the size of a ping that carries an id`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const raw = await RawPeer.create(t)
    raw.serve(() => ({}))

    await assert.rejects(node.ping(raw.address, { size: 2003 }), {
      code: 'ERR_VALUE_TOO_LARGE',
      message: 'size must be an integer from 0 to 2002 bytes, got 2003'
    })
    await node.ping(raw.address, { size: 2002 })
    await node.ping(raw.address, { size: 2034, socket: node.io.clientSocket })
  })

  test(`${name}: the delay of a ping`, async (t) => {
    const { node, to } = await pair(t)

    for (const delay of [10_001, 1e9, Infinity]) {
      assert.throws(() => node.delayedPing(to, delay), {
        code: 'ERR_DELAY_TOO_LONG',
        message: 'Delay exceeds max delay: 10000ms'
      })
    }
    for (const delay of [NaN, '5', '20000', -1, 1.5, 20_000n, undefined, null, {}]) {
      const promise = node.delayedPing(to, delay)
      const message = /^delayMs must be an integer from 0 to 10000, got /
      await assert.rejects(promise, { code: 'ERR_INVALID_OPTION', message })
    }
    assert.strictEqual(node.stats.requests.total, 0)
  })

  test(`${name}: a query of a node that the binding knows no more`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    native.destroy(internalsOf(node).number)

    const queries = [node.findNode(TARGET), node.query({ target: TARGET, command: 1 })]
    const outcomes = await Promise.all(queries.map((query) => settled(query.finished())))

    for (const err of outcomes) assert.strictEqual(err.message, 'Node was destroyed')
    for (const query of queries) assert.strictEqual(query.destroyed, true)
    assert.strictEqual(node.stats.queries.active, 0)
  })

  async function pair(t) {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    return { node, raw, to: raw.address }
  }

  async function answering(t) {
    const raw = await RawPeer.create(t)
    raw.serve(() => ({}))
    return raw.address
  }

  // What the calls that a request makes possible throw.
  async function inRequest(t, calls) {
    const server = await createBootstrapper(t, DHT)
    const client = createNode(t, DHT)
    const asked = once(server, 'request')
    const reply = client.request({ command: 1 }, serverAddress(server))
    const [req] = await asked

    const errors = calls(req).map((call) => {
      try {
        return call()
      } catch (err) {
        return err
      }
    })
    req.reply(null)
    assert.strictEqual((await reply).error, 0)
    for (const err of errors) assert.ok(err instanceof TypeError || err instanceof RangeError)
    return errors
  }
}

test('memory that is asked for is there', () => {
  for (let size = 1; size < 100; size++) {
    const slab = new Slab(8)
    slab.reserve(size)
    assert.ok(slab.bytes.byteLength >= size)
    assert.strictEqual(slab.bytes.byteLength % 8, 0)
  }
})

function within(promise, ms = 8000) {
  let timer = null
  const late = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Not within ${ms} ms`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
