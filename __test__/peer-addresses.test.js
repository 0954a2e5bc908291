'use strict'

// Addresses that peers gave are used as far as they can be.

const test = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const { HOST, createNode } = require('./helpers/network')
const { idOf, randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

const USELESS = [
  { host: HOST, port: 0 },
  { host: HOST, port: 65536 },
  { host: HOST, port: 1.5 },
  { host: HOST },
  { host: '::1', port: 1 },
  { host: 'relay.test', port: 1 },
  { host: null, port: 1 }
]

for (const { name, DHT } of natives) {
  for (const option of ['nodes', 'closestNodes', 'replies', 'closestReplies']) {
    test(`${name}: useless addresses in ${option} are skipped`, async (t) => {
      const peer = await answering(t)
      const node = createNode(t, DHT)
      const given = [...USELESS, peer.address, ...USELESS]
      const list = /replies/i.test(option) ? given.map((from) => ({ from })) : given

      for (const onlyClosestNodes of [false, true]) {
        const query = node.query(
          { target: randomTarget(), command: 1 },
          { [option]: list, onlyClosestNodes }
        )
        await query.finished()
        assert.deepStrictEqual([query.successes, query.errors], [1, 0])
      }
    })
  }

  test(`${name}: a list of useless addresses is an empty one`, async (t) => {
    const node = createNode(t, DHT)
    const query = node.query(
      { target: randomTarget(), command: 1 },
      { nodes: USELESS, onlyClosestNodes: true }
    )
    await query.finished()
    assert.deepStrictEqual([query.successes, query.errors, query.closestNodes.length], [0, 0, 0])
  })

  test(`${name}: useless addresses are not added`, async (t) => {
    const node = createNode(t, DHT)
    for (const address of USELESS) node.addNode(address)
    assert.deepStrictEqual([node.toArray(), node.table.size], [[], 0])
  })

  test(`${name}: a peer that names port 0 is heard all the same`, async (t) => {
    const [far, near] = [await answering(t), await RawPeer.create(t)]
    near.serve(() => ({
      id: idOf(near.address),
      closerNodes: [{ host: HOST, port: 0 }, far.address]
    }))
    for (const filterNode of [undefined, () => true]) {
      const node = createNode(t, DHT, { quickFirewall: false, filterNode })
      const query = node.query({ target: idOf(far.address), command: 1 }, { nodes: [near.address] })
      await query.finished()
      assert.deepStrictEqual([query.successes, query.errors], [2, 0])
    }
  })
}

async function answering(t) {
  const peer = await RawPeer.create(t)
  peer.serve(() => ({ id: idOf(peer.address) }))
  return peer
}
