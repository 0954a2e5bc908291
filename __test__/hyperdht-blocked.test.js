// slow: JavaScript computes for 2 s

'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { randomBytes } = require('node:crypto')
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
      assert.deepStrictEqual(answers, ['PING', 'FIND_NODE'])
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
  const target = randomBytes(32)
  const asked = {
    PING: () => node.ping(to, { retry: false }),
    FIND_NODE: async () => {
      const query = node.findNode(target, { nodes: [to] })
      await query.finished()
      if (!query.closestNodes.some(({ port }) => port === to.port)) throw new Error('No answer')
    }
  }
  const answered = []
  for (const [name, request] of Object.entries(asked)) {
    await request().then(
      () => answered.push(name),
      () => {}
    )
  }
  return answered
}

function countHeard(connection) {
  let text = ''
  connection.on('data', (data) => (text += data))
  return () => Number(text.trim().split('\n').at(-1))
}
