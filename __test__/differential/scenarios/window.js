'use strict'

const assert = require('assert')

const SLOT_MS = 750
const TARGET = Buffer.alloc(32, 0x5a)

// The congestion window: four slots of 750 ms.
module.exports = {
  'a slot is full with 80 sends, twice that in all': async (world) => {
    await world.start()
    await pings(world, 200)
    assert.strictEqual(tries(world), 80)
    await world.advance(SLOT_MS)
    assert.strictEqual(tries(world), 160)
  },

  maxWindow: async (world) => {
    await world.start({ maxWindow: 3 })
    await pings(world, 10)
    assert.strictEqual(tries(world), 3)
  },

  'a reply gives a place back at once, in the order of asking': async (world) => {
    await world.start({ maxWindow: 3 })
    const peers = await pings(world, 6)
    const { sends } = await world.answer(world.open[1])
    assert.deepStrictEqual(
      sends.map(({ to }) => to),
      [peers[3].address]
    )
    await world.answerAll()
    assert.strictEqual(world.told('settled').length, 6)
  },

  'a later slot has no place to give back': async (world) => {
    await world.start({ maxWindow: 3 })
    await pings(world, 3)
    await world.advance(SLOT_MS)
    await world.answer(world.open[0])
    await pings(world, 5)
    assert.strictEqual(tries(world), 6)
  },

  'further tries wait as well': async (world) => {
    await world.start({ maxWindow: 2 })
    await pings(world, 6)
    await world.advance(30000)
    assert.strictEqual(world.told('settled').length, 6)
  },

  'a forced query does not wait': async (world) => {
    const nodes = world.peers.take(12)
    await world.start({ maxWindow: 2, nodes })
    await world.answerAll()
    await pings(world, 4)
    const { sends } = await world.query({ target: TARGET, force: true })
    assert.strictEqual(sends.length, 10)
  },

  'a query that has to wait': async (world) => {
    await world.join(40, { maxWindow: 4 })
    for (const command of [undefined, 7]) await world.query({ target: TARGET, command })
    await world.answerAll()
    assert.strictEqual(world.told('end').length, 2)
  },

  'what waits gives no place back when it is destroyed': async (world) => {
    await world.start({ maxWindow: 2 })
    await pings(world, 2)
    await pings(world, 2, { session: 1 })
    await pings(world, 2)
    const { sends } = await world.play({ op: 'session-destroy', session: 1 })
    assert.strictEqual(sends.length, 0)
  },

  'what waits is destroyed with its session': async (world) => {
    await world.start({ maxWindow: 2 })
    await pings(world, 4, { session: 1 })
    await pings(world, 4)
    await world.play({ op: 'session-destroy', session: 1 })
    assert.strictEqual(world.told('settled').length, 4)
    await world.advance(20000)
    assert.strictEqual(world.told('settled').length, 8)
  }
}

async function pings(world, count, options) {
  const peers = world.peers.take(count)
  for (const peer of peers) await world.ping(peer, options)
  return peers
}

function tries(world) {
  return world.trace.filter(({ request }) => request).length
}
