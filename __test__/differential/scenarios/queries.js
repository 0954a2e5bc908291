'use strict'

const assert = require('assert')

const TARGET = Buffer.alloc(32, 0x5a)
const K = 20

// Lookups of the user's: candidates, concurrency, slow ones, how they end.
module.exports = {
  'a lookup finds the nearest': async (world) => {
    await world.join(80)
    await world.query({ target: TARGET })
    await world.answerAll()
    assert.deepStrictEqual(end(world).closest, addresses(world.peers.closest(TARGET)))
  },

  'a query of a user command': async (world) => {
    await world.join(50)
    await world.query({ target: TARGET, command: 7, value: Buffer.from('value') })
    await world.answerAll()
    assert.strictEqual(world.told('row').length, end(world).successes)
  },

  'lazy: nothing is sent before it is read': async (world) => {
    await world.join(30)
    const { sends, query } = await world.query({ target: TARGET, read: false })
    assert.deepStrictEqual([sends.length, world.state.queries.active], [0, 1])
    await world.advance(3000)
    assert.strictEqual((await world.play({ op: 'read', query })).sends.length, 10)
    await world.answerAll()
    assert.strictEqual(world.state.queries.active, 0)
  },

  'nobody to ask: it ends at once': async (world) => {
    await world.start()
    await world.query({ target: TARGET })
    assert.deepStrictEqual(end(world).outcome, 'Done')
  },

  concurrency: async (world) => {
    await world.join(40)
    assert.strictEqual((await world.query({ target: TARGET, concurrency: 3 })).sends.length, 3)
    assert.strictEqual((await world.query({ target: TARGET })).sends.length, 10)
    await world.answerAll()
  },

  'the concurrency of the node': async (world) => {
    await world.join(40, { concurrency: 4 })
    const { sends } = await world.play({ op: 'refresh' })
    assert.strictEqual(sends.length, 2)
    await world.answerAll()
  },

  'a background query yields to other requests': async (world) => {
    const peers = await world.join(40)
    for (const peer of peers.slice(0, 5)) {
      peer.silent = true
      await world.ping(peer)
    }
    await world.play({ op: 'refresh' })
    await world.answerAll()
    await world.advance(4100)
    await world.answerAll()
    assert.ok(world.state.queries.total >= 2)
  },

  'error replies count, are no rows, and their closer nodes are used': async (world) => {
    const peers = await world.join(40)
    await world.query({ target: TARGET, command: 7 })
    const failing = new Set(peers.slice(0, 15).map(({ address }) => address))
    await world.answerAll(({ to }) => (failing.has(to) ? { error: 3 } : {}))
    assert.ok(end(world).errors > 0)
    assert.ok(end(world).closest.every((address) => !failing.has(address)))
  },

  'replies without id are rows, but not among the closest': async (world) => {
    const peers = await world.join(40)
    for (const peer of peers.slice(0, 20)) peer.anonymous = true
    await world.query({ target: TARGET, command: 7 })
    await world.answerAll()
    assert.ok(world.told('row').length > end(world).closest.length)
  },

  'six tries, marked down, and the query goes on': async (world) => {
    const peers = await world.join(12)
    const [down] = peers
    down.silent = true
    await world.query({ target: TARGET, command: 7 })
    await world.answerAll()
    await world.advance(6000)
    const tries = world.trace.filter((entry) => entry.to === down.address && isUser(entry))
    assert.strictEqual(tries.length, 6)
    assert.strictEqual(end(world).errors, 1)
  },

  'retries: 0 and 2': async (world) => {
    for (const peer of await world.join(12)) peer.silent = true
    await world.query({ target: TARGET, command: 7, retries: 0 })
    await world.advance(1000)
    await world.query({ target: TARGET, command: 8, retries: 2, concurrency: 1 })
    await world.advance(3000)
    assert.strictEqual(tries(world, 8) >= 3, true)
    await world.advance(60000)
    assert.strictEqual(world.told('end').length, 2)
  },

  'force: one try each': async (world) => {
    for (const peer of await world.join(12)) peer.silent = true
    await world.query({ target: TARGET, command: 7, force: true })
    await world.advance(20000)
    assert.strictEqual(tries(world, 7), end(world).errors)
  },

  'slow ones do not hold up others': async (world) => {
    await world.join(60)
    for (const peer of world.peers.closest(TARGET, 12)) peer.silent = true
    await world.query({ target: TARGET })
    const closerNodes = world.peers.closest(TARGET, 45)
    for (let i = 0; i < 3; i++) {
      await world.answerAll(() => ({ closerNodes }))
      await world.advance(1000)
    }
    assert.strictEqual(end(world).closest.length, K)
  },

  'only slow ones left: it ends with k replies, not with fewer': async (world) => {
    const peers = await world.join(15)
    peers[3].silent = true
    await world.query({ target: TARGET })
    await world.answerAll()
    await world.advance(1500)
    assert.strictEqual(world.told('end').length, 0)
    await world.advance(4500)
    assert.strictEqual(end(world).closest.length, 14)
  },

  'what comes after the end is ignored': async (world) => {
    const peers = await world.join(60)
    const slow = addresses(peers.slice(0, 12))
    await world.query({ target: TARGET, command: 7 })
    await world.answerAll(({ to }) => !slow.includes(to) && {})
    await world.advance(1000)
    await world.answerAll(({ to }) => !slow.includes(to) && {})
    const rows = world.told('row').length
    await world.answerAll()
    assert.strictEqual(world.told('end').length, 1)
    assert.strictEqual(world.told('row').length, rows)
  },

  'fewer than k given nodes: those of the table come first': async (world) => {
    const peers = await world.join(40)
    const nodes = [peers[9], peers[3], peers[30]]
    const { sends } = await world.query({ target: TARGET, nodes })
    assert.ok(sends.every(({ to }) => !addresses(nodes).includes(to)))
    await world.answerAll()
  },

  'given nodes are visited in their order': async (world) => {
    const peers = await world.join(40)
    const nodes = [peers[9], peers[3], peers[30]]
    const given = { nodes, onlyClosestNodes: true, concurrency: 2 }
    const { sends } = await world.query({ target: TARGET, ...given })
    assert.deepStrictEqual(
      sends.map(({ to }) => to),
      addresses(nodes.slice(0, 2))
    )
    await world.answerAll()
  },

  'k given nodes: a slow start, then the full concurrency': async (world) => {
    const peers = await world.join(60)
    const nodes = peers.slice(0, 25)
    const { sends } = await world.query({ target: TARGET, nodes })
    assert.strictEqual(sends.length, 10)
    await world.answer(sends[0])
    await world.answerAll()
    assert.strictEqual(world.told('end').length, 1)
  },

  'k given nodes of which most fail: the table is used after all': async (world) => {
    await world.join(60)
    const nodes = world.peers.take(22)
    for (const node of nodes.slice(2)) node.silent = true
    await world.query({ target: TARGET, nodes, retries: 0 })
    for (let i = 0; i < 8; i++) {
      await world.answerAll()
      await world.advance(1000)
    }
    assert.deepStrictEqual(end(world).closest.length, K)
  },

  'onlyClosestNodes: never beyond the given ones': async (world) => {
    const peers = await world.join(60)
    const nodes = peers.slice(20, 26)
    await world.query({ target: TARGET, command: 7, nodes, onlyClosestNodes: true })
    await world.answerAll()
    assert.deepStrictEqual(end(world).closest.toSorted(), addresses(nodes).toSorted())
  },

  'a given node twice is asked once': async (world) => {
    const [a, b] = await world.join(10)
    await world.query({ target: TARGET, nodes: [a, b, a], onlyClosestNodes: true })
    await world.answerAll()
    assert.strictEqual(end(world).successes, 2)
  },

  'closer nodes that name ourselves and duplicates': async (world) => {
    const peers = await world.join(30, { ephemeral: false })
    const ourselves = { host: '88.1.1.1', port: 49737, address: '88.1.1.1:49737' }
    const closerNodes = [ourselves, peers[1], peers[1], ourselves, peers[2]]
    await world.query({ target: TARGET })
    await world.answerAll(() => ({ closerNodes }))
    assert.ok(world.trace.every(({ to }) => to !== ourselves.address))
  },

  'a closer-nodes list is left at the first that is not closer': async (world) => {
    const peers = await world.join(30)
    const strangers = world.peers.take(300)
    const target = peers[0].id
    world.peers.network = [...peers, ...strangers]
    await world.query({ target })
    await world.answerAll()
    const near = world.peers.closest(target)
    const far = strangers.filter((peer) => !near.includes(peer)).slice(0, 2)
    await world.query({ target })
    await world.answerAll(() => ({ closerNodes: [near[0], far[0], near[19], far[1]] }))
    assert.strictEqual(world.told('end').length, 2)
  },

  'destroyed by its user: what is in flight is dropped': async (world) => {
    await world.join(30)
    const { query } = await world.query({ target: TARGET })
    await world.play({ op: 'query-destroy', query })
    assert.deepStrictEqual([world.state.inflight, world.state.queries.active], [0, 0])
    await world.answerAll()
    assert.strictEqual(world.told('row').length, 0)
  },

  'destroyed by its user: what is in flight stays with a given session': async (world) => {
    await world.join(30)
    const { query } = await world.query({ target: TARGET, session: 1 })
    await world.play({ op: 'query-destroy', query })
    assert.strictEqual(world.state.inflight, 10)
    await world.answerAll()
    assert.strictEqual(world.state.inflight, 0)
  },

  'two queries for the same target': async (world) => {
    await world.join(40)
    await world.query({ target: TARGET })
    await world.query({ target: TARGET, command: 7, commit: 'auto' })
    await world.answerAll()
    assert.strictEqual(world.told('end').length, 2)
  },

  'the id of the table is a target like any other': async (world) => {
    await world.join(40)
    await world.query({ target: world.centre })
    await world.answerAll()
    assert.strictEqual(end(world).closest.length, K)
  }
}

function end(world) {
  return world.told('end').at(-1).end
}

function addresses(peers) {
  return peers.map(({ address }) => address)
}

function isUser({ request }) {
  return request !== undefined && !request.internal
}

function tries(world, command) {
  return world.trace.filter((entry) => isUser(entry) && entry.request.command === command).length
}
