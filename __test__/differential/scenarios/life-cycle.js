'use strict'

const assert = require('assert')
const { COMMANDS } = require('../../helpers/wire')
const { HOST, PORTS } = require('../world')

const { PING, PING_NAT, FIND_NODE } = COMMANDS
const STABLE_TICKS = 240

// A node's life: bootstrap, firewall, network state, ticks.
module.exports = {
  'alone: ready at once, nothing sent': async (world) => {
    const { events, sends } = await world.start()
    assert.deepStrictEqual([named(events), sends.length], [['created', 'ready'], 0])
  },

  'alone with ephemeral: false: stays ephemeral, is never retried': async (world) => {
    await world.start({ ephemeral: false })
    const [peer] = world.peers.take(1)
    await world.receive(peer, { internal: true, command: PING })
    await world.advance(60000)
    assert.strictEqual(world.state.ephemeral, true)
  },

  'a bootstrapper: persistent before it is ready': async (world) => {
    const publicAddress = `${HOST}:${PORTS.server}`
    const config = { publicAddress, ephemeral: false, firewalled: false }
    const { events } = await world.start(config)
    assert.deepStrictEqual(named(events), ['created', 'persistent', 'ready'])
  },

  'a bootstrapper behind another port stays a bootstrapper': async (world) => {
    const publicAddress = `${HOST}:4000`
    await world.start({ publicAddress, ephemeral: false, firewalled: false })
    assert.strictEqual(world.state.ephemeral, false)
  },

  'quick firewall: open, so the bootstrap ends unfirewalled and ephemeral': async (world) => {
    await world.join(30)
    assert.ok(world.asked(PING_NAT).length > 1)
    assert.deepStrictEqual(standing(world), { ready: 1, firewalled: false, ephemeral: true })
  },

  'quick firewall: closed, so nothing more is asked': async (world) => {
    await world.join(30, {}, (send) => !natPing(send) && {})
    await world.advance(5000)
    assert.strictEqual(world.asked(PING_NAT).length, 1)
    assert.deepStrictEqual(standing(world), { ready: 1, firewalled: true, ephemeral: true })
  },

  'quick firewall: the answer comes after the query ended': async (world) => {
    await world.join(30, {}, (send) => !natPing(send) && {})
    await world.answerAll()
    assert.deepStrictEqual(standing(world), { ready: 1, firewalled: true, ephemeral: true })
  },

  'quickFirewall: false: no PING_NAT': async (world) => {
    await world.join(30, { quickFirewall: false })
    assert.strictEqual(world.asked(PING_NAT).length, 0)
  },

  'firewalled: false: no PING_NAT, sends from the server socket': async (world) => {
    await world.join(30, { firewalled: false })
    assert.strictEqual(world.asked(PING_NAT).length, 0)
    assert.ok(world.trace.every(({ socket }) => socket === undefined || socket === 'server'))
  },

  'ephemeral: false: persistent before it is ready': async (world) => {
    await world.join(30, { ephemeral: false })
    const order = named(world.trace).filter((name) => name === 'persistent' || name === 'ready')
    assert.deepStrictEqual(order, ['persistent', 'ready'])
  },

  'ephemeral: false, unfirewalled': async (world) => {
    await world.join(30, { ephemeral: false, firewalled: false })
    assert.deepStrictEqual(standing(world), { ready: 1, firewalled: false, ephemeral: false })
  },

  'ephemeral: false behind a firewall: stays ephemeral': async (world) => {
    await world.join(30, { ephemeral: false }, (send) => !natPing(send) && {})
    await world.advance(10000)
    await world.answerAll((send) => !natPing(send) && {})
    assert.deepStrictEqual(standing(world), { ready: 1, firewalled: true, ephemeral: true })
  },

  'ephemeral: true: never tries to go persistent': async (world) => {
    await world.join(30, { ephemeral: true })
    await stable(world)
    await world.answerAll()
    assert.deepStrictEqual(standing(world), { ready: 1, firewalled: false, ephemeral: true })
  },

  'adaptive: persistent after 240 stable ticks': async (world) => {
    await world.join(30)
    for (let tick = 1; tick < STABLE_TICKS; tick++) await tickAndAnswer(world)
    assert.strictEqual(world.state.ephemeral, true)
    await tickAndAnswer(world)
    assert.deepStrictEqual(standing(world), { ready: 1, firewalled: false, ephemeral: false })
  },

  'adaptive: false stays ephemeral': async (world) => {
    await world.join(30, { adaptive: false })
    assert.strictEqual(world.state.stableTicks, 0)
    await stable(world)
    assert.strictEqual(world.state.ephemeral, true)
  },

  'adaptive: the same host is not checked again': async (world) => {
    const config = { quickFirewall: false }
    await world.join(30, config)
    await stable(world)
    await world.advance(5000)
    assert.strictEqual(world.asked(PING_NAT).length, 5)
    await stable(world)
    assert.strictEqual(world.asked(PING_NAT).length, 5)
    assert.strictEqual(world.state.stableTicks, 720)
  },

  'network state: fails with less than three of five answers': async (world) => {
    await world.join(30, { quickFirewall: false })
    assert.strictEqual(await updated(world, answerFirst(2)), false)
    assert.strictEqual(await updated(world, answerFirst(3)), true)
  },

  'network state: one answer is enough where fewer were asked': async (world) => {
    await world.join(2, { quickFirewall: false })
    assert.strictEqual(await updated(world, answerFirst(1)), true)
  },

  'network state: answers on the client socket do not count': async (world) => {
    await world.join(30, { quickFirewall: false })
    const change = () => ({ socket: 'client' })
    assert.strictEqual(await updated(world, change), false)
  },

  'network state: another host on the server socket': async (world) => {
    await world.join(30, { quickFirewall: false })
    const to = { host: '88.1.1.2', port: PORTS.server }
    assert.strictEqual(await updated(world, () => ({ to })), false)
  },

  'network state: another port than the local one': async (world) => {
    await world.join(30, { quickFirewall: false })
    const to = { host: HOST, port: 4321 }
    assert.strictEqual(await updated(world, () => ({ to })), false)
  },

  'network state: ports that do not agree': async (world) => {
    await world.join(30, { quickFirewall: false })
    let port = PORTS.server
    const change = () => ({ to: { host: HOST, port: port++ } })
    assert.strictEqual(await updated(world, change), false)
  },

  'network state: nobody answers': async (world) => {
    const peers = await world.join(30, { quickFirewall: false })
    for (const peer of peers) peer.silent = true
    await world.play({ op: 'update-network-state' })
    await world.advance(4100)
    assert.strictEqual(world.told('network-state')[0].changed, false)
  },

  'network state: without an agreed address nothing is asked': async (world) => {
    await world.start()
    const { events, sends } = await world.play({ op: 'update-network-state' })
    assert.deepStrictEqual([events[0].changed, sends.length], [false, 0])
  },

  'network state: nobody to ask': async (world) => {
    await world.start()
    await world.play({ op: 'nat-add', address: `${HOST}:${PORTS.client}` })
    const { events } = await world.play({ op: 'update-network-state' })
    assert.strictEqual(events[0].changed, false)
  },

  'network state: entry points fill up where fewer than five are known': async (world) => {
    const [known, entry] = world.peers.take(2)
    entry.silent = true
    await world.start({ nodes: [known], bootstrap: [entry.address], quickFirewall: false })
    await world.answerAll()
    await world.advance(5000)
    await world.play({ op: 'update-network-state' })
    assert.strictEqual(world.asked(PING_NAT).length, 2)
    await world.answerAll()
    await world.advance(5000)
    assert.strictEqual(world.told('network-state')[0].changed, true)
  },

  'network state: the firewall only': async (world) => {
    await world.join(30, { quickFirewall: false })
    assert.strictEqual(await updated(world, undefined, { onlyFirewall: true }), true)
    assert.deepStrictEqual(standing(world), { ready: 1, firewalled: false, ephemeral: true })
    assert.strictEqual(await updated(world, undefined, { onlyFirewall: true }), false)
  },

  'network state: the address changes while it is being checked': async (world) => {
    await world.join(30, { quickFirewall: false })
    await world.play({ op: 'update-network-state' })
    for (let i = 0; i < 16; i++) await world.play({ op: 'nat-add', address: '88.1.1.9:4000' })
    await world.answerAll()
    assert.strictEqual(world.told('network-state')[0].changed, false)
  },

  'network state: two checks at a time': async (world) => {
    await world.join(30, { quickFirewall: false })
    await world.play({ op: 'update-network-state' })
    await world.play({ op: 'update-network-state' })
    await world.answerAll()
    assert.deepStrictEqual(
      world.told('network-state').map(({ changed }) => changed),
      [true, false]
    )
  },

  'the table is rebuilt around our own id, full buckets drop nodes': async (world) => {
    await world.join(120, { quickFirewall: false, nodes: world.peers.take(90) })
    const before = world.state.tableSize
    assert.strictEqual(await updated(world), true)
    assert.notStrictEqual(world.state.table, world.centre.toString('hex'))
    assert.ok(world.told('remove-node').length > 0, `of ${before} nodes all fit`)
  },

  'entry points: names, an address before a name, one that cannot be found': async (world) => {
    const [plain, behindName, suggested] = world.peers.take(3)
    const bootstrap = [
      plain.address,
      `entry.example:${behindName.port}`,
      `${suggested.host}@other.example:${suggested.port}`,
      'nowhere.example:4000'
    ]
    const names = { 'entry.example': behindName.host, 'nowhere.example': null }
    await world.start({ bootstrap, names })
    await world.answerAll()
    assert.strictEqual(world.state.tableSize, 3)
  },

  'entry points: a suggested address that is silent is looked up by name': async (world) => {
    const [silent, named] = world.peers.take(2)
    silent.silent = true
    const bootstrap = [`${silent.host}@entry.example:${named.port}`]
    await world.start({ bootstrap, names: { 'entry.example': named.host } })
    await world.advance(4500)
    await world.answerAll()
    assert.strictEqual(world.state.tableSize, 1)
  },

  'every 8th tick those not heard from longest are pinged': async (world) => {
    await world.join(30)
    for (let i = 0; i < 40; i++) await tickAndAnswer(world)
    assert.ok(world.asked(PING).length >= 20)
  },

  'those that do not answer the upkeep leave the table': async (world) => {
    const peers = await world.join(12)
    for (const peer of peers.slice(0, 6)) peer.silent = true
    for (let i = 0; i < 400; i++) {
      await world.advance(1000)
      await world.answerAll()
    }
    assert.strictEqual(world.told('remove-node').length, 6)
  },

  'few requests in flight: five pings, otherwise three, or two': async (world) => {
    const peers = await world.join(40)
    for (const peer of peers) peer.silent = true
    await world.play({ op: 'set', tick: 1599 })
    for (let i = 0; i < 3; i++) await world.play({ op: 'tick' })
    assert.strictEqual(world.asked(PING).length, 5)
    await world.play({ op: 'set', tick: 1607 })
    await world.play({ op: 'tick' })
    assert.strictEqual(world.asked(PING).length, 7)
  },

  'with requests in flight three are pinged': async (world) => {
    const peers = await world.join(40)
    for (const peer of peers) peer.silent = true
    for (let i = 0; i < 3; i++) await world.ping(peers[i])
    await world.play({ op: 'set', tick: 1599 })
    await world.play({ op: 'tick' })
    assert.strictEqual(world.asked(PING).length, 6)
  },

  'nobody known: the 8th tick refreshes from the entry points': async (world) => {
    const [entry] = world.peers.take(1)
    entry.silent = true
    await world.start({ bootstrap: [entry.address] })
    await world.advance(40000)
    assert.ok(world.asked(FIND_NODE).length > 1)
  },

  'refresh: after 60 idle ticks, put off by queries': async (world) => {
    await world.join(30)
    for (let i = 0; i < 30; i++) await tickAndAnswer(world)
    await world.query({ target: world.peers.network[3].id })
    await world.answerAll()
    const before = world.state.queries.total
    for (let i = 0; i < 59; i++) await tickAndAnswer(world)
    assert.strictEqual(world.state.queries.total, before)
    await tickAndAnswer(world)
    assert.strictEqual(world.state.queries.total, before + 1)
  },

  'refresh: every 64 ticks while there are fewer than 20 nodes': async (world) => {
    await world.join(5)
    const before = world.state.queries.total
    for (const tick of [95, 127, 191]) {
      await world.play({ op: 'set', tick, refreshTicks: 1000 })
      await world.play({ op: 'tick' })
      await world.answerAll()
    }
    assert.strictEqual(world.state.queries.total, before + 2)
  },

  'nothing of the upkeep before bootstrapped': async (world) => {
    const [entry] = world.peers.take(1)
    entry.silent = true
    await world.start({ bootstrap: [entry.address], nodes: world.peers.take(3) })
    await world.play({ op: 'set', tick: 1599, refreshTicks: 1 })
    const { sends } = await world.play({ op: 'tick' })
    assert.deepStrictEqual(sends, [])
  },

  'destroy: requests and queries end, nothing is heard': async (world) => {
    const peers = await world.join(30)
    await world.ping(peers[0])
    await world.query({ target: peers[4].id })
    await world.query({ target: peers[5].id, command: 7, commit: 'auto' })
    const { events } = await world.play({ op: 'destroy' })
    assert.deepStrictEqual(named(events).toSorted(), ['end', 'end', 'settled'])
    await world.receive(peers[1], { command: 7 })
    const after = await world.advance(20000)
    assert.deepStrictEqual(after.trace, [])
  }
}

function natPing({ request }) {
  return request.internal && request.command === PING_NAT
}

function named(trace) {
  return trace.filter(({ event }) => event).map(({ event }) => event)
}

function standing(world) {
  const { firewalled, ephemeral } = world.state
  return { ready: world.told('ready').length, firewalled, ephemeral }
}

async function tickAndAnswer(world) {
  await world.advance(5000)
  await world.answerAll()
}

// As if all its stable ticks had gone by.
async function stable(world) {
  await world.play({ op: 'set', stableTicks: 1 })
  await world.play({ op: 'tick' })
}

// Whether the network state changed, with the answers to PING_NAT changed.
async function updated(world, change = () => ({}), options = {}) {
  const before = world.told('network-state').length
  await world.play({ op: 'update-network-state', ...options })
  await world.answerAll((send) => (natPing(send) ? change(send) : {}))
  await world.advance(4100)
  await world.answerAll()
  return world.told('network-state')[before].changed
}

function answerFirst(count) {
  const answered = new Set()
  return ({ number }) => {
    if (answered.size < count) answered.add(number)
    return answered.has(number) && {}
  }
}
