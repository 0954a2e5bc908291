const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const { createNode } = require('./helpers/network')
const { turns, until } = require('./helpers/until')
const RawPeer = require('./helpers/raw-peer')

for (const { name, DHT } of packages) {
  test(`${name}: io.congestion counts what was sent in the last four slots`, async (t) => {
    const { node, peer } = await lonely(t, DHT, { maxWindow: 3 })
    const { congestion } = node.io
    assert.deepStrictEqual(fieldsOf(congestion), { _total: 0, slots: [0, 0, 0, 0], _maxWindow: 3 })
    assert.strictEqual(congestion.isFull(), false)
    assert.strictEqual(node.config.maxWindow, 3)

    const pings = Array.from({ length: 5 }, () => node.ping(peer.address, { retry: false }))
    pings.forEach((ping) => ping.catch(() => {}))

    assert.strictEqual(node.io.congestion, congestion)
    assert.strictEqual(congestion._total, 3)
    assert.strictEqual(congestion._window[congestion._i], 3)
    assert.strictEqual(congestion.isFull(), true)
    await until(() => peer.received.length === 3, 'those that had a place')
    assert.ok(congestion._i >= 0 && congestion._i < 4)
  })

  test(`${name}: its formulas`, async (t) => {
    const { node } = await lonely(t, DHT, { maxWindow: 2 })
    const { congestion } = node.io
    const counts = () => [congestion._total, ...inOrder(congestion)]
    // So that no slot ends in between.
    await slotBegins(congestion)

    congestion.recv()
    assert.deepStrictEqual(counts(), [0, 0, 0, 0, 0], 'never below 0')
    congestion.send()
    assert.deepStrictEqual([counts(), congestion.isFull()], [[1, 1, 0, 0, 0], false])
    congestion.send()
    assert.deepStrictEqual([counts(), congestion.isFull()], [[2, 2, 0, 0, 0], true])
    const i = congestion._i
    congestion.drain()
    assert.strictEqual(congestion._i, (i + 1) & 3)
    assert.deepStrictEqual([counts(), congestion.isFull()], [[2, 0, 2, 0, 0], false])
    congestion.send()
    congestion.send()
    congestion.drain()
    assert.deepStrictEqual(counts(), [4, 0, 2, 2, 0])
    assert.strictEqual(congestion.isFull(), true, 'twice the window in all slots')
    congestion.send()
    congestion.recv()
    congestion.recv()
    assert.deepStrictEqual(counts(), [4, 0, 2, 2, 0], 'only of the current slot')
    congestion.drain()
    congestion.drain()
    assert.deepStrictEqual(counts(), [2, 0, 0, 0, 2])
    congestion.clear()
    assert.deepStrictEqual([counts(), congestion._i], [[0, 0, 0, 0, 0], 0])
  })

  test(`${name}: its numbers may be written`, async (t) => {
    const { node } = await lonely(t, DHT, {})
    const { congestion } = node.io
    await slotBegins(congestion)

    congestion._maxWindow = 1
    assert.strictEqual(node.config.maxWindow, 1)
    congestion.send()
    assert.strictEqual(congestion.isFull(), true)
    congestion._window[congestion._i] = 0
    assert.strictEqual(congestion.isFull(), false)
    congestion._total = 2
    assert.strictEqual(congestion.isFull(), true)
    congestion._total = 0
    congestion._window = [1, 1, 1, 1]
    assert.deepStrictEqual([...congestion._window], [1, 1, 1, 1])
    assert.strictEqual(congestion.isFull(), true)
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: what waits leaves when a place is given back by hand`, async (t) => {
    const { node, peer } = await lonely(t, DHT, { maxWindow: 1 })
    const { congestion } = node.io
    await slotBegins(congestion)
    const sent = () => node.io.inflight.map(({ sent }) => sent)
    for (let i = 0; i < 3; i++) node.ping(peer.address).catch(() => {})
    assert.deepStrictEqual(sent(), [1, 0, 0])

    congestion.recv()
    assert.deepStrictEqual(sent(), [1, 1, 0])
    congestion._maxWindow = 5
    assert.deepStrictEqual(sent(), [1, 1, 1])
  })

  test(`${name}: what makes no sense to the engine it does not hear of`, async (t) => {
    const { node } = await lonely(t, DHT, {})
    const { congestion } = node.io
    for (const value of [NaN, -1, 'many', null, Infinity, {}]) {
      congestion._i = value
      congestion._total = value
      congestion._maxWindow = value
      congestion._window[1] = value
      congestion._window = [value, value]
    }
    assert.strictEqual(typeof congestion.isFull(), 'boolean')
    assert.ok(congestion._maxWindow >= 1)
    assert.ok(congestion._i < 4)
    await node.destroy()
    congestion.send()
    congestion._total = 5
    assert.strictEqual(typeof congestion._total, 'number')
  })
}

async function lonely(t, DHT, opts) {
  const node = createNode(t, DHT, opts)
  await node.fullyBootstrapped()
  await turns(1)
  return { node, peer: await RawPeer.create(t) }
}

function fieldsOf({ _total, _window, _maxWindow }) {
  assert.ok(Array.isArray(_window))
  return { _total, slots: [..._window], _maxWindow }
}

// The current slot first, then those before it.
function inOrder({ _i, _window }) {
  return [0, 1, 2, 3].map((back) => _window[(_i + 4 - back) & 3])
}

async function slotBegins(congestion) {
  const before = congestion._i
  await until(() => congestion._i !== before, 'the next slot')
}
