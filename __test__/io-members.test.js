const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const { HOST, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { collect, turns } = require('./helpers/until')
const { COMMANDS, encodeRequest } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

const EVENTS = ['suspend', 'resume', 'close', 'wakeup', 'ephemeral']

for (const { name, DHT } of packages) {
  test(`${name}: io.token() makes the tokens that the node gives and takes`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const to = serverAddress(node)
    const given = []
    node.on('request', (req) => {
      given.push(req.token)
      req.reply(null)
    })
    const { token } = await peer.request({ command: 7 }, to)
    const mine = [0, 1].map((i) => node.io.token({ host: peer.host }, i))

    assert.ok(mine.every((made) => Buffer.isBuffer(made) && made.byteLength === 32))
    assert.deepStrictEqual(mine[1], token)
    assert.notDeepStrictEqual(mine[0], token)
    assert.deepStrictEqual(node.io.token({ host: peer.host, port: 5 }, 1), token)
    assert.notDeepStrictEqual(node.io.token({ host: '127.0.0.9' }, 1), token)
    for (const made of mine) {
      const reply = await peer.request({ command: 7, token: made }, to)
      assert.strictEqual(reply.error, 0)
    }
    assert.deepStrictEqual(given, [null, ...mine])
  })

  test(`${name}: io.suspend() and io.resume() close and bind the sockets, and that is all`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const to = serverAddress(node)
    const { io } = node
    const events = collect(node, ...EVENTS)
    const pending = node.ping({ host: HOST, port: peer.port })
    const { serverSocket } = io

    const suspended = io.suspend()
    assert.strictEqual(io.suspended, true)
    assert.strictEqual(node.suspended, false)
    await Promise.all([suspended, assert.rejects(pending, { code: 'IO_SUSPENDED' })])
    assert.strictEqual(io.inflight.length, 0)
    assert.strictEqual(io.congestion._total, 0)
    const ping = encodeRequest({ tid: 1, to, internal: true, command: COMMANDS.PING })
    await peer.send(ping, to).catch(() => {})
    await turns(3)

    await io.resume()
    assert.strictEqual(io.suspended, false)
    assert.notStrictEqual(io.serverSocket, serverSocket)
    assert.deepStrictEqual(serverAddress(node), to)
    peer.received.length = 0
    await peer.request({ internal: true, command: COMMANDS.PING }, to)
    assert.deepStrictEqual(events, [])
  })

  test(`${name}: io.suspended follows the node's`, async (t) => {
    const node = createNode(t, DHT)
    assert.strictEqual(node.io.suspended, false)
    await node.suspend()
    assert.strictEqual(node.io.suspended, true)
    await node.resume()
    assert.strictEqual(node.io.suspended, false)
    node.io.suspended = 'mine'
    assert.strictEqual(node.io.suspended, 'mine')
  })

  test(`${name}: io.destroy() ends requests and sockets; the node may be destroyed after it`, async (t) => {
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const peer = await RawPeer.create(t)
    const events = collect(node, ...EVENTS)
    const pending = node.ping(peer.address)
    const { io } = node

    const destroyed = io.destroy()
    const again = io.destroy()
    await Promise.all([destroyed, again, assert.rejects(pending, { code: 'REQUEST_DESTROYED' })])

    assert.strictEqual(node.destroyed, false)
    assert.deepStrictEqual(events, [])
    const to = { id: null, ...peer.address }
    assert.strictEqual(io.createRequest(to, null, true, 0, null, null, null, 0), null)
    await assert.rejects(node.ping(peer.address), { message: 'Node destroyed' })
    await assert.rejects(node.request({ command: 1 }, peer.address), { message: 'Node destroyed' })
    await node.destroy()
    assert.strictEqual(node.destroyed, true)
    assert.deepStrictEqual(events, ['close'])
  })

  test(`${name}: a request that was destroyed is answered no more`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const peer = await RawPeer.create(t)
    const third = await RawPeer.create(t)
    const to = serverAddress(node)
    const requests = []
    node.on('request', (req) => requests.push(req))

    await peer.send(encodeRequest({ tid: 1, to, command: 7 }), to)
    await peer.request({ internal: true, command: COMMANDS.PING }, to)
    await turns(3)
    const [req] = requests
    assert.strictEqual(req.destroyed, false)
    assert.strictEqual(req.destroy(new Error('enough')), undefined)
    assert.strictEqual(req.destroyed, true)

    req.reply(Buffer.from('no'))
    req.error(9)
    req.sendReply(0, null, false, false)
    req.relay(Buffer.from('on'), third.address)
    const { data } = await third.receive()
    await peer.request({ internal: true, command: COMMANDS.PING }, to)

    assert.strictEqual(data[0], 0x03)
    assert.deepStrictEqual(peer.received, [])
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: io.token() of nonsense, and of a node that is gone`, async (t) => {
    const node = createNode(t, DHT)
    const { io } = node
    assert.throws(() => io.token(null, 1), { code: 'ERR_INVALID_OPTION' })
    assert.throws(() => io.token({ host: HOST }, 2), { code: 'ERR_INVALID_OPTION' })
    assert.strictEqual(io.token({ host: 'a name' }, 1).byteLength, 32)
    await node.destroy()
    assert.throws(() => io.token({ host: HOST }, 1), { code: 'NODE_DESTROYED' })
  })
}
