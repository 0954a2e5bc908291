'use strict'

const assert = require('assert')
const { COMMANDS, uint16 } = require('../../helpers/wire')

const { PING, PING_NAT, FIND_NODE } = COMMANDS
const TARGET = Buffer.alloc(32, 0x5a)

// Relays, sockets of the user's, the socket that is not in use, the filter.
module.exports = {
  'relay: to a third node, from the socket it came on, without a token': async (world) => {
    const [first, third] = world.peers.take(2)
    await world.start()
    await world.receive(first, { command: 300, target: TARGET, tid: 777 })
    const relay = { op: 'relay', incoming: 0, to: third.address }
    const { sends } = await world.play({ ...relay, value: '0102' })
    const { request, to, socket } = sends[0]
    assert.deepStrictEqual([to, socket, request.command], [third.address, 'client', 300])
    assert.strictEqual(request.token, null)
    assert.deepStrictEqual(world.tids(sends[0]), { reference: 777, engine: 777 })
    await world.play({ ...relay, value: null, socket: 'server' })
    await world.play({ ...relay, value: '', socket: 'foreign-1' })
  },

  'relay: of a persistent node carries its id': async (world) => {
    await persistent(world)
    const [first, third] = world.peers.take(2)
    await world.receive(first, { command: 7 })
    const { sends } = await world.play({ op: 'relay', incoming: 0, to: third.address })
    assert.strictEqual(sends[0].request.id.toString('hex'), world.state.table)
  },

  'relay: the answer of the third node is taken': async (world) => {
    const [asked, third] = world.peers.take(2)
    await world.start()
    const { sends } = await world.request(asked, { target: TARGET })
    await world.answer(sends[0], { from: third, id: third.id, value: Buffer.from('third') })
    assert.strictEqual(world.told('settled')[0].reply.from.address, third.address)
  },

  'relay and reply to port 0: nothing': async (world) => {
    const [peer] = world.peers.take(1)
    await world.start()
    await world.receive(peer, { command: 7, target: TARGET })
    for (const op of ['relay', 'reply']) {
      const { sends } = await world.play({ op, incoming: 0, to: '77.0.0.9:0' })
      assert.deepStrictEqual(sends, [])
    }
  },

  'a socket of the user: what comes in on it is answered on it': async (world) => {
    const [peer] = world.peers.take(1)
    await world.start()
    const { sends } = await world.receive(peer, { internal: true, command: PING }, 'foreign-1')
    assert.strictEqual(sends[0].socket, 'foreign-1')
    await world.receive(peer, { command: 7 }, 'foreign-2')
    const reply = await world.play({ op: 'reply', incoming: 0 })
    assert.strictEqual(reply.sends[0].socket, 'foreign-2')
  },

  'a socket of the user: a request on it, its tries too': async (world) => {
    const [peer] = world.peers.take(1)
    await world.start()
    await world.ping(peer, { socket: 'foreign-1' })
    const { sends } = await world.advance(2500)
    assert.deepStrictEqual(
      sends.map(({ socket }) => socket),
      ['foreign-1', 'foreign-1']
    )
    await world.answer(world.open[0])
    assert.strictEqual(world.told('settled').length, 1)
  },

  'a socket of the user shows no id, says nothing of our NAT': async (world) => {
    await persistent(world)
    const [peer] = world.peers.take(1)
    const { sends } = await world.ping(peer, { socket: 'foreign-1' })
    assert.strictEqual(sends[0].request.id, null)
    const before = world.state.nat.size
    await world.answer(sends[0])
    assert.strictEqual(world.state.nat.size, before + 1)
    await world.play({ op: 'set', tick: world.state.tick + 361 })
    await world.receive(peer, { internal: true, command: PING }, 'foreign-1')
    assert.strictEqual(world.state.nat.size, before + 1)
  },

  'the socket that is not in use answers, and samples no known node': async (world) => {
    const nodes = world.peers.take(3)
    await world.start({ nodes })
    for (const node of nodes) {
      const { sends } = await world.receive(node, { internal: true, command: PING }, 'server')
      assert.strictEqual(sends[0].socket, 'server')
    }
    assert.strictEqual(world.state.nat.size, 0)
  },

  'PING_NAT is answered from the socket it came on': async (world) => {
    const [peer] = world.peers.take(1)
    await world.start()
    const ask = { internal: true, command: PING_NAT, value: uint16(4321) }
    for (const socket of ['server', 'client', 'foreign-1']) {
      assert.strictEqual((await world.receive(peer, ask, socket)).sends[0].socket, socket)
    }
  },

  'filter: those it refuses are answered, not added, not sampled': async (world) => {
    const [refused, taken] = world.peers.take(2)
    await world.start({ filtered: [refused] })
    for (const peer of [refused, taken]) {
      assert.strictEqual((await world.receive(peer, { command: 7 })).events.at(-1).event, 'request')
      await world.ping(peer)
      await world.answerAll()
    }
    assert.deepStrictEqual([world.state.tableSize, world.state.nat.size], [1, 1])
  },

  'filter: who is not judged yet is answered, and does not name itself': async (world) => {
    const [peer] = world.peers.take(1)
    await world.start({ filtered: [] })
    const ask = { internal: true, command: FIND_NODE, target: TARGET }
    const closerNodes = async () => (await world.receive(peer, ask)).sends[0].reply.closerNodes
    assert.strictEqual(await closerNodes(), null)
    assert.strictEqual(world.state.tableSize, 1)
  },

  'filter: not for the nodes option and addNode': async (world) => {
    const [first, second] = world.peers.take(2)
    await world.start({ filtered: [first, second], nodes: [first] })
    await world.play({ op: 'add-node', node: second.address })
    assert.strictEqual(world.state.tableSize, 2)
  },

  'filter: closer nodes that it refuses are not visited': async (world) => {
    const refused = world.peers.take(10)
    const peers = world.peers.take(30)
    world.peers.network = [...peers, ...refused]
    await world.start({ bootstrap: [peers[0].address], filtered: refused })
    await world.answerAll()
    await world.query({ target: TARGET, command: 7 })
    await world.answerAll()
    const names = refused.map(({ address }) => address)
    assert.ok(world.trace.every(({ to }) => !names.includes(to)))
    assert.strictEqual(world.told('end').length, 1)
  },

  'filter: a refused one that answers a query is a row all the same': async (world) => {
    const [refused] = world.peers.take(1)
    await world.start({ filtered: [refused] })
    await world.query({ target: TARGET, command: 7, nodes: [refused] })
    await world.answerAll()
    assert.deepStrictEqual(world.told('end')[0].end.closest, [refused.address])
    assert.strictEqual(world.state.tableSize, 0)
  }
}

function persistent(world) {
  const publicAddress = '88.1.1.1:49737'
  return world.start({ publicAddress, ephemeral: false, firewalled: false })
}
