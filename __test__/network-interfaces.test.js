const test = require('node:test')
const assert = require('node:assert')
const { internalsOf } = require('../lib/common/internals')
const { EventEmitter } = require('node:events')
const { packages, natives } = require('./helpers/packages')
const { createNode, createBootstrapper } = require('./helpers/network')
const { collect, once, settled, turns } = require('./helpers/until')
const uncaught = require('./helpers/uncaught')
const UDX = require('../udx')

const EVENTS = ['network-change', 'network-update']

for (const { name, DHT } of packages) {
  test(`${name}: io.networkInterfaces has the addresses of the machine`, async (t) => {
    const node = createNode(t, DHT)
    const { networkInterfaces } = node.io

    assert.ok(networkInterfaces instanceof EventEmitter)
    assert.strictEqual(node.io.networkInterfaces, networkInterfaces)
    const { interfaces } = networkInterfaces
    assert.deepStrictEqual(interfaces, node.udx.networkInterfaces())
    assert.ok(interfaces.some(({ host, family }) => host === '127.0.0.1' && family === 4))
    for (const found of interfaces) {
      assert.deepStrictEqual(Object.keys(found).sort(), ['family', 'host', 'internal', 'name'])
    }
    assert.deepStrictEqual([...networkInterfaces], interfaces)
    assert.strictEqual(networkInterfaces.watch(), networkInterfaces)
    assert.strictEqual(networkInterfaces.unwatch(), networkInterfaces)
    assert.strictEqual(networkInterfaces.unwatch(), networkInterfaces)
    assert.strictEqual(networkInterfaces.watch().watch(), networkInterfaces)
  })

  test(`${name}: a change is told by it, then by the node`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const { networkInterfaces } = node.io
    const before = networkInterfaces.interfaces
    const seen = []
    networkInterfaces.prependListener('change', (all) => seen.push(['change', all]))
    node.on('network-change', (all) => seen.push(['network-change', all]))
    node.on('network-update', (...args) => seen.push(['network-update', ...args]))
    assert.strictEqual(networkInterfaces.listenerCount('change'), 2)

    networkInterfaces._onevent()

    const { interfaces } = networkInterfaces
    assert.notStrictEqual(interfaces, before)
    assert.deepStrictEqual(interfaces, before)
    assert.deepStrictEqual(seen, [
      ['change', interfaces],
      ['network-change', interfaces],
      ['network-update']
    ])
    assert.ok(seen.slice(0, 2).every(([, all]) => all === interfaces))
  })

  test(`${name}: destroy() resolves once it is closed`, async (t) => {
    const node = createNode(t, DHT)
    const { networkInterfaces } = node.io
    const seen = collect(networkInterfaces, 'close')

    const destroyed = networkInterfaces.destroy()
    const again = networkInterfaces.destroy()

    assert.ok(destroyed instanceof Promise)
    assert.notStrictEqual(destroyed, again)
    assert.deepStrictEqual(seen, [])
    assert.deepStrictEqual(await destroyed, [])
    assert.deepStrictEqual(seen, ['close'])
    assert.deepStrictEqual(await again, [])
    assert.deepStrictEqual(await networkInterfaces.destroy(), [])
    assert.deepStrictEqual(seen, ['close'])
    assert.strictEqual(node.io.networkInterfaces, networkInterfaces)
  })

  test(`${name}: it is closed with the sockets, and made anew with them`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const first = node.io.networkInterfaces
    const closed = once(first, 'close')
    await node.suspend()
    assert.strictEqual(node.io.networkInterfaces, first)
    await closed
    await node.resume()

    const second = node.io.networkInterfaces
    assert.notStrictEqual(second, first)
    const seen = collect(node, ...EVENTS)
    second._onevent()
    assert.deepStrictEqual(seen, EVENTS)
    assert.strictEqual(second.listenerCount('change'), 1)

    const gone = once(second, 'close')
    await node.destroy()
    assert.strictEqual(node.io.networkInterfaces, second)
    await gone
    assert.deepStrictEqual(await second.destroy(), [])
  })
}

for (const { name, DHT } of natives) {
  // What the system would say, from where the engine does.
  const change = (node) => {
    const { NETWORK_CHANGE } = require('../lib/dht/records').KINDS
    internalsOf(node).onrecord(NETWORK_CHANGE, require('../lib/crossing/environment').slab, 0)
  }

  test(`${name}: the system's changes come by it once somebody looked at it`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const seen = collect(node, ...EVENTS)
    change(node)
    assert.deepStrictEqual(seen.splice(0), EVENTS)

    const { networkInterfaces } = node.io
    const changes = collect(networkInterfaces, 'change')
    change(node)
    assert.deepStrictEqual([seen.splice(0), changes.splice(0)], [EVENTS, ['change']])
    networkInterfaces.unwatch()
    change(node)
    assert.deepStrictEqual([seen, changes], [[], []])
    networkInterfaces.watch()
    change(node)
    assert.deepStrictEqual([seen.splice(0), changes.splice(0)], [EVENTS, ['change']])

    await networkInterfaces.destroy()
    networkInterfaces.watch()
    change(node)
    assert.deepStrictEqual([seen, changes], [[], []])
    await node.suspend()
    await node.resume()
    seen.length = 0
    change(node)
    assert.deepStrictEqual(seen, EVENTS)
  })

  test(`${name}: looked at first while the node is suspended it is closed already`, async (t) => {
    const node = createNode(t, DHT)
    await node.suspend()
    const { networkInterfaces } = node.io
    assert.strictEqual(await settled(networkInterfaces.destroy()), 'resolved')
    await turns(1)
    assert.strictEqual(node.io.networkInterfaces, networkInterfaces)
  })
}

test('one that throws keeps no other watcher of its UDX from being told', async (t) => {
  const thrown = uncaught(t)
  const udx = new UDX()
  let told = 0
  const mine = () => {
    throw new Error('mine')
  }
  const watchers = [udx.watchNetworkInterfaces(mine), udx.watchNetworkInterfaces(() => told++)]
  t.after(() => Promise.all(watchers.map((watcher) => watcher.destroy())))
  internalsOf(udx).onrecord(require('../lib/udx/records').KINDS.NETWORK_CHANGE)
  await turns(1)
  assert.deepStrictEqual([told, thrown], [1, ['mine']])
})
