const test = require('node:test')
const assert = require('node:assert')
const { internalsOf } = require('../lib/common/internals')
const { EventEmitter } = require('node:events')
const { packages, natives } = require('./helpers/packages')
const { HOST, HASTY, createNode, createBootstrapper, createNetwork } = require('./helpers/network')
const { idOf } = require('./helpers/ids')
const { once, until } = require('./helpers/until')

const K = 20
const BITS = 256

for (const { name, DHT } of packages) {
  test(`${name}: table.rows are the buckets, by how many bits ids share with the table's`, async (t) => {
    const node = createNode(t, DHT)
    const { table } = node
    assert.ok(table instanceof EventEmitter)
    assert.ok(Array.isArray(table.rows))
    assert.strictEqual(table.rows.length, BITS)
    assert.deepStrictEqual(Object.keys(table.rows), [])

    fill(node, 60)

    const { rows } = table
    assert.strictEqual(table.rows, rows)
    const indexes = Object.keys(rows).map(Number)
    assert.deepStrictEqual(indexes, bucketsOf(node))
    for (const index of indexes) {
      const row = rows[index]
      assert.ok(row instanceof EventEmitter)
      const { data, byteOffset, nodes } = row
      assert.deepStrictEqual(
        [data, row.index, byteOffset, row.table],
        [null, index, index >> 3, table]
      )
      const expected = node.nodes
        .toArray()
        .filter((entry) => sharedBits(entry.id, table.id) === index)
      expected.sort((a, b) => Buffer.compare(a.id, b.id))
      assert.strictEqual(nodes.length, expected.length)
      assert.ok(
        nodes.every((entry, i) => entry === expected[i]),
        'the very entries, by id'
      )
      for (const entry of nodes) assert.strictEqual(row.get(entry.id), entry)
      assert.strictEqual(row.get(Buffer.alloc(32, index)), null)
      row.data = { mine: true }
      assert.deepStrictEqual(table.rows[index].data, { mine: true })
    }
    const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
    const [row] = Object.values(rows)
    assert.deepStrictEqual([row.compare(a, b), row.compare(b, a), row.compare(a, a)], [-1, 1, 0])
  })

  test(`${name}: what is told when a node comes, and in what order`, async (t) => {
    const node = createNode(t, DHT)
    const log = record(node)
    node.addNode({ host: HOST, port: 1 })
    const row = Object.values(node.table.rows)[0]

    assert.deepStrictEqual(log.splice(0), [
      // The row is empty, and nobody else knows.
      { what: 'row', index: row.index, nodes: 0, size: 0, list: 0, latest: null },
      { what: 'add', port: 1, nodes: 1, size: 0, list: 0, has: false, latest: null },
      { what: 'add-node', port: 1, nodes: 1, size: 1, list: 1, has: true, latest: 1 }
    ])
    const port = portOf(node, row.index, 2)
    node.addNode({ host: HOST, port })
    assert.deepStrictEqual(log.splice(0), [
      { what: 'add', port, nodes: 2, size: 1, list: 1, has: false, latest: 1 },
      { what: 'add-node', port, nodes: 2, size: 2, list: 2, has: true, latest: port }
    ])
    node.addNode({ host: HOST, port: 1 })
    assert.deepStrictEqual(
      log.splice(0).map(({ what }) => what),
      ['add-node'],
      'of a known one nothing is told of its row'
    )
  })

  test(`${name}: what is told when a node goes, and in what order`, async (t) => {
    const node = createNode(t, DHT)
    for (const port of [1, 2]) node.addNode({ host: HOST, port })
    const log = record(node)
    const [entry, other] = node.nodes.toArray()
    const row = node.table.rows[sharedBits(entry.id, node.table.id)]
    const { length } = row.nodes

    node._removeNode(entry)

    assert.deepStrictEqual(log.splice(0), [
      { what: 'remove', port: 1, nodes: length - 1, size: 2, list: 2, has: true, latest: 2 },
      { what: 'remove-node', port: 1, nodes: length - 1, size: 1, list: 1, has: false, latest: 2 }
    ])
    assert.strictEqual(node.table.rows[row.index], row, 'a row stays')
    node._removeNode(entry)
    node._removeNode({ id: entry.id })
    assert.deepStrictEqual(log, [])
    assert.deepStrictEqual(node.nodes.toArray(), [other])
  })

  test(`${name}: a row of 20 that is full says who found no place`, async (t) => {
    const node = createNode(t, DHT)
    const full = []
    node.table.on('row', (row) => {
      row.on('full', (entry) => full.push([row, entry]))
    })
    const added = []
    node.on('add-node', (entry) => added.push(entry.port))
    for (let i = 0, port = 1; i < K; i++, port++) {
      port = portOf(node, 0, port)
      node.addNode({ host: HOST, port })
    }
    const row = node.table.rows[0]
    assert.strictEqual(row.nodes.length, K)
    assert.deepStrictEqual(full, [])

    const port = portOf(node, 0, added.at(-1) + 1)
    node.addNode({ host: HOST, port })

    assert.strictEqual(full.length, 1)
    assert.strictEqual(full[0][0], row)
    assert.deepStrictEqual(full[0][1].id, idAt(port))
    assert.deepStrictEqual([full[0][1].host, full[0][1].port], [HOST, port])
    assert.strictEqual(row.nodes.length, K)
    assert.strictEqual(node.table.add({ id: idAt(port), host: HOST, port }), false)
    assert.strictEqual(full.length, 2)
    assert.strictEqual(node.table.size, K)
  })

  test(`${name}: nodes that come from the network are told of as well`, async (t) => {
    const { bootstrap } = await createNetwork(t, [DHT, DHT, DHT, DHT])
    const node = createNode(t, DHT, { bootstrap })
    const log = record(node)
    await node.fullyBootstrapped()
    await until(() => node.nodes.length === 4, 'all are known')

    const added = log.filter(({ what }) => what === 'add').map(({ port }) => port)
    const told = log.filter(({ what }) => what === 'add-node').map(({ port }) => port)
    assert.strictEqual(added.length, 4)
    assert.deepStrictEqual(added, told)
    for (const port of added) {
      const order = log.filter((entry) => entry.port === port).map(({ what }) => what)
      assert.deepStrictEqual(order, ['add', 'add-node'])
    }
    const inRows = Object.values(node.table.rows).flatMap(({ nodes }) => nodes)
    assert.deepStrictEqual(new Set(inRows), new Set(node.nodes.toArray()))
  })

  test(`${name}: one that does not answer leaves its row`, async (t) => {
    const node = createNode(t, DHT, HASTY)
    node.addNode({ host: '127.0.0.9', port: 9 })
    const entry = node.nodes.latest
    const row = node.table.rows[sharedBits(entry.id, node.table.id)]
    assert.deepStrictEqual(row.nodes, [entry])
    const [[gone]] = await Promise.all([once(row, 'remove'), node.fullyBootstrapped()])
    assert.strictEqual(gone, entry)
    assert.deepStrictEqual(row.nodes, [])
  })

  test(`${name}: a node that moves to its own id has another table`, async (t) => {
    const { bootstrap } = await createNetwork(t, [DHT, DHT, DHT])
    const node = createNode(t, DHT, { bootstrap, ephemeral: false })
    const before = node.table
    const { id, rows } = before
    const persistent = once(node, 'persistent')
    await persistent

    assert.notStrictEqual(node.table, before)
    assert.notDeepStrictEqual(node.table.id, id)
    assert.strictEqual(node.table, node.io.table)
    assert.strictEqual(before.rows, rows)
    assert.strictEqual(before.id, id)
    const old = Object.values(rows).flatMap(({ nodes }) => nodes)
    assert.strictEqual(before.size, old.length)
    const log = record(node)
    await node.fullyBootstrapped()
    const indexes = Object.keys(node.table.rows).map(Number)
    assert.deepStrictEqual(indexes, bucketsOf(node))
    node.addNode({ host: '127.0.0.9', port: 9 })
    assert.ok(log.some(({ what, port }) => what === 'add' && port === 9))
    assert.strictEqual(Object.values(rows).flatMap(({ nodes }) => nodes).length, old.length)
  })

  test(`${name}: nodes are added to the table and the list, and taken from them, by hand`, async (t) => {
    const node = createNode(t, DHT)
    const events = []
    for (const event of ['add-node', 'remove-node']) node.on(event, () => events.push(event))
    const { table, nodes } = node
    const made = (port) => ({
      id: idAt(port),
      host: HOST,
      port,
      to: null,
      sampled: 0,
      added: 0,
      pinged: 0,
      seen: 0,
      downHints: 0,
      prev: null,
      next: null
    })
    const both = (port) => {
      const entry = made(port)
      assert.strictEqual(table.add(entry), true)
      assert.strictEqual(nodes.add(entry), entry)
    }
    const ports = () => nodes.toArray().map(({ port }) => port)

    for (const port of [1, 2, 3]) both(port)
    assert.deepStrictEqual([table.size, nodes.length, ports()], [3, 3, [1, 2, 3]])
    assert.strictEqual(table.has(idAt(2)), true)
    const { oldest } = nodes
    assert.strictEqual(nodes.add(oldest), oldest)
    assert.deepStrictEqual(ports(), [2, 3, 1])
    assert.strictEqual(table.size, 3)

    const second = nodes.oldest
    assert.strictEqual(table.remove(second.id), true)
    assert.strictEqual(nodes.remove(second), second)
    assert.strictEqual(table.remove(second.id), false)
    assert.strictEqual(table.remove(idAt(99)), false)
    assert.deepStrictEqual([table.size, nodes.length, ports()], [2, 2, [3, 1]])
    assert.deepStrictEqual(events, [])
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: who looks at no rows is told of none`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    node.addNode({ host: HOST, port: 1 })
    assert.strictEqual(node.table.size, 1)
    assert.strictEqual(internalsOf(node).buckets, null)
    assert.strictEqual(internalsOf(node).interest.wanted, 0)
  })

  test(`${name}: who cannot be at an address is not in the table`, async (t) => {
    const node = createNode(t, DHT)
    const { table } = node
    assert.strictEqual(table.add({ id: Buffer.alloc(32), host: HOST, port: 1 }), false)
    assert.strictEqual(table.add({ id: idAt(1), host: 'nowhere', port: 1 }), false)
    assert.strictEqual(table.add({ id: idAt(1), host: HOST, port: 0 }), false)
    assert.throws(() => table.add(null), { code: 'ERR_INVALID_OPTION' })
    assert.strictEqual(table.size, 0)
    assert.strictEqual(table.add({ id: idAt(1), host: HOST, port: 1 }), true)
    const row = table.rows[sharedBits(idAt(1), table.id)]
    assert.strictEqual(row.remove(idAt(2)), false)
    assert.strictEqual(row.remove(idAt(1)), true)
    assert.strictEqual(row.add({ host: HOST, port: 1 }), true)
    assert.strictEqual(table.size, 1)
  })
}

// What a node tells of its table from now on, with what can be seen meanwhile.
function record(node) {
  const log = []
  const look = () => ({
    size: node.table.size,
    list: node.nodes.length,
    latest: node.nodes.latest && node.nodes.latest.port
  })
  const follow = (row) => {
    for (const what of ['add', 'remove']) {
      row.on(what, (entry) => {
        const { port } = entry
        log.push({ what, port, nodes: row.nodes.length, has: node.nodes.has(entry), ...look() })
      })
    }
  }
  node.table.on('row', (row) => {
    log.push({ what: 'row', index: row.index, nodes: row.nodes.length, ...look() })
    follow(row)
  })
  Object.values(node.table.rows).forEach(follow)
  for (const what of ['add-node', 'remove-node']) {
    node.on(what, (entry) => {
      const { nodes } = node.table.rows[sharedBits(entry.id, node.table.id)]
      const { port } = entry
      log.push({ what, port, nodes: nodes.length, has: node.nodes.has(entry), ...look() })
    })
  }
  return log
}

function fill(node, count) {
  for (let port = 1; port <= count; port++) node.addNode({ host: HOST, port })
}

// The first port from `port` on at which a node belongs into the row.
function portOf(node, index, port) {
  while (sharedBits(idAt(port), node.table.id) !== index) port++
  return port
}

function bucketsOf(node) {
  const indexes = node.nodes.toArray().map(({ id }) => sharedBits(id, node.table.id))
  return [...new Set(indexes)].sort((a, b) => a - b)
}

function sharedBits(a, b) {
  for (let i = 0; i < BITS; i++) {
    const bit = 0x80 >> (i & 7)
    if ((a[i >> 3] & bit) !== (b[i >> 3] & bit)) return i
  }
  return BITS - 1
}

function idAt(port) {
  return idOf({ host: HOST, port })
}
