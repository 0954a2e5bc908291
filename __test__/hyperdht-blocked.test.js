// slow: JavaScript computes for 2 s

'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { HOST, mixtures, createNetwork, createNode, connect } = require('./helpers/hyper')
const { until } = require('./helpers/until')
const HyperChild = require('./helpers/hyper-child')

const BLOCKED = 2000 // ms
const PIECE = Buffer.alloc(10000)

for (const { name, network, server, client } of mixtures) {
  test(`${name}: a listener whose JavaScript computes loses no connection`, async (t) => {
    const { bootstrap } = await createNetwork(t, network)
    const child = new HyperChild(t, server, 'listener', bootstrap[0])
    const { port, publicKey } = await child.said()
    const from = createNode(t, client, bootstrap)
    const connection = await connect(t, from, Buffer.from(publicKey, 'hex'))
    const heard = countHeard(connection)
    connection.write(PIECE)
    await until(() => heard() === PIECE.length, 'the first count')

    child.tell(`block ${BLOCKED}`)
    assert.deepStrictEqual(await child.said(), { blocking: true })
    const unblocked = child.said()
    const answers = await ask(from, { host: HOST, port })
    for (let i = 0; i < 30; i++) connection.write(PIECE)
    if (server.name === 'native') {
      assert.deepStrictEqual(answers, ['PING', 'FIND_NODE', 'PING_NAT'])
      await until(() => connection.rawStream.inflight === 0, 'acknowledgements')
      assert.strictEqual(heard(), PIECE.length)
    }
    assert.deepStrictEqual(await unblocked, { blocked: true })
    await until(() => heard() === PIECE.length * 31, 'the last count')
    assert.strictEqual(connection.destroying, false)
  })
}

// Which of the DHT's own requests are answered before JavaScript over there could.
async function ask(node, to) {
  const commands = { PING: 0, FIND_NODE: 2, PING_NAT: 1 }
  const answers = Object.entries(commands).map(async ([name, command]) => {
    const value = command === 1 ? portOf(node) : null
    const target = command === 2 ? Buffer.alloc(32) : null
    await node.request({ command, internal: true, target, value }, to, { retry: false })
    return name
  })
  const settled = await Promise.allSettled(answers)
  return settled.filter(({ status }) => status === 'fulfilled').map(({ value }) => value)
}

function portOf(node) {
  const value = Buffer.alloc(2)
  value.writeUInt16LE(node.io.clientSocket.address().port)
  return value
}

function countHeard(connection) {
  let text = ''
  connection.on('data', (data) => (text += data))
  return () => Number(text.trim().split('\n').at(-1))
}
