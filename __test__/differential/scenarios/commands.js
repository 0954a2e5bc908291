'use strict'

const assert = require('assert')
const { COMMANDS, encodeAddress, encodeRequest, uint16, uint32 } = require('../../helpers/wire')

const { PING, PING_NAT, FIND_NODE, DOWN_HINT, DELAYED_PING } = COMMANDS
const UNKNOWN_COMMAND = 1
const TARGET = Buffer.alloc(32, 0x5a)

// What a node does that is asked: the command table of the protocol.
module.exports = {
  'PING: an empty reply': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.receive(peer, { internal: true, command: PING, target: TARGET })
    assert.deepStrictEqual(sends[0].reply.flags, 0)
  },

  'PING_NAT: the reply goes to the port that the value names': async (world) => {
    const peer = await startWithPeer(world)
    const { sends } = await world.receive(peer, natPing(uint16(4321)))
    assert.strictEqual(sends[0].to, `${peer.host}:4321`)
  },

  'PING_NAT: a short value, port 0 and no value are met with silence': async (world) => {
    const peer = await startWithPeer(world)
    for (const value of [Buffer.alloc(1, 1), uint16(0), undefined]) {
      const { sends } = await world.receive(peer, natPing(value))
      assert.strictEqual(sends.length, 0)
    }
    await world.receive(peer, natPing(Buffer.concat([uint16(4321), Buffer.alloc(40)])))
  },

  'FIND_NODE: closer nodes, no token': async (world) => {
    const peer = await startWithPeer(world, { nodes: world.peers.take(45) })
    const { sends } = await world.receive(peer, findNode(TARGET))
    assert.strictEqual(sends[0].reply.closerNodes.length, 20)
    assert.strictEqual(sends[0].token, null)
  },

  'FIND_NODE: silence without a target': async (world) => {
    const peer = await startWithPeer(world)
    assert.strictEqual((await world.receive(peer, findNode(undefined))).sends.length, 0)
  },

  'DOWN_HINT: a node of the table is checked once a tick': async (world) => {
    const [named, peer] = await startWithNodes(world, 2)
    const first = await world.receive(peer, downHint(named))
    assert.strictEqual(first.sends.length, 2)
    assert.strictEqual((await world.receive(peer, downHint(named))).sends.length, 1)
    await world.answerAll()
    await world.advance(5000)
    assert.strictEqual((await world.receive(peer, downHint(named))).sends.length, 2)
  },

  'DOWN_HINT: one that does not answer the check leaves the table': async (world) => {
    const [named, peer] = await startWithNodes(world, 2)
    await world.receive(peer, downHint(named))
    await world.advance(4100)
    assert.deepStrictEqual(removed(world), [named.address])
  },

  'DOWN_HINT: one that answers without its id leaves the table': async (world) => {
    const [named, peer] = await startWithNodes(world, 2)
    await world.advance(5100)
    await world.receive(peer, downHint(named))
    await world.answerAll(() => ({ id: null }))
    assert.deepStrictEqual(removed(world), [named.address])
  },

  'DOWN_HINT: no more than ten checks at a time': async (world) => {
    const nodes = await startWithNodes(world, 14)
    for (const named of nodes) await world.receive(nodes[0], downHint(named))
    assert.strictEqual(world.asked(PING).length, 10)
    await world.answer(world.open[0])
    await world.receive(nodes[0], downHint(nodes[12]))
    assert.strictEqual(world.asked(PING).length, 11)
  },

  'DOWN_HINT: a stranger, a short value and no value': async (world) => {
    const [peer] = await startWithNodes(world, 1)
    const [stranger] = world.peers.take(1)
    assert.strictEqual((await world.receive(peer, downHint(stranger))).sends.length, 1)
    for (const value of [Buffer.alloc(5, 1), undefined]) {
      const { sends } = await world.receive(peer, { internal: true, command: DOWN_HINT, value })
      assert.strictEqual(sends.length, 0)
    }
  },

  'DELAYED_PING: an empty reply after the delay': async (world) => {
    const peer = await startWithPeer(world)
    assert.strictEqual((await world.receive(peer, delayed(uint32(1234)))).sends.length, 0)
    assert.strictEqual((await world.advance(1233)).sends.length, 0)
    assert.strictEqual((await world.advance(1)).sends.length, 1)
  },

  'DELAYED_PING: several at a time, 0 ms, the longest': async (world) => {
    const peer = await startWithPeer(world)
    for (const ms of [3000, 20, 10000, 1]) await world.receive(peer, delayed(uint32(ms)))
    assert.strictEqual((await world.advance(4000)).sends.length, 3)
    assert.strictEqual((await world.advance(6000)).sends.length, 1)
  },

  'DELAYED_PING: silence above the limit and for a short value': async (world) => {
    const peer = await startWithPeer(world, { maxPingDelay: 2000 })
    for (const value of [uint32(2001), Buffer.alloc(3), undefined]) {
      await world.receive(peer, delayed(value))
    }
    const { sends } = await world.advance(4000)
    assert.deepStrictEqual(sends, [])
  },

  'an unknown internal command: error 1, with closer nodes if there is a target': async (world) => {
    const peer = await startWithPeer(world, { nodes: world.peers.take(5) })
    const without = await world.receive(peer, { internal: true, command: 5 })
    assert.strictEqual(without.sends[0].reply.error, UNKNOWN_COMMAND)
    const { sends } = await world.receive(peer, { internal: true, command: 300, target: TARGET })
    assert.strictEqual(sends[0].reply.closerNodes.length, 6)
    assert.strictEqual(sends[0].token, null)
  },

  'a user command: the request event, whatever its number': async (world) => {
    const peer = await startWithPeer(world)
    const value = Buffer.from('value')
    for (const command of [PING, FIND_NODE, 7, 252, 253, 70000, 2 ** 40]) {
      await world.receive(peer, { command, target: TARGET, value })
    }
    assert.strictEqual(world.told('request').length, 7)
  },

  'a user command without a listener: error 1': async (world) => {
    const peer = await startWithPeer(world, { listening: false, nodes: world.peers.take(3) })
    const { sends } = await world.receive(peer, { command: 7, target: TARGET })
    assert.strictEqual(sends[0].reply.error, UNKNOWN_COMMAND)
    await world.receive(peer, { command: 7 })
  },

  'a reply has a token and closer nodes unless told otherwise': async (world) => {
    const peer = await startWithPeer(world, { nodes: world.peers.take(5) })
    await world.receive(peer, { command: 7, target: TARGET })
    const sends = []
    for (const token of [undefined, false]) {
      for (const closerNodes of [undefined, false]) {
        const options = { incoming: 0, token, closerNodes, value: 'abcd' }
        sends.push(...(await world.play({ op: 'reply', ...options })).sends)
      }
    }
    assert.deepStrictEqual(
      sends.map(({ reply, token }) => [token !== null, reply.closerNodes !== null]),
      [
        [true, true],
        [true, false],
        [false, true],
        [false, false]
      ]
    )
  },

  'a reply without value, with an empty one, without a target': async (world) => {
    const peer = await startWithPeer(world)
    await world.receive(peer, { command: 7 })
    for (const value of [null, '', '00']) await world.play({ op: 'reply', incoming: 0, value })
  },

  'an error reply has closer nodes and no token': async (world) => {
    const peer = await startWithPeer(world, { nodes: world.peers.take(5) })
    await world.receive(peer, { command: 7, target: TARGET })
    const { sends } = await world.play({ op: 'reply', incoming: 0, error: 300 })
    assert.strictEqual(sends[0].token, null)
    assert.strictEqual(sends[0].reply.error, 300)
    await world.play({ op: 'reply', incoming: 0, error: 3, token: true, closerNodes: false })
  },

  'a reply may go to another node, from another socket, much later': async (world) => {
    const [peer, other] = world.peers.take(2)
    await world.start()
    await world.receive(peer, { command: 7, target: TARGET })
    await world.advance(60000)
    const options = { incoming: 0, to: other.address, socket: 'server', value: '01' }
    const { sends } = await world.play({ op: 'reply', ...options })
    assert.deepStrictEqual([sends[0].to, sends[0].socket], [other.address, 'server'])
    await world.play({ op: 'reply', ...options, socket: 'foreign-1' })
  },

  'nobody answers datagrams that are no requests': async (world) => {
    const peer = await startWithPeer(world)
    const to = { host: '88.1.1.1', port: 50000 }
    const whole = encodeRequest({ tid: 1, to, id: peer.id, command: 7, target: TARGET })
    const odd = [
      [],
      [3],
      [3, 0],
      [0x23, ...whole.subarray(1)],
      [0x13, 0, 1, 0],
      whole.subarray(0, -1),
      whole.subarray(0, 20),
      [3, 16, 0, 0, ...encodeAddress(to), 7, 0xff, 255, 255, 255, 255, 255, 255, 255, 255]
    ]
    for (const bytes of odd) {
      const { trace } = await world.datagram(peer, Buffer.from(bytes))
      assert.deepStrictEqual(trace, [])
    }
    const trailing = Buffer.concat([whole, Buffer.alloc(9, 1)])
    await world.datagram(peer, trailing)
    assert.strictEqual(world.told('request').length, 1)
  },

  'a datagram over 2048 bytes is dropped, one of 2048 is read': async (world) => {
    const peer = await startWithPeer(world)
    const to = { host: '88.1.1.1', port: 50000 }
    const whole = encodeRequest({ tid: 1, to, id: peer.id, command: 7 })
    const padded = (length) => Buffer.concat([whole, Buffer.alloc(length - whole.byteLength)])
    await world.datagram(peer, padded(2048))
    assert.strictEqual(world.told('request').length, 1)
    const { trace } = await world.datagram(peer, padded(2049))
    assert.deepStrictEqual(trace, [])
  },

  'a retried request is a new request event': async (world) => {
    const peer = await startWithPeer(world)
    for (let i = 0; i < 3; i++) await world.receive(peer, { command: 7, tid: 5 })
    assert.strictEqual(world.told('request').length, 3)
  },

  'an id that is not of the sender counts as none': async (world) => {
    const peer = await startWithPeer(world)
    const { events } = await world.receive(peer, { command: 7, id: Buffer.alloc(32, 9) })
    assert.strictEqual(events[0].from.id, null)
    assert.strictEqual(world.told('add-node').length, 0)
  },

  'a persistent node shows its id on the server socket only': async (world) => {
    const [peer] = world.peers.take(1)
    await bootstrapper(world)
    const command = { internal: true, command: PING }
    const server = await world.receive(peer, command, 'server')
    assert.notStrictEqual(server.sends[0].reply.id, null)
    const client = await world.receive(peer, command, 'client')
    assert.strictEqual(client.sends[0].reply.id, null)
  }
}

async function startWithPeer(world, config) {
  const [peer] = world.peers.take(1)
  await world.start(config)
  return peer
}

async function startWithNodes(world, count) {
  const nodes = world.peers.take(count)
  await world.start({ nodes, quickFirewall: false })
  await world.answerAll()
  return nodes
}

function bootstrapper(world) {
  const publicAddress = '88.1.1.1:49737'
  return world.start({ publicAddress, ephemeral: false, firewalled: false })
}

function natPing(value) {
  return { internal: true, command: PING_NAT, value }
}

function findNode(target) {
  return { internal: true, command: FIND_NODE, target }
}

function downHint(peer) {
  return { internal: true, command: DOWN_HINT, value: encodeAddress(peer) }
}

function delayed(value) {
  return { internal: true, command: DELAYED_PING, value }
}

function removed(world) {
  return world.told('remove-node').map(({ address }) => address)
}
