// slow: a probe of the network has to time out

const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const {
  HOST,
  HASTY,
  createNode,
  createBootstrapper,
  createNetwork,
  freePort,
  hold,
  serverAddress
} = require('./helpers/network')
const { collect, until, turns } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')
const { decodeReply, encodeRequest } = require('./helpers/wire')
const { run } = require('./helpers/child')
const RawPeer = require('./helpers/raw-peer')

const REQUEST = { command: 1 }

// Turns of the event loop after which a node is destroyed in the midst of something.
const MOMENTS = [0, 1, 2, 3, 5, 8, 13, 21]

for (const { name, DHT } of packages) {
  test(`${name}: a handler that replies twice sends two replies, and the first one counts`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const raw = await RawPeer.create(t)
    const client = createNode(t, DHT)
    const to = serverAddress(server)
    server.on('request', (req) => {
      req.reply(Buffer.from('one'))
      req.reply(Buffer.from('two'))
      req.error(9)
    })

    await raw.send(encodeRequest({ tid: 7, to, command: 1 }), to)
    await until(() => raw.received.length === 3, 'three replies')
    const replies = raw.received.map(({ data }) => decodeReply(data))
    const said = replies.map(({ tid, error, value }) => [tid, error || 0, value && `${value}`])
    assert.deepStrictEqual(said, [
      [7, 0, 'one'],
      [7, 0, 'two'],
      [7, 9, null]
    ])

    const { value, error } = await client.request(REQUEST, to)
    assert.deepStrictEqual([`${value}`, error], ['one', 0])
    await client.ping(to)
    assert.strictEqual(client.stats.requests.responses, 2)
  })

  test(`${name}: handlers that never reply keep nobody from a reply`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const client = createNode(t, DHT, HASTY)
    const to = serverAddress(server)
    server.on('request', (req) => req.command === 2 && req.reply(null))

    const silent = Array.from({ length: 60 }, () => client.request(REQUEST, to, { retry: false }))
    const outcomes = Promise.allSettled(silent)
    await client.request({ command: 2 }, to)

    for (const { reason } of await outcomes) assert.strictEqual(reason.code, 'REQUEST_TIMEOUT')
    assert.strictEqual(client.io.inflight.length, 0)
  })
}

for (const { name, DHT } of natives) {
  // The reference may leave a bootstrap or a lookup pending when it is destroyed in the midst of it.
  const PHASES = {
    'before it is bound': () => [],
    'in the midst of its bootstrap': (node) => [node.fullyBootstrapped()],
    'in the midst of a suspension': async (node) => {
      await node.fullyBootstrapped()
      return [node.suspend(), node.suspend()]
    },
    'in the midst of a resumption': async (node) => {
      await node.fullyBootstrapped()
      await node.suspend()
      return [node.resume(), node.resume()]
    },
    'in the midst of a lookup': async (node) => {
      await node.fullyBootstrapped()
      return [node.findNode(randomTarget()).finished()]
    },
    'in the midst of a commit': async (node) => {
      await node.fullyBootstrapped()
      const commit = (reply) => node.request({ command: 1, token: reply.token }, reply.from)
      const message = { target: randomTarget(), command: 1 }
      return [true, commit].map((commit) => node.query(message, { commit }).finished())
    },
    'in the midst of a probe of its network': async (node) => {
      await node.fullyBootstrapped()
      return [node._updateNetworkState(), node.refresh()]
    }
  }

  for (const [phase, enter] of Object.entries(PHASES)) {
    test(`${name}: destroyed ${phase}: all is settled, the port is free`, async (t) => {
      const { nodes, bootstrap } = await createNetwork(t, Array(4).fill(DHT))
      for (const node of nodes) node.on('request', (req) => setImmediate(() => req.reply(null)))

      for (const moment of MOMENTS) {
        const port = await freePort()
        const node = createNode(t, DHT, { bootstrap, port, anyPort: false, ...HASTY })
        const events = collect(node, 'close', 'resume')
        const pending = (await enter(node)).map((promise) => Promise.allSettled([promise]))
        await turns(moment)

        await node.destroy()

        await Promise.all(pending)
        assert.strictEqual(events.at(-1), 'close')
        assert.strictEqual(events.filter((event) => event === 'close').length, 1)
        assert.strictEqual(node.stats.queries.active + node.stats.requests.active, 0)
        await hold(t, port)
      }
    })
  }

  test(`${name}: handlers that throw in the midst of a batch take none of it with them`, async () => {
    const source = `
      const DHT = require(process.argv[1])
      const spin = require('${require.resolve('./helpers/spin')}')
      const HOST = '${HOST}'
      const uncaught = []
      process.on('uncaughtException', (err) => uncaught.push(err.message))
      const server = new DHT({ host: HOST, bootstrap: [] })
      const client = new DHT({ host: HOST, bootstrap: [], maxWindow: 1000 })
      let seen = 0
      server.on('request', (req) => {
        if (seen++ === 0) spin(100) // what is sent meanwhile comes in one batch
        req.reply(req.value)
        throw new Error('handler')
      })
      main()
      async function main() {
        await Promise.all([server.bind(), client.bind()])
        const to = { host: HOST, port: server.localAddress().port }
        const requests = Array.from({ length: 1000 }, (_, i) => {
          const value = Buffer.from([i & 255, i >> 8])
          return client.request({ command: 1, value }, to).then((reply) => reply.value.equals(value))
        })
        const right = (await Promise.all(requests)).filter(Boolean).length
        const others = uncaught.filter((message) => message !== 'handler')
        console.log(JSON.stringify({ right, all: uncaught.length === seen, others }))
        await Promise.all([server.destroy(), client.destroy()])
      }
    `
    const { code, stdout, stderr } = await run(source, [require.resolve('..')])
    assert.deepStrictEqual([code, stderr], [0, ''])
    assert.deepStrictEqual(JSON.parse(stdout), { right: 1000, all: true, others: [] })
  })

  test(`${name}: requests that nobody answers are not kept`, async () => {
    const source = `
      const DHT = require(process.argv[1])
      const HOST = '${HOST}'
      const server = new DHT({ host: HOST, bootstrap: [] })
      const client = new DHT({ host: HOST, bootstrap: [], maxWindow: 1000 })
      const kept = []
      server.on('request', (req) => kept.push(new WeakRef(req)))
      main()
      async function main() {
        await server.bind()
        const to = { host: HOST, port: server.localAddress().port }
        for (let i = 0; i < 500; i++) client.request({ command: 1 }, to).catch(() => {})
        while (kept.length < 500) await new Promise((resolve) => setTimeout(resolve, 5))
        await Promise.all([server.destroy(), client.destroy()])
        const count = () => kept.filter((ref) => ref.deref() !== undefined).length
        // Some collectors take what lies on the stack for references: the next turn's has other things.
        for (let turn = 0; turn < 20 && (turn === 0 || count() > 1); turn++) {
          await new Promise((resolve) => setTimeout(resolve, 5))
          gc()
        }
        console.log(count())
      }
    `
    const execArgv = ['--expose-gc']
    const { code, stdout, stderr } = await run(source, [require.resolve('..')], { execArgv })
    assert.deepStrictEqual([code, stderr], [0, ''])
    assert.ok(Number(stdout) <= 1, `${stdout} are kept`)
  })

  test(`${name}: replies after destroy(), of a handler that took its time`, async (t) => {
    const server = createNode(t, DHT)
    await server.bind()
    const client = createNode(t, DHT, HASTY)
    const held = []
    server.on('request', (req) => held.push(req))
    const requests = Array.from({ length: 50 }, () =>
      client.request(REQUEST, serverAddress(server), { retry: false })
    )
    const outcomes = Promise.allSettled(requests)
    await until(() => held.length === 50, 'all requests have arrived')
    const destroyed = server.destroy()

    for (const req of held) {
      req.reply(Buffer.from('late'))
      req.error(1)
      req.relay(null, { host: HOST, port: 9 })
    }
    await destroyed
    for (const req of held) req.reply(Buffer.from('too late'))

    for (const { status, reason, value } of await outcomes) {
      const outcome = status === 'fulfilled' ? `${value.value}` : reason.code
      assert.ok(['late', 'REQUEST_TIMEOUT'].includes(outcome), outcome)
    }
  })
}
