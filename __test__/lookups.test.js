// slow: many lookups, compared with brute force

const test = require('node:test')
const assert = require('node:assert')
const { packages, references } = require('./helpers/packages')
const { Network, nearest, scatteredPorts } = require('./helpers/lookups')
const { HASTY } = require('./helpers/network')
const { randomTarget } = require('./helpers/ids')

// The short version of bench/lookups.mjs.
const NODES = 60
const TARGETS = 50
const LEAST_ALONE = 0.998

// With so few lookups a network of the reference can miss more than in the long run.
const LEAST_REFERENCE = 0.9

for (const atOnce of [1, 10]) {
  test(`${atOnce} joining at once: lookups against brute force`, async (t) => {
    const ports = await scatteredPorts(NODES)
    const targets = Array.from({ length: TARGETS }, () => randomTarget())
    const truth = nearest(targets, ports)
    const alone = {}

    for (const { name, DHT } of packages) {
      const network = await join(t, Array(NODES).fill(DHT), ports, atOnce)
      alone[name] = await network.lookups(DHT, targets, truth)
      assert.strictEqual(network.dropped(), 0, `${name} alone dropped live nodes`)
      await network.destroy()
    }

    const { native = 1, reference = LEAST_REFERENCE } = alone
    assert.ok(native >= LEAST_ALONE, `native alone found ${native}`)
    assert.ok(reference >= LEAST_REFERENCE, `reference alone found ${reference}`)
    assert.ok(native >= reference, `native alone found ${native}, the reference ${reference}`)
    if (packages.length < 2) return

    const kinds = ports.map((_, i) => packages[i % 2].DHT)
    const network = await join(t, kinds, ports, atOnce)
    for (const { name, DHT } of packages) {
      const mixed = await network.lookups(DHT, targets, truth)
      assert.ok(mixed >= reference, `half and half: ${name} found ${mixed} of ${reference}`)
    }
    assert.strictEqual(network.dropped(), 0, 'half and half dropped live nodes')
  })
}

for (const { name, DHT } of packages) {
  test(`${name}: the measure notices what is not found and what is dropped`, async (t) => {
    const ports = await scatteredPorts(8)
    const targets = [randomTarget(), randomTarget()]
    const truth = nearest(targets, ports)
    const network = await join(t, Array(8).fill(DHT), ports, 2, HASTY)
    assert.strictEqual(await network.lookups(DHT, targets, truth), 1)
    assert.strictEqual(network.dropped(), 0)

    const [gone, ...others] = [...network.nodes].reverse()
    await gone.destroy()
    for (const node of others) await node.findNode(gone.id).finished()

    assert.strictEqual(await network.lookups(DHT, targets, truth), 7 / 8)
    assert.strictEqual(network.dropped(), 7)
  })
}

for (const { name, DHT } of references) {
  test(`${name}: the measure notices what vanishes without an event`, async (t) => {
    const network = await join(t, Array(3).fill(DHT), await scatteredPorts(3), 1)
    const [{ table }] = network.nodes

    table.remove(table.random().id)

    assert.strictEqual(network.dropped(), 1)
  })
}

async function join(t, kinds, ports, atOnce, opts) {
  const network = await Network.join(kinds, ports, atOnce, opts)
  t.after(() => network.destroy())
  return network
}
