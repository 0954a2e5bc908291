const { describe, test } = require('node:test')
const assert = require('node:assert')
const { packages, pairings, natives } = require('./helpers/packages')
const {
  HOST,
  IMPATIENT,
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { until, once, collect } = require('./helpers/until')
const { idOf, randomTarget } = require('./helpers/ids')
const { COMMANDS } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

describe('commands', { concurrency: 4 }, () => {
  for (const { name, Server, Client } of pairings) {
    test(`${name}: ping a persistent node`, async (t) => {
      const server = await createBootstrapper(t, Server)
      const client = createNode(t, Client)
      const address = serverAddress(server)

      const reply = await client.ping(address)

      assert.deepStrictEqual(Object.keys(reply).sort(), [
        'closerNodes',
        'error',
        'from',
        'rtt',
        'tid',
        'to',
        'token',
        'value'
      ])
      assert.deepStrictEqual(reply.from, { id: idOf(address), ...address })
      assert.strictEqual(reply.to.host, HOST)
      assert.strictEqual(reply.to.port, client.io.clientSocket.address().port)
      assert.strictEqual(reply.token, null)
      assert.strictEqual(reply.closerNodes, null)
      assert.strictEqual(reply.value, null)
      assert.strictEqual(reply.error, 0)
      assert.ok(Number.isInteger(reply.rtt) && reply.rtt >= 0)
      assert.ok(Number.isInteger(reply.tid) && reply.tid >= 0 && reply.tid < 65536)
    })

    test(`${name}: an ephemeral node answers without an id`, async (t) => {
      const server = createNode(t, Server)
      await server.fullyBootstrapped()
      const client = createNode(t, Client)

      for (const socket of [server.io.serverSocket, server.io.clientSocket]) {
        const { port } = socket.address()
        const reply = await client.ping({ host: HOST, port })
        assert.deepStrictEqual(reply.from, { id: null, host: HOST, port })
      }
    })

    test(`${name}: a node that is not firewalled is seen at its server port`, async (t) => {
      const server = await createBootstrapper(t, Server)
      const client = await createBootstrapper(t, Client)

      const reply = await client.ping(serverAddress(server))

      assert.strictEqual(reply.to.port, client.localAddress().port)
      assert.ok(server.table.has(client.id))
      assert.ok(client.table.has(server.id))
    })

    test(`${name}: a node goes persistent by the peers' nat pings`, async (t) => {
      const { bootstrap, all } = await createNetwork(t, [Server, Server, Server, Server, Server])
      const before = sum(all, (node) => node.stats.commands.pingNat.rx)
      const node = createNode(t, Client, { bootstrap, ephemeral: false })
      const events = collect(node, 'listening', 'nat-update', 'persistent', 'ready')

      assert.strictEqual(node.firewalled, true)
      await node.fullyBootstrapped()

      const address = serverAddress(node)
      assert.strictEqual(node.firewalled, false)
      assert.strictEqual(node.ephemeral, false)
      assert.strictEqual(node.host, HOST)
      assert.strictEqual(node.port, address.port)
      assert.strictEqual(node.randomized, false)
      assert.deepStrictEqual(node.id, idOf(address))
      assert.deepStrictEqual(node.remoteAddress(), address)
      assert.strictEqual(events[0], 'listening')
      assert.deepStrictEqual(events.slice(-2), ['persistent', 'ready'])
      assert.strictEqual(node.stats.commands.pingNat.tx, 5)
      assert.ok(node.stats.commands.pingNat.rx >= 3)
      assert.strictEqual(
        sum(all, (node) => node.stats.commands.pingNat.rx),
        before
      )
      await until(() => all.every((other) => other.table.has(node.id)), 'everybody knows the node')
    })

    test(`${name}: an adaptive node goes persistent once it was stable for long`, async (t) => {
      const { bootstrap, all } = await createNetwork(t, Array(5).fill(Server))
      const node = createNode(t, Client, { bootstrap })
      await node.fullyBootstrapped()
      assert.strictEqual(node.ephemeral, true)
      const persistent = once(node, 'persistent')

      node._stableTicks = 1
      node._ontick()
      await persistent

      assert.strictEqual(node.ephemeral, false)
      assert.deepStrictEqual(node.id, idOf(serverAddress(node)))
      await node.findNode(node.id).finished()
      await until(() => all.some((other) => other.table.has(node.id)), 'somebody knows the node')
    })

    test(`${name}: find-node answers with the nodes of the table`, async (t) => {
      const { bootstrapper, nodes, bootstrap } = await createNetwork(t, Array(6).fill(Server))
      const client = createNode(t, Client, { bootstrap })

      const query = client.findNode(nodes[0].id)
      await query.finished()

      assert.deepStrictEqual(query.closestNodes[0], { id: nodes[0].id, ...serverAddress(nodes[0]) })
      const ports = query.closestNodes.map(({ port }) => port).sort()
      const expected = [bootstrapper, ...nodes].map((node) => serverAddress(node).port).sort()
      assert.deepStrictEqual(ports, expected)
      for (const reply of query.closestReplies) assert.strictEqual(reply.token, null)
    })

    test(`${name}: a delayed ping is answered after the delay`, async (t) => {
      const server = await createBootstrapper(t, Server)
      const client = createNode(t, Client)

      const started = performance.now()
      const reply = await client.delayedPing(serverAddress(server), 120)
      const elapsed = performance.now() - started

      assert.ok(elapsed >= 115, `answered after ${elapsed} ms`)
      assert.ok(elapsed < 1000, `answered after ${elapsed} ms`)
      assert.ok(reply.rtt >= 115)
      assert.deepStrictEqual(reply.from.id, server.id)
      assert.strictEqual(reply.value, null)
    })

    test(`${name}: a delay above the other one's limit is not answered`, async (t) => {
      const server = await createBootstrapper(t, Server, { maxPingDelay: 20 })
      const client = createNode(t, Client)
      const address = serverAddress(server)

      await client.delayedPing(address, 20)
      await assert.rejects(client.delayedPing(address, 21, { retry: false }), {
        code: 'REQUEST_TIMEOUT'
      })
    })

    test(`${name}: a node that was named and is down is hinted at and dropped`, async (t) => {
      const down = await RawPeer.create(t)
      // Silent to lookups; its pings say that it is no node any more.
      down.serve(({ internal, command }) => (internal && command === COMMANDS.PING ? {} : null))

      const server = await createBootstrapper(t, Server)
      server.on('request', (req) => req.reply(null))
      const client = createNode(t, Client, { bootstrap: [serverAddress(server)], ...IMPATIENT })
      await client.fullyBootstrapped()
      server.addNode(down.address)
      assert.ok(server.table.has(idOf(down.address)))

      const query = client.query({ target: randomTarget(), command: 5 }, { retries: 0 })
      await query.finished()

      await until(() => !server.table.has(idOf(down.address)), 'the server drops the node')
      assert.strictEqual(query.errors, 1)
      assert.strictEqual(query.successes, 1)
      assert.strictEqual(client.stats.commands.downHint.tx, 1)
      assert.deepStrictEqual(server.toArray(), [])
    })

    test(`${name}: a hint about a node that answers changes nothing`, async (t) => {
      // Silent to lookups, alive to pings.
      const slow = await RawPeer.create(t)
      const id = idOf(slow.address)
      slow.serve(({ internal }) => (internal ? { id } : null))
      const server = await createBootstrapper(t, Server)
      server.on('request', (req) => req.reply(null))
      const client = createNode(t, Client, { bootstrap: [serverAddress(server)], ...IMPATIENT })
      await client.fullyBootstrapped()
      server.addNode(slow.address)
      // In the tick in which it was last heard, the reference drops a node that answers.
      server._tick++

      await client.query({ target: randomTarget(), command: 5 }, { retries: 0 }).finished()

      await until(() => server.stats.commands.ping.rx === 1, 'the node was checked')
      assert.ok(server.table.has(id))
      assert.strictEqual(server.table.get(id).downHints, 1)
    })

    test(`${name}: hints can be turned off`, async (t) => {
      const down = await RawPeer.create(t)
      const server = await createBootstrapper(t, Server)
      const opts = { bootstrap: [serverAddress(server)], ...IMPATIENT }
      const never = createNode(t, Client, { ...opts, sendDownHints: false })
      const none = createNode(t, Client, { ...opts, downHintsRateLimit: 0 })
      await Promise.all([never.fullyBootstrapped(), none.fullyBootstrapped()])
      server.addNode(down.address)

      for (const client of [never, none]) {
        const query = client.findNode(randomTarget(), { retries: 0 })
        await query.finished()
        assert.strictEqual(query.errors, 1)
        assert.strictEqual(client.stats.commands.downHint.tx, 0)
      }
      assert.ok(server.table.has(idOf(down.address)))
    })
  }

  for (const { name, DHT } of packages) {
    test(`${name}: a delay above the limit throws at once`, async (t) => {
      const node = createNode(t, DHT)
      assert.throws(() => node.delayedPing({ host: HOST, port: 1 }, 10001), {
        message: 'Delay exceeds max delay: 10000ms'
      })

      const strict = createNode(t, DHT, { maxPingDelay: 50 })
      assert.throws(() => strict.delayedPing({ host: HOST, port: 1 }, 51), {
        message: 'Delay exceeds max delay: 50ms'
      })
    })

    test(`${name}: the counters of the internal commands`, async (t) => {
      const server = await createBootstrapper(t, DHT)
      const silent = await RawPeer.create(t)
      const client = createNode(t, DHT, IMPATIENT)
      await client.fullyBootstrapped()
      const { ping } = client.stats.commands

      const pinged = client.ping(serverAddress(server))
      assert.strictEqual(ping.tx, 1)
      await pinged
      assert.deepStrictEqual({ ...ping }, { tx: 1, rx: 1 })

      await assert.rejects(client.ping(silent.address), { code: 'REQUEST_TIMEOUT' })
      assert.deepStrictEqual({ ...ping }, { tx: 2, rx: 1 })
      await until(() => silent.received.length === 4, 'four tries arrived')
      assert.deepStrictEqual(
        { ...client.stats.requests },
        { active: 0, total: 2, responses: 1, timeouts: 1, retries: 3 }
      )
    })
  }

  for (const { name, DHT } of natives) {
    test(`${name}: a hint about a node heard in this very tick does not drop it`, async (t) => {
      const { bootstrapper, nodes } = await createNetwork(t, [DHT, DHT])
      const raw = await RawPeer.create(t)
      const before = bootstrapper.stats.commands.ping.rx
      const { port } = serverAddress(nodes[0])
      const value = Buffer.from([127, 0, 0, 1, port & 255, port >> 8])

      const to = serverAddress(bootstrapper)
      await raw.request({ internal: true, command: COMMANDS.DOWN_HINT, value }, to)

      await until(() => bootstrapper.stats.commands.ping.rx > before, 'the node was checked')
      assert.ok(bootstrapper.table.has(nodes[0].id))
      assert.strictEqual(bootstrapper.nodes.length, 1)
    })
  }
})

function sum(nodes, of) {
  return nodes.reduce((total, node) => total + of(node), 0)
}
