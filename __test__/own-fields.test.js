const test = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const { IMPATIENT, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { randomTarget } = require('./helpers/ids')

const MINE = Symbol('a value of the program')

// Programs keep what they like on the objects that they are handed.
for (const { name, DHT } of packages) {
  test(`${name}: entries and rows carry fields of the program's`, async (t) => {
    const names = ['serial', 'update', 'link', 'unlink', 'place', 'view', 'number']
    const node = createNode(t, DHT)
    await node.bind()
    const removed = []
    node.on('add-node', (entry) => mark(entry, names))
    node.on('remove-node', (entry) => removed.push(entry.port))
    node.table.on('row', (row) => mark(row, names))

    const ports = [1, 2, 3, 4, 5]
    for (const port of ports) node.addNode({ host: '10.0.0.1', port })
    const entries = node.nodes.toArray()
    assert.deepStrictEqual(entries.map(({ port }) => port).sort(), ports)
    for (const entry of entries) assertMarked(entry, names)
    for (const row of node.table.rows) if (row) assertMarked(row, names)

    for (const entry of entries) node._removeNode(entry)
    assert.deepStrictEqual(removed.sort(), ports)
    assert.strictEqual(node.nodes.length, 0)
    assert.strictEqual(node.table.size, 0)
  })

  test(`${name}: queries and requests carry fields of the program's`, async (t) => {
    const names = ['number', 'refuse', 'handle', 'replier', 'user', 'id']
    const server = await createBootstrapper(t, DHT)
    const taken = []
    server.onrequest = (req) => {
      mark(req, names)
      taken.push(req)
      if (req.command === 1) return false
      req.reply(null)
      return true
    }
    const node = createNode(t, DHT, IMPATIENT)
    await node.fullyBootstrapped()
    const to = serverAddress(server)

    const reply = await node.request({ command: 1 }, to)
    assert.strictEqual(reply.error, DHT.ERROR_UNKNOWN_COMMAND)
    const message = { target: randomTarget(), command: 2 }
    const query = node.query(message, { nodes: [to], commit: true })
    mark(query, names)
    const rows = []
    for await (const row of query) rows.push(row)

    assert.strictEqual(rows.length, 1)
    assert.strictEqual(taken.length, 3)
    for (const req of taken) assertMarked(req, names)
    assertMarked(query, names)
  })
}

function mark(object, names) {
  for (const name of names) object[name] = MINE
}

function assertMarked(object, names) {
  for (const name of names) assert.strictEqual(object[name], MINE, name)
}
