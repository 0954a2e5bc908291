const test = require('node:test')
const assert = require('node:assert')
const { internalsOf } = require('../lib/common/internals')
const { packages, natives } = require('./helpers/packages')
const { HOST, IMPATIENT, createNode, createNetwork, serverAddress } = require('./helpers/network')
const { until, turns } = require('./helpers/until')
const { COMMANDS, decodeRequest, encodeReply } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')
const native = require('../lib/crossing/native')

const TARGET = Buffer.alloc(32, 5)
const TOKEN = Buffer.alloc(32, 6)
const VALUE = Buffer.from('value')

for (const { name, DHT } of packages) {
  test(`${name}: createRequest() makes a request that its maker sends`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    const { io } = node
    const asked = []
    peer.serve((req) => {
      asked.push(req)
      return { value: Buffer.from('answer') }
    })
    const before = { ...node.stats.requests }
    const tid = io._tid
    const to = { id: null, ...peer.address }

    const req = io.createRequest(to, TOKEN, false, 7, TARGET, VALUE, null, 0)

    assert.strictEqual(node.stats.requests.active, before.active + 1)
    assert.strictEqual(node.stats.requests.total, before.total + 1)
    assert.notStrictEqual(io._tid, tid)
    assert.deepStrictEqual(
      { ...fieldsOf(req), tid: 0 },
      {
        tid: 0,
        from: null,
        to,
        token: TOKEN,
        command: 7,
        target: TARGET,
        value: VALUE,
        internal: false,
        session: null,
        ttl: 0,
        sent: 0,
        retries: 3,
        destroyed: false,
        timeout: 0
      }
    )
    assert.strictEqual(req.to, to)
    assert.ok(Number.isInteger(req.tid))
    assert.strictEqual(req.socket, io.clientSocket)
    assert.strictEqual(io.inflight.includes(req), true)
    assert.strictEqual(io.inflight.at(-1), req)
    for (const call of ['oncycle', 'onresponse', 'onerror']) {
      assert.strictEqual(typeof req[call], 'function')
      assert.strictEqual(req[call](), undefined)
    }
    await turns(3)
    assert.strictEqual(asked.length, 0, 'not before send()')

    const [reply, sent] = await settle(req)

    assert.strictEqual(sent, req)
    assert.strictEqual(reply.tid, req.tid)
    assert.strictEqual(reply.value.toString(), 'answer')
    assert.strictEqual(asked.length, 1)
    const { command, target, value, token, internal } = asked[0]
    assert.deepStrictEqual(
      { command, target, value, token, internal, tid: asked[0].tid },
      { command: 7, target: TARGET, value: VALUE, token: TOKEN, internal: false, tid: req.tid }
    )
    assert.strictEqual(req.sent, 1)
    assert.strictEqual(req.destroyed, false)
    assert.strictEqual(io.inflight.includes(req), false)
    assert.strictEqual(node.stats.requests.active, before.active)
    assert.strictEqual(node.stats.requests.responses, before.responses + 1)
  })

  test(`${name}: it leaves as it is when it is sent`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    const asked = []
    peer.serve((req) => asked.push(req) && {})
    const { io } = node
    const req = io.createRequest({ id: null, ...peer.address }, null, false, 7, null, null, null)

    req.command = 8
    req.value = VALUE
    req.target = TARGET
    req.token = TOKEN
    req.socket = io.serverSocket
    await settle(req)

    const [{ command, value, target, token }] = asked
    assert.deepStrictEqual([command, value, target, token], [8, VALUE, TARGET, TOKEN])
  })

  test(`${name}: it leaves by the socket that it is given`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    const sent = []
    const socket = { trySend: (...args) => sent.push(args) }
    const to = { id: null, ...peer.address }
    const req = node.io.createRequest(to, null, true, COMMANDS.PING, null, null, null, 7)

    req.socket = socket
    req.send()

    assert.strictEqual(sent.length, 1, 'before the call returns')
    const [datagram, port, host, ttl] = sent[0]
    const { tid, command } = decodeRequest(datagram)
    assert.deepStrictEqual(
      [tid, command, port, host, ttl],
      [req.tid, COMMANDS.PING, peer.port, peer.host, 7]
    )
    assert.strictEqual(req.socket, socket)
    const answered = new Promise((resolve) => (req.onresponse = resolve))
    const reply = encodeReply({ tid, to: { host: HOST, port: 9 } })
    node.onmessage(socket, reply, { host: peer.host, port: peer.port })
    assert.strictEqual((await answered).tid, tid)
  })

  test(`${name}: its tries, their number and their time are its maker's`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    peer.serve(() => null)
    const make = () => node.io.createRequest(to, null, true, COMMANDS.PING, null, null, null, 0)
    const to = { id: null, ...peer.address }
    const req = make()
    const cycles = []
    req.retries = 1
    req.timeout = 30
    req.oncycle = (...args) => cycles.push([args.length, args[0] === req, req.sent])

    const { timeouts, retries } = node.stats.requests
    await assert.rejects(settle(req), { code: 'REQUEST_TIMEOUT' })

    assert.deepStrictEqual(cycles, [
      [1, true, 1],
      [1, true, 2]
    ])
    assert.strictEqual(req.sent, 2)
    assert.strictEqual(req.destroyed, true)
    assert.strictEqual(node.stats.requests.timeouts, timeouts + 1)
    assert.strictEqual(node.stats.requests.retries, retries + 1)

    const patient = make()
    patient.timeout = 40
    patient.retries = 50
    const failed = assert.rejects(settle(patient), { code: 'REQUEST_TIMEOUT' })
    await until(() => patient.sent > 1, 'a second try')
    patient.retries = 0
    await failed
    assert.ok(patient.sent < 50)
  })

  test(`${name}: send() may be called again`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    let asked = 0
    peer.serve(() => (++asked < 3 ? null : {}))
    const to = { id: null, ...peer.address }
    const req = node.io.createRequest(to, null, true, COMMANDS.PING, null, null, null, 0)
    const answered = settle(req)

    assert.strictEqual(req.sent, 1)
    req.send()
    req.send(true)
    assert.strictEqual(req.sent, 3)

    await answered
    assert.strictEqual(asked, 3)
  })

  test(`${name}: destroy() takes it out of flight and says so at once`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    const { io } = node
    const session = node.session()
    const to = { id: null, ...peer.address }
    const { active } = node.stats.requests
    const errors = []

    for (const given of [undefined, new Error('enough')]) {
      const req = io.createRequest(to, null, true, COMMANDS.PING, null, null, session, 0)
      assert.strictEqual(req.session, session)
      assert.deepStrictEqual([...session.inflight], [req])
      req.onerror = (err, of) => errors.push([err.code || err.message, of === req])
      req.send()
      req.destroy(given)
      req.destroy(new Error('again'))
      assert.strictEqual(req.destroyed, true)
      assert.strictEqual(session.inflight.length, 0)
      assert.strictEqual(io.inflight.includes(req), false)
      assert.strictEqual(node.stats.requests.active, active)
    }

    assert.deepStrictEqual(errors, [
      ['REQUEST_DESTROYED', true],
      ['enough', true]
    ])
  })

  test(`${name}: one whose session is destroyed, and those of a node that goes`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    peer.serve(() => null)
    const session = node.session()
    const to = { id: null, ...peer.address }
    const make = (session) => node.io.createRequest(to, null, false, 7, null, null, session, 0)
    const dropped = settle(make(session))
    session.destroy(new Error('over'))
    await assert.rejects(dropped, { message: 'over' })

    const suspended = make(null)
    const failed = settle(suspended)
    const unsent = make(null)
    let heard = null
    unsent.onerror = (err) => (heard = err.code)
    await Promise.all([assert.rejects(failed, { code: 'IO_SUSPENDED' }), node.suspend()])
    assert.strictEqual(suspended.destroyed, true)
    assert.strictEqual(heard, 'IO_SUSPENDED')
    await node.resume()

    const pending = make(null)
    const gone = settle(pending)
    await Promise.all([assert.rejects(gone, { code: 'REQUEST_DESTROYED' }), node.destroy()])
    assert.strictEqual(pending.destroyed, true)
    assert.strictEqual(make(null), null)
  })

  test(`${name}: a request made before the sockets are bound leaves with them`, async (t) => {
    const peer = await RawPeer.create(t)
    peer.serve(() => ({}))
    const node = createNode(t, DHT)
    const to = { id: null, ...peer.address }
    const req = node.io.createRequest(to, null, true, COMMANDS.PING, null, null, null, 0)
    assert.strictEqual(req.socket, null)
    assert.strictEqual(node.io.inflight.length, 1)
    assert.strictEqual(node.io.inflight[0], req)

    const answered = settle(req)
    assert.strictEqual(req.sent, 0)
    await node.bind()
    const [reply] = await answered

    assert.strictEqual(reply.error, 0)
    assert.strictEqual(req.socket, node.io.clientSocket)
    assert.strictEqual(req.sent, 1)
  })

  test(`${name}: io.inflight is one array, always what is in flight`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    let answers = false
    peer.serve(({ command }) => (answers && command === COMMANDS.PING ? {} : null))
    const { inflight } = node.io
    assert.strictEqual(Array.isArray(inflight), true)
    assert.strictEqual(inflight.length, 0)
    const session = node.session()

    const to = peer.address
    const message = { command: 5, target: TARGET, value: VALUE, token: TOKEN }
    const asked = [
      node.request(message, to, { retry: false }),
      session.ping(to, { size: 3, ttl: 7 }),
      node.delayedPing(to, 50)
    ]
    assert.strictEqual(node.io.inflight, inflight)
    assert.strictEqual(inflight.length, 3)
    const [first, second, third] = inflight
    assert.deepStrictEqual([...inflight], [first, second, third])
    assert.deepStrictEqual(
      inflight.map((req) => [req.internal, req.command, req.retries, req.ttl, req.timeout]),
      [
        [false, 5, 0, 0, 0],
        [true, COMMANDS.PING, 3, 7, 0],
        [true, COMMANDS.DELAYED_PING, 3, 0, 1050]
      ]
    )
    assert.deepStrictEqual({ ...first.to }, { id: null, ...to })
    assert.deepStrictEqual([first.target, first.value, first.token], [TARGET, VALUE, TOKEN])
    assert.deepStrictEqual([second.value, second.session], [Buffer.alloc(3), session])
    assert.deepStrictEqual([first.from, first.session, first.sent], [null, null, 1])
    assert.strictEqual(first.socket, node.io.clientSocket)
    assert.deepStrictEqual([...session.inflight], [second])

    answers = true
    second.send(true)
    const reply = await asked[1]
    assert.strictEqual(reply.tid, second.tid)
    assert.strictEqual(inflight.includes(second), false)
    third.destroy(new Error('enough'))
    await assert.rejects(asked[2], { message: 'enough' })
    assert.deepStrictEqual([...inflight], [first])
    const { onerror } = first
    let told = null
    first.onerror = (err, req) => {
      told = [err.code, req]
      onerror(err, req)
    }
    await assert.rejects(asked[0], { code: 'REQUEST_TIMEOUT' })
    assert.deepStrictEqual(told, ['REQUEST_TIMEOUT', first])
    assert.strictEqual(inflight.length, 0)
    assert.strictEqual(inflight[0], undefined)
  })

  test(`${name}: the requests of a query are there, in its session as well`, async (t) => {
    const { bootstrap, nodes } = await createNetwork(t, [DHT, DHT])
    const node = createNode(t, DHT, { bootstrap })
    await node.fullyBootstrapped()
    await until(() => node.io.inflight.length === 0, 'it is quiet')
    const silent = await RawPeer.create(t)
    const session = node.session()
    const to = [serverAddress(nodes[0]), silent.address]

    const query = node.findNode(TARGET, { nodes: to, session, onlyClosestNodes: false })
    query.resume()
    await until(() => session.inflight.length > 0, 'it asks')
    await until(() => session.inflight.some((req) => req.to.port === silent.port), 'the silent one')

    const req = session.inflight.find(({ to }) => to.port === silent.port)
    assert.ok(node.io.inflight.includes(req))
    assert.deepStrictEqual(
      [req.internal, req.command, req.target, req.retries],
      [true, COMMANDS.FIND_NODE, TARGET, 5]
    )
    assert.strictEqual(req.session, session)
    assert.strictEqual(req.to.id.byteLength, 32)
    const { errors } = query
    req.destroy()
    assert.strictEqual(req.destroyed, true)
    assert.strictEqual(session.inflight.includes(req), false)
    await query.finished()
    assert.ok(query.errors > errors)
  })

  test(`${name}: session.inflight is one array, and may be replaced`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    const session = node.session()
    const { inflight } = session
    session.ping(peer.address).catch(() => {})
    session.ping(peer.address).catch(() => {})
    assert.strictEqual(session.inflight, inflight)
    assert.strictEqual(inflight.length, 2)
    assert.strictEqual(inflight[0].session, session)
    session.destroy()
    assert.strictEqual(inflight.length, 0)
    const other = []
    session.inflight = other
    assert.strictEqual(session.inflight, other)
  })

  test(`${name}: a request that waits for the window is in flight, unsent`, async (t) => {
    const peer = await RawPeer.create(t)
    const node = createNode(t, DHT, { maxWindow: 1 })
    await node.fullyBootstrapped()
    for (let i = 0; i < 3; i++) node.ping(peer.address).catch(() => {})

    assert.deepStrictEqual(
      node.io.inflight.map(({ sent }) => sent),
      [1, 0, 0]
    )
    const to = { id: null, ...peer.address }
    const req = node.io.createRequest(to, null, true, COMMANDS.PING, null, null, null, 0)
    req.send()
    assert.strictEqual(req.sent, 0)
    req.send(true)
    assert.strictEqual(req.sent, 1)
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: what cannot be sent is refused with a code`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    const { io } = node
    const to = { id: null, ...peer.address }
    const make = (fields) => {
      const { host = HOST, port = to.port, token = null, command = 7, value = null } = fields
      return io.createRequest({ host, port }, token, false, command, null, value, null, 0)
    }
    assert.throws(() => make({ host: 'nowhere' }), { code: 'ERR_INVALID_HOST' })
    assert.throws(() => make({ port: 0 }), { code: 'ERR_INVALID_PORT' })
    assert.throws(() => make({ command: -1 }), { code: 'ERR_INVALID_COMMAND' })
    assert.throws(() => make({ token: 'x' }), { code: 'ERR_INVALID_TOKEN' })
    assert.throws(() => make({ value: Buffer.alloc(3000) }), { code: 'ERR_VALUE_TOO_LARGE' })
    assert.throws(() => io.createRequest(), { code: 'ERR_INVALID_OPTION' })
    assert.strictEqual(io.inflight.length, 0)

    const req = make({})
    req.value = 'x'
    assert.throws(() => req.send(), { code: 'ERR_INVALID_VALUE' })
    req.value = null
    req.destroy()

    await node.suspend()
    const suspended = make({})
    let err = null
    suspended.onerror = (reason) => (err = reason)
    suspended.send()
    assert.strictEqual(err.code, 'IO_SUSPENDED')
    assert.strictEqual(suspended.destroyed, true)
    assert.strictEqual(io.inflight.length, 0)
  })

  test(`${name}: an answer that JavaScript has not heard of yet leaves the request in flight`, async (t) => {
    const { bootstrapper } = await createNetwork(t, [DHT])
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const { inflight } = node.io
    const session = node.session()
    const asked = session.ping(serverAddress(bootstrapper))
    await null // those of a session leave with the first microtask
    const slab = Buffer.alloc(1024)
    const number = internalsOf(node).flushed()
    const deadline = performance.now() + 5000
    while (native.requestsInFlight(number, 0, slab) > 0 && performance.now() < deadline);

    assert.strictEqual(native.requestsInFlight(number, 0, slab), 0)
    assert.strictEqual(inflight.length, 1)
    const [req] = session.inflight
    assert.strictEqual(inflight[0], req)
    assert.deepStrictEqual(
      [req.internal, req.command, req.to.port, req.session, req.destroyed],
      [true, COMMANDS.PING, serverAddress(bootstrapper).port, session, false]
    )
    await asked
    assert.strictEqual(inflight.length, 0)
    req.send()
    assert.strictEqual(inflight.length, 0)
  })

  test(`${name}: what is over is not kept`, async (t) => {
    const { node, peer } = await lonely(t, DHT)
    peer.serve(() => ({}))
    const to = { id: null, ...peer.address }
    for (let i = 0; i < 200; i++) {
      const req = node.io.createRequest(to, null, true, COMMANDS.PING, null, null, null, 0)
      await settle(req)
    }
    assert.strictEqual(internalsOf(node).inFlight._made.size, 0)
  })
}

// A node that knows nobody, and a peer.
async function lonely(t, DHT) {
  const node = createNode(t, DHT, IMPATIENT)
  await node.fullyBootstrapped()
  return { node, peer: await RawPeer.create(t) }
}

function settle(req) {
  return new Promise((resolve, reject) => {
    req.onresponse = (...args) => resolve(args)
    req.onerror = reject
    req.send()
  })
}

function fieldsOf(req) {
  const { tid, from, to, token, command, target, value, internal, session, ttl } = req
  const { sent, retries, destroyed, timeout } = req
  return {
    tid,
    from,
    to,
    token,
    command,
    target,
    value,
    internal,
    session,
    ttl,
    sent,
    retries,
    destroyed,
    timeout
  }
}
