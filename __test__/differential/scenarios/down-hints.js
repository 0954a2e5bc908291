'use strict'

const assert = require('assert')
const { COMMANDS, encodeAddress } = require('../../helpers/wire')

const { DOWN_HINT } = COMMANDS
const TARGET = Buffer.alloc(32, 0x5a)

// Those who named a node that is down are told so.
module.exports = {
  'each node that had named it': async (world) => {
    const [down] = await withDown(world, 1)
    const hints = world.asked(DOWN_HINT)
    assert.ok(hints.length > 5)
    assert.ok(hints.every(({ request }) => request.value.equals(encodeAddress(down))))
  },

  'a node that names it later': async (world) => {
    const peers = await world.join(12, { downHintsRateLimit: -1 })
    const [late, down] = peers
    down.silent = true
    await world.query({ target: TARGET, command: 7, retries: 1 })
    await world.answerAll(({ to }) => to !== late.address && {})
    await world.advance(1900)
    await world.answerAll(({ to }) => to !== late.address && {})
    await world.advance(99)
    const before = world.asked(DOWN_HINT).length
    await world.advance(2)
    await world.answerAll()
    assert.ok(world.asked(DOWN_HINT).length > before)
  },

  'at most 50 a tick by default': async (world) => {
    await withDown(world, 8)
    assert.strictEqual(world.asked(DOWN_HINT).length, 50)
  },

  'downHintsRateLimit: 7, and the next tick again': async (world) => {
    await withDown(world, 3, { downHintsRateLimit: 7 })
    assert.strictEqual(world.asked(DOWN_HINT).length, 7)
    await world.play({ op: 'tick' })
    for (const peer of world.peers.closest(TARGET, 6)) peer.silent = true
    await lookUp(world)
    assert.strictEqual(world.asked(DOWN_HINT).length, 14)
  },

  'downHintsRateLimit: 0': async (world) => {
    await withDown(world, 3, { downHintsRateLimit: 0 })
    assert.strictEqual(world.asked(DOWN_HINT).length, 0)
  },

  'downHintsRateLimit: -1': async (world) => {
    await withDown(world, 8, { downHintsRateLimit: -1 })
    assert.ok(world.asked(DOWN_HINT).length > 50)
  },

  'sendDownHints: false': async (world) => {
    await withDown(world, 3, { sendDownHints: false })
    assert.strictEqual(world.asked(DOWN_HINT).length, 0)
  },

  'they end with the query': async (world) => {
    await withDown(world, 3)
    await ended(world)
    assert.strictEqual(world.state.inflight, 0)
  },

  'they stay with a given session': async (world) => {
    await withDown(world, 3, {}, { session: 1 })
    await ended(world)
    assert.ok(world.state.inflight > 0)
  }
}

// A query in a network of which some turn out to be down. Nobody answers the hints.
async function withDown(world, count, config, options) {
  await world.join(30, config)
  const down = world.peers.closest(TARGET, count)
  for (const peer of down) peer.silent = true
  await lookUp(world, options)
  return down
}

async function lookUp(world, options) {
  const unlessHint = ({ request }) => !(request.internal && request.command === DOWN_HINT) && {}
  await world.query({ target: TARGET, command: 7, retries: 0, concurrency: 20, ...options })
  for (const ms of [400, 400, 200]) {
    await world.answerAll(unlessHint)
    await world.advance(ms)
  }
}

async function ended(world) {
  while (world.told('end').length === 0) await world.advance(10)
  assert.ok(world.asked(DOWN_HINT).length > 0)
}
