const dgram = require('node:dgram')
const test = require('node:test')
const assert = require('node:assert')
const { packages, pairings } = require('./helpers/packages')
const {
  HASTY,
  HOST,
  createNode,
  createBootstrapper,
  createNetwork,
  freePort,
  hold,
  port,
  serverAddress
} = require('./helpers/network')
const { once, collect, until, turns, settled } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')
const { encodeRequest } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')
const spin = require('./helpers/spin')

const NOWHERE = { host: HOST, port: 9 }

for (const { name, DHT } of packages) {
  test(`${name}: destroy twice, close once`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const events = collect(node, 'close')

    const first = node.destroy()
    assert.strictEqual(node.destroyed, true)
    assert.deepStrictEqual(events, [])
    await Promise.all([first, node.destroy()])
    await node.destroy()
    await turns(3)

    assert.deepStrictEqual(events, ['close'])
  })

  test(`${name}: destroyed before it was bound`, async (t) => {
    const node = createNode(t, DHT)
    const events = collect(node, 'close')
    await node.destroy()
    assert.strictEqual(node.destroyed, true)
    assert.deepStrictEqual(events, ['close'])
  })

  test(`${name}: destroyed while it bootstraps`, async (t) => {
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT, { bootstrap: [silent.address] })
    await silent.receive()
    const closed = once(node, 'close')
    await node.destroy()
    await closed
  })

  test(`${name}: the ports are free again`, async (t) => {
    const wanted = await freePort()
    const node = createNode(t, DHT, { port: wanted })
    await node.bind()
    const client = node.io.clientSocket.address().port
    await node.destroy()

    await hold(t, wanted)
    await hold(t, client)
  })

  test(`${name}: the address is kept`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const [address, local] = [node.address(), node.localAddress()]
    await node.destroy()
    assert.deepStrictEqual(node.address(), address)
    assert.deepStrictEqual(node.localAddress(), local)
  })

  test(`${name}: requests in flight are rejected`, async (t) => {
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT)
    const requests = [
      node.ping(silent.address),
      node.request({ command: 1 }, silent.address),
      node.delayedPing(silent.address, 10)
    ]
    await until(() => silent.received.length === 3, 'all requests are out')
    const outcomes = Promise.allSettled(requests)

    await node.destroy()

    for (const { reason } of await outcomes) {
      assert.strictEqual(reason.name, 'DHTError')
      assert.strictEqual(reason.code, 'REQUEST_DESTROYED')
      assert.strictEqual(reason.message, 'REQUEST_DESTROYED: Request destroyed')
    }
    assert.strictEqual(node.stats.requests.active, 0)
    assert.strictEqual(node.io.inflight.length, 0)
  })

  test(`${name}: after the end`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    await node.destroy()
    const message = 'Node destroyed'
    const target = randomTarget()

    assert.throws(() => node.query({ target, command: 1 }), { message })
    assert.throws(() => node.findNode(target), { message })
    await assert.rejects(node.request({ command: 1 }, NOWHERE), { message })
    await assert.rejects(node.ping(NOWHERE), { message })
    // The reference stumbles over its own missing request here, and so throws another error.
    assert.throws(() => node.delayedPing(NOWHERE, 10), name === 'native' ? { message } : Error)
    await node.suspend()
    await node.resume()
    assert.strictEqual(node.suspended, false)
    assert.deepStrictEqual(node.toArray(), [])
  })

  test(`${name}: a lookup ends with the node`, async (t) => {
    const { nodes, bootstrap } = await createNetwork(t, Array(4).fill(DHT))
    const held = []
    for (const node of nodes) node.on('request', (req) => held.push(req))
    const client = createNode(t, DHT, { bootstrap, concurrency: 1 })
    await client.fullyBootstrapped()
    const query = client.query({ target: randomTarget(), command: 1 })
    query.on('error', () => {})
    query.resume()
    await until(() => held.length === 1, 'the first request of the lookup')

    await client.destroy()

    await assert.rejects(query.finished(), { message: 'Node was destroyed' })
    assert.strictEqual(client.stats.queries.active, 0)
  })

  test(`${name}: replies to requests of before`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const raw = await RawPeer.create(t)
    const arrived = once(server, 'request')
    const to = serverAddress(server)
    await raw.send(encodeRequest({ tid: 1, to, command: 1 }), to)
    const [req] = await arrived

    await server.destroy()

    req.reply(Buffer.from('late'))
    req.error(1)
    req.relay(null, raw.address)
    await turns(5)
    assert.strictEqual(raw.received.length, 0)
  })

  for (const end of ['destroy', 'suspend']) {
    test(`${name}: what was replied before ${end}() arrives, also in the midst of a batch`, async (t) => {
      const server = await createBootstrapper(t, DHT)
      const socket = dgram.createSocket('udp4')
      t.after(() => socket.close())
      socket.connect(port(server), HOST)
      await once(socket, 'connect')
      server.once('request', (req) => {
        req.reply(req.value)
        server[end]()
      })

      const arrived = once(socket, 'message')
      for (const tid of [1, 2]) {
        const value = Buffer.from([tid])
        socket.send(encodeRequest({ tid, to: serverAddress(server), command: 1, value }))
      }
      spin(50) // both wait by then
      const [reply] = await arrived

      assert.strictEqual(reply.readUInt16LE(2), 1)
    })
  }

  test(`${name}: destroyed in the midst of its own events`, async (t) => {
    for (const event of ['listening', 'ready']) {
      const node = createNode(t, DHT)
      const closed = once(node, 'close')
      node.on(event, () => node.destroy())
      await closed
    }
    const server = await createBootstrapper(t, DHT)
    const client = createNode(t, DHT)
    const closed = once(server, 'close')
    server.on('request', (req) => {
      req.reply(null)
      server.destroy()
    })

    client.request({ command: 1 }, serverAddress(server), { retry: false }).catch(() => {})
    await closed
    assert.strictEqual(server.destroyed, true)
  })
}

for (const { name, Server, Client } of pairings) {
  test(`${name}: a destroyed node answers nobody`, async (t) => {
    const server = await createBootstrapper(t, Server)
    const client = createNode(t, Client, HASTY)
    const to = { host: HOST, port: port(server) }
    await client.ping(to)

    await server.destroy()

    await assert.rejects(client.ping(to), { code: 'REQUEST_TIMEOUT' })
  })

  test(`${name}: nodes come and go on the same port`, async (t) => {
    const wanted = await freePort()
    const client = createNode(t, Client)

    for (let i = 0; i < 5; i++) {
      const server = createNode(t, Server, { port: wanted })
      await server.bind()
      assert.strictEqual(port(server), wanted)
      const reply = await client.ping({ host: HOST, port: wanted })
      assert.strictEqual(reply.from.port, wanted)
      assert.strictEqual(await settled(server.destroy(), 50), 'resolved')
    }
  })
}
