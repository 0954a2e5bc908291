const test = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const {
  HOST,
  IMPATIENT,
  createNode,
  createBootstrapper,
  freePort,
  serverAddress
} = require('./helpers/network')
const { randomTarget } = require('./helpers/ids')

const STORE = 0
const COUNT = 1

// A class in the manner of those that build on dht-rpc: fields of its own, its own onrequest, stats of its own.
function subclass(DHT) {
  return class Subclass extends DHT {
    constructor(opts = {}) {
      super({ ...opts, filterNode: (node) => this.accept(node) })

      this.listening = false
      this.rawStreams = new Set()
      this.plugins = []
      this.connectionKeepAlive = opts.connectionKeepAlive || 5000
      this.stats = { punches: { open: 0 }, ...this.stats }
      this._router = { name: 'router' }
      this._persistent = null
      this._socketPool = []
      this._randomPunchInterval = 20000
      this._values = new Map()

      this.once('persistent', () => (this._persistent = this.id))
    }

    accept({ port }) {
      return port !== 1
    }

    onrequest(req) {
      switch (req.command) {
        case STORE:
          if (req.token) this._values.set(req.target.toString('hex'), req.value)
          req.reply(this._values.get(req.target.toString('hex')) || null)
          return true
        case COUNT:
          req.reply(Buffer.from([this._values.size]))
          return true
      }
      return false
    }
  }
}

for (const { name, DHT } of packages) {
  const Subclass = subclass(DHT)

  test(`${name}: its own fields, from the start`, async (t) => {
    const node = createNode(t, Subclass, { connectionKeepAlive: 7 })

    assert.ok(node instanceof Subclass)
    assert.ok(node instanceof DHT)
    assert.strictEqual(node.listening, false)
    assert.deepStrictEqual(node._router, { name: 'router' })
    assert.deepStrictEqual(node.plugins, [])
    assert.deepStrictEqual(
      { ...node.config },
      {
        concurrency: 10,
        maxWindow: 80,
        randomPunchInterval: 20000,
        connectionKeepAlive: 7,
        sendDownHints: true,
        downHintsRateLimit: 50
      }
    )
    await node.fullyBootstrapped()
    assert.strictEqual(node.listening, false)
    assert.strictEqual(node._persistent, null)
  })

  test(`${name}: bootstrapper makes the subclass`, async (t) => {
    const node = Subclass.bootstrapper(await freePort(), HOST, { host: HOST })
    t.after(() => node.destroy())
    await node.fullyBootstrapped()

    assert.ok(node instanceof Subclass)
    assert.deepStrictEqual(node._persistent, node.id)
    assert.throws(() => Subclass.bootstrapper(0, HOST), { message: 'Port is required' })
  })

  test(`${name}: the statics are inherited`, () => {
    assert.strictEqual(Subclass.DEFAULTS, DHT.DEFAULTS)
    assert.strictEqual(Subclass.ERROR_UNKNOWN_COMMAND, 1)
    assert.strictEqual(Subclass.OK, 0)
  })

  test(`${name}: a network of it: store, count, unknown`, async (t) => {
    const bootstrapper = await createBootstrapper(t, Subclass)
    const bootstrap = [serverAddress(bootstrapper)]
    const nodes = [bootstrapper]
    for (let i = 0; i < 5; i++) {
      const node = createNode(t, Subclass, { ephemeral: false, bootstrap })
      await node.fullyBootstrapped()
      nodes.push(node)
    }
    const client = createNode(t, Subclass, { bootstrap })
    const target = randomTarget()
    const value = Buffer.from('kept')

    await client.query({ target, command: STORE, value }, { commit: true }).finished()
    const found = []
    for await (const row of client.query({ target, command: STORE })) found.push(row.value)
    const count = await client.request({ command: COUNT }, bootstrap[0])
    const unknown = await client.request({ command: 99 }, bootstrap[0])

    assert.deepStrictEqual(found, Array(6).fill(value))
    for (const node of nodes) assert.strictEqual(node._values.size, 1)
    assert.deepStrictEqual(count.value, Buffer.from([1]))
    assert.strictEqual(unknown.error, DHT.ERROR_UNKNOWN_COMMAND)
    assert.strictEqual(nodes.filter((node) => node._persistent !== null).length, 6)
  })

  test(`${name}: spread stats stay alive`, async (t) => {
    const server = await createBootstrapper(t, Subclass)
    const node = createNode(t, Subclass)
    await node.fullyBootstrapped()
    const { queries } = node.stats
    const { total } = queries

    await node.ping(serverAddress(server))
    await node.findNode(randomTarget()).finished()
    node.stats.punches.open++

    assert.deepStrictEqual(node.stats.punches, { open: 1 })
    assert.strictEqual(node.stats.requests.responses >= 1, true)
    assert.strictEqual(node.stats.commands.ping.rx, 1)
    assert.strictEqual(queries.total, total + 1)
  })

  // Those that a class might need for itself.
  for (const own of ['_listen', '_tell', '_send', '_oncrash', '_concurrency', '_maxWindow']) {
    test(`${name}: ${own} is a name like any other`, async (t) => {
      let calls = 0
      class Named extends DHT {
        constructor(opts) {
          super(opts)
          this.field = this[own]
          this[own] = () => calls++
        }
      }
      Named.prototype[own] = () => calls++
      const server = await createBootstrapper(t, Named)
      const bootstrap = [serverAddress(server)]
      server.on('request', (req) => req.reply(null))
      server.on('add-node', () => {})
      const node = createNode(t, Named, { bootstrap })
      await node.fullyBootstrapped()

      await node.request({ command: 1, value: Buffer.from('value') }, bootstrap[0])
      await node.ping(bootstrap[0], { size: 5 })
      await node.query({ target: randomTarget(), command: 1 }, { commit: true }).finished()
      node._offline()
      node._online()
      await node.suspend()
      await node.resume()

      assert.strictEqual(calls, 0)
      assert.strictEqual(node.field, Named.prototype[own])
      assert.strictEqual(node.config.maxWindow, 80)
      assert.strictEqual(node.concurrency, 10)
    })
  }

  test(`${name}: who lists the members of a node finds those of an emitter`, (t) => {
    const node = createNode(t, DHT)
    const listed = []
    for (const member in node) listed.push(member)

    const EventEmitter = Object.getPrototypeOf(DHT)
    for (const member in new EventEmitter()) {
      if (member !== 'constructor') assert.ok(listed.includes(member), member)
    }
  })

  test(`${name}: requests by the steps that request() takes`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const to = serverAddress(server)
    server.on('request', (req) => req.reply(req.value))
    const node = createNode(t, DHT, IMPATIENT)
    await node.fullyBootstrapped()
    const silent = { host: HOST, port: await freePort() }
    const value = Buffer.from('value')
    const ask = (address, onresponse, onerror) =>
      node._request(address, false, false, 7, null, value, null, onresponse, onerror)

    const [reply, req] = await new Promise((resolve, reject) => {
      ask(to, (...args) => resolve(args), reject)
    })
    assert.deepStrictEqual(reply.value, value)
    assert.strictEqual(req.command, 7)
    const error = await new Promise((resolve, reject) => ask(silent, reject, resolve))
    assert.strictEqual(error.code, 'REQUEST_TIMEOUT')

    const create = (address) => node.io.createRequest(address, null, false, 8, null, value, null)
    assert.deepStrictEqual((await node._requestToPromise(create(to))).value, value)
    const once = create(silent)
    await assert.rejects(node._requestToPromise(once, { retry: false }), {
      code: 'REQUEST_TIMEOUT'
    })
    assert.strictEqual(once.sent, 1)

    await node.destroy()
    assert.strictEqual(ask(to), null)
    await assert.rejects(node._requestToPromise(create(to)), { message: 'Node destroyed' })
  })

  test(`${name}: a request listener and onrequest`, async (t) => {
    const server = await createBootstrapper(t, Subclass)
    const client = createNode(t, Subclass)
    let emitted = 0
    server.on('request', () => emitted++)

    await client.request({ command: COUNT }, serverAddress(server))
    assert.strictEqual(emitted, 0)

    const plain = await createBootstrapper(t, DHT)
    plain.on('request', (req) => req.reply(Buffer.from('heard')))
    const seen = []
    plain.onrequest = function (req) {
      seen.push(req.command)
      return DHT.prototype.onrequest.call(this, req)
    }
    const reply = await client.request({ command: 7 }, serverAddress(plain))
    assert.strictEqual(reply.value.toString(), 'heard')
    assert.deepStrictEqual(seen, [7])
  })

  test(`${name}: onrequest may be assigned to one node`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const client = createNode(t, DHT)
    server.onrequest = (req) => req.reply(Buffer.from('assigned'))

    const reply = await client.request({ command: 7 }, serverAddress(server))
    assert.strictEqual(reply.error, 0)
    assert.strictEqual(reply.value.toString(), 'assigned')
  })

  test(`${name}: onrequest that returns nothing is no refusal`, async (t) => {
    class Late extends DHT {
      onrequest(req) {
        setImmediate(() => req.reply(Buffer.from('late')))
      }
    }
    const server = await createBootstrapper(t, Late)
    const client = createNode(t, DHT)

    const reply = await client.request({ command: 7 }, serverAddress(server))
    assert.strictEqual(reply.error, 0)
    assert.strictEqual(reply.value.toString(), 'late')
  })

  test(`${name}: overridden methods are called with super at hand`, async (t) => {
    const calls = []
    class Counting extends DHT {
      async destroy() {
        calls.push('destroy')
        return super.destroy()
      }

      async suspend(opts) {
        calls.push('suspend')
        return super.suspend(opts)
      }

      async resume(opts) {
        calls.push('resume')
        return super.resume(opts)
      }

      get host() {
        return super.host || 'nowhere'
      }
    }
    const node = new Counting({ host: HOST, bootstrap: [] })
    assert.strictEqual(node.host, 'nowhere')
    await node.suspend()
    await node.resume()
    await node.destroy()

    assert.deepStrictEqual(calls, ['suspend', 'resume', 'destroy'])
    assert.strictEqual(node.destroyed, true)
  })
}
