'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { randomBytes } = require('node:crypto')
const { once: next } = require('node:events')
const { mixtures, atEnd, createNetwork, createNode, listen, connect } = require('./helpers/hyper')
const { once, until } = require('./helpers/until')

// A connection that a third node passes on (blind-relay), and one that goes on without it.
for (const { name, network, server, client } of mixtures) {
  for (const [what, relaying] of [
    ['the one that listens asks for', { listener: true }],
    ['the one that connects asks for', { connector: true }]
  ]) {
    test(`${name}: through a relay that ${what}`, async (t) => {
      const { to, from, relay } = await createPeers(t)
      const through = { relayThrough: relay.publicKey }
      const { connection, other } = await meet(t, to, from, {
        listener: { shareLocalAddress: false, holepunch: false, ...(relaying.listener && through) },
        connector: { fastOpen: false, localConnection: false, ...(relaying.connector && through) }
      })
      await exchange(connection, other)
      assert.ok(goTo(connection, relay) && goTo(other, relay))
      assert.strictEqual(relay.stats().streams.active, 2)
      for (const end of [connection, other]) end.resume().end()
      await Promise.all([closed(connection), closed(other)])
      await until(() => relay.stats().pairings.active === 0, 'the pair gone')
    })
  }

  test(`${name}: a relay's connection becomes a direct one, and loses nothing`, async (t) => {
    const { to, from, relay } = await createPeers(t)
    const ofRelay = from.constructor.hash(relay.publicKey)
    const punch = heldBack(from._router, 'peerHolepunch', (target) => !ofRelay.equals(target))
    const { connection, other } = await meet(t, to, from, {
      connector: { relayThrough: relay.publicKey, fastOpen: false, localConnection: false }
    })
    assert.ok(goTo(connection, relay) && goTo(other, relay))
    const heard = collected(other)
    const said = []
    punch()
    await until(() => {
      said.push(randomBytes(10000))
      connection.write(said.at(-1))
      return goTo(connection, other) && goTo(other, connection)
    }, 'the direct way')
    // Either end leaves the relay when it hears something by the direct way.
    connection.resume()
    await until(() => {
      for (const end of [connection, other]) end.write(said[0])
      said.push(said[0])
      return relay.stats().sessions.active === 0
    }, 'the relay left alone')
    connection.end(said[0])
    assert.deepStrictEqual(await heard, Buffer.concat([...said, said[0]]))
  })

  async function createPeers(t) {
    const { bootstrap } = await createNetwork(t, network, 6)
    const node = createNode(t, network[0], bootstrap, PRIVATE)
    const relay = await createRelay(t, network[0], node)
    const to = createNode(t, server, bootstrap, PRIVATE)
    const from = createNode(t, client, bootstrap, PRIVATE)
    return { relay, to, from }
  }
}

const PRIVATE = { quickFirewall: false, ephemeral: true }

async function createRelay(t, kind, node) {
  const { Server } = kind.require('blind-relay')
  const relay = new Server({
    createStream: (opts) => node.createRawStream({ ...opts, framed: true })
  })
  atEnd(t, () => relay.close())
  const { publicKey } = await listen(t, node, (connection) => {
    const session = relay.accept(connection, { id: connection.remotePublicKey })
    session.on('error', () => {})
  })
  const rawStream = { socket: node.io.serverSocket }
  return { publicKey, rawStream, stats: () => relay.stats }
}

async function meet(t, to, from, { listener, connector }) {
  const accepted = []
  const { publicKey } = await listen(t, to, (it) => accepted.push(it), listener)
  const connection = await connect(t, from, publicKey, connector)
  await until(() => accepted.length === 1, 'the connection on the other side')
  const [other] = accepted
  other.on('error', () => {})
  return { connection, other }
}

// What is called with arguments to hold waits until the function that this returns is called.
function heldBack(object, method, isHeld) {
  const original = object[method]
  let go = null
  const gate = new Promise((resolve) => (go = resolve))
  object[method] = async (...args) => {
    if (isHeld(...args)) await gate
    return original.apply(object, args)
  }
  return go
}

// Where an end's packets go: to the other end's socket, or to the relay's.
function goTo({ rawStream }, { rawStream: { socket } }) {
  return rawStream.remotePort === socket.address().port
}

async function exchange(...ends) {
  const said = ends.map(() => randomBytes(200000))
  const heard = ends.map((end) => take(end, said[0].length))
  ends.forEach((end, i) => end.write(said[i]))
  assert.deepStrictEqual(await Promise.all(heard), said.reverse())
}

async function take(end, bytes) {
  const pieces = []
  let missing = bytes
  while (missing > 0) {
    const [piece] = await next(end, 'data')
    pieces.push(piece)
    missing -= piece.length
  }
  return Buffer.concat(pieces)
}

async function collected(end) {
  const pieces = []
  end.on('data', (piece) => pieces.push(piece))
  await once(end, 'end', 20000)
  end.end()
  return Buffer.concat(pieces)
}

async function closed(end) {
  if (!end.destroyed) await once(end, 'close')
}
