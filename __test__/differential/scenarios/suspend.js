'use strict'

const assert = require('assert')
const { COMMANDS } = require('../../helpers/wire')

const { PING, FIND_NODE } = COMMANDS
const TARGET = Buffer.alloc(32, 0x5a)
const SLEEPING_MS = 15000

// Suspending, resuming, and waking up.
module.exports = {
  'requests in flight reject with IO_SUSPENDED': async (world) => {
    const [peer] = await world.join(10)
    await world.ping(peer)
    await world.request(peer, { target: TARGET })
    await world.play({ op: 'suspend' })
    assert.deepStrictEqual(
      world.told('settled').map(({ error }) => error),
      ['Suspended', 'Suspended']
    )
    assert.strictEqual(world.state.inflight, 0)
  },

  'a query in flight ends': async (world) => {
    await world.join(40)
    await world.query({ target: TARGET })
    const { sends } = await world.play({ op: 'suspend' })
    assert.strictEqual(sends.length, 0)
    assert.strictEqual(world.told('end').length, 1)
  },

  'a request made while suspended rejects at once': async (world) => {
    const [peer] = await world.join(10)
    await world.play({ op: 'suspend' })
    const { events, sends } = await world.ping(peer)
    assert.deepStrictEqual([events[0].error, sends.length], ['Suspended', 0])
  },

  'nothing in or out, no timer': async (world) => {
    const [peer] = await world.join(10)
    await world.play({ op: 'suspend' })
    await world.receive(peer, { command: 7 }, 'client')
    const { trace } = await world.advance(600000)
    assert.deepStrictEqual(trace, [])
  },

  'resume: wake-up, then a refresh': async (world) => {
    await world.join(10)
    await world.play({ op: 'suspend' })
    await world.advance(3000)
    const { events, sends } = await world.play({ op: 'resume' })
    assert.deepStrictEqual(
      events.map(({ event }) => event),
      ['wakeup']
    )
    assert.strictEqual(sends[0].request.command, FIND_NODE)
    await world.answerAll()
    for (let i = 0; i < 6; i++) {
      await world.advance(5000)
      await world.answerAll()
    }
    assert.ok(world.asked(PING).length > 0)
  },

  'resume twice, suspend twice': async (world) => {
    await world.join(10)
    for (const op of ['suspend', 'suspend', 'resume', 'resume']) await world.play({ op })
    assert.strictEqual(world.told('wakeup').length, 1)
    await world.answerAll()
  },

  'a check under way when suspended': async (world) => {
    const peers = await world.join(10)
    for (const peer of peers) peer.silent = true
    await world.play({ op: 'set', tick: 1599 })
    await world.play({ op: 'tick' })
    await world.play({ op: 'suspend' })
    await world.play({ op: 'resume' })
    assert.ok(world.state.tableSize < 10)
  },

  'a network state check under way when suspended': async (world) => {
    await world.join(10, { quickFirewall: false })
    await world.play({ op: 'update-network-state' })
    await world.play({ op: 'suspend' })
    assert.strictEqual(world.told('network-state')[0].changed, false)
  },

  'suspended during the bootstrap': async (world) => {
    const [entry] = world.peers.take(1)
    entry.silent = true
    await world.start({ bootstrap: [entry.address] })
    await world.play({ op: 'suspend' })
    await world.play({ op: 'resume' })
    assert.strictEqual(world.told('ready').length, 1)
  },

  'the window is empty after it': async (world) => {
    await world.start({ maxWindow: 2 })
    const peers = world.peers.take(6)
    for (const peer of peers.slice(0, 4)) await world.ping(peer)
    await world.play({ op: 'suspend' })
    await world.play({ op: 'resume' })
    assert.strictEqual((await world.ping(peers[4])).sends.length, 1)
    assert.strictEqual((await world.ping(peers[5])).sends.length, 1)
  },

  'destroy while suspended': async (world) => {
    await world.join(10)
    await world.play({ op: 'suspend' })
    await world.play({ op: 'destroy' })
    await world.advance(60000)
    assert.strictEqual(world.state.inflight, 0)
  },

  'wake-up: a tick more than 15 s late': async (world) => {
    await world.join(10)
    await world.advance(4000)
    world.sleep(SLEEPING_MS - 5000)
    await world.advance(1000)
    assert.strictEqual(world.told('wakeup').length, 0)
    world.sleep(SLEEPING_MS - 4999)
    await world.advance(5000)
    assert.strictEqual(world.told('wakeup').length, 1)
    assert.strictEqual(world.state.stableTicks, 719)
  },

  'wake-up: an adaptive node becomes ephemeral': async (world) => {
    await world.join(30)
    await persist(world)
    const { events } = await world.play({ op: 'wakeup' })
    assert.deepStrictEqual(
      events.map(({ event }) => event),
      ['ephemeral', 'wakeup']
    )
  },

  'wake-up: ephemeral: false stays persistent': async (world) => {
    await world.join(30, { ephemeral: false })
    await world.play({ op: 'wakeup' })
    assert.strictEqual(world.state.ephemeral, false)
  },

  'wake-up: pings in two ticks, a refresh in the next': async (world) => {
    await world.join(30)
    await world.play({ op: 'wakeup' })
    assert.ok((await world.play({ op: 'tick' })).sends.length > 0)
    await world.answerAll()
    const before = world.asked(PING).length
    await world.play({ op: 'tick' })
    assert.strictEqual(world.asked(PING).length, before + 5)
  },

  'wake-up: the same host is checked again': async (world) => {
    await world.join(30)
    await persist(world)
    await world.play({ op: 'wakeup' })
    await persist(world)
    assert.strictEqual(world.told('persistent').length, 2)
  }
}

async function persist(world) {
  await world.play({ op: 'set', stableTicks: 1 })
  await world.play({ op: 'tick' })
  await world.answerAll()
  assert.strictEqual(world.state.ephemeral, false)
}
