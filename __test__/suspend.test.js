const test = require('node:test')
const assert = require('node:assert')
const { packages, pairings, natives } = require('./helpers/packages')
const {
  HASTY,
  createNode,
  createBootstrapper,
  hold,
  port,
  serverAddress
} = require('./helpers/network')
const { collect, until, turns } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

for (const { name, DHT } of packages) {
  test(`${name}: suspend and resume, their events and flags`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT, { bootstrap: [serverAddress(server)] })
    await node.fullyBootstrapped()
    const events = collect(node, 'listening', 'suspend', 'wakeup', 'resume', 'close')

    const suspended = node.suspend()
    await suspended
    assert.strictEqual(node.suspended, true)
    assert.strictEqual(node.destroyed, false)
    await node.suspend()
    assert.deepStrictEqual(events, ['suspend'])

    const resumed = node.resume()
    assert.strictEqual(node.suspended, false)
    assert.deepStrictEqual(events, ['suspend', 'wakeup'])
    await resumed
    await node.resume()
    assert.deepStrictEqual(events, ['suspend', 'wakeup', 'resume'])
    assert.strictEqual((await node.ping(serverAddress(server))).error, 0)
  })

  test(`${name}: the same ports again`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const ports = () => [node.io.serverSocket, node.io.clientSocket].map((s) => s.address().port)
    const before = ports()

    await node.suspend()
    await node.resume()

    assert.deepStrictEqual(ports(), before)
  })

  test(`${name}: another port if the old one is taken meanwhile`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const before = port(node)

    await node.suspend()
    await hold(t, before)
    await node.resume()

    assert.notStrictEqual(port(node), before)
    const raw = await RawPeer.create(t)
    const reply = await raw.request({ internal: true, command: 0 }, serverAddress(node))
    assert.strictEqual(reply.error, 0)
  })

  test(`${name}: requests in flight are rejected`, async (t) => {
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT)
    const requests = [node.ping(silent.address), node.request({ command: 1 }, silent.address)]
    await until(() => silent.received.length === 2, 'all requests are out')
    const outcomes = Promise.allSettled(requests)

    await node.suspend()

    for (const { reason } of await outcomes) {
      assert.strictEqual(reason.name, 'DHTError')
      assert.strictEqual(reason.code, 'IO_SUSPENDED')
      assert.strictEqual(reason.message, 'IO_SUSPENDED: I/O suspended')
    }
    assert.strictEqual(node.stats.requests.active, 0)
  })

  test(`${name}: it tells its log what it does`, async (t) => {
    const node = createNode(t, DHT)
    const lines = []
    const log = (line) => lines.push(line)

    await node.suspend({ log })
    assert.ok(lines.length > 0)
    const suspending = lines.length
    await node.resume({ log })

    assert.ok(lines.length > suspending)
    for (const line of lines) assert.strictEqual(typeof line, 'string')
  })

  test(`${name}: suspended before it was bound`, async (t) => {
    const node = createNode(t, DHT)
    await node.suspend()
    assert.strictEqual(node.suspended, true)
    await node.fullyBootstrapped()
    await node.resume()
    assert.strictEqual(node.suspended, false)
  })

  test(`${name}: destroyed while suspended`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const events = collect(node, 'close')
    await node.suspend()
    await node.destroy()
    await node.resume()

    assert.deepStrictEqual(events, ['close'])
    assert.strictEqual(node.destroyed, true)
  })

  test(`${name}: an adaptive node is ephemeral after it`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const adaptive = createNode(t, DHT, { bootstrap: [serverAddress(server)] })
    const events = collect(server, 'ephemeral')
    await adaptive.fullyBootstrapped()

    for (const node of [server, adaptive]) {
      await node.suspend()
      await node.resume()
    }

    assert.strictEqual(server.ephemeral, false)
    assert.deepStrictEqual(events, [])
    assert.strictEqual(adaptive.ephemeral, true)
  })

  test(`${name}: a refresh after it`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT, { bootstrap: [serverAddress(server)] })
    await node.fullyBootstrapped()
    const before = node.stats.commands.findNode.rx

    await node.suspend()
    await node.resume()

    await until(() => node.stats.commands.findNode.rx > before, 'the refresh is answered')
  })
}

for (const { name, Server, Client } of pairings) {
  test(`${name}: a suspended node neither hears nor answers`, async (t) => {
    const server = await createBootstrapper(t, Server)
    let requests = 0
    server.on('request', (req) => {
      requests++
      req.reply(null)
    })
    const client = createNode(t, Client, HASTY)
    const to = serverAddress(server)

    await client.request({ command: 1 }, to)
    await server.suspend()
    const before = requests
    await assert.rejects(client.request({ command: 1 }, to), { code: 'REQUEST_TIMEOUT' })
    assert.strictEqual(requests, before)
    await server.resume()
    const reply = await client.request({ command: 1 }, to)

    assert.ok(requests > before)
    assert.deepStrictEqual(reply.from, { id: server.id, ...to })
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: a request made while suspended is rejected at once`, async (t) => {
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    await node.suspend()
    const started = performance.now()

    await assert.rejects(node.ping(silent.address), { code: 'IO_SUSPENDED' })
    await assert.rejects(node.request({ command: 1 }, silent.address), { code: 'IO_SUSPENDED' })
    await node.findNode(randomTarget()).finished()
    assert.ok(performance.now() - started < 500)

    await node.resume()
    await turns(5)
    assert.strictEqual(silent.received.length, 0)
    assert.strictEqual(node.stats.requests.active, 0)
  })
}
