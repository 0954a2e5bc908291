const test = require('node:test')
const assert = require('node:assert')
const dgram = require('node:dgram')
const { networkInterfaces } = require('node:os')
const v8 = require('node:v8')
const vm = require('node:vm')
const { once } = require('node:events')
const packages = require('./helpers/udx-packages')
const { freePort } = require('./helpers/network')
const { turns, until } = require('./helpers/until')

const HOST = '127.0.0.1'
const CODED = { code: 'EINVAL', message: 'invalid argument' }
const skip = hasIPv6() ? false : 'this machine has no IPv6'

for (const { name, UDX, create, bound } of packages) {
  test(`${name}: a socket before it is bound`, (t) => {
    const udx = new UDX()
    const socket = create(t, udx)
    assert.strictEqual(socket.udx, udx)
    assert.strictEqual(socket.userData, null)
    assert.ok(socket.streams instanceof Set && socket.idle && !socket.busy)
    assert.strictEqual(socket.address(), null)
    assert.deepStrictEqual([socket.bound, socket.closing], [false, false])
    assert.deepStrictEqual(traffic(socket), [0, 0, 0, 0])
    const asked = [
      () => socket.setTTL(5),
      () => socket.getRecvBufferSize(),
      () => socket.setRecvBufferSize(100_000),
      () => socket.getSendBufferSize(),
      () => socket.setSendBufferSize(100_000),
      () => socket.addMembership('224.0.0.9'),
      () => socket.dropMembership('224.0.0.9')
    ]
    for (const ask of asked) assert.throws(ask, { message: 'Socket not active' })
  })

  test(`${name}: binds within the call`, async (t) => {
    const socket = create(t, new UDX())
    const seen = []
    socket.on('listening', () => seen.push(socket.address()))
    const port = await freePort()
    assert.strictEqual(socket.bind(port, HOST), undefined)
    const address = { host: HOST, family: 4, port }
    assert.deepStrictEqual(seen, [address])
    assert.deepStrictEqual(socket.toJSON(), {
      bound: true,
      closing: false,
      streams: 0,
      address,
      ipv6Only: false,
      reuseAddress: false,
      idle: true,
      busy: false
    })
    assert.throws(() => socket.bind(0, HOST), { message: 'Already bound' })
    await socket.close()
    assert.deepStrictEqual([socket.address(), socket.bound], [address, true])
    assert.throws(() => socket.bind(), { message: 'Already bound' })
  })

  test(`${name}: what cannot be bound throws, and may be bound again`, (t) => {
    const udx = new UDX()
    const { port } = bound(t, udx).address()
    const socket = create(t, udx)
    const taken = { code: 'EADDRINUSE', message: 'address already in use' }
    assert.throws(() => socket.bind(port, HOST), taken)
    const elsewhere = { code: 'EADDRNOTAVAIL', message: 'address not available' }
    assert.throws(() => socket.bind(0, '9.9.9.9'), elsewhere)
    for (const host of ['300.1.1.1', '1.2.3', '01.2.3.4', 'localhost', '::g']) {
      assert.throws(() => socket.bind(0, host), { message: `${host} is not a valid IP address` })
    }
    assert.strictEqual(socket.bound, false)
    socket.bind(0, HOST)
    assert.strictEqual(socket.bound, true)
  })

  test(`${name}: two share an address if both say so`, (t) => {
    const udx = new UDX()
    const first = create(t, udx, { reuseAddress: true })
    first.bind(0, HOST)
    const { port } = first.address()
    assert.throws(() => create(t, udx).bind(port, HOST), { code: 'EADDRINUSE' })
    create(t, udx, { reuseAddress: true }).bind(port, HOST)
    assert.strictEqual(first.toJSON().reuseAddress, true)
  })

  test(`${name}: messages have a sender, and bytes of their own`, async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    const seen = messages(a)
    const sent = ['hello', '', 'x'.repeat(1400)]
    for (const text of sent) {
      assert.strictEqual(await b.send(Buffer.from(text), a.address().port), true)
    }
    await until(() => seen.length === 3, 'the messages')
    assert.deepStrictEqual(
      seen.map(({ text }) => text),
      sent
    )
    assert.deepStrictEqual(seen[0].from, { host: HOST, family: 4, port: b.address().port })
    assert.ok(seen.every(({ buffer }) => Buffer.isBuffer(buffer)))
    assert.strictEqual(seen[0].buffer.readUInt32LE(0), Buffer.from('hell').readUInt32LE(0))
  })

  test(`${name}: who begins to listen in the turn of a send hears it`, async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    b.trySend(Buffer.from('early'), a.address().port)
    assert.deepStrictEqual((await once(a, 'message'))[0].toString(), 'early')
  })

  test(`${name}: of a long datagram 2048 bytes come`, async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    const came = once(a, 'message')
    b.trySend(Buffer.alloc(3000, 7), a.address().port)
    assert.deepStrictEqual((await came)[0], Buffer.alloc(2048, 7))
  })

  test(`${name}: send() binds, and what cannot leave is lost`, async (t) => {
    const udx = new UDX()
    const socket = create(t, udx)
    const small = Buffer.from('x')
    assert.strictEqual(await socket.send(small, 9), true)
    assert.strictEqual(socket.bound, true)
    const lost = [
      [small, 0],
      [Buffer.alloc(70_000), 9],
      [small, 9, '255.255.255.255']
    ]
    for (const args of lost) {
      assert.strictEqual(await socket.send(...args), true)
      assert.strictEqual(socket.trySend(...args), undefined)
    }
    const bad = { message: '1.2.3 is not a valid IP address' }
    await assert.rejects(socket.send(small, 9, '1.2.3'), bad)
    assert.throws(() => socket.trySend(small, 9, '1.2.3'), bad)
    for (const ttl of [256, -1]) {
      await assert.rejects(socket.send(small, 9, HOST, ttl), CODED)
      assert.throws(() => socket.trySend(small, 9, HOST, ttl), CODED)
    }
    socket.close()
    assert.strictEqual(await socket.send(small, 9, '1.2.3'), false)
    assert.strictEqual(socket.trySend(small, 9, '1.2.3'), undefined)
  })

  test(`${name}: sends are settled before what answers them comes`, async (t) => {
    const COUNT = 250
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    a.on('message', (buffer, { host, port }) => a.trySend(buffer, port, host))
    let settled = 0
    let echoes = 0
    const over = new Promise((resolve) => {
      b.on('message', () => {
        if (++echoes < COUNT) return send()
        resolve(settled)
      })
    })
    send()
    assert.strictEqual(await over, COUNT)

    function send() {
      b.send(Buffer.from('echo'), a.address().port).then((ok) => (settled += ok ? 1 : 0))
    }
  })

  test(`${name}: time to live`, async (t) => {
    const socket = bound(t, new UDX())
    for (const ttl of [0, 256, -1]) assert.throws(() => socket.setTTL(ttl), CODED)
    socket.setTTL(5)
    const peer = bound(t, socket.udx)
    const seen = messages(peer)
    await socket.send(Buffer.from('own'), peer.address().port)
    await socket.send(Buffer.from('its'), peer.address().port, HOST, 3)
    await until(() => seen.length === 2, 'both')
  })

  test(`${name}: buffers`, (t) => {
    const socket = bound(t, new UDX())
    assert.throws(() => socket.setRecvBufferSize(0), CODED)
    assert.throws(() => socket.setSendBufferSize(0), CODED)
    socket.setRecvBufferSize(50_000)
    socket.setSendBufferSize(40_000)
    assert.ok([50_000, 100_000].includes(socket.getRecvBufferSize()))
    assert.ok([40_000, 80_000].includes(socket.getSendBufferSize()))
  })

  test(`${name}: multicast on the loopback`, async (t) => {
    const udx = new UDX()
    const GROUP = '239.7.7.7'
    const socket = create(t, udx, { reuseAddress: true })
    socket.bind(0, '0.0.0.0')
    assert.throws(() => socket.addMembership('1.2.3.4'), CODED)
    assert.throws(() => socket.addMembership('nobody'), CODED)
    assert.throws(() => socket.addMembership(GROUP, 'nobody'), CODED)
    socket.addMembership(GROUP, HOST)
    assert.throws(() => socket.addMembership(GROUP, HOST), { code: 'EADDRINUSE' })

    const sender = dgram.createSocket('udp4')
    t.after(() => sender.close())
    await new Promise((resolve) => sender.bind(0, HOST, resolve))
    sender.setMulticastInterface(HOST)
    const came = once(socket, 'message')
    sender.send('to all', socket.address().port, GROUP)
    assert.strictEqual((await came)[0].toString(), 'to all')

    socket.dropMembership(GROUP, HOST)
    assert.throws(() => socket.dropMembership(GROUP, HOST), { code: 'EADDRNOTAVAIL' })
  })

  test(`${name}: without a host it is of both families`, { skip }, async (t) => {
    const udx = new UDX()
    const socket = create(t, udx)
    socket.bind()
    const { port } = socket.address()
    assert.deepStrictEqual(socket.address(), { host: '::', family: 6, port })
    const seen = messages(socket)
    const [v4, v6] = [bound(t, udx), create(t, udx)]
    v6.bind(0, '::1')
    await v4.send(Buffer.from('four'), port)
    await until(() => seen.length === 1, 'that of IPv4')
    await v6.send(Buffer.from('six'), port, '::1')
    await until(() => seen.length === 2, 'that of IPv6')
    assert.deepStrictEqual(seen[0].from, { host: HOST, family: 4, port: v4.address().port })
    assert.deepStrictEqual(seen[1].from, { host: '::1', family: 6, port: v6.address().port })

    const answers = [messages(v4), messages(v6)]
    await socket.send(Buffer.from('back'), v4.address().port, HOST, 7)
    await socket.send(Buffer.from('back'), v6.address().port, '::1', 7)
    await until(() => answers.every(({ length }) => length === 1), 'both answers')
    assert.strictEqual(answers[0][0].from.port, port)
  })

  test(`${name}: IPv6 alone leaves the port of IPv4`, { skip }, (t) => {
    const udx = new UDX()
    const socket = create(t, udx, { ipv6Only: true })
    socket.bind(0, '::')
    create(t, udx).bind(socket.address().port, '0.0.0.0')
    assert.strictEqual(socket.toJSON().ipv6Only, true)
    const both = create(t, udx, { ipv6Only: 1 })
    both.bind(0, '::')
    const { port } = both.address()
    assert.throws(() => create(t, udx).bind(port, '0.0.0.0'), { code: 'EADDRINUSE' })
  })

  test(`${name}: close() frees the port at once, and its event comes later`, async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    const { port } = a.address()
    const seen = []
    a.on('message', () => seen.push('message'))
    a.on('close', () => seen.push('close'))
    for (let i = 0; i < 5; i++) b.trySend(Buffer.from('late'), port)
    const closed = a.close()
    assert.deepStrictEqual([a.closing, seen], [true, []])
    create(t, udx).bind(port, HOST)
    await Promise.resolve()
    assert.deepStrictEqual(seen, [])
    await closed
    assert.deepStrictEqual(seen, ['close'])
    await a.close()
    await turns(5)
    assert.deepStrictEqual(seen, ['close'])
  })

  test(`${name}: nothing comes after close() in the midst of messages`, async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    let count = 0
    const closed = new Promise((resolve) => {
      a.on('message', () => {
        if (++count === 3) resolve(a.close())
      })
    })
    for (let i = 0; i < 100; i++) b.trySend(Buffer.alloc(10), a.address().port)
    await closed
    await turns(10)
    assert.strictEqual(count, 3)
  })

  test(`${name}: one that was never bound is closed within the call`, async (t) => {
    const socket = create(t, new UDX())
    let closes = 0
    socket.on('close', () => closes++)
    const closed = socket.close()
    assert.deepStrictEqual([closes, socket.closing], [1, true])
    assert.throws(() => socket.bind(0, HOST), { message: 'Socket is closed' })
    await closed
  })

  test(`${name}: 256 sockets at once`, async (t) => {
    const udx = new UDX()
    const sockets = Array.from({ length: 256 }, () => bound(t, udx))
    const target = bound(t, udx)
    const ports = new Set()
    target.on('message', (buffer, { port }) => {
      ports.add(port)
      target.trySend(buffer, port)
    })
    const answered = sockets.map((socket) => once(socket, 'message'))
    const sent = sockets.map((socket) => socket.send(Buffer.of(0), target.address().port, HOST, 5))
    assert.ok((await Promise.all(sent)).every((ok) => ok))
    await Promise.all(answered)
    assert.deepStrictEqual(ports, new Set(sockets.map((socket) => socket.address().port)))
    await Promise.all(sockets.map((socket) => socket.close()))
  })

  test(`${name}: an exception in a handler loses nothing`, async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    const errors = []
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (err) => errors.push(err.message))
    t.after(() => {
      process.removeAllListeners('uncaughtException')
      for (const other of others) process.on('uncaughtException', other)
    })
    let count = 0
    a.on('message', () => {
      throw new Error(`handler ${++count}`)
    })
    for (let i = 0; i < 3; i++) b.trySend(Buffer.from('x'), a.address().port)
    await until(() => errors.length === 3, 'the exceptions')
    assert.deepStrictEqual(errors, ['handler 1', 'handler 2', 'handler 3'])
    await a.close()
  })

  test(`${name}: addresses by their text`, () => {
    const texts = [
      '127.0.0.1',
      '1.2.3',
      '01.2.3.4',
      '::1',
      'fe80::1%eth0',
      '::ffff:1.2.3.4',
      ':::1'
    ]
    texts.push('', '1.2.3.4.5', '256.1.1.1', '::1%', 'fe80::%a b', '1::2::3')
    assert.deepStrictEqual(
      texts.map((text) => [UDX.isIP(text), UDX.isIPv4(text), UDX.isIPv6(text)]),
      [4, 0, 0, 6, 6, 6, 0, 0, 0, 0, 0, 0, 0].map((ip) => [ip, ip === 4, ip === 6])
    )
  })

  test(`${name}: interfaces and their watcher`, async () => {
    const udx = new UDX()
    const names = Object.keys(networkInterfaces())
    const watcher = udx.watchNetworkInterfaces()
    assert.strictEqual(udx.networkInterfaces(), watcher.interfaces)
    assert.deepStrictEqual([...watcher], watcher.interfaces)
    for (const { name, host, family, internal } of watcher) {
      assert.ok(names.includes(name) && UDX.isIP(host) === family)
      assert.strictEqual(typeof internal, 'boolean')
    }
    assert.strictEqual(watcher.unwatch().unwatch().watch().watch(), watcher)
    let closes = 0
    watcher.on('close', () => closes++)
    const destroyed = watcher.destroy()
    assert.strictEqual(closes, 0)
    await Promise.all([destroyed, watcher.destroy()])
    assert.strictEqual(closes, 1)
    assert.notStrictEqual(udx.networkInterfaces(), watcher.interfaces)
  })

  test(`${name}: lookup`, async () => {
    const udx = new UDX()
    assert.deepStrictEqual(await udx.lookup('localhost', { family: 4 }), { host: HOST, family: 4 })
    await assert.rejects(udx.lookup('nobody.invalid'), {
      code: 'EAI_NONAME',
      message: 'unknown node or service'
    })
  })
}

for (const { UDX, bound } of packages.filter(({ name }) => name === 'native')) {
  test('native: counters are true, of the socket and of all', async (t) => {
    const udx = new UDX()
    const [a, b] = [bound(t, udx), bound(t, udx)]
    const seen = messages(a)
    await b.send(Buffer.alloc(10), a.address().port)
    b.trySend(Buffer.alloc(5), a.address().port)
    await until(() => seen.length === 2, 'both')
    assert.deepStrictEqual(traffic(b), [15, 2, 0, 0])
    assert.deepStrictEqual(traffic(a), [0, 0, 15, 2])
    assert.deepStrictEqual(traffic(udx), [15, 2, 15, 2])
    await Promise.all([a.close(), b.close()])
    assert.deepStrictEqual(
      [traffic(b), traffic(udx)],
      [
        [15, 2, 0, 0],
        [15, 2, 15, 2]
      ]
    )
    assert.strictEqual(udx.packetsDroppedByKernel, 2 ** 64)
    assert.strictEqual(udx.packetsDropped, 0)
  })

  test('native: what is no port or no bytes is named', async (t) => {
    const socket = bound(t, new UDX())
    for (const port of [70_000, -1, '12', 1.5]) {
      const bad = {
        code: 'ERR_INVALID_OPTION',
        message: /^port must be an integer from 0 to 65535/
      }
      assert.throws(() => socket.udx.createSocket().bind(port, HOST), bad)
    }
    const bad = { code: 'ERR_INVALID_VALUE', message: /^buffer must be a Buffer or a Uint8Array/ }
    for (const bytes of ['text', null, undefined, 5]) {
      await assert.rejects(socket.send(bytes, 9), bad)
      assert.throws(() => socket.trySend(bytes, 9), bad)
    }
  })

  test('native: nothing is left of sockets that are closed', async (t) => {
    const gc = collector()
    const udx = new UDX()
    const open = bound(t, udx)
    const kept = []
    for (let i = 0; i < 20; i++) kept.push(await closedSocket(udx))
    const left = () => kept.filter((ref) => ref.deref() !== undefined).length
    await until(() => {
      gc()
      return left() <= 1
    }, 'no more than the last')
    assert.deepStrictEqual([open.closing, open.idle], [false, true])
  })

  test('native: a socket that nobody listened to for long is heard again', async (t) => {
    const udx = new UDX()
    const [a, b, c] = [bound(t, udx), bound(t, udx), bound(t, udx)]
    const seen = messages(c)
    for (let i = 0; i < 200; i++) b.trySend(Buffer.from('unheard'), a.address().port)
    await until(() => a.packetsReceived === 200, 'all of them')
    b.trySend(Buffer.from('last'), c.address().port)
    await until(() => seen.length === 1, 'what came behind them')
    const came = once(a, 'message')
    b.trySend(Buffer.from('heard'), a.address().port)
    assert.strictEqual((await came)[0].toString(), 'heard')
  })
}

function messages(socket) {
  const seen = []
  socket.on('message', (buffer, from) => seen.push({ buffer, text: buffer.toString(), from }))
  return seen
}

function traffic(counted) {
  const { bytesTransmitted, packetsTransmitted, bytesReceived, packetsReceived } = counted
  return [bytesTransmitted, packetsTransmitted, bytesReceived, packetsReceived]
}

function hasIPv6() {
  const all = Object.values(networkInterfaces()).flat()
  return all.some(({ address }) => address === '::1')
}

async function closedSocket(udx) {
  const socket = udx.createSocket()
  socket.bind(0, HOST)
  await socket.close()
  return new WeakRef(socket)
}

function collector() {
  v8.setFlagsFromString('--expose-gc')
  return vm.runInNewContext('gc')
}
