const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const { HOST, createNode, freePort, freePorts, hold, port } = require('./helpers/network')
const { once, collect, turns } = require('./helpers/until')

for (const { name, DHT } of packages) {
  test(`${name}: bind() is synchronous and remembered`, async (t) => {
    const node = createNode(t, DHT)
    const events = collect(node, 'listening')

    const binding = node.bind()

    assert.strictEqual(node.address().host, HOST)
    assert.ok(node.io.serverSocket.address().port > 0)
    assert.ok(node.io.clientSocket.address().port > 0)
    const before = [node.address(), node.localAddress()]
    assert.strictEqual(node.bind(), binding)
    await binding
    await node.bind()
    await node.fullyBootstrapped()
    assert.deepStrictEqual([node.address(), node.localAddress()], before)
    assert.deepStrictEqual(events, ['listening'])
  })

  test(`${name}: binding starts by itself in the next microtask`, async (t) => {
    const node = createNode(t, DHT)
    assert.strictEqual(node.address(), null)
    await once(node, 'listening')
    assert.notStrictEqual(node.address(), null)
  })

  test(`${name}: the port that was asked for`, async (t) => {
    const wanted = await freePort()
    const node = createNode(t, DHT, { port: wanted })
    await node.bind()
    assert.strictEqual(port(node), wanted)
    assert.strictEqual(node.io.serverSocket.address().host, HOST)
  })

  test(`${name}: a port and the four after it, then any`, async (t) => {
    const ports = await freePorts(5)
    const first = createNode(t, DHT, { port: ports[0] })
    await first.bind()
    const others = []

    for (let i = 1; i < 5; i++) {
      const node = createNode(t, DHT, { port: ports[0] })
      await node.bind()
      others.push(port(node))
    }
    const last = createNode(t, DHT, { port: ports[0] })
    await last.bind()

    assert.deepStrictEqual([port(first), ...others], ports)
    assert.ok(port(last) > 0 && !ports.includes(port(last)))
  })

  test(`${name}: a range of ports, its end not included`, async (t) => {
    const [from, , to] = await freePorts(3)
    const nodes = []

    for (let i = 0; i < 3; i++) {
      const node = createNode(t, DHT, { port: [from, to] })
      await node.bind()
      nodes.push(node)
    }

    assert.deepStrictEqual(nodes.slice(0, 2).map(port), [from, from + 1])
    assert.notStrictEqual(port(nodes[2]), to)
    assert.ok(port(nodes[2]) > 0)
    assert.deepStrictEqual(nodes[0].io.portRange, [from, to])
  })

  test(`${name}: any port`, async (t) => {
    const nodes = [createNode(t, DHT), createNode(t, DHT, { port: 0 })]
    await Promise.all(nodes.map((node) => node.bind()))
    const ports = nodes.flatMap(({ io }) => [io.serverSocket, io.clientSocket])
    assert.strictEqual(new Set(ports.map((socket) => socket.address().port)).size, 4)
  })

  test(`${name}: any host by default`, async (t) => {
    const node = createNode(t, DHT, { host: undefined })
    await node.bind()
    assert.strictEqual(node.address().host, '0.0.0.0')
    assert.strictEqual(node.io.serverSocket.address().host, '0.0.0.0')
  })

  test(`${name}: a range that is taken, any port being allowed`, async (t) => {
    const [taken, free] = await freePorts(2)
    await hold(t, taken)
    const one = createNode(t, DHT, { port: taken })
    const two = createNode(t, DHT, { port: [taken, taken + 1] })
    await Promise.all([one.bind(), two.bind()])

    assert.strictEqual(port(one), free)
    assert.ok(port(two) > 0 && port(two) !== taken)
  })

  test(`${name}: a port that is taken, no other being allowed`, async (t) => {
    const taken = await freePort()
    await hold(t, taken)
    // The reference cannot be destroyed then, and keeps no process that is told to exit.
    const node = new DHT({ host: HOST, port: taken, anyPort: false, bootstrap: [] })
    const events = collect(node, 'listening', 'ready')
    if (name === 'reference') t.after(() => clearInterval(node._tickInterval))

    await assert.rejects(node.bind(), { code: 'EADDRINUSE' })
    await assert.rejects(node.fullyBootstrapped(), { code: 'EADDRINUSE' })
    await turns(3)
    assert.deepStrictEqual(events, [])
    if (name === 'reference') node.io.networkInterfaces.destroy()
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: a node that could not bind can be destroyed`, async (t) => {
    const taken = await freePort()
    await hold(t, taken)
    const node = new DHT({ host: HOST, port: taken, anyPort: false, bootstrap: [] })
    const events = collect(node, 'close')

    await assert.rejects(node.fullyBootstrapped(), { code: 'EADDRINUSE' })
    await node.destroy()
    await node.destroy()

    assert.deepStrictEqual(events, ['close'])
    assert.strictEqual(node.destroyed, true)
    assert.strictEqual(node.address(), null)
    await assert.rejects(node.ping({ host: HOST, port: taken }), /^Error: Node destroyed$/)
  })

  test(`${name}: nobody needs to catch a failed binding`, async (t) => {
    const taken = await freePort()
    await hold(t, taken)
    const node = createNode(t, DHT, { port: taken, anyPort: false })
    const unhandled = []
    const listener = (err) => unhandled.push(err)
    process.on('unhandledRejection', listener)
    t.after(() => process.off('unhandledRejection', listener))

    await turns(10)

    assert.deepStrictEqual(unhandled, [])
    await assert.rejects(node.bind(), { code: 'EADDRINUSE' })
  })

  test(`${name}: a host that is not this machine's`, async (t) => {
    const node = createNode(t, DHT, { host: '192.0.2.200' })
    await assert.rejects(node.fullyBootstrapped(), { code: 'EADDRNOTAVAIL' })
  })
}
