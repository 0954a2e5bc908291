const test = require('node:test')
const assert = require('node:assert')
const { createRequire } = require('node:module')
const UDX = createRequire(require.resolve('dht-rpc-reference'))('udx-native')
const { packages, pairings } = require('./helpers/packages')
const {
  HOST,
  createNode,
  createBootstrapper,
  freePort,
  serverAddress
} = require('./helpers/network')
const { until, collect, settled } = require('./helpers/until')
const { COMMANDS, encodeRequest } = require('./helpers/wire')
const { randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

// A node whose sockets are made on a UDX instance of the user's.
for (const { name, DHT } of packages) {
  test(`${name}: its sockets are of the given UDX`, async (t) => {
    const udx = new UDX()
    const made = []
    const createSocket = udx.createSocket.bind(udx)
    udx.createSocket = (...args) => made[made.push(createSocket(...args)) - 1]
    const port = await freePort()
    const node = createNode(t, DHT, { udx, port })

    assert.strictEqual(node.udx, udx)
    assert.strictEqual(node.io.serverSocket, null)
    node.bind()
    assert.deepStrictEqual(made, [node.io.serverSocket, node.io.clientSocket])
    assert.strictEqual(node.socket, node.io.clientSocket)
    assert.strictEqual(node.io.serverSocket.address().port, port)
    await node.fullyBootstrapped()

    await node.suspend()
    assert.ok(made.every((socket) => socket.closing))
    await node.resume()
    assert.strictEqual(made.length, 4)
    assert.strictEqual(node.io.serverSocket, made[2])
    assert.strictEqual(node.io.serverSocket.address().port, port)
    await node.destroy()
    assert.ok(made.every((socket) => socket.closing))
  })

  test(`${name}: a request is sent before the call returns`, async (t) => {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT, { udx: new UDX() })
    await node.bind()
    const sent = []
    const { socket } = node
    const trySend = socket.trySend.bind(socket)
    socket.trySend = (...args) => sent.push(args) && trySend(...args)
    raw.serve(() => ({ value: Buffer.from('here') }))

    const pinged = node.ping(raw.address, { ttl: 9 })

    assert.strictEqual(sent.length, 1)
    assert.deepStrictEqual(sent[0].slice(1), [raw.port, raw.host, 9])
    assert.strictEqual((await pinged).value.toString(), 'here')
  })

  test(`${name}: names are looked up by the given UDX, anew for each lookup`, async (t) => {
    const bootstrapper = await createBootstrapper(t, DHT)
    const { port } = serverAddress(bootstrapper)
    const udx = new UDX()
    const asked = []
    udx.lookup = async (host, opts) => {
      asked.push([host, opts])
      if (host === 'nowhere.test') throw new Error('unknown')
      return { host: HOST, family: 4 }
    }
    const bootstrap = [`nowhere.test:${port}`, `here.test:${port}`]
    const node = createNode(t, DHT, { udx, bootstrap, quickFirewall: false })
    await node.fullyBootstrapped()

    const once = ['nowhere.test', 'here.test'].map((host) => [host, { family: 4 }])
    assert.deepStrictEqual(asked, once)
    assert.strictEqual(node.nodes.length, 1)
    await node.findNode(randomTarget()).finished()
    assert.deepStrictEqual(asked, [...once, ...once])
  })

  test(`${name}: network interfaces are watched by the given UDX`, async (t) => {
    const udx = new UDX()
    const watchers = []
    const watch = udx.watchNetworkInterfaces.bind(udx)
    udx.watchNetworkInterfaces = () => watchers[watchers.push(watch()) - 1]
    const node = createNode(t, DHT, { udx })
    const seen = collect(node, 'network-change', 'network-update')
    const ends = []
    await node.fullyBootstrapped()
    assert.strictEqual(node.io.networkInterfaces, watchers[0])

    watchers[0].emit('change', [])
    assert.deepStrictEqual(seen, ['network-change', 'network-update'])
    watchers[0].on('close', () => ends.push(0))
    await node.suspend()
    await node.resume()
    assert.strictEqual(watchers.length, 2)
    assert.strictEqual(node.io.networkInterfaces, watchers[1])
    await until(() => ends.length === 1, 'the first one is closed')
    watchers[1].emit('change', [])
    assert.strictEqual(seen.length, 4)
  })

  test(`${name}: a subclass's onmessage() sees what is handed to it alone`, async (t) => {
    const seen = []
    class Own extends DHT {
      onmessage(socket, buffer, from) {
        seen.push(from)
        return super.onmessage(socket, buffer, from)
      }
    }
    const node = createNode(t, Own, { udx: new UDX() })
    await node.fullyBootstrapped()
    const peer = await RawPeer.create(t)
    const to = { host: HOST, port: node.address().port }
    await peer.request({ internal: true, command: COMMANDS.PING }, to)
    assert.deepStrictEqual(seen, [])

    const socket = { trySend: () => seen.push('answered') }
    const ping = encodeRequest({ tid: 1, to, internal: true, command: COMMANDS.PING })
    node.onmessage(socket, ping, peer.address)
    assert.deepStrictEqual(seen, [peer.address, 'answered'])
  })

  test(`${name}: destroy() settles everything at once, and waits for streams on its sockets`, async (t) => {
    const udx = new UDX()
    const node = createNode(t, DHT, { udx })
    await node.fullyBootstrapped()
    const stream = udx.createStream(1)
    stream.on('error', () => {})
    stream.connect(node.io.serverSocket, 2, 9, HOST)
    const asked = node.ping({ host: HOST, port: 9 })
    const refused = assert.rejects(asked, { code: 'REQUEST_DESTROYED' })

    const destroyed = node.destroy()
    await refused
    assert.strictEqual(await settled(destroyed), 'pending')
    stream.destroy()
    await destroyed
  })
}

for (const { name, Server, Client } of pairings) {
  test(`${name}: a network on UDX sockets`, async (t) => {
    const udx = new UDX()
    const bootstrapper = await createBootstrapper(t, Server, { udx })
    const bootstrap = [serverAddress(bootstrapper)]
    const nodes = []
    for (const DHT of [Server, Client, Server]) {
      const node = createNode(t, DHT, { udx, bootstrap, ephemeral: false })
      await node.fullyBootstrapped()
      assert.strictEqual(node.ephemeral, false)
      assert.strictEqual(node.remoteAddress().port, node.io.serverSocket.address().port)
      nodes.push(node)
    }
    const sockets = []
    for (const node of [bootstrapper, ...nodes]) {
      node.on('request', (req) => {
        sockets.push(req.socket === node.io.serverSocket)
        req.reply(req.value)
      })
    }
    const client = createNode(t, Client, { udx: new UDX(), bootstrap })
    const value = Buffer.from('x'.repeat(500))

    const rows = []
    for await (const row of client.query({ target: randomTarget(), command: 1, value })) {
      rows.push(row.value)
    }

    assert.deepStrictEqual(rows, Array(4).fill(value))
    assert.deepStrictEqual(sockets, Array(4).fill(true))
  })
}
