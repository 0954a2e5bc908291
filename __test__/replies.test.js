const test = require('node:test')
const assert = require('node:assert')
const { inspect } = require('node:util')
const { packages } = require('./helpers/packages')
const { createNode, createNetwork } = require('./helpers/network')
const { idOf, randomTarget } = require('./helpers/ids')

const COMMAND = 1
const FIELDS = ['tid', 'rtt', 'from', 'to', 'token', 'closerNodes', 'error', 'value']

for (const { name, DHT } of packages) {
  test(`${name}: a row is a plain object, whoever looks at it`, async (t) => {
    for (const look of [copied, printed, serialized, cloned, compared, proxied, replaced, frozen]) {
      const row = await rowOf(t, DHT)
      assert.deepStrictEqual(Object.keys(row), FIELDS)
      look(row)
    }
  })

  test(`${name}: closer nodes are the same objects each time, with the ids that were read`, async (t) => {
    const { closerNodes, ...rest } = await rowOf(t, DHT)
    assert.strictEqual(Object.getPrototypeOf(rest), Object.prototype)
    assert.ok(Array.isArray(closerNodes) && closerNodes.length > 0)
    for (const node of closerNodes) {
      assert.deepStrictEqual(Object.keys(node), ['id', 'host', 'port'])
      assert.ok(node.id === null || node.id.equals(idOf(node)))
    }
    assert.ok(closerNodes.some(({ id }) => id !== null))
  })
}

async function rowOf(t, DHT) {
  const { all, bootstrap } = await createNetwork(t, Array(4).fill(DHT))
  for (const node of all) node.on('request', (req) => req.reply(Buffer.from('answer')))
  const client = createNode(t, DHT, { bootstrap })
  const rows = []
  for await (const row of client.query({ target: randomTarget(), command: COMMAND })) rows.push(row)
  return rows.find(({ closerNodes }) => closerNodes.length > 0)
}

function copied(row) {
  const copy = { ...row }
  assert.strictEqual(copy.closerNodes, row.closerNodes)
  assert.strictEqual(Object.assign({}, row).closerNodes, row.closerNodes)
}

function printed(row) {
  const text = inspect(row, { depth: 3 })
  assert.ok(!text.includes('Getter'), text)
  for (const field of FIELDS) assert.match(text, new RegExp(`\\b${field}: `))
  for (const { port } of row.closerNodes) assert.ok(text.includes(`port: ${port}`), text)
}

function serialized(row) {
  const text = JSON.stringify(row)
  assert.strictEqual(text, JSON.stringify({ ...row }))
  assert.strictEqual(JSON.parse(text).closerNodes.length, row.closerNodes.length)
}

function cloned(row) {
  assert.strictEqual(structuredClone(row).closerNodes[0].port, row.closerNodes[0].port)
}

function compared(row) {
  assert.deepStrictEqual(row, { ...row })
  assert.notDeepStrictEqual(row, { ...row, closerNodes: [] })
}

function proxied(row) {
  const proxy = new Proxy(row, {})
  assert.strictEqual(proxy.closerNodes, row.closerNodes)
}

function replaced(row) {
  row.closerNodes = null
  assert.strictEqual(row.closerNodes, null)
  assert.deepStrictEqual(Object.keys(row), FIELDS)
}

function frozen(row) {
  Object.freeze(row)
  assert.strictEqual(row.closerNodes, row.closerNodes)
  assert.throws(() => {
    'use strict'
    row.closerNodes = []
  }, TypeError)
}
