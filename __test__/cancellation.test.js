const test = require('node:test')
const assert = require('node:assert')
const { internalsOf } = require('../lib/common/internals')
const { natives } = require('./helpers/packages')
const { aborter } = require('./helpers/aborter')
const { FAULT, ODD_SIGNALS } = require('./helpers/odd-signals')
const uncaught = require('./helpers/uncaught')
const {
  HASTY,
  IMPATIENT,
  createNode,
  createBootstrapper,
  serverAddress
} = require('./helpers/network')
const { decodeRequest } = require('./helpers/wire')
const { settled, turns, until } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')
const RawPeer = require('./helpers/raw-peer')

const LAST = 99 // the command of what is sent after everything else
const NEVER = 0x7fffffff
const TIMEOUT = {
  name: 'DHTError',
  code: 'REQUEST_TIMEOUT',
  message: 'REQUEST_TIMEOUT: Request timed out'
}
const MAKES = {
  request: (node, to, opts) => node.request({ command: 1 }, to, opts),
  ping: (node, to, opts) => node.ping(to, opts),
  delayedPing: (node, to, opts) => node.delayedPing(to, 5000, opts),
  'request of a session': (node, to, opts) => node.session().request({ command: 1 }, to, opts),
  'ping of a session': (node, to, opts) => node.session().ping(to, opts)
}

for (const { name, DHT } of natives) {
  for (const [what, make] of Object.entries(MAKES)) {
    test(`${name}: ${what}: an abort rejects with its reason, and nothing is tried again`, async (t) => {
      const { node, silent, to } = await asker(t, DHT, IMPATIENT)
      const controller = aborter()
      const reason = new Error('enough')
      const given = make(node, to, { signal: controller.signal })
      await until(() => silent.received.length === 1, 'it was sent')

      controller.abort(reason)

      assert.strictEqual(node.stats.requests.active, 0)
      await assert.rejects(given, (err) => err === reason)
      await assert.rejects(node.request({ command: LAST }, to), TIMEOUT)
      assert.deepStrictEqual(commands(silent).filter((command) => command !== LAST).length, 1)
      assert.strictEqual(controller.listeners, 0)
    })

    test(`${name}: ${what}: a signal that is aborted sends nothing, nor does no time at all`, async (t) => {
      const { node, silent, to } = await asker(t, DHT)
      const reason = { any: 'thing' }
      const signal = AbortSignal.abort(reason)
      const { total } = node.stats.requests

      await assert.rejects(make(node, to, { signal }), (err) => err === reason)
      await assert.rejects(make(node, to, { signal, timeout: 0 }), (err) => err === reason)
      await assert.rejects(make(node, to, { timeout: 0 }), TIMEOUT)

      assert.strictEqual(node.stats.requests.total, total)
      assert.deepStrictEqual(await sentUpTo(node, silent), [LAST])
    })

    test(`${name}: ${what}: aborted before the first microtask it is not sent`, async (t) => {
      const { node, silent, to } = await asker(t, DHT)
      const given = []
      const makeAborted = () => {
        const controller = aborter()
        given.push(outcome(make(node, to, { signal: controller.signal })))
        assert.ok(node.stats.requests.active > 0) // a look changes nothing
        return () => controller.abort()
      }

      makeAborted()()
      await new Promise((resolve) => {
        setImmediate(() => {
          makeAborted()()
          resolve()
        })
      })
      assert.strictEqual(node.stats.requests.active, 0)
      assert.deepStrictEqual(await sentUpTo(node, silent), [LAST])

      queueMicrotask(makeAborted())
      await until(() => silent.received.length === 1, 'it was sent in the microtask before')
      for (const each of given) assert.strictEqual((await each).name, 'AbortError')
    })

    test(`${name}: ${what}: its time is over, retries included`, async (t) => {
      const { node, to } = await asker(t, DHT)
      await assert.rejects(make(node, to, { timeout: 40 }), TIMEOUT)
      const { active, timeouts, retries } = node.stats.requests
      // Nobody can tell from it that the network lost something.
      assert.deepStrictEqual({ active, timeouts, retries }, { active: 0, timeouts: 0, retries: 0 })
    })

    test(`${name}: ${what}: answered in time`, async (t) => {
      const server = await createBootstrapper(t, DHT, { maxPingDelay: 6000 })
      server.on('request', (req) => req.reply(null))
      const node = createNode(t, DHT)
      const controller = aborter()
      const opts = { signal: controller.signal, timeout: NEVER }
      if (what === 'delayedPing') await node.delayedPing(serverAddress(server), 1, opts)
      else await make(node, serverAddress(server), opts)
      assert.strictEqual(controller.listeners, 0)
      controller.abort()
    })
  }

  test(`${name}: what a session gives up before the first microtask is not sent`, async (t) => {
    const { node, silent, to } = await asker(t, DHT)
    const session = node.session()
    const made = [session.ping(to), session.request({ command: 1 }, to), node.ping(to, { session })]
    assert.strictEqual(session.inflight.length, 3)
    session.destroy()
    for (const each of made) await assert.rejects(each, { code: 'REQUEST_DESTROYED' })
    assert.deepStrictEqual(await sentUpTo(node, silent), [LAST])
  })

  for (const inflight of [0, 20]) {
    test(`${name}: what is asked leaves in its order, ${inflight} others in flight`, async (t) => {
      const { node, silent, to } = await asker(t, DHT)
      const other = await RawPeer.create(t)
      for (let i = 0; i < inflight; i++) node.ping(other.address).catch(() => {})
      const { signal } = aborter()
      const session = node.session()
      const ask = (by, command, opts) => by.request({ command }, to, opts).catch(() => {})
      const expected = []
      for (let turn = 0; turn < 3; turn++) {
        const first = 10 * turn
        ask(node, first + 1)
        ask(node, first + 2, { signal })
        ask(node, first + 3)
        ask(session, first + 4)
        session.destroy()
        ask(node, first + 5)
        expected.push(first + 1, first + 2, first + 3, first + 5)
        await null
      }
      assert.deepStrictEqual(await sentUpTo(node, silent), [...expected, LAST])
    })
  }

  test(`${name}: a socket of the user's sends with the first microtask`, async (t) => {
    const { node, to } = await asker(t, DHT)
    const socket = { sent: 0, trySend: () => socket.sent++ }
    const controller = aborter()
    const opts = { socket, retry: false }
    const made = [
      node.ping(to, opts),
      node.ping(to, { ...opts, signal: controller.signal }),
      node.ping(to, { ...opts, timeout: 5000 })
    ]
    assert.strictEqual(socket.sent, 1)
    controller.abort({ code: 'MINE' })
    await null
    assert.strictEqual(socket.sent, 2)
    const outcomes = Promise.allSettled(made)
    await node.destroy()
    const codes = (await outcomes).map(({ reason }) => reason.code)
    assert.deepStrictEqual(codes, ['REQUEST_DESTROYED', 'MINE', 'REQUEST_DESTROYED'])
  })

  test(`${name}: before the sockets are bound`, async (t) => {
    const silent = await RawPeer.create(t)
    const node = createNode(t, DHT)
    const controller = aborter()
    const given = node.ping(silent.address, { signal: controller.signal })
    node.bind()
    controller.abort()
    const kept = node.request({ command: LAST }, silent.address, { timeout: NEVER })
    kept.catch(() => {})
    await assert.rejects(given, { name: 'AbortError' })
    await until(() => silent.received.length > 0, 'the other one')
    assert.deepStrictEqual(commands(silent), [LAST])
  })

  test(`${name}: a place in the window is given back`, async (t) => {
    const { node, silent, to } = await asker(t, DHT, { maxWindow: 2 })
    const controllers = Array.from({ length: 4 }, () => aborter())
    const made = controllers.map(({ signal }, command) => node.request({ command }, to, { signal }))
    made.forEach((each) => each.catch(() => {}))
    await until(() => silent.received.length >= 2, 'the window is full')

    for (const i of [2, 0, 1]) controllers[i].abort()

    await until(() => commands(silent).includes(3), 'who waited')
    assert.strictEqual(commands(silent).includes(2), false)
  })

  test(`${name}: every reason is handed on as it is`, async (t) => {
    const { node, to } = await asker(t, DHT)
    for (const reason of [null, 0, '', 'text', Symbol('mine'), new Error('mine')]) {
      for (const when of [() => {}, turns]) {
        const controller = aborter()
        const given = node.ping(to, { signal: controller.signal })
        given.catch(() => {})
        await when(1)
        controller.abort(reason)
        await assert.rejects(given.catch(wrap), (err) => err.given === reason)
      }
    }
    const old = { aborted: true, addEventListener() {} }
    await assert.rejects(node.ping(to, { signal: old }), { name: 'AbortError', code: 'ABORT_ERR' })
  })

  test(`${name}: a signal is told by its members`, async (t) => {
    const { node, to } = await asker(t, DHT)
    const reason = new Error('mine')
    const signal = new EventTarget()
    const seen = []
    const own = {
      aborted: false,
      reason: null,
      addEventListener: (event, listener) => signal.addEventListener(event, listener),
      removeEventListener(event, listener) {
        seen.push(event)
        signal.removeEventListener(event, listener)
      }
    }
    const given = node.ping(to, { signal: own })
    own.reason = reason
    signal.dispatchEvent(new Event('abort'))
    await assert.rejects(given, (err) => err === reason)
    assert.deepStrictEqual(seen, ['abort'])
    const { aborted, addEventListener } = own
    await assert.rejects(
      node.ping(to, { signal: { aborted, addEventListener }, timeout: 5 }),
      TIMEOUT
    )
  })

  for (const [what, makeSignal] of Object.entries(ODD_SIGNALS)) {
    test(`${name}: a signal that ${what} gives up at once, and nothing is left of it`, async (t) => {
      const { node, silent, to } = await asker(t, DHT)
      const opts = () => ({ signal: makeSignal(), timeout: NEVER })
      for (const make of Object.values(MAKES)) {
        await assert.rejects(make(node, to, opts()), (err) => err === FAULT)
      }
      await assert.rejects(node.fullyBootstrapped(opts()), (err) => err === FAULT)
      const query = node.findNode(randomTarget(), { ...opts(), nodes: [to] })
      await assert.rejects(query.finished(), (err) => err === FAULT)

      const { requests, queries } = node.stats
      assert.deepStrictEqual([requests.active, queries.active, node.io.inflight.length], [0, 0, 0])
      assert.strictEqual(internalsOf(node).alarms.size, 0)
      assert.deepStrictEqual(await sentUpTo(node, silent), [LAST])
    })
  }

  test(`${name}: a signal that takes no listener back is an uncaught exception, and no more`, async (t) => {
    const { node, to } = await asker(t, DHT)
    const thrown = uncaught(t)
    const makeSignal = () => ({
      aborted: false,
      addEventListener(_, listener) {
        this.abort = listener
      },
      removeEventListener() {
        throw new Error('kept')
      }
    })
    const signal = makeSignal()
    const given = node.ping(to, { signal })
    given.catch(() => {})
    signal.reason = new Error('mine')
    signal.abort()
    await assert.rejects(given, signal.reason)
    await assert.rejects(node.ping(to, { signal: makeSignal(), timeout: 5 }), TIMEOUT)
    await until(() => thrown.length === 2, 'both are thrown')
    assert.deepStrictEqual(thrown, ['kept', 'kept'])
  })

  test(`${name}: a signal that lives long hears nothing of 10 000 requests that are over`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const node = createNode(t, DHT)
    const controller = aborter()
    const { signal } = controller
    const warnings = []
    const onwarning = (warning) => warnings.push(warning)
    process.on('warning', onwarning)
    t.after(() => process.removeListener('warning', onwarning))

    const pings = []
    for (let i = 0; i < 10000; i++) {
      const opts = i % 2 === 0 ? { signal } : { signal, timeout: NEVER }
      pings.push(node.ping(serverAddress(server), opts))
    }
    assert.ok(controller.listeners > 0 && controller.listeners < 10, 'shared')
    await Promise.all(pings)

    assert.strictEqual(controller.listeners, 0)
    assert.strictEqual(internalsOf(node).alarms.size, 0)
    await turns(2)
    assert.deepStrictEqual(warnings, [])
    assert.strictEqual(node.stats.requests.active, 0)
  })

  test(`${name}: 10 000 requests are given up together`, async (t) => {
    const { node, silent, to } = await asker(t, DHT)
    const controller = aborter()
    const { signal } = controller
    const reason = new Error('all')
    const pings = Array.from({ length: 10000 }, () => node.ping(to, { signal, timeout: NEVER }))
    const outcomes = Promise.allSettled(pings)
    await turns(2)
    controller.abort(reason)

    assert.strictEqual(node.io.inflight.length, 0)
    assert.ok((await outcomes).every((outcome) => outcome.reason === reason))
    assert.strictEqual(controller.listeners, 0)
    const sent = await sentUpTo(node, silent)
    assert.ok(sent.length < 1000, `${sent.length} of those that waited for the window left`)
  })

  test(`${name}: bad signals and times are refused at once`, async (t) => {
    const { node, silent, to } = await asker(t, DHT)
    const cases = [
      ...[7, 'x', true, {}, [], { aborted: false }, new EventTarget(), () => {}].map((signal) => ({
        signal
      })),
      { signal: { aborted: 'no', addEventListener() {} } },
      ...[-1, 1.5, NaN, Infinity, 2 ** 31, '10', true, {}, 10n].map((timeout) => ({ timeout }))
    ]
    const target = randomTarget()
    for (const opts of cases) {
      const [field] = Object.keys(opts)
      const refusal = (err) => {
        assert.strictEqual(err.code, 'ERR_INVALID_OPTION')
        assert.match(
          err.message,
          new RegExp(
            `^${field} must be an (AbortSignal|integer from 0 to), got`.replace(', got', '')
          )
        )
        return true
      }
      for (const make of Object.values(MAKES)) await assert.rejects(make(node, to, opts), refusal)
      await assert.rejects(node.fullyBootstrapped(opts), refusal)
      await assert.rejects(node.ready(opts), refusal)
      assert.throws(() => node.query({ target, command: 1 }, opts), refusal)
      assert.throws(() => node.session().query({ target, command: 1 }, opts), refusal)
      assert.throws(() => node.findNode(target, opts), refusal)
    }
    for (const none of [{ signal: null, timeout: null }, { signal: undefined }, {}, null]) {
      await node.fullyBootstrapped(none)
      node.findNode(target, none).destroy()
    }
    assert.deepStrictEqual(await sentUpTo(node, silent), [LAST])
    assert.strictEqual(node.stats.queries.active, 0)
  })

  test(`${name}: waiting for the bootstrap is given up, the bootstrap goes on`, async (t) => {
    const peer = await RawPeer.create(t)
    const node = createNode(t, DHT, { bootstrap: [peer.address], ...HASTY })
    const controller = aborter()
    const reason = new Error('enough')
    const given = [node.fullyBootstrapped, node.ready].map((wait) =>
      wait.call(node, { signal: controller.signal })
    )
    for (const timeout of [0, 5]) await assert.rejects(node.fullyBootstrapped({ timeout }), TIMEOUT)
    controller.abort(reason)
    for (const each of given) await assert.rejects(each, (err) => err === reason)
    await assert.rejects(node.ready(controller), (err) => err === reason)
    assert.strictEqual(node.bootstrapped, false)

    const waiting = aborter()
    await node.fullyBootstrapped({ signal: waiting.signal, timeout: NEVER })
    assert.strictEqual(node.bootstrapped, true)
    await settled(Promise.resolve())
    assert.strictEqual(waiting.listeners, 0)
    await assert.rejects(node.fullyBootstrapped(controller), (err) => err === reason)

    const doomed = createNode(t, DHT, { bootstrap: [peer.address] })
    const unready = doomed.fullyBootstrapped({ signal: waiting.signal, timeout: NEVER })
    doomed.destroy()
    await assert.rejects(unready, { code: 'NODE_WAS_DESTROYED' })
    await settled(Promise.resolve())
    assert.strictEqual(waiting.listeners, 0)
  })

  test(`${name}: time goes on where a test has replaced timers and clocks`, async (t) => {
    const { node, to } = await asker(t, DHT)
    replace(t, globalThis, 'setTimeout', () => {})
    replace(t, globalThis, 'setInterval', () => {})
    replace(t, performance, 'now', () => 0)
    replace(t, Date, 'now', () => 0)
    await assert.rejects(node.ping(to, { timeout: 20 }), TIMEOUT)
    const query = node.findNode(randomTarget(), { nodes: [to], timeout: 20 })
    await assert.rejects(query.finished(), TIMEOUT)
  })

  test(`${name}: a suspended node's time goes on as well`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    server.on('request', (req) => req.reply(null))
    const node = createNode(t, DHT)
    const message = { target: randomTarget(), command: 1 }
    let committing = false
    const commit = () => new Promise(() => (committing = true))
    let finished = null
    // A machine may be too slow to get there in time.
    for (let timeout = 300; !committing; timeout *= 2) {
      const opts = { nodes: [serverAddress(server)], commit, timeout }
      finished = outcome(node.query(message, opts).finished())
      await Promise.race([until(() => committing, 'it commits, which never ends'), finished])
    }
    await node.suspend()
    assert.strictEqual((await finished).code, TIMEOUT.code)
  })

  test(`${name}: what is over for other reasons is over`, async (t) => {
    const { node, to } = await asker(t, DHT)
    const controller = aborter()
    const opts = { signal: controller.signal, timeout: NEVER }
    const ends = {
      REQUEST_DESTROYED: (session) => session.destroy(),
      IO_SUSPENDED: () => node.suspend()
    }
    for (const [code, end] of Object.entries(ends)) {
      const session = node.session()
      const given = session.ping(to, opts)
      end(session)
      await assert.rejects(given, { code })
      assert.strictEqual(controller.listeners, 0)
    }
    await assert.rejects(node.ping(to, opts), { code: 'IO_SUSPENDED' })
    await node.resume()
    const value = Buffer.alloc(2100)
    const large = node.request({ command: 1, value }, to, opts)
    await assert.rejects(large, { code: 'ERR_VALUE_TOO_LARGE' })
    const last = node.ping(to, opts)
    node.destroy()
    await assert.rejects(last, { code: 'REQUEST_DESTROYED' })
    await assert.rejects(node.ping(to, opts), { code: 'NODE_DESTROYED' })
    assert.strictEqual(controller.listeners, 0)
    controller.abort()
  })
}

// A node, and a peer that never answers.
async function asker(t, DHT, opts) {
  const silent = await RawPeer.create(t)
  const node = createNode(t, DHT, opts)
  await node.fullyBootstrapped()
  return { node, silent, to: silent.address }
}

// The commands that the peer was sent up to this one.
async function sentUpTo(node, silent) {
  node.request({ command: LAST }, silent.address).catch(() => {})
  await until(() => commands(silent).includes(LAST), 'the last one')
  const all = commands(silent)
  silent.received.length = 0
  return all.slice(0, all.indexOf(LAST) + 1)
}

function replace(t, object, name, fn) {
  const real = Object.getOwnPropertyDescriptor(object, name)
  const { enumerable } = real || {}
  Object.defineProperty(object, name, { value: fn, configurable: true, writable: true, enumerable })
  t.after(() => {
    if (real === undefined) delete object[name]
    else Object.defineProperty(object, name, real)
  })
}

function outcome(promise) {
  return promise.then(
    () => 'resolved',
    (err) => err
  )
}

function commands(silent) {
  return silent.received.map(({ data }) => decodeRequest(data).command)
}

function wrap(given) {
  throw Object.assign(new Error('rejected'), { given })
}
