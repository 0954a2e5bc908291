// slow: floods, and requests that time out

const test = require('node:test')
const assert = require('node:assert')
const { natives } = require('./helpers/packages')
const {
  HOST,
  IMPATIENT,
  createNode,
  createBootstrapper,
  serverAddress
} = require('./helpers/network')
const { COMMANDS, encodeAddress, encodeRequest, encodeReply } = require('./helpers/wire')
const { until } = require('./helpers/until')
const { idOf, randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')
const ThreadPeer = require('./helpers/thread-peer')
const spin = require('./helpers/spin')

const NODES = 500

const DEFAULTS = [
  'hostBudget',
  'hintsPerHost',
  'swapsPerHost',
  'delayedPingsPerHost',
  'heldPerHost',
  'closerNodes',
  'floodGrace',
  'loadShedding'
]
const HARDENED = [
  'verify',
  'perHost',
  'perSubnet',
  'paths',
  'unprovenBytes',
  'askedAddress',
  'lookupReserve'
]

for (const { name, DHT } of natives) {
  test(`${name}: each protection has a counter that nobody sees who copies or compares`, (t) => {
    const node = createNode(t, DHT)
    const { protections } = node.stats

    assert.deepStrictEqual(new Set(Object.values({ ...protections })), new Set([0]))
    for (const option of [...DEFAULTS, ...HARDENED]) assert.strictEqual(protections[option], 0)
    assert.ok(!Object.keys(node.stats).includes('protections'))
    assert.strictEqual(node.stats.protections, protections)
    assert.strictEqual(node.io.stats.protections, protections)
    protections.hostBudget += 5
    assert.strictEqual(node.stats.protections.hostBudget, 5)
  })

  test(`${name}: the counters stay when the node is gone`, async (t) => {
    const raw = await RawPeer.create(t)
    const node = await createBootstrapper(t, DHT)
    const to = serverAddress(node)
    const reply = encodeReply({ tid: 5, to })
    await raw.send(reply, to)
    await raw.request({ internal: true, command: COMMANDS.PING }, to)
    assert.strictEqual(node.stats.protections.unaskedReplies, 1)
    await node.destroy()
    assert.strictEqual(node.stats.protections.unaskedReplies, 1)
  })

  test(`${name}: what makes no sense is named`, () => {
    const all = [
      [{ protections: 5 }, 'protections must be an object, true or false, got 5'],
      [{ protections: { hostBudget: 0 } }, /^protections\.hostBudget must be false or .* got 0$/],
      [{ protections: { hintsPerHost: true } }, /^protections\.hintsPerHost must .* got true$/],
      [{ protections: { hints: 5 } }, /^a member of protections must be one of .* got "hints"$/],
      [{ protections: { floodGrace: 1 } }, 'protections.floodGrace must be true or false, got 1'],
      [{ protections: { loadShedding: 9 } }, /^protections\.loadShedding must be .* got 9$/],
      [{ hardened: 'yes' }, 'hardened must be an object, true or false, got "yes"'],
      [{ hardened: { verify: 1 } }, 'hardened.verify must be true or false, got 1'],
      [{ hardened: { paths: 17 } }, /^hardened\.paths must be false or .* 1 to 16, got 17$/],
      [{ hardened: { perHost: -1 } }, /^hardened\.perHost must be false or .* got -1$/],
      [{ hardened: { perHosts: 1 } }, /^a member of hardened must be one of .* got "perHosts"$/]
    ]
    for (const [opts, message] of all) {
      assert.throws(() => new DHT(opts), { code: 'ERR_INVALID_OPTION', message })
    }
  })

  test(`${name}: what can be given`, (t) => {
    const off = (names) => Object.fromEntries(names.map((each) => [each, false]))
    for (const opts of [
      { protections: false },
      { protections: true, hardened: true },
      { protections: off(DEFAULTS), hardened: off(HARDENED) },
      { protections: { hostBudget: 1, closerNodes: undefined }, hardened: false },
      { hardened: { perHost: 1, unprovenBytes: 0, unprovenFactor: 0, paths: 1 } }
    ]) {
      createNode(t, DHT, opts)
    }
  })

  test(`${name}: a host that floods is cut, and another is answered all the while`, async (t) => {
    const node = await createBootstrapper(t, DHT, { protections: { hostBudget: 400 } })
    const free = await createBootstrapper(t, DHT, { protections: { hostBudget: false } })
    const evil = await RawPeer.create(t)
    const good = createNode(t, DHT, { host: '127.0.0.2' })
    const fields = { internal: true, command: COMMANDS.PING }
    evil.serve(() => null)

    await until(async () => {
      for (const to of [serverAddress(node), serverAddress(free)]) {
        const ping = encodeRequest({ tid: 1, to, ...fields })
        for (let i = 0; i < 50; i++) await evil.send(ping, to)
        await good.ping(to)
      }
      return node.stats.protections.hostBudget >= 1000
    }, 'what is over the budget is dropped')
    assert.strictEqual(free.stats.protections.hostBudget, 0)
    assert.ok(good.stats.requests.responses > 0)
  })

  test(`${name}: one host's hints cause so many checks`, async (t) => {
    const stopped = async (protections) => {
      const node = await createBootstrapper(t, DHT, { protections })
      const to = serverAddress(node)
      const ping = { internal: true, command: COMMANDS.PING }
      const known = await Promise.all(Array.from({ length: 5 }, () => RawPeer.create(t)))
      for (const peer of known) await peer.request({ ...ping, id: idOf(peer.address) }, to)
      const evil = await RawPeer.create(t)
      for (const { address } of known) {
        const value = encodeAddress(address)
        await evil.request({ internal: true, command: COMMANDS.DOWN_HINT, value }, to)
      }
      return node.stats.protections.hintsPerHost
    }
    assert.strictEqual(await stopped({ hintsPerHost: 2 }), 3)
    assert.strictEqual(await stopped({ hintsPerHost: false }), 0)
  })

  test(`${name}: a reply names so many closer nodes`, async (t) => {
    const dead = Array.from({ length: 30 }, (_, i) => ({ host: HOST, port: 1 + i }))
    const stopped = async (protections) => {
      const liar = await RawPeer.create(t)
      liar.serve(() => ({ id: idOf(liar.address), closerNodes: dead }))
      const node = createNode(t, DHT, { protections })
      const query = node.findNode(randomTarget(), { nodes: [liar.address], retries: 0 })
      query.on('data', () => query.destroy())
      await new Promise((resolve) => query.on('close', resolve))
      return node.stats.protections.closerNodes
    }
    assert.strictEqual(await stopped({ closerNodes: 20 }), 1)
    assert.strictEqual(await stopped({ closerNodes: false }), 0)
  })

  test(`${name}: requests of one host that wait for a filter are few`, async (t) => {
    const stopped = async (protections) => {
      let asked = 0
      const filterRequest = () => ++asked > 0
      const node = await createBootstrapper(t, DHT, { protections, filterRequest })
      const peer = await ThreadPeer.create(t)
      peer.ask(serverAddress(node), 40)
      // Nothing is let through meanwhile: those that are too many are dropped.
      await until(() => {
        spin(100)
        return asked + node.stats.protections.heldPerHost >= 40
      }, 'all requests are seen')
      return node.stats.protections.heldPerHost
    }
    assert.ok((await stopped({ heldPerHost: 5 })) > 0)
    assert.strictEqual(await stopped({ heldPerHost: false }), 0)
  })

  test(`${name}: newcomers of one host cause so many pings of full buckets`, async (t) => {
    const stopped = async (protections) => {
      const node = await createBootstrapper(t, DHT, { protections })
      const ping = { internal: true, command: COMMANDS.PING }
      for (let i = 0; i < 80; i++) {
        if (i % 8 === 0) for (let n = 0; n < 13; n++) node._ontick()
        const raw = await RawPeer.create(t)
        raw.serve(() => ({ id: idOf(raw.address) }))
        await raw.request({ ...ping, id: idOf(raw.address) }, serverAddress(node))
      }
      return node.stats.protections.swapsPerHost
    }
    assert.ok((await stopped({ swapsPerHost: 1 })) > 0)
    assert.strictEqual(await stopped({ swapsPerHost: false }), 0)
  })

  test(`${name}: delayed pings of one host leave room for another`, async (t) => {
    const answered = async (protections) => {
      const node = await createBootstrapper(t, DHT, { protections })
      const to = serverAddress(node)
      const [evil, good] = [await RawPeer.create(t), await RawPeer.create(t, { host: '127.0.0.2' })]
      const value = Buffer.from([200, 0, 0, 0])
      const fields = { tid: 1, to, internal: true, command: COMMANDS.DELAYED_PING, value }
      for (let i = 0; i < 20; i++) await evil.send(encodeRequest(fields), to)
      await evil.request({ internal: true, command: COMMANDS.PING }, to)
      await good.send(encodeRequest(fields), to)
      await until(() => good.received.length === 1, 'the other host is answered')
      return [evil.received.length, node.stats.protections.delayedPingsPerHost]
    }
    assert.deepStrictEqual(await answered({ delayedPingsPerHost: 5 }), [5, 15])
    assert.deepStrictEqual(await answered(undefined), [20, 0])
  })

  test(`${name}: nothing steps in in a network of one host`, async (t) => {
    const bootstrapper = await createBootstrapper(t, DHT)
    const entry = serverAddress(bootstrapper)
    // Budgets apply to a host while another one is heard.
    const neighbour = await RawPeer.create(t, { host: '127.0.0.2' })
    const ping = encodeRequest({ tid: 1, to: entry, internal: true, command: COMMANDS.PING })

    const join = () => createNode(t, DHT, { bootstrap: [entry], ephemeral: false, ...IMPATIENT })
    const nodes = []
    while (nodes.length < NODES) {
      await neighbour.send(ping, entry)
      const some = Array.from({ length: 50 }, join)
      await Promise.all(some.map((node) => node.fullyBootstrapped()))
      nodes.push(...some)
    }
    const lookUp = (some) =>
      Promise.all(some.map((node) => node.findNode(randomTarget()).finished()))

    await lookUp(nodes.slice(0, 100))
    const living = nodes.slice(0, NODES - 50)
    await Promise.all(nodes.slice(NODES - 50).map((node) => node.destroy()))
    await lookUp(living.slice(0, 20))

    assert.ok(neighbour.received.length > 0)
    for (const { stats } of [bootstrapper, ...living]) {
      const others = { ...stats.protections, unaskedReplies: 0 } // late replies are such as well
      assert.deepStrictEqual(new Set(Object.values(others)), new Set([0]))
    }
  })
}
