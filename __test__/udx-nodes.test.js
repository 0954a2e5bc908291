// slow: it starts processes and worker threads

const test = require('node:test')
const assert = require('node:assert')
const { AsyncLocalStorage } = require('node:async_hooks')
const { once } = require('node:events')
const packages = require('./helpers/udx-packages')
const {
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { encodeRequest, decodeRequest } = require('./helpers/wire')
const { KINDS } = require('./helpers/proxies')
const { turns, until } = require('./helpers/until')
const { run } = require('./helpers/child')
const RawPeer = require('./helpers/raw-peer')

const HOST = '127.0.0.1'
const PING = 0

// Nodes and the sockets of their UDX.
for (const { name, DHT, UDX, file, bound } of packages) {
  test(`${name}: a node's own sockets are of its UDX`, async (t) => {
    const node = createNode(t, DHT)
    assert.strictEqual(node.io.serverSocket, null)
    await node.bind()
    const { serverSocket, clientSocket } = node.io
    const { constructor } = node.udx.createSocket()
    for (const socket of [serverSocket, clientSocket]) {
      assert.ok(socket instanceof constructor && socket.bound && socket.idle)
      assert.deepStrictEqual([socket.udx, socket.closing], [node.udx, false])
    }
    assert.strictEqual(node.io.serverSocket, serverSocket)
    assert.ok([serverSocket, clientSocket].includes(node.socket))
    const closed = [once(serverSocket, 'close'), once(clientSocket, 'close')]
    await node.destroy()
    await Promise.all(closed)
    assert.ok(serverSocket.closing && clientSocket.closing)
    assert.strictEqual(await serverSocket.send(Buffer.of(0), 9), false)
  })

  test(`${name}: sockets of two nodes on one UDX, before and after a suspension`, async (t) => {
    const udx = new UDX()
    const nodes = [createNode(t, DHT, { udx }), createNode(t, DHT, { udx })]
    for (const node of nodes) await node.bind()
    const before = nodes[0].io.serverSocket
    await nodes[0].suspend()
    assert.strictEqual(before.closing, true)
    await nodes[0].resume()
    const { serverSocket } = nodes[0].io
    assert.notStrictEqual(serverSocket, before)
    assert.deepStrictEqual(serverSocket.address(), before.address())
    await nodes[0].ping(serverAddress(nodes[1]))
    for (const node of nodes) assert.strictEqual(node.io.serverSocket.udx, udx)
    assert.ok(udx.packetsReceived >= 2)
  })

  test(`${name}: requests by a socket of the user's, answered to its listeners`, async (t) => {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.bind()
    const socket = bound(t, node.udx)
    const { port } = socket.address()
    const asked = []
    raw.serve((req, from) => {
      asked.push(from.port)
      return { value: Buffer.from('here') }
    })
    socket.on('message', (buffer, from) => node.onmessage(socket, buffer, from))

    const reply = await node.request({ command: 1 }, raw.address, { socket, ttl: 7 })
    assert.strictEqual(reply.value.toString(), 'here')
    await node.ping(raw.address, { socket })
    assert.deepStrictEqual(asked, [port, port])
    assert.strictEqual(socket.packetsReceived, 2)
  })

  test(`${name}: what comes on the user's socket is nobody else's`, async (t) => {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT, { ephemeral: false })
    await node.bind()
    let requests = 0
    node.on('request', (req) => {
      requests++
      assert.strictEqual(req.socket, socket)
      req.reply(Buffer.from('by it'))
    })
    const socket = bound(t, node.udx)
    const to = { host: HOST, port: socket.address().port }
    const ask = (tid) => raw.send(encodeRequest({ tid, to, command: 1 }), to)
    const heard = once(socket, 'message')
    await ask(1)
    const [buffer, from] = await heard
    await turns(5)
    assert.deepStrictEqual([requests, from.port], [0, raw.port])

    node.onmessage(socket, buffer, from)
    const { from: answered } = await raw.receive()
    assert.deepStrictEqual([requests, answered.port], [1, to.port])
  })

  test(`${name}: listeners of a node's own socket hear beside it`, async (t) => {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.bind()
    const socket = node.io.serverSocket
    const to = serverAddress(node)
    const seen = []
    const listener = (buffer) => seen.push(buffer)
    socket.on('message', listener)
    await raw.send(Buffer.from('anything'), to)
    await raw.request({ internal: true, command: PING }, to)
    await until(() => seen.length === 2, 'both')
    assert.strictEqual(seen[0].toString(), 'anything')
    assert.strictEqual(decodeRequest(seen[1]).command, PING)

    socket.off('message', listener)
    await raw.request({ internal: true, command: PING }, to)
    await turns(5)
    assert.strictEqual(seen.length, 2)
    socket.on('message', listener)
    await raw.send(Buffer.from('again'), to)
    await until(() => seen.length === 3, 'the one that is heard again')
  })

  test(`${name}: a node's own socket sends what its user says`, async (t) => {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.bind()
    const { serverSocket } = node.io
    assert.strictEqual(await serverSocket.send(Buffer.from('punch'), raw.port, HOST, 5), true)
    const { data, from } = await raw.receive()
    assert.deepStrictEqual(
      [data.toString(), from],
      ['punch', serverSocket.address().family === 4 && serverAddress(node)]
    )
  })

  test(`${name}: a request relayed and replied by the user's socket`, async (t) => {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT, { ephemeral: false })
    await node.bind()
    const socket = bound(t, node.udx)
    const { port } = socket.address()
    node.on('request', (req) => {
      if (req.command === 1) req.reply(Buffer.from('reply'), { socket })
      else req.relay(Buffer.from('relay'), raw.address, { socket })
    })
    const to = serverAddress(node)
    for (const command of [1, 2]) {
      await raw.send(encodeRequest({ tid: command, to, command }), to)
      const { from } = await raw.receive()
      assert.strictEqual(from.port, port)
    }
  })

  test(`${name}: a bound socket and a watcher keep the process alive, no other`, async () => {
    const make = `
      const udx = new (require(process.argv[1]))()
      const socket = udx.createSocket()
    `
    // A timer that keeps nothing alive runs on only where something else does.
    const watch = `
      process.on('beforeExit', () => process.exit())
      let turns = 0
      setInterval(() => ++turns === 10 && (console.log('lives'), process.exit()), 20).unref()
    `
    const lives = async (source) => {
      const { stdout, code } = await run(`${make};${source};${watch}`, [file])
      assert.strictEqual(code, 0)
      return stdout === 'lives\n'
    }
    const [bound, unbound, closed, watching, unwatching, ended] = await Promise.all(
      [
        'socket.bind(0)',
        '',
        'socket.bind(0); socket.close()',
        'udx.watchNetworkInterfaces()',
        'udx.watchNetworkInterfaces().unwatch()',
        'udx.watchNetworkInterfaces().destroy()'
      ].map(lives)
    )
    assert.deepStrictEqual([bound, watching], [true, true])
    assert.deepStrictEqual([unbound, closed, unwatching, ended], [false, false, false, false])
  })

  test(`${name}: workers have sockets of their own`, async () => {
    const source = `
      const { Worker, workerData, isMainThread } = require('node:worker_threads')
      const { once } = require('node:events')
      const UDX = require(workerData || process.argv[1])
      async function echo() {
        const udx = new UDX()
        const [a, b] = [udx.createSocket(), udx.createSocket()]
        a.bind(0, '127.0.0.1')
        const came = once(a, 'message')
        await b.send(Buffer.from('echo'), a.address().port)
        await came
        return [a, b]
      }
      async function main() {
        if (!isMainThread) return echo().then(() => process.exit(0))
        const made = await echo()
        const source = process.argv[2]
        for (let i = 0; i < 4; i++) {
          const opts = { eval: true, workerData: process.argv[1] }
          const workers = [0, 1].map(() => new Worker(source, opts))
          await Promise.all(workers.map((worker) => once(worker, 'exit')))
        }
        for (const socket of made) await socket.close()
        console.log('done')
      }
      main()`
    const { stdout, stderr, code } = await run(source, [file, source], {})
    assert.deepStrictEqual([stdout, stderr, code], ['done\n', '', 0])
  })
}

for (const { DHT, UDX, create, bound } of packages.filter(({ name }) => name === 'native')) {
  test('native: what comes on a socket is in nobody’s context', async (t) => {
    const als = new AsyncLocalStorage()
    const udx = new UDX()
    const seen = []
    const note = () => seen.push(als.getStore())
    const [a, b] = als.run('alice', () => [bound(t, udx), bound(t, udx)])
    als.run('alice', () => {
      a.on('message', note)
      a.on('close', note)
      b.trySend(Buffer.from('x'), a.address().port)
    })
    await until(() => seen.length === 1, 'the message')
    als.run('alice', () => b.trySend(Buffer.from('x'), a.address().port))
    await until(() => seen.length === 2, 'the message')
    await als.run('alice', async () => {
      await a.close()
      assert.strictEqual(als.getStore(), 'alice')
    })
    assert.deepStrictEqual(seen, [undefined, undefined, undefined])
  })

  test('native: one that is not bound is bound when a node sends by it', async (t) => {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.bind()
    const socket = create(t, new UDX())
    node.request({ command: 1 }, raw.address, { socket, retry: false }).catch(noop)
    assert.strictEqual(socket.bound, true)
    assert.strictEqual((await raw.receive()).from.port, socket.address().port)
    // One that is closed sends nothing, and takes no other with it.
    await socket.close()
    node.request({ command: 2 }, raw.address, { socket, retry: false }).catch(noop)
    await node.ping(serverAddress(node))
    assert.strictEqual(raw.received.length, 0)
  })

  test('native: bursts by the user’s sockets leave without JavaScript', async (t) => {
    const COUNT = 100
    const raw = await RawPeer.create(t)
    raw.serve(() => ({ value: null }))
    const node = createNode(t, DHT)
    await node.bind()
    const socket = bound(t, node.udx)
    socket.trySend = () => assert.fail('through JavaScript')
    socket.on('message', (buffer, from) => node.onmessage(socket, buffer, from))
    const asked = Array.from({ length: COUNT }, () => node.ping(raw.address, { socket }))
    assert.strictEqual((await Promise.all(asked)).length, COUNT)
  })

  test('native: sockets behind a Proxy', async (t) => {
    for (const [kind, wrapper] of Object.entries(KINDS)) {
      const raw = await RawPeer.create(t)
      raw.serve(() => ({ value: null }))
      const node = createNode(t, DHT)
      await node.bind()
      const socket = bound(t, node.udx)
      const wrap = wrapper()
      const [seen, own] = [wrap(socket), wrap(node.io.serverSocket)]
      for (const each of [seen, own]) {
        assert.ok(each.bound && each.idle && !each.closing && each.address().port > 0, kind)
        assert.strictEqual(await each.send(Buffer.from('x'), raw.port), true, kind)
      }
      socket.on('message', (buffer, from) => node.onmessage(seen, buffer, from))
      await node.ping(raw.address, { socket: seen })
      await node.ping(raw.address, { socket: own })
    }
  })

  test('native: a node on a UDX lives with it, and neither ends the other', async (t) => {
    const udx = new UDX()
    const first = bound(t, udx)
    const { all } = await createNetwork(t, [DHT, DHT, DHT], { udx })
    await Promise.all(all.map((node) => node.destroy()))
    const second = bound(t, udx)
    const came = once(second, 'message')
    first.trySend(Buffer.from('still'), second.address().port)
    await came
    const node = await createBootstrapper(t, DHT)
    const own = node.udx
    await node.destroy()
    const socket = bound(t, own)
    await socket.send(Buffer.from('x'), 9)
    assert.strictEqual(socket.packetsTransmitted, 1)
  })

  test('native: what a node sends and receives counts from its beginning', async (t) => {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.bind()
    const to = serverAddress(node)
    for (let i = 0; i < 3; i++) await raw.request({ internal: true, command: PING }, to)
    await node.suspend()
    await node.resume()
    await raw.request({ internal: true, command: PING }, to)
    assert.strictEqual(node.udx.packetsReceived, 4)
    await until(() => node.udx.packetsTransmitted === 4, 'the last answer')
    const { serverSocket } = node.io
    assert.deepStrictEqual([serverSocket.packetsReceived, serverSocket.packetsTransmitted], [1, 1])
    await node.destroy()
    assert.strictEqual(node.udx.packetsReceived, 4)
    assert.strictEqual(serverSocket.packetsReceived, 1)
  })

  test('native: of a user’s other package it takes the sockets as they are', async (t) => {
    const [, reference] = packages
    if (reference === undefined) return
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.bind()
    const socket = reference.bound(t, new reference.UDX())
    socket.on('message', (buffer, from) => node.onmessage(socket, buffer, from))
    raw.serve(() => ({ value: null }))
    await node.ping(raw.address, { socket })
    assert.strictEqual(socket.packetsReceived, 1)
  })
}

function noop() {}
