'use strict'

const assert = require('assert')
const { COMMANDS } = require('../../helpers/wire')
const { HOST } = require('../world')

const { PING } = COMMANDS
const OLD_NODE = 360

// What a node learns of its own address, and from whom.
module.exports = {
  'all samples agree: host and port': async (world) => {
    await heard(world, [40, 40, 40])
    assert.deepStrictEqual(world.state.nat, { host: HOST, port: 40, size: 3 })
  },

  'only the host agrees: port 0': async (world) => {
    await heard(world, [40, 41, 42])
    assert.deepStrictEqual(world.state.nat, { host: HOST, port: 0, size: 3 })
  },

  'nothing agrees: no host': async (world) => {
    await world.start()
    for (let i = 1; i <= 3; i++) await world.play({ op: 'nat-add', address: `88.1.1.${i}:40` })
    assert.deepStrictEqual(world.state.nat, { host: null, port: 0, size: 3 })
  },

  'the samples that may disagree: none of 3, one of 7, two of 11, three of 16': async (world) => {
    await world.start()
    const ports = [40, 40, 40, 41, 40, 40, 40, 42, 40, 40, 40, 43, 40, 40, 40, 40, 44, 40, 40, 40]
    for (const port of ports) await world.play({ op: 'nat-add', address: `${HOST}:${port}` })
    assert.ok(world.told('nat-update').length > 0)
  },

  'a new address takes over once the old samples are out': async (world) => {
    await world.start()
    for (let i = 0; i < 20; i++) await world.play({ op: 'nat-add', address: `${HOST}:40` })
    for (let i = 0; i < 20; i++) await world.play({ op: 'nat-add', address: '88.1.1.2:41' })
    assert.deepStrictEqual(world.state.nat, { host: '88.1.1.2', port: 41, size: 16 })
    const hosts = world.told('nat-update').map(({ host }) => host)
    assert.deepStrictEqual(hosts, [HOST, null, '88.1.1.2'])
  },

  'a sample of a node is taken when it is added, even on the other socket': async (world) => {
    await world.start()
    const [first, second] = world.peers.take(2)
    await world.receive(first, ping, 'server')
    await world.receive(second, ping, 'client')
    assert.strictEqual(world.state.nat.size, 2)
  },

  'a node is sampled again after 360 ticks, not by an external datagram': async (world) => {
    await world.start()
    const [peer] = world.peers.take(1)
    await world.receive(peer, ping)
    const again = []
    for (const [ticks, socket] of samplings) {
      await world.play({ op: 'set', tick: 100 + ticks })
      await world.receive(peer, ping, socket)
      again.push(world.state.nat.size)
    }
    assert.deepStrictEqual(again, [1, 1, 2, 2])
  },

  'a node that was added by name is sampled when it is heard': async (world) => {
    await world.start()
    const [peer] = world.peers.take(1)
    await world.play({ op: 'add-node', node: peer.address })
    await world.receive(peer, ping, 'server')
    assert.strictEqual(world.state.nat.size, 0)
    await world.receive(peer, ping, 'client')
    assert.strictEqual(world.state.nat.size, 1)
  },

  'replies without id: one sample of each of the first senders': async (world) => {
    const peers = world.peers.take(6)
    for (const peer of peers) peer.anonymous = true
    const bootstrap = peers.slice(0, 3).map(({ address }) => address)
    await world.start({ bootstrap, quickFirewall: false })
    await world.answerAll()
    for (const peer of [...peers, ...peers]) {
      await world.ping(peer)
      await world.answer(world.open.at(-1))
    }
    assert.strictEqual(world.state.nat.size, 3)
  },

  'requests without id are no samples': async (world) => {
    await world.start()
    const [peer] = world.peers.take(1)
    peer.anonymous = true
    await world.receive(peer, ping)
    assert.strictEqual(world.state.nat.size, 0)
  }
}

const ping = { internal: true, command: PING }
const samplings = [
  [OLD_NODE - 1, 'client'],
  [OLD_NODE, 'server'],
  [OLD_NODE, 'client'],
  [OLD_NODE + 1, 'client']
]

// New nodes that each see us behind one of the ports.
async function heard(world, ports) {
  await world.start()
  const peers = world.peers.take(ports.length)
  for (const [i, port] of ports.entries()) {
    await world.receive(peers[i], { ...ping, to: { host: HOST, port } })
  }
}
