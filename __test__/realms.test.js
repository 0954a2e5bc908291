const test = require('node:test')
const assert = require('node:assert')
const { natives, packages } = require('./helpers/packages')
const Realm = require('./helpers/realm')
const {
  HOST,
  createNode,
  createBootstrapper,
  freePort,
  serverAddress
} = require('./helpers/network')
const RawPeer = require('./helpers/raw-peer')

const TARGET = Buffer.alloc(32, 7)

for (const { name, DHT } of packages) {
  test(`${name}: bytes, arrays and objects of another realm`, async (t) => {
    const { realm, node, to } = await pair(t, DHT)
    const target = realm.bytes(...TARGET)
    assert.ok(!(target instanceof Uint8Array))

    const { value, token } = await node.request(
      { command: 1, target, value: realm.bytes(1, 2) },
      to
    )
    assert.deepStrictEqual(value, Buffer.of(1, 2))
    const again = { command: 1, value: realm.bytes(3), token: realm.bytes(...token) }
    assert.deepStrictEqual((await node.request(again, to)).value, Buffer.of(3))

    for (const list of ['nodes', 'closestNodes', 'replies', 'closestReplies']) {
      const given = realm.run('(node) => [{ ...node, from: node }]', to)
      const opts = { [list]: given, onlyClosestNodes: false }
      const query = node.query({ target, command: 1, value: realm.bytes(4) }, opts)
      await query.finished()
      assert.deepStrictEqual(query.closestReplies[0].value, Buffer.of(4))
    }
    await node.findNode(target).finished()
    assert.strictEqual(node.table.closest(target).length, 1)
    assert.strictEqual(node.table.has(realm.bytes(...node.nodes.latest.id)), true)
  })

  test(`${name}: errors, promises and functions of another realm`, async (t) => {
    const { realm, node, to } = await pair(t, DHT)
    const silent = await RawPeer.create(t)
    const session = node.session()
    const failure = realm.run("() => new TypeError('theirs')")
    const request = session.ping(silent.address)
    session.destroy(failure)
    await assert.rejects(request, (err) => err === failure)

    const message = { target: TARGET, command: 1 }
    const resolves = realm.run('() => async () => {}')
    await node.query(message, { nodes: [to], commit: resolves }).finished()
    const rejects = realm.run('(err) => () => Promise.reject(err)', failure)
    const query = node.query(message, { nodes: [to], commit: rejects })
    await assert.rejects(query.finished(), (err) => err === failure)
    const destroyed = node.findNode(TARGET)
    destroyed.destroy(failure)
    await assert.rejects(destroyed.finished(), (err) => err === failure)

    const map = realm.run('() => (reply) => [reply.from.port]')
    for await (const row of node.findNode(TARGET, { map }))
      assert.deepStrictEqual([...row], [to.port])
    const log = realm.run('() => ({ log: () => {} })')
    await node.suspend(log)
    await node.resume(log)
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: options, signals and sockets of another realm`, async (t) => {
    const { realm, to } = await pair(t, DHT)
    const code = `(to) => ({
      bootstrap: [to], nodes: [to], port: [${await freePort()}, 65536], filterNode: () => true,
      adaptiveTimeout: { fallback: [100, 200] }, protections: { heldPerHost: 7 }, hardened: { paths: 2 }
    })`
    const node = createNode(t, DHT, realm.run(code, to))
    await node.fullyBootstrapped()
    assert.strictEqual(node.nodes.length, 1)

    const silent = await RawPeer.create(t)
    const signal = realm.run(`() => {
      const listeners = []
      return {
        aborted: false, reason: undefined, listeners,
        addEventListener: (event, listener) => listeners.push(listener),
        removeEventListener: () => listeners.pop()
      }
    }`)
    const request = node.ping(silent.address, { signal })
    signal.reason = realm.run("() => new RangeError('theirs')")
    signal.aborted = true
    signal.listeners[0]()
    await assert.rejects(request, (err) => err === signal.reason)

    const socket = realm.run('() => ({ sent: [], trySend(...args) { this.sent.push(args) } })')
    const unheard = node.request({ command: 1 }, silent.address, { socket, retry: false })
    assert.strictEqual(socket.sent.length, 1)
    const reply = Buffer.from(socket.sent[0][0].subarray(0, 4))
    reply[0] = 0x13
    const datagram = realm.bytes(...reply, 127, 0, 0, 1, 1, 0)
    node.onmessage(socket, datagram, realm.run('(from) => ({ ...from })', silent.address))
    assert.strictEqual((await unheard).error, 0)
  })

  test(`${name}: other kinds of another realm are refused as ours are`, async (t) => {
    const { realm, node, to } = await pair(t, DHT)
    const others = [
      'new DataView(new ArrayBuffer(2))',
      'new Uint16Array(2)',
      '[1, 2]',
      'new ArrayBuffer(2)'
    ]
    for (const other of others) {
      const value = realm.run(`() => ${other}`)
      await assert.rejects(node.request({ command: 1, value }, to), { code: 'ERR_INVALID_VALUE' })
    }
    const named = realm.run(`() => {
      class Named extends Uint8Array { get [Symbol.toStringTag]() { return 'Named' } }
      return Named.of(5)
    }`)
    assert.deepStrictEqual(
      (await node.request({ command: 1, value: named }, to)).value,
      Buffer.of(5)
    )
    for (const value of [Object.create(Uint8Array.prototype), new Proxy(Buffer.of(1), {})]) {
      await assert.rejects(node.request({ command: 1, value }, to), { code: 'ERR_INVALID_VALUE' })
    }
  })

  test(`${name}: the package loaded in another realm, by modules of Node's class`, async (t) => {
    const realm = new Realm((filename) => new module.constructor(filename))
    const Theirs = realm.require('../../index.js')
    assert.ok(realm.run('(value) => value instanceof Object', Theirs.DEFAULTS))
    const { to } = await pair(t, DHT)
    const node = createNode(t, Theirs, { bootstrap: [to] })
    node.on('request', (req) => req.reply(req.value))
    await node.fullyBootstrapped()
    const message = { command: 1, value: realm.bytes(1, 2) }
    assert.deepStrictEqual(
      (await node.request(message, serverAddress(node))).value,
      Buffer.of(1, 2)
    )
    const refused = await node.ping({ host: 'x', port: 1 }).catch((err) => err)
    assert.ok(realm.run('(value) => value instanceof TypeError', refused))
  })

  test(`${name}: the package loaded in another realm, beside the one of this`, async (t) => {
    const Theirs = new Realm().require('../../index.js')
    assert.notStrictEqual(Theirs, DHT)
    const { realm, node: ours, to } = await pair(t, DHT)
    const theirs = createNode(t, Theirs, { host: HOST, bootstrap: [to], ephemeral: false })
    await theirs.fullyBootstrapped()
    theirs.on('request', (req) => req.reply(req.value))

    const message = { command: 1, target: TARGET, value: realm.bytes(1, 2) }
    assert.deepStrictEqual(
      (await ours.request(message, serverAddress(theirs))).value,
      Buffer.of(1, 2)
    )
    assert.deepStrictEqual((await theirs.request(message, to)).value, Buffer.of(1, 2))
    const query = theirs.query(message, { commit: true })
    await query.finished()
    const other = ours.query(message, { replies: query.closestReplies })
    await other.finished()
    assert.strictEqual(other.closestReplies.length, 2)

    const third = createNode(t, DHT, { bootstrap: [theirs] })
    await third.fullyBootstrapped()
    assert.strictEqual(third.nodes.length, 2)
    const silent = await RawPeer.create(t)
    const session = theirs.session()
    const pings = [ours, theirs].map((node) => node.ping(silent.address, { session }))
    assert.strictEqual(session.inflight.length, 2)
    session.destroy()
    for (const ping of pings) await assert.rejects(ping, { code: 'REQUEST_DESTROYED' })
    await ours.ping(to, { session: third.session() })
  })
}

async function pair(t, DHT) {
  const server = await createBootstrapper(t, DHT)
  server.on('request', (req) => req.reply(req.value))
  const to = serverAddress(server)
  const node = createNode(t, DHT, { bootstrap: [to] })
  await node.fullyBootstrapped()
  return { realm: new Realm(), node, to }
}
