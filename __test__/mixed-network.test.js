const test = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const { HASTY, createNode, createNetwork, serverAddress } = require('./helpers/network')
const { until } = require('./helpers/until')
const { closestOf, compare, idOf, randomTarget, generator } = require('./helpers/ids')

const NODES = 40
const TARGETS = 25

// Shares of the true 20 closest that lookups must find. The reference answers in bucket order: of 60 networks of 40
// nodes that it made alone, the worst hid 7 in a hundred, and the worst lookup 7 of 20.
const ALONE = 0.998
const MIXED = 0.9
const MIXED_EACH = 0.55

for (const { label, kinds, least } of networks()) {
  test(`${label}: lookups against brute force`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, kinds)
    const addresses = all.map(serverAddress)
    const removed = watchRemoved(all)
    const random = generator(7)

    for (const { name, DHT } of packages) {
      const client = createNode(t, DHT, { bootstrap })
      await client.fullyBootstrapped()
      let found = 0

      for (let i = 0; i < TARGETS; i++) {
        const target = randomTarget(random)
        const query = client.findNode(target)
        await query.finished()

        const expected = new Set(closestOf(target, addresses))
        const hits = query.closestNodes.filter(({ host, port }) => expected.has(`${host}:${port}`))
        found += hits.length
        assertSorted(target, query.closestNodes)
      }

      const share = found / (TARGETS * 20)
      assert.ok(share >= least, `${name} client found ${share} of the closest`)
    }

    assertTablesAlive(all)
    assert.deepStrictEqual(removed, [])
  })

  test(`${label}: everybody reaches everybody`, async (t) => {
    const { all } = await createNetwork(t, kinds.slice(0, 16))
    const removed = watchRemoved(all)
    for (const node of all) node.on('request', (req) => req.reply(req.value))
    const value = Buffer.from('mixed')

    const replies = await Promise.all(
      all.flatMap((from) =>
        all
          .filter((to) => to !== from)
          .map((to) => from.request({ command: 1, value, target: to.id }, serverAddress(to)))
      )
    )

    assert.strictEqual(replies.length, 16 * 15)
    for (const reply of replies) {
      assert.deepStrictEqual(reply.value, value)
      assert.deepStrictEqual(reply.from.id, idOf(reply.from))
    }
    assertTablesAlive(all)
    assert.deepStrictEqual(removed, [])
  })

  test(`${label}: nodes leave, and lookups find who stays`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, kinds.slice(0, 30), HASTY)
    const leaving = all.filter((_, i) => i % 6 === 5)
    await Promise.all(leaving.map((node) => node.destroy()))
    const staying = all.filter((node) => !leaving.includes(node)).map(serverAddress)

    for (const { DHT } of packages) {
      const client = createNode(t, DHT, { bootstrap, ...HASTY })
      const target = randomTarget()
      const expected = new Set(closestOf(target, staying))
      const enough = least === ALONE ? 20 : 20 * MIXED_EACH

      // Those who are gone hide others until the hints about them were heeded.
      await until(async () => {
        const query = client.findNode(target)
        await query.finished()
        const names = query.closestNodes.map(({ host, port }) => `${host}:${port}`)
        return names.length === 20 && names.filter((name) => expected.has(name)).length >= enough
      }, 'a lookup finds the closest of those who stayed')
    }
  })
}

function networks() {
  const [one, two] = packages
  const alone = packages.map(({ name, DHT }) => ({
    label: `${name} alone`,
    kinds: Array(NODES).fill(DHT),
    least: name === 'native' ? ALONE : MIXED
  }))
  if (!two) return alone

  const half = Array.from({ length: NODES }, (_, i) => (i & 1 ? two.DHT : one.DHT))
  return [...alone, { label: 'half and half', kinds: half, least: MIXED }]
}

function assertSorted(target, nodes) {
  assert.strictEqual(nodes.length, 20)
  for (let i = 1; i < nodes.length; i++) {
    assert.ok(compare(target, nodes[i - 1].id, nodes[i].id) < 0, 'sorted by distance')
  }
}

// The ports of the live nodes that somebody drops from now on.
function watchRemoved(all) {
  const removed = []
  for (const node of all) node.on('remove-node', ({ port }) => removed.push(port))
  return removed
}

// Each table holds members of the network, and nobody else.
function assertTablesAlive(all) {
  const ports = new Set(all.map((node) => serverAddress(node).port))
  for (const node of all) {
    assert.ok(node.nodes.length > 0)
    for (const { port } of node.toArray()) assert.ok(ports.has(port))
  }
}
