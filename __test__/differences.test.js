// slow: it fills the table of requests in flight

const test = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const {
  HASTY,
  HOST,
  createNode,
  createBootstrapper,
  createNetwork,
  freePort,
  serverAddress
} = require('./helpers/network')
const { until, turns, settled } = require('./helpers/until')
const { closestOf, compare, idOf, randomTarget } = require('./helpers/ids')
const { COMMANDS, encodeReply } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

// Where the engine is better than the reference on purpose, so that the reference could not pass.
for (const { name, DHT } of natives) {
  test(`${name}: tids are random`, async (t) => {
    const node = createNode(t, DHT)
    const raw = await RawPeer.create(t)
    raw.serve(() => ({}))
    const tids = []
    for (let i = 0; i < 40; i++) tids.push((await node.ping(raw.address)).tid)

    const steps = tids.slice(1).map((tid, i) => (tid - tids[i] + 65536) % 65536)
    assert.ok(new Set(steps).size > 30, `steps: ${steps}`)
    assert.ok(steps.filter((step) => step === 1).length < 3)
  })

  test(`${name}: a reply to an internal command comes from the port that was asked`, async (t) => {
    const [asked, other] = [await RawPeer.create(t), await RawPeer.create(t)]
    const node = createNode(t, DHT)
    await node.bind()

    const pinged = node.ping(asked.address)
    const { data, from } = await asked.receive()
    const reply = encodeReply({ tid: data.readUInt16LE(2), to: from })
    for (let i = 0; i < 3; i++) await other.send(reply, from)
    // The other one's datagrams were read when one that was sent after them is answered.
    await other.request({ internal: true, command: COMMANDS.PING }, from)
    assert.strictEqual(await settled(pinged), 'pending')
    await asked.send(reply, from)

    assert.strictEqual((await pinged).from.port, asked.port)
    assert.strictEqual(node.stats.requests.responses, 1)
  })

  test(`${name}: on the loopback it may come from another host`, async (t) => {
    const asked = await RawPeer.create(t)
    const sibling = await RawPeer.create(t, { host: '127.0.0.2', port: asked.port })
    const node = createNode(t, DHT)
    await node.bind()

    const pinged = node.ping(asked.address)
    const { data, from } = await asked.receive()
    await sibling.send(encodeReply({ tid: data.readUInt16LE(2), to: from }), from)

    assert.strictEqual((await pinged).from.host, '127.0.0.2')
  })

  test(`${name}: from a public host only that host's reply counts`, async (t) => {
    const node = createNode(t, DHT)
    await node.bind()
    const sent = []
    const socket = { trySend: (buffer) => sent.push(Buffer.from(buffer)) }
    const asked = { host: '8.8.8.8', port: 4321 }
    const to = { host: HOST, port: 1 }
    const answer = async (host, i) => {
      await until(() => sent.length > i, 'the request leaves')
      const reply = encodeReply({ tid: sent[i].readUInt16LE(2), to, value: Buffer.from(host) })
      node.onmessage(socket, reply, { host, port: 4321 })
      await turns(3)
    }

    const pinged = node.ping(asked, { socket })
    await answer('9.9.9.9', 0)
    assert.strictEqual(await settled(pinged), 'pending')
    await answer('8.8.8.8', 0)
    assert.strictEqual((await pinged).from.host, '8.8.8.8')

    const requested = node.request({ command: 1 }, asked, { socket })
    await answer('9.9.9.9', 1)
    assert.strictEqual((await requested).from.host, '9.9.9.9')
  })

  test(`${name}: closest is exactly the nearest, in order of distance`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const raw = await RawPeer.create(t)
    for (let i = 0; i < 200; i++) node.addNode({ host: `10.0.${i}.1`, port: 1000 + i })
    const known = node.toArray()
    assert.ok(known.length > 60)

    for (let i = 0; i < 20; i++) {
      const target = randomTarget()
      const expected = closestOf(target, known)
      const closest = node.table.closest(target)
      const { closerNodes } = await raw.request(
        { internal: true, command: COMMANDS.FIND_NODE, target },
        serverAddress(node)
      )

      assert.deepStrictEqual(closest.map(nameOf), expected)
      assert.deepStrictEqual(closerNodes.map(nameOf), expected)
      assert.deepStrictEqual(node.table.closest(target, 5).map(nameOf), expected.slice(0, 5))
    }
    const all = node.table.toArray()
    assert.strictEqual(all.length, known.length)
    for (let i = 1; i < all.length; i++) {
      assert.ok(compare(node.id, all[i - 1].id, all[i].id) < 0)
    }
  })

  test(`${name}: waiting requests leave in order, as soon as there is a place`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const arrived = []
    server.on('request', (req) => {
      arrived.push(req.value.readUInt16LE(0))
      req.reply(null)
    })
    const client = createNode(t, DHT, { maxWindow: 2 })
    await client.fullyBootstrapped()
    const value = (i) => Buffer.from([i & 255, i >> 8])

    const started = performance.now()
    await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        client.request({ command: 1, value: value(i) }, serverAddress(server))
      )
    )

    // At two places for every 750 ms this would take 20 s.
    assert.ok(performance.now() - started < 5000)
    assert.deepStrictEqual(
      arrived,
      Array.from({ length: 60 }, (_, i) => i)
    )
  })

  test(`${name}: a live node is not dropped for not answering a nat ping`, async (t) => {
    const peer = await RawPeer.create(t)
    const id = idOf(peer)
    peer.serve((req) => (req.internal && req.command === COMMANDS.PING_NAT ? null : { id }))
    const node = createNode(t, DHT, { bootstrap: [peer.address], ephemeral: false, ...HASTY })

    await node.fullyBootstrapped()

    assert.ok(node.stats.commands.pingNat.tx >= 1)
    assert.strictEqual(node.stats.commands.pingNat.rx, 0)
    assert.ok(node.stats.requests.timeouts >= 1)
    assert.strictEqual(node.ephemeral, true)
    assert.deepStrictEqual(node.toArray(), [peer.address])
    assert.ok(node.table.has(id))
  })

  test(`${name}: our own entry leaves table and list when we learn who we are`, async (t) => {
    const { bootstrap } = await createNetwork(t, Array(3).fill(DHT))
    const self = { host: HOST, port: await freePort() }
    const node = createNode(t, DHT, { port: self.port, nodes: [self], bootstrap, ephemeral: false })
    const removed = []
    node.on('remove-node', (entry) => removed.push(entry.port))

    await node.fullyBootstrapped()

    assert.deepStrictEqual(node.id, idOf(self))
    assert.strictEqual(node.table.has(node.id), false)
    assert.ok(!node.toArray().some(({ port }) => port === self.port))
    assert.strictEqual(node.nodes.length, node.table.size)
    await until(() => removed.length === 1, 'remove-node')
    assert.deepStrictEqual(removed, [self.port])
  })

  test(`${name}: requests in flight are bounded`, async (t) => {
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const codes = new Map()
    // Their time-out is longer than a slow machine takes to make them all.
    const outcomes = Array.from({ length: 70000 }, () =>
      node.delayedPing(silent.address, 10_000, { retry: false }).catch(({ code }) => {
        codes.set(code, (codes.get(code) || 0) + 1)
      })
    )

    await until(() => codes.size > 0, 'the first refusal')
    const [code] = codes.keys()
    assert.match(code, /^[A-Z_]+$/)
    assert.notStrictEqual(code, 'REQUEST_TIMEOUT')
    await node.destroy()
    await Promise.all(outcomes)
    const refused = codes.get(code)
    assert.ok(refused > 4000 && refused < 60000, `${refused} were refused`)
    assert.strictEqual(node.stats.requests.active, 0)
  })

  test(`${name}: every error has a code`, async (t) => {
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.bind()
    const target = randomTarget()
    const coded = (err) => assert.match(String(err.code), /^[A-Z][A-Z_0-9]+$/, err.message)
    const thrown = (call) => assert.throws(call, (err) => coded(err) || true)
    const rejected = (promise) => assert.rejects(promise, (err) => coded(err) || true)

    thrown(() => node.delayedPing(silent.address, 10001))
    thrown(() => DHT.bootstrapper())
    thrown(() => DHT.bootstrapper(1, '0.0.0.0'))
    thrown(() => new DHT({ bootstrap: ['name'] }))
    await rejected(node.query({ target, command: 1 }, { commit: true }).finished())
    await node.destroy()
    thrown(() => node.query({ target, command: 1 }))
    thrown(() => node.findNode(target))
    await rejected(node.ping(silent.address))
    await rejected(node.request({ command: 1 }, silent.address))
  })
}

function nameOf({ host, port }) {
  return `${host}:${port}`
}
