const test = require('node:test')
const assert = require('node:assert')
const { Duplex } = require('streamx')
const { once } = require('node:events')
const { Rig, packages, closed, collectData, names } = require('./helpers/udx-rig')
const { KINDS, USABLE } = require('./helpers/proxies')

// Streams of this package, wrapped, and with what is not theirs.
for (const { UDX } of packages.filter(({ name }) => name === 'native')) {
  for (const kind of USABLE) {
    test(`native: streams and sockets behind a Proxy: ${kind}`, async (t) => {
      const wrap = KINDS[kind]()
      const rig = new Rig(t)
      const udx = wrap(new UDX())
      const [socket, other] = [rig.socket(udx), rig.socket(udx)]
      const a = wrap(rig.stream(udx, 1, { firewall: () => false }))
      const b = rig.end(new UDX(), 2)
      const log = []
      names(log, 'socket', socket, 'busy', 'idle')
      names(log, 'other', other, 'busy', 'idle')
      a.connect(wrap(socket), 2, b.socket.address().port)
      b.stream.connect(b.socket, 1, socket.address().port)
      assert.deepStrictEqual([a.connected, a.localPort], [true, socket.address().port])
      assert.throws(() => a.connect(socket, 2, 9), { message: 'Already connected' })

      b.stream.on('message', (message) => b.stream.trySend(message))
      const came = once(a, 'message')
      assert.strictEqual(await a.send(Buffer.from('hello')), true)
      assert.strictEqual(String((await came)[0]), 'hello')

      const received = collectData(b.stream)
      a.write('one ')
      assert.strictEqual(await a.flush(), true)
      assert.strictEqual(a.changeRemote(socket, 2, b.socket.address().port), null)
      assert.strictEqual(a.changeRemote(wrap(other), 2, b.socket.address().port), null)
      assert.strictEqual(socket.streams.size + other.streams.size, 1)
      assert.deepStrictEqual(log, ['socket busy', 'socket idle', 'other busy'])
      a.end('two')
      assert.strictEqual(String(await received), 'one two')
      assert.strictEqual(JSON.parse(JSON.stringify(a)).id, 1)
      assert.ok(a.bytesTransmitted > 0 && a.rtt >= 0)

      const [left, right] = [wrap(rig.stream(udx, 10)), wrap(rig.stream(udx, 20))]
      left.relayTo(right)
      b.stream.on('error', () => {})
      a.destroy()
      await closed(a)
      assert.deepStrictEqual(log.at(-1), 'other idle')
      for (const stream of [left, right]) stream.destroy()
    })
  }

  test('native: what is no socket or no stream of this package is named', (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const { stream, socket } = rig.end(udx, 1)
    const foreign = { udx, bound: true, closing: false }
    const bad = { code: 'ERR_INVALID_OPTION', message: /^socket must be a socket of this package/ }
    for (const no of [foreign, null, undefined, {}, 'socket', 5]) {
      assert.throws(() => stream.connect(no, 2, 9), bad)
    }
    const elsewhere = rig.socket(new UDX())
    const own = {
      code: 'ERR_INVALID_OPTION',
      message: /^socket must be a socket of the stream's own/
    }
    assert.throws(() => stream.connect(elsewhere, 2, 9), own)
    const invalid = { code: 'EINVAL', message: 'invalid argument' }
    for (const no of [null, undefined, {}, new Duplex(), socket]) {
      assert.throws(() => stream.relayTo(no), invalid)
    }
    stream.connect(socket, 2, 9, null, { ack: 0 })
    for (const no of [foreign, null, {}]) assert.throws(() => stream.changeRemote(no, 2, 9), bad)
    const unbound = { code: 'ERR_INVALID_OPTION', message: /^socket must be one that is bound/ }
    assert.throws(() => stream.changeRemote(rig.unbound(udx), 2, 9), unbound)
    assert.strictEqual(stream.socket, socket)
  })

  test('native: options that are none are named', (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    for (const firewall of ['reject', 5, {}]) {
      const bad = { code: 'ERR_INVALID_OPTION', message: /^firewall must be a function/ }
      assert.throws(() => rig.stream(udx, 1, { firewall }), bad)
    }
    for (const opts of [undefined, null, {}, { firewall: null, framed: 0, seq: null }]) {
      assert.strictEqual(rig.stream(udx, 1, opts).id, 1)
    }
  })

  test('native: a socket of a node carries streams', async (t) => {
    const DHT = require('..')
    const node = new DHT({ bootstrap: [], host: '127.0.0.1' })
    t.after(() => node.destroy())
    await node.bind()
    const rig = new Rig(t)
    const { serverSocket } = node.io
    const a = rig.stream(node.udx, 1, { firewall: () => false })
    const b = rig.end(new UDX(), 2)
    a.connect(serverSocket, 2, b.socket.address().port)
    b.stream.connect(b.socket, 1, serverSocket.address().port)
    assert.ok(serverSocket.busy && serverSocket.streams.has(a))
    b.stream.pipe(b.stream)
    a.end('by the node')
    assert.strictEqual(String(await collectData(a)), 'by the node')
    await closed(a)
    assert.ok(serverSocket.idle)
    assert.ok(node.udx.bytesTransmitted > 0)
  })

  test('native: a node that is destroyed resets what its sockets carry', async (t) => {
    const DHT = require('..')
    const node = new DHT({ bootstrap: [], host: '127.0.0.1' })
    t.after(() => node.destroy())
    await node.bind()
    const rig = new Rig(t)
    const { serverSocket } = node.io
    const a = rig.stream(node.udx, 1)
    const b = rig.end(new UDX(), 2)
    a.connect(serverSocket, 2, b.socket.address().port)
    b.stream.connect(b.socket, 1, serverSocket.address().port)
    const reset = once(b.stream, 'close').catch((err) => err)
    const gone = closed(a)
    await node.destroy()
    assert.strictEqual((await reset).code, 'ECONNRESET')
    await gone
    assert.deepStrictEqual([serverSocket.streams.size, a.connected], [0, false])
  })
}
