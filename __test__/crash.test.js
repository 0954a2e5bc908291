const test = require('node:test')
const assert = require('node:assert')
const { createRequire } = require('node:module')
const UDX = createRequire(require.resolve('dht-rpc-reference'))('udx-native')
const { natives } = require('./helpers/packages')
const { internalsOf } = require('../lib/common/internals')
const { createNode, createBootstrapper, hold, port, serverAddress } = require('./helpers/network')
const { collect, once, turns } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')

const REASON = 'index out of bounds'
const CRASHED = {
  code: 'NODE_CRASHED',
  message: `Node crashed and was destroyed: ${REASON}`
}

// A node that panicked, as its front is told of it (tests/engine.rs has those that do panic).
function crash(node) {
  internalsOf(node).oncrashed(REASON)
}

for (const { name, DHT } of natives) {
  for (const [kind, udx] of [
    ['its own sockets', () => undefined],
    ['sockets of the given UDX', () => new UDX()]
  ]) {
    test(`${name}: a node that crashes is destroyed and closes ${kind}`, async (t) => {
      const node = createNode(t, DHT, { udx: udx() })
      await node.fullyBootstrapped()
      const bound = port(node)
      const events = collect(node, 'error', 'close')
      const query = node.findNode(randomTarget())

      crash(node)

      assert.ok(node.destroyed)
      await assert.rejects(node.ping({ host: '127.0.0.1', port: bound }), {
        code: 'NODE_DESTROYED'
      })
      await assert.rejects(query.finished(), CRASHED)
      await once(node, 'close')
      await node.destroy()
      await turns(5)
      assert.deepStrictEqual(events, ['error', 'close'])
      await hold(t, bound)
    })
  }

  test(`${name}: what waits for a node that crashes is told why`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    node.on('error', () => {})
    const pending = node.ping({ host: '127.0.0.1', port: 9 })
    crash(node)
    await assert.rejects(pending, CRASHED)
  })

  test(`${name}: a node that crashes while it is destroyed emits close once`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const events = collect(node, 'error', 'close')
    const destroyed = node.destroy()
    crash(node)
    await destroyed
    await turns(5)
    assert.deepStrictEqual(events, ['error', 'close'])
  })

  test(`${name}: a listener that throws does not keep a node that crashed from closing`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    node.on('error', () => {
      throw new Error('listener')
    })
    const closed = once(node, 'close')
    assert.throws(() => crash(node), { message: 'listener' })
    await closed
  })

  test(`${name}: others live on when a node crashes`, async (t) => {
    const [node, other] = [createNode(t, DHT), await createBootstrapper(t, DHT)]
    await node.fullyBootstrapped()
    node.on('error', () => {})
    crash(node)
    const client = createNode(t, DHT)
    await client.ping(serverAddress(other))
  })
}
