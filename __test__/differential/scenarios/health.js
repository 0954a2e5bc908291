'use strict'

const assert = require('assert')

// Online and degraded, judged by the outcome of requests in each tick.
module.exports = {
  'cold and idle ticks change nothing': async (world) => {
    await world.start()
    for (let i = 0; i < 8; i++) await tick(world, 0, 3)
    assert.deepStrictEqual(judged(world), [true, false])
  },

  'offline after two ticks without any response, online after one with': async (world) => {
    await world.start()
    for (let i = 0; i < 3; i++) await tick(world, 5, 0)
    await tick(world, 0, 5)
    assert.deepStrictEqual(judged(world), [true, false])
    await tick(world, 0, 5)
    assert.deepStrictEqual(judged(world), [false, false])
    await tick(world, 5, 5)
    assert.deepStrictEqual(judged(world), [true, false])
    assert.strictEqual(world.told('network-update').length, 2)
  },

  'idle ticks between do not count': async (world) => {
    await world.start()
    for (let i = 0; i < 3; i++) await tick(world, 5, 0)
    await tick(world, 0, 5)
    await tick(world, 0, 2)
    await tick(world, 0, 5)
    assert.deepStrictEqual(judged(world), [false, false])
  },

  'degraded after four ticks with over half timeouts, healthy after four': async (world) => {
    await world.start()
    for (let i = 0; i < 3; i++) await tick(world, 5, 0)
    for (let i = 0; i < 4; i++) await tick(world, 2, 5)
    assert.deepStrictEqual(judged(world), [true, true])
    for (let i = 0; i < 3; i++) await tick(world, 5, 2)
    assert.deepStrictEqual(judged(world), [true, true])
    await tick(world, 5, 2)
    assert.deepStrictEqual(judged(world), [true, false])
  },

  'half timeouts are not degraded': async (world) => {
    await world.start()
    for (let i = 0; i < 9; i++) await tick(world, 4, 4)
    assert.deepStrictEqual(judged(world), [true, false])
  },

  'offline clears degraded': async (world) => {
    await world.start()
    for (let i = 0; i < 8; i++) await tick(world, 2, 5)
    for (let i = 0; i < 2; i++) await tick(world, 0, 5)
    assert.deepStrictEqual(judged(world), [false, false])
  },

  'degraded clears after an offline tick too': async (world) => {
    await world.start()
    for (let i = 0; i < 4; i++) await tick(world, 5, 1)
    await tick(world, 0, 5)
    for (let i = 0; i < 8; i++) await tick(world, 2, 5)
    assert.deepStrictEqual(judged(world), [true, true])
    for (let i = 0; i < 4; i++) await tick(world, 5, 1)
    assert.deepStrictEqual(judged(world), [true, false])
  },

  'a wake-up resets it': async (world) => {
    await world.start()
    for (let i = 0; i < 8; i++) await tick(world, 2, 5)
    const { events } = await world.play({ op: 'wakeup' })
    assert.deepStrictEqual(
      events.map(({ event }) => event),
      ['network-update', 'wakeup']
    )
    assert.deepStrictEqual(judged(world), [true, false])
  }
}

// A tick with so many responses and timeouts before it.
async function tick(world, responses, timeouts) {
  const peers = world.peers.take(responses + timeouts)
  for (const peer of peers) {
    peer.anonymous = true
    await world.ping(peer, { retry: false })
  }
  for (const peer of peers.slice(responses)) peer.silent = true
  await world.answerAll()
  await world.advance(5000)
}

function judged(world) {
  return [world.state.online, world.state.degraded]
}
