// slow: it moves megabytes through networks of both packages

'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { createHash, randomBytes } = require('node:crypto')
const { mixtures, createNetwork, createNode, listen, connect } = require('./helpers/hyper')
const { once, until } = require('./helpers/until')

// 100 MB in all.
const MEGABYTE = 1 << 20
const MEGABYTES = 50
const CONNECTS = 50

for (const { name, network, server, client } of mixtures) {
  test(`${name}: ${MEGABYTES} MB each way over an encrypted stream`, async (t) => {
    const { bootstrap } = await createNetwork(t, network)
    const accepted = []
    const listening = await listen(t, createNode(t, server, bootstrap), (it) => accepted.push(it))
    const connection = await connect(t, createNode(t, client, bootstrap), listening.publicKey)
    await until(() => accepted.length === 1, 'the connection on the other side')
    const [other] = accepted
    assert.deepStrictEqual(connection.remotePublicKey, listening.publicKey)
    assert.deepStrictEqual(other.remotePublicKey, connection.publicKey)
    assert.deepStrictEqual(other.handshakeHash, connection.handshakeHash)
    const ends = [connection, other]
    const received = ends.map(hashOf)
    const sent = await Promise.all(ends.map(send))
    assert.deepStrictEqual(await Promise.all(received), sent.reverse())
  })

  test(`${name}: ${CONNECTS} connects by key`, async (t) => {
    const { bootstrap } = await createNetwork(t, network)
    const from = createNode(t, client, bootstrap)
    const to = createNode(t, server, bootstrap)
    const { publicKey } = await listen(t, to)
    for (let i = 0; i < CONNECTS / 5; i++) {
      const five = await Promise.all([1, 2, 3, 4, 5].map(() => connect(t, from, publicKey)))
      await Promise.all(five.map(echoes))
    }
    await until(() => from.rawStreams.size + to.rawStreams.size === 0, 'all streams gone')
    for (const node of [from, to]) {
      for (const socket of [node.io.serverSocket, node.io.clientSocket]) {
        assert.deepStrictEqual([socket.streams.size, socket.idle], [0, true])
      }
    }
  })

  test(`${name}: a key that nobody listens on`, async (t) => {
    const { bootstrap } = await createNetwork(t, network)
    const connection = createNode(t, client, bootstrap).connect(randomBytes(32))
    const [err] = await once(connection, 'error')
    assert.strictEqual(err.code, 'PEER_NOT_FOUND')
  })

  test(`${name}: a server that closes takes no more, and keeps what it has`, async (t) => {
    const { bootstrap } = await createNetwork(t, network)
    const to = createNode(t, server, bootstrap)
    const from = createNode(t, client, bootstrap)
    const listening = await listen(t, to)
    const { publicKey } = listening
    const connection = await connect(t, from, publicKey)
    await echoes(connection, { end: false })
    await listening.close()
    const late = from.connect(publicKey)
    const [err] = await once(late, 'error')
    assert.strictEqual(err.code, 'PEER_NOT_FOUND')
    await echoes(connection)
  })

  test(`${name}: a peer that is destroyed resets its connections`, async (t) => {
    const { bootstrap } = await createNetwork(t, network)
    const to = createNode(t, server, bootstrap)
    const { publicKey } = await listen(t, to)
    const connection = await connect(t, createNode(t, client, bootstrap), publicKey)
    await echoes(connection, { end: false })
    const reset = once(connection, 'error')
    await to.destroy()
    const [err] = await reset
    assert.strictEqual(err.code, 'ECONNRESET')
  })
}

async function send(connection) {
  const hash = createHash('sha256')
  const piece = randomBytes(65536)
  for (let sent = 0; sent < MEGABYTES * MEGABYTE; sent += piece.length) {
    piece.writeUInt32LE(sent)
    const copy = Buffer.from(piece)
    hash.update(copy)
    if (!connection.write(copy)) await once(connection, 'drain', 60000)
  }
  connection.end()
  return hash.digest('hex')
}

async function hashOf(connection) {
  const hash = createHash('sha256')
  for await (const data of connection) hash.update(data)
  return hash.digest('hex')
}

async function echoes(connection, { end = true } = {}) {
  const said = randomBytes(1000)
  const heard = []
  connection.on('data', (data) => heard.push(data))
  connection.write(said)
  await until(() => Buffer.concat(heard).length >= said.length, 'the echo')
  assert.deepStrictEqual(Buffer.concat(heard), said)
  if (!end) return
  connection.end()
  await once(connection, 'close')
}
