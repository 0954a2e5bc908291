'use strict'

const assert = require('assert')
const { COMMANDS, encodeAddress } = require('../../helpers/wire')
const { HOST, PORTS } = require('../world')

const { PING, DOWN_HINT } = COMMANDS
const K = 20
const RECENT_NODE = 12
const OLD_NODE = 360
const OURSELVES = `${HOST}:${PORTS.server}`

// What becomes of a new node whose bucket is full.
module.exports = {
  'a node is added once, refreshed after that': async (world) => {
    await world.start()
    const [peer] = world.peers.take(1)
    await world.receive(peer, ping)
    await world.advance(5000)
    await world.receive(peer, ping)
    assert.strictEqual(world.told('add-node').length, 1)
    assert.match(world.state.nodes[0], /seen 101/)
  },

  'a node without an id is not added': async (world) => {
    await world.start()
    const [peer] = world.peers.take(1)
    peer.anonymous = true
    await world.receive(peer, ping)
    assert.strictEqual(world.state.tableSize, 0)
  },

  'addNode adds, and refreshes one that is known': async (world) => {
    await world.start()
    const [peer] = world.peers.take(1)
    await world.play({ op: 'add-node', node: peer.address })
    assert.strictEqual(world.state.tableSize, 1)
    await world.receive(peer, ping)
    assert.match(world.state.nodes[0], /sampled 100/)
  },

  'addNode of a known node takes its place, last in the list': async (world) => {
    await world.start()
    const peers = world.peers.take(2)
    for (const peer of peers) await world.receive(peer, ping)
    await world.play({ op: 'set', tick: 105 })
    const { events } = await world.play({ op: 'add-node', node: peers[0].address })
    assert.deepStrictEqual(
      events.map(({ event, address }) => [event, address]),
      [['add-node', peers[0].address]]
    )
    assert.match(world.state.nodes[1], /seen 105 sampled 0/)
    assert.strictEqual(world.state.nodes.length, 2)
  },

  'our own entry goes when the table is rebuilt around it': async (world) => {
    await world.join(30, { quickFirewall: false })
    await world.play({ op: 'add-node', node: OURSELVES })
    assert.ok(world.told('add-node').some(({ address }) => address === OURSELVES))
    await world.play({ op: 'update-network-state' })
    await world.answerAll()
    // We were among those asked.
    await world.advance(4100)
    assert.strictEqual(world.told('persistent').length, 1)
    assert.ok(world.told('remove-node').some(({ address }) => address === OURSELVES))
  },

  'the list is in the order of being heard': async (world) => {
    await world.start()
    const peers = world.peers.take(4)
    for (const i of [0, 1, 2, 3, 1, 0]) await world.receive(peers[i], ping)
    const order = world.state.nodes.map((line) => line.split(' ')[0])
    assert.deepStrictEqual(
      order,
      [2, 3, 1, 0].map((i) => peers[i].address)
    )
  },

  'full: everybody was pinged in this tick, the new one is left out': async (world) => {
    const { newcomer } = await fullBucket(world)
    await world.receive(newcomer, ping)
    assert.strictEqual(world.asked(PING).length, 0)
  },

  'full: the one pinged longest ago answers and stays': async (world) => {
    const { newcomer } = await fullBucket(world, 1)
    await world.receive(newcomer, ping)
    assert.strictEqual(world.asked(PING).length, 1)
    await world.answer(pinged(world))
    assert.deepStrictEqual(swaps(world), { added: false, removed: [] })
  },

  'full: it does not answer, the new one takes its place': async (world) => {
    const { newcomer, bucket } = await fullBucket(world, 1)
    await world.receive(newcomer, ping)
    await world.advance(4100)
    assert.deepStrictEqual(swaps(world, newcomer), { added: true, removed: [bucket[0].address] })
  },

  'full: it answers without its id, the new one takes its place': async (world) => {
    const { newcomer, bucket } = await fullBucket(world, 1)
    await world.receive(newcomer, ping)
    await world.answer(pinged(world), { id: null })
    assert.deepStrictEqual(swaps(world, newcomer), { added: true, removed: [bucket[0].address] })
  },

  'full: it is heard of while it is being pinged': async (world) => {
    const { newcomer, bucket } = await fullBucket(world, 1)
    await world.receive(newcomer, ping)
    await world.receive(bucket[0], ping)
    await world.answer(pinged(world), { id: null })
    assert.deepStrictEqual(swaps(world, newcomer), { added: false, removed: [] })
  },

  'full: of those pinged at the same time the one added first goes': async (world) => {
    const { newcomer, bucket } = await fullBucket(world, 1)
    const late = bucket.slice(1).concat(bucket[0])
    for (const peer of late) await world.receive(peer, ping)
    await tick(world, 2)
    await world.receive(newcomer, ping)
    assert.strictEqual(pinged(world).to, bucket[0].address)
  },

  'full: no more than three such pings at a time': async (world) => {
    const { bucket } = await fullBucket(world, 1)
    const newcomers = world.peers.takeNear(world.centre, 0, 6)
    for (const newcomer of newcomers) await world.receive(newcomer, ping)
    assert.strictEqual(world.asked(PING).length, 3)
    await world.answer(pinged(world))
    await world.receive(newcomers[4], ping)
    assert.strictEqual(world.asked(PING).length, 4)
    assert.deepStrictEqual(
      world.asked(PING).map(({ to }) => to),
      bucket.slice(0, 4).map(({ address }) => address)
    )
  },

  'full: an old one pinged a short while ago is left alone': async (world) => {
    const { newcomer, bucket } = await fullBucket(world)
    await tick(world, OLD_NODE + 1)
    for (const peer of bucket) await world.receive(peer, ping)
    await tick(world, RECENT_NODE - 1)
    await world.receive(newcomer, ping)
    assert.strictEqual(world.asked(PING).length, 0)
    await tick(world, 1)
    await world.receive(newcomer, ping)
    assert.strictEqual(world.asked(PING).length, 1)
  },

  'full: one that is not old yet is pinged however recent': async (world) => {
    const { newcomer, bucket } = await fullBucket(world)
    await tick(world, OLD_NODE - K - 1)
    for (const peer of bucket) await world.receive(peer, ping)
    await tick(world, 1)
    await world.receive(newcomer, ping)
    assert.strictEqual(world.asked(PING).length, 1)
  },

  'full: nobody is pinged before bootstrapped': async (world) => {
    const [entry] = world.peers.take(1)
    entry.silent = true
    await world.start({ bootstrap: [entry.address] })
    for (const peer of world.peers.takeNear(world.centre, 0, K)) await world.receive(peer, ping)
    await world.play({ op: 'tick' })
    await world.receive(world.peers.takeNear(world.centre, 0, 1)[0], ping)
    assert.strictEqual(world.asked(PING).length, 0)
  },

  'full: after the table was rebuilt buckets are renewed on': async (world) => {
    const { bucket } = await fullBucket(world)
    await world.play({ op: 'update-network-state' })
    await world.answerAll()
    assert.strictEqual(world.told('persistent').length, 1)
    await tick(world, 1)
    const table = Buffer.from(world.state.table, 'hex')
    const newcomers = world.peers.takeNear(table, 0, K + 1)
    for (const newcomer of newcomers) await world.receive(newcomer, ping)
    assert.ok(world.asked(PING).length > 0, `${bucket.length} in the bucket before`)
  },

  'full: the new one gets in by itself meanwhile': async (world) => {
    const { newcomer, bucket } = await fullBucket(world, 1)
    await downHint(world, bucket[1])
    await world.advance(3000)
    await world.receive(newcomer, ping)
    await world.advance(1100)
    await world.receive(newcomer, ping)
    assert.deepStrictEqual(swaps(world, newcomer), { added: true, removed: [bucket[1].address] })
    await world.advance(3000)
    const left = [bucket[1].address, bucket[0].address]
    assert.deepStrictEqual(swaps(world, newcomer), { added: true, removed: left })
    const entries = world.state.nodes.filter((line) => line.startsWith(`${newcomer.address} `))
    assert.strictEqual(entries.length, 1)
  },

  'full: the old one is heard of and leaves meanwhile': async (world) => {
    const { newcomer, bucket } = await fullBucket(world, 1)
    for (const peer of bucket.slice(0, 2)) await downHint(world, peer)
    await tick(world, 1)
    for (const peer of bucket.slice(2)) await world.receive(peer, ping)
    await tick(world, 1)
    await world.advance(3000)
    await world.receive(newcomer, ping)
    const swap = world.open.at(-1)
    await world.receive(bucket[0], ping)
    await world.advance(1100)
    await world.answer(swap)
    const left = bucket.slice(0, 2).map(({ address }) => address)
    assert.deepStrictEqual(swaps(world, newcomer), { added: true, removed: left })
  },

  'full: suspended while the ping is on its way': async (world) => {
    const { newcomer, bucket } = await fullBucket(world, 1)
    await world.receive(newcomer, ping)
    await world.play({ op: 'suspend' })
    await world.play({ op: 'resume' })
    await world.answerAll()
    assert.deepStrictEqual(swaps(world, newcomer), { added: true, removed: [bucket[0].address] })
  }
}

const ping = { internal: true, command: PING }

// A bootstrapped node whose farthest bucket is full, `ticks` after all of them were heard. They were
// added in their order.
async function fullBucket(world, ticks = 0) {
  await world.start()
  const [newcomer, ...bucket] = world.peers.takeNear(world.centre, 0, K + 1)
  for (const peer of bucket) {
    await world.receive(peer, ping)
    await tick(world, 1)
  }
  assert.strictEqual(world.state.tableSize, K)
  for (const peer of bucket) await world.receive(peer, ping)
  await tick(world, ticks)
  return { newcomer, bucket }
}

// Moves the tick without the upkeep of its time.
async function tick(world, ticks) {
  if (ticks > 0) await world.play({ op: 'set', tick: world.state.tick + ticks })
}

function downHint(world, peer) {
  const [other] = world.peers.takeNear(world.centre, 1, 1)
  const value = encodeAddress(peer)
  return world.receive(other, { internal: true, command: DOWN_HINT, value })
}

function pinged(world) {
  return world.open.find(({ request }) => request.internal && request.command === PING)
}

function swaps(world, newcomer) {
  const addresses = (name) => world.told(name).map(({ address }) => address)
  const added = newcomer !== undefined && addresses('add-node').includes(newcomer.address)
  return { added, removed: addresses('remove-node') }
}
