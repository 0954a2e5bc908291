const test = require('node:test')
const assert = require('node:assert')
const { createRequire } = require('node:module')
const UDX = createRequire(require.resolve('dht-rpc-reference'))('udx-native')
const { packages, pairings } = require('./helpers/packages')
const { createNode, createBootstrapper, freePort, serverAddress } = require('./helpers/network')
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
