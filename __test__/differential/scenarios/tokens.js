'use strict'

const assert = require('assert')
const { HOST } = require('../world')

const TARGET = Buffer.alloc(32, 0x5a)
const INVALID_TOKEN = 2
const FORGED = Buffer.alloc(32, 7)

// Round-trip tokens: issued with replies, taken from requests, for 7.5 to 15 s.
module.exports = {
  'a token of ours is taken': async (world) => {
    const { peer, token } = await issued(world)
    const { events } = await world.receive(peer, { command: 7, token })
    assert.strictEqual(events[0].authenticated, true)
  },

  'from another port of the same host too, not from another host': async (world) => {
    const { token } = await issued(world)
    const [stranger] = world.peers.take(1)
    const { sends } = await world.receive(stranger, { command: 7, token })
    assert.strictEqual(sends[0].reply.error, INVALID_TOKEN)
  },

  'a forged one: error 2, a fresh token, closer nodes if there is a target': async (world) => {
    const { peer } = await issued(world, { nodes: world.peers.take(4) })
    const refused = await world.receive(peer, { command: 7, token: FORGED, target: TARGET })
    assert.strictEqual(refused.sends[0].reply.error, INVALID_TOKEN)
    assert.ok(refused.sends[0].reply.closerNodes.length > 0)
    const token = refused.sends[0].tokens
    const { events } = await world.receive(peer, { command: 7, token })
    assert.strictEqual(events[0].event, 'request')
  },

  'a forged one goes no further: its sender is not added': async (world) => {
    await issued(world)
    const [stranger] = world.peers.take(1)
    const { events } = await world.receive(stranger, { command: 7, token: FORGED })
    assert.deepStrictEqual(events, [])
    const internal = await world.receive(stranger, { internal: true, command: 0, token: FORGED })
    assert.strictEqual(internal.sends[0].reply.error, INVALID_TOKEN)
  },

  'a forged one at a node that never issued any': async (world) => {
    await world.start()
    const [peer] = world.peers.take(1)
    const { sends } = await world.receive(peer, { command: 7, token: FORGED })
    assert.notStrictEqual(sends[0].token, null)
  },

  'over the rotations: valid after 6 and 13 s, not after 16': async (world) => {
    const { peer, token } = await issued(world)
    const errors = []
    for (const ms of [6000, 7000, 3000]) {
      await world.advance(ms)
      const { sends } = await world.receive(peer, { command: 7, token })
      errors.push(sends[0]?.reply.error)
    }
    assert.deepStrictEqual(errors, [undefined, undefined, INVALID_TOKEN])
  },

  'one that was issued late in a rotation': async (world) => {
    const { peer } = await issued(world)
    await world.advance(6500)
    const { token } = await issue(world, peer)
    await world.advance(7000)
    const { events } = await world.receive(peer, { command: 7, token })
    assert.strictEqual(events[0].event, 'request')
    await world.advance(2000)
    const { sends } = await world.receive(peer, { command: 7, token })
    assert.strictEqual(sends[0].reply.error, INVALID_TOKEN)
  },

  'the token of a reply is for the host that it goes to': async (world) => {
    const [peer, other] = world.peers.take(2)
    await world.start()
    await world.receive(peer, { command: 7 })
    const { sends } = await world.play({ op: 'reply', incoming: 0, to: other.address })
    const token = sends[0].tokens
    assert.strictEqual((await world.receive(other, { command: 7, token })).sends.length, 0)
    assert.strictEqual((await world.receive(peer, { command: 7, token })).sends.length, 1)
  },

  'the token of a request of ours goes out as it is': async (world) => {
    await world.start()
    const [peer] = world.peers.take(1)
    const { sends } = await world.request(peer, { command: 7, token: FORGED, target: TARGET })
    assert.deepStrictEqual(sends[0].request.token, FORGED)
    await world.answer(sends[0], { error: INVALID_TOKEN, token: FORGED })
    assert.strictEqual(world.told('settled')[0].reply.to, `${HOST}:50000`)
  }
}

async function issued(world, config) {
  const [peer] = world.peers.take(1)
  await world.start(config)
  return { peer, ...(await issue(world, peer)) }
}

async function issue(world, peer) {
  await world.receive(peer, { command: 7 })
  const incoming = world.told('request').length - 1
  const { sends } = await world.play({ op: 'reply', incoming })
  return { token: sends[0].tokens }
}
