const test = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const {
  HOST,
  IMPATIENT,
  createNode,
  createBootstrapper,
  serverAddress
} = require('./helpers/network')
const { until, turns } = require('./helpers/until')
const { COMMANDS } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')
const wrap = require('./helpers/wrap')

// What programs and test runners do to a field that is a function. Each returns what takes it back.
const REPLACEMENTS = {
  defined(io, name, observer) {
    const before = Object.getOwnPropertyDescriptor(io, name)
    const value = through(before.value, observer)
    Object.defineProperty(io, name, { ...before, value })
    return () => Object.defineProperty(io, name, before)
  },

  'defined as a getter'(io, name, observer) {
    const before = Object.getOwnPropertyDescriptor(io, name)
    const wrapped = through(before.value, observer)
    Object.defineProperty(io, name, { get: () => wrapped, configurable: true })
    return () => Object.defineProperty(io, name, before)
  },

  'assigned by Object.assign()'(io, name, observer) {
    const { [name]: original } = io
    Object.assign(io, { [name]: through(original, observer) })
    return () => (io[name] = original)
  }
}

for (const { name, DHT } of packages) {
  test(`${name}: a subclass may have the methods that the three are bound to`, async (t) => {
    const calls = []
    class Watching extends DHT {
      _onrequest(req, external) {
        calls.push(['request', req.command, external, this])
        return super._onrequest(req, external)
      }

      _onresponse(res, external) {
        calls.push(['response', res.error, external, this])
        return super._onresponse(res, external)
      }

      _ontimeout(req) {
        calls.push(['timeout', req.command, undefined, this])
        return super._ontimeout(req)
      }
    }
    const node = createNode(t, Watching, IMPATIENT)
    await node.fullyBootstrapped()
    node.on('request', (req) => req.reply(null))
    const silent = await RawPeer.create(t)
    silent.serve(() => null)
    const peer = await RawPeer.create(t)
    peer.serve(() => ({}))

    await node.ping(peer.address)
    await peer.request({ command: 8 }, { host: HOST, port: node.address().port })
    await node.request({ command: 9 }, silent.address).catch(() => {})
    await until(() => calls.length === 3, 'all three')

    assert.ok(calls.every(({ 3: self }) => self === node))
    assert.deepStrictEqual(
      calls.map((call) => call.slice(0, 3)),
      [
        ['response', 0, false],
        ['request', 8, false],
        ['timeout', 9, undefined]
      ]
    )
  })

  test(`${name}: they are fields that are looked up at each call`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const to = serverAddress(node)
    const { io } = node
    const { onrequest } = io
    for (const hook of ['onrequest', 'onresponse', 'ontimeout']) {
      assert.ok(Object.hasOwn(io, hook))
      assert.ok(Object.keys(io).includes(hook))
      assert.strictEqual(typeof io[hook], 'function')
      assert.strictEqual(io[hook], io[hook])
    }
    const ping = () => peer.request({ internal: true, command: COMMANDS.PING }, to)
    const calls = []
    const as = (who) => (req, external) => {
      calls.push(who)
      onrequest(req, external)
    }

    io.onrequest = as('first')
    await ping()
    await until(() => calls.length === 1, 'the first')
    io.onrequest = as('second')
    await ping()
    await until(() => calls.length === 2, 'the second')
    io.onrequest = onrequest
    assert.strictEqual(io.onrequest, onrequest)
    await ping()
    await turns(3)

    assert.deepStrictEqual(calls, ['first', 'second'])
  })

  test(`${name}: a spy, which redefines them, observes as well`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const { io } = node
    node.on('request', (req) => req.reply(null))
    const ask = () => peer.request({ command: 7 }, serverAddress(node))
    const asked = spyOn(io, 'onrequest')
    const answered = spyOn(io, 'onresponse')

    await ask()
    await node.ping(serverAddress(node))
    await until(() => asked.calls.length === 2 && answered.calls.length === 1, 'all')
    assert.strictEqual(asked.calls[0].args[0].command, 7)
    assert.strictEqual(asked.calls[0].self, io)

    asked.restore()
    answered.restore()
    await ask()
    await turns(3)
    assert.strictEqual(asked.calls.length, 2)

    const { onrequest } = io
    const descriptor = Object.getOwnPropertyDescriptor(io, 'onrequest')
    let looked = 0
    const get = () => (looked++, onrequest)
    Object.defineProperty(io, 'onrequest', { get, configurable: true, enumerable: true })
    await ask()
    await until(() => looked === 1, 'it is looked up at the call')
    Object.defineProperty(io, 'onrequest', descriptor)
    await ask()
    await turns(3)
    assert.strictEqual(looked, 1)
    assert.strictEqual(io.onrequest, onrequest)

    const seen = wrap(io, 'onrequest')
    await ask()
    await until(() => seen.length === 1, 'assigned again')
  })

  test(`${name}: what is put there is there, also if it is nothing`, (t) => {
    const { io } = createNode(t, DHT)
    for (const hook of ['onrequest', 'onresponse', 'ontimeout']) {
      const original = io[hook]
      for (const value of [null, undefined, original]) {
        io[hook] = value
        assert.strictEqual(io[hook], value)
      }
    }
  })

  for (const [how, replace] of Object.entries(REPLACEMENTS)) {
    test(`${name}: one may be ${how}, and be taken back`, async (t) => {
      const node = await createBootstrapper(t, DHT)
      const peer = await RawPeer.create(t)
      node.on('request', (req) => req.reply(null))
      const to = serverAddress(node)
      const ping = () => peer.request({ internal: true, command: COMMANDS.PING }, to)
      const seen = []
      const restore = replace(node.io, 'onrequest', (req) => seen.push(req.command))

      await ping()
      await peer.request({ command: 7 }, to)
      await until(() => seen.length === 2, 'both are seen')
      restore()
      await ping()
      await turns(3)

      assert.deepStrictEqual(seen, [COMMANDS.PING, 7])
    })
  }
}

function through(original, observer) {
  return function (...args) {
    observer(...args)
    return original.apply(this, args)
  }
}

// As mocking libraries do it.
function spyOn(io, hook) {
  const calls = []
  const original = Object.getOwnPropertyDescriptor(io, hook)
  const value = function (...args) {
    calls.push({ self: this, args })
    return original.value.apply(this, args)
  }
  Object.defineProperty(io, hook, { ...original, value })
  return { calls, restore: () => Object.defineProperty(io, hook, original) }
}
