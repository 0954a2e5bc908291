'use strict'

const test = require('node:test')
const assert = require('node:assert')
const { randomBytes } = require('node:crypto')
const { mixtures, createNetwork, createNode } = require('./helpers/hyper')

// What nodes keep for others: who announced a topic, and values by key and by hash.
for (const { name, network, server, client } of mixtures) {
  test(`${name}: announce, lookup, unannounce`, async (t) => {
    const { writer, reader } = await createPeers(t)
    const topic = randomBytes(32)
    const keyPairs = [1, 2, 3].map(() => writer.constructor.keyPair())
    for (const keyPair of keyPairs) await writer.announce(topic, keyPair).finished()
    assert.deepStrictEqual(await found(reader, topic), hexOf(keyPairs))
    const [first, ...rest] = keyPairs
    await writer.unannounce(topic, first)
    assert.deepStrictEqual(await found(reader, topic), hexOf(rest))
    for (const keyPair of rest) await writer.unannounce(topic, keyPair)
    assert.deepStrictEqual(await found(reader, topic), [])
    assert.deepStrictEqual(await found(reader, randomBytes(32)), [])
  })

  test(`${name}: an announcement with relays, replaced by one that clears`, async (t) => {
    const { writer, reader } = await createPeers(t)
    const topic = randomBytes(32)
    const keyPair = writer.constructor.keyPair()
    const relays = [1, 2, 3].map((port) => ({ host: '127.0.0.1', port }))
    await writer.announce(topic, keyPair, relays).finished()
    assert.deepStrictEqual((await peers(reader, topic))[0].relayAddresses, relays)
    await writer.announce(topic, keyPair, relays.slice(1), { clear: true }).finished()
    const after = await peers(reader, topic)
    assert.ok(after.every((peer) => peer.relayAddresses.length === 2))
  })

  test(`${name}: a value by its hash`, async (t) => {
    const { writer, reader } = await createPeers(t)
    const value = randomBytes(900)
    const { hash, closestNodes } = await writer.immutablePut(value)
    assert.ok(closestNodes.length > 0)
    const reply = await reader.immutableGet(hash)
    assert.deepStrictEqual(reply.value, value)
    assert.ok(reply.from.port > 0 && reply.token.length === 32)
    assert.strictEqual(await reader.immutableGet(randomBytes(32)), null)
  })

  test(`${name}: a value by key, overwritten`, async (t) => {
    const { writer, reader } = await createPeers(t)
    const keyPair = writer.constructor.keyPair()
    const read = () => reader.mutableGet(keyPair.publicKey)
    assert.strictEqual(await read(), null)
    await writer.mutablePut(keyPair, Buffer.from('one'), { seq: 1 })
    assert.deepStrictEqual(pick(await read()), { seq: 1, value: 'one' })
    await writer.mutablePut(keyPair, Buffer.from('two'), { seq: 2 })
    assert.deepStrictEqual(pick(await read()), { seq: 2, value: 'two' })
    await writer.mutablePut(keyPair, Buffer.from('old'), { seq: 1 })
    assert.deepStrictEqual(pick(await read()), { seq: 2, value: 'two' })
    assert.strictEqual(await reader.mutableGet(keyPair.publicKey, { seq: 3 }), null)
  })

  async function createPeers(t) {
    const { bootstrap } = await createNetwork(t, network, 8)
    const [writer, reader] = [server, client].map((kind) => createNode(t, kind, bootstrap))
    return { writer, reader }
  }
}

async function peers(node, topic) {
  const found = []
  for await (const reply of node.lookup(topic)) found.push(...reply.peers)
  return found
}

async function found(node, topic) {
  const keys = (await peers(node, topic)).map(({ publicKey }) => publicKey.toString('hex'))
  return [...new Set(keys)].sort()
}

function hexOf(keyPairs) {
  return keyPairs.map(({ publicKey }) => publicKey.toString('hex')).sort()
}

function pick({ seq, value }) {
  return { seq, value: value.toString() }
}
