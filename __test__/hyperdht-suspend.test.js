'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { mixtures, createNetwork, createNode, listen, connect } = require('./helpers/hyper')
const { once, until } = require('./helpers/until')

const noop = () => {}

// A node that sleeps with connections open: they end on both sides, and it finds and is found afterwards.
for (const { name, network, server, client } of mixtures) {
  test(`${name}: the one that listens is suspended and resumed`, async (t) => {
    const { to, from, publicKey } = await createPeers(t)
    const connection = await talking(t, from, publicKey)
    const ended = closed(connection)
    await to.suspend()
    await ended
    assert.strictEqual(to.rawStreams.size, 0)
    assert.strictEqual(to.suspended, true)
    await to.resume()
    // It announces itself behind the caller's back.
    await until(() => isFound(from, publicKey), 'the announcement')
    await talking(t, from, publicKey)
  })

  test(`${name}: the one that connects is suspended and resumed`, async (t) => {
    const { to, from, publicKey } = await createPeers(t)
    const mine = await talking(t, from, publicKey)
    const [theirs] = to.accepted
    const ended = [closed(mine), closed(theirs)]
    await from.suspend()
    await Promise.all(ended)
    assert.strictEqual(from.rawStreams.size, 0)
    const asleep = from.connect(publicKey)
    const [err] = await once(asleep, 'error')
    assert.strictEqual(err.code, 'SUSPENDED')
    await from.resume()
    await talking(t, from, publicKey)
  })

  test(`${name}: suspended and resumed ten times, the last before the first is done`, async (t) => {
    const { from, publicKey } = await createPeers(t)
    for (let i = 0; i < 5; i++) {
      await talking(t, from, publicKey)
      await from.suspend()
      await from.resume()
    }
    for (let i = 0; i < 5; i++) {
      const suspending = from.suspend()
      const resuming = from.resume()
      await Promise.all([suspending, resuming])
    }
    await from.resume()
    await talking(t, from, publicKey)
  })

  async function createPeers(t) {
    const { bootstrap } = await createNetwork(t, network)
    const to = createNode(t, server, bootstrap)
    const from = createNode(t, client, bootstrap)
    to.accepted = []
    const { publicKey } = await listen(t, to, (connection) => {
      to.accepted.push(connection)
      connection.on('error', noop)
      connection.on('data', (data) => connection.write(data))
    })
    return { to, from, publicKey }
  }
}

async function talking(t, node, publicKey) {
  const connection = await connect(t, node, publicKey)
  connection.write('hello')
  const [data] = await once(connection, 'data')
  assert.strictEqual(data.toString(), 'hello')
  return connection
}

function closed(connection) {
  return new Promise((resolve) => connection.on('close', resolve))
}

async function isFound(node, publicKey) {
  const query = node.findPeer(publicKey)
  for await (const { peer } of query) if (peer.publicKey.equals(publicKey)) return true
  return false
}
