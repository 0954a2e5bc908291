'use strict'

const assert = require('assert')
const { PORTS } = require('../world')

const TARGET = Buffer.alloc(32, 0x5a)

// Requests of the user's: tries, time-outs, matching replies, sessions.
module.exports = {
  'four tries of the same bytes, a second apart, then REQUEST_TIMEOUT': async (world) => {
    const peer = await startWithPeer(world)
    const { number } = (await world.request(peer, { target: TARGET })).sends[0]
    const { sends } = await world.advance(4000)
    assert.deepStrictEqual(
      sends.map((send) => [send.at - world.now, send.number]),
      [-3000, -2000, -1000].map((at) => [at, number])
    )
    assert.strictEqual(world.told('settled')[0].error, 'Timeout')
  },

  'retry: false: one try': async (world) => {
    const peer = await startWithPeer(world)
    await world.ping(peer, { retry: false })
    assert.strictEqual((await world.advance(1000)).sends.length, 0)
    assert.strictEqual(world.told('settled')[0].error, 'Timeout')
  },

  'the answer to a later try': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.ping(peer)
    await world.advance(2345)
    await world.answer(sends[0])
    assert.strictEqual(world.told('settled')[0].reply.rtt, 2345)
  },

  'the round-trip time does not count the time that the machine slept': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.ping(peer)
    await world.advance(100)
    world.sleep(3000)
    await world.answer(sends[0])
    assert.strictEqual(world.told('settled')[0].reply.rtt, 100)
  },

  'a second answer, one after the time-out': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.ping(peer)
    await world.answer(sends[0])
    assert.deepStrictEqual((await world.answer(sends[0])).trace, [])
    const late = (await world.ping(peer)).sends[0]
    await world.advance(4000)
    assert.deepStrictEqual((await world.answer(late)).trace, [])
  },

  'every field of a reply': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.request(peer, { command: 300, value: Buffer.alloc(300, 1) })
    const token = Buffer.alloc(32, 4)
    const closerNodes = world.peers.take(3)
    await world.answer(sends[0], { token, closerNodes, error: 70000, value: Buffer.alloc(0) })
    const { reply } = world.told('settled')[0]
    assert.deepStrictEqual([reply.error, reply.value], [70000, ''])
  },

  'an empty value is sent': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.request(peer, { value: Buffer.alloc(0) })
    assert.strictEqual(sends[0].request.value.byteLength, 0)
  },

  'a ping of a size, with a TTL': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.ping(peer, { size: 300, ttl: 3 })
    assert.deepStrictEqual([sends[0].request.value.byteLength, sends[0].ttl], [300, 3])
    await world.ping(peer, { size: 0 })
  },

  'a reply to a user command may come from anybody': async (world) => {
    const [peer, other] = world.peers.take(2)
    await world.start()
    const { sends } = await world.request(peer, {})
    await world.answer(sends[0], { from: other, id: other.id })
    assert.strictEqual(world.told('settled')[0].reply.from.address, other.address)
  },

  'a reply to an internal command comes from the one that was asked': async (world) => {
    const [peer, other] = world.peers.take(2)
    await world.start()
    const { sends } = await world.ping(peer)
    await world.answer(sends[0], { from: other, id: other.id })
    assert.deepStrictEqual(world.told('settled'), [])
    await world.answer(sends[0])
    assert.strictEqual(world.told('settled').length, 1)
  },

  'a reply that cannot be decoded is no reply': async (world) => {
    const peer = await startWithPeer(world)
    await world.ping(peer)
    for (const bytes of [
      [0x13, 0],
      [0x13, 0, 0, 0, 1],
      [0x33, 0, 0, 0, 1, 2, 3, 4, 5, 6]
    ]) {
      assert.deepStrictEqual((await world.datagram(peer, Buffer.from(bytes))).trace, [])
    }
  },

  'an answer on the other socket is an answer': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.ping(peer)
    await world.answer(sends[0], { socket: 'server' })
    assert.strictEqual(world.told('settled').length, 1)
  },

  'delayedPing: its time-out is the delay and a second': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.delayedPing(peer, 2500)
    assert.strictEqual((await world.advance(3499)).sends.length, 0)
    assert.strictEqual((await world.advance(1)).sends.length, 1)
    await world.answer(sends[0])
    assert.strictEqual(world.told('settled')[0].reply.rtt, 3500)
  },

  'adaptive time-outs: 250, 500, 1000, 2000 ms for a stranger': async (world) => {
    const peer = await startWithPeer(world, { adaptiveTimeout: true })
    await world.ping(peer)
    const { sends } = await world.advance(4000)
    assert.deepStrictEqual(
      sends.map(({ at }) => at - world.now + 4000),
      [250, 750, 1750]
    )
    assert.strictEqual(world.told('settled')[0].at - world.now, -250)
  },

  'adaptive time-outs: from the round trips of a known one': async (world) => {
    const peer = await startWithPeer(world, { adaptiveTimeout: true })
    for (const rtt of [100, 240, 180, 249, 10]) {
      const { sends } = await world.ping(peer)
      await world.advance(rtt)
      await world.answer(sends[0])
    }
    await world.ping(peer)
    assert.strictEqual((await world.advance(8000)).sends.length, 3)
  },

  'adaptive time-outs: a later try than the second gives no sample': async (world) => {
    const peer = await startWithPeer(world, { adaptiveTimeout: true })
    const { sends } = await world.ping(peer)
    await world.advance(1000)
    await world.answer(sends[0])
    await world.ping(peer)
    assert.strictEqual((await world.advance(250)).sends.length, 1)
  },

  'adaptive time-outs: at least 300, at most 4000 ms': async (world) => {
    const peer = await startWithPeer(world, { adaptiveTimeout: true })
    for (const rtt of [1, 700]) {
      const { sends } = await world.ping(peer)
      await world.advance(rtt)
      await world.answer(sends[0])
      await world.ping(peer)
      await world.advance(20000)
    }
    assert.strictEqual(world.state.inflight, 0)
  },

  'port 0: a request that nobody hears': async (world) => {
    await world.start()
    await world.play({ op: 'ping', user: 99, to: '77.0.0.1:0', retry: false })
    await world.advance(1000)
    assert.strictEqual(world.told('settled').length, 1)
  },

  'session.destroy rejects its requests and leaves others': async (world) => {
    const peer = await startWithPeer(world)
    await world.ping(peer, { session: 1 })
    await world.request(peer, { session: 1 })
    await world.ping(peer, { session: 2 })
    await world.ping(peer)
    const { events } = await world.play({ op: 'session-destroy', session: 1 })
    assert.strictEqual(events.length, 2)
    assert.strictEqual(world.state.inflight, 2)
    await world.ping(peer, { session: 1 })
    assert.strictEqual(world.state.inflight, 3)
  },

  'session.destroy fails the visits of its queries': async (world) => {
    const peers = await world.join(30)
    for (const peer of peers) peer.silent = true
    await world.query({ target: TARGET, session: 1 })
    await world.play({ op: 'session-destroy', session: 1 })
    await world.advance(10000)
    assert.strictEqual(world.told('end').length, 1)
  },

  'counters of internal commands, not of the same numbers of the user': async (world) => {
    const peer = await startWithPeer(world)
    await world.ping(peer)
    await world.request(peer, { command: 0 })
    await world.request(peer, { command: 3 })
    await world.delayedPing(peer, 10)
    await world.answerAll()
    assert.deepStrictEqual(world.state.tx, [1, 0, 0, 0])
    assert.deepStrictEqual(world.state.rx, [1, 0, 0, 0])
  },

  'a persistent node asks with its id': async (world) => {
    const publicAddress = `88.1.1.1:${PORTS.server}`
    await world.start({ publicAddress, ephemeral: false, firewalled: false })
    const [peer] = world.peers.take(1)
    const { sends } = await world.ping(peer)
    assert.strictEqual(sends[0].request.id.toString('hex'), world.state.table)
    const { sends: client } = await world.ping(peer, { socket: 'client' })
    assert.strictEqual(client[0].request.id, null)
  }
}

async function startWithPeer(world, config) {
  const [peer] = world.peers.take(1)
  await world.start(config)
  return peer
}
