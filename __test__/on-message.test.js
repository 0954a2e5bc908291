const dgram = require('node:dgram')
const { once: onceOf } = require('node:events')
const test = require('node:test')
const assert = require('node:assert')
const { packages, pairings } = require('./helpers/packages')
const { HOST, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { once, until, turns } = require('./helpers/until')
const { idOf } = require('./helpers/ids')
const { COMMANDS, decodeReply, encodeReply, encodeRequest } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

// A socket of the user's own: it hands what it receives to the node and sends what the node gives it.
class OwnSocket {
  static async create(t, node) {
    const socket = dgram.createSocket('udp4')
    const listening = onceOf(socket, 'listening')
    socket.bind({ port: 0, address: HOST })
    await listening
    t.after(() => new Promise((resolve) => socket.close(resolve)))
    return new OwnSocket(socket, node)
  }

  constructor(socket, node) {
    this.socket = socket
    this.sent = []
    this.host = HOST
    this.port = socket.address().port
    socket.on('message', (data, { address, port }) => {
      node.onmessage(this, data, { host: address, port })
    })
  }

  trySend(buffer, port, host, ttl) {
    this.sent.push({ port, host, ttl })
    this.socket.send(buffer, port, host)
  }

  address() {
    return { host: HOST, family: 4, port: this.port }
  }
}

for (const { name, Server, Client } of pairings) {
  test(`${name}: requests that arrive on a socket of the user's`, async (t) => {
    const server = await createBootstrapper(t, Server)
    const own = await OwnSocket.create(t, server)
    const client = createNode(t, Client)
    const arrived = once(server, 'request')
    const to = { host: HOST, port: own.port }

    const replied = client.request({ command: 1, value: Buffer.from('own') }, to)
    const [req] = await arrived
    assert.strictEqual(req.socket, own)
    assert.strictEqual(req.from.port, client.address().port)
    assert.strictEqual(req.to.port, own.port)
    req.reply(req.value)
    const reply = await replied

    assert.strictEqual(reply.value.toString(), 'own')
    // What leaves by another socket than the server's carries no id.
    assert.deepStrictEqual(reply.from, { id: null, ...to })
    assert.strictEqual(reply.token.byteLength, 32)
    assert.strictEqual(own.sent.length, 1)
    assert.strictEqual((await client.ping(to)).error, 0)
    assert.strictEqual(own.sent.length, 2)
  })

  test(`${name}: requests that leave by a socket of the user's`, async (t) => {
    const server = await createBootstrapper(t, Server)
    const client = await createBootstrapper(t, Client)
    const own = await OwnSocket.create(t, client)
    server.on('request', (req) => req.reply(Buffer.from(String(req.from.port))))
    const to = serverAddress(server)

    const reply = await client.request({ command: 1 }, to, { socket: own })
    const pong = await client.ping(to, { socket: own })

    assert.strictEqual(reply.value.toString(), String(own.port))
    assert.strictEqual(reply.to.port, own.port)
    assert.strictEqual(pong.to.port, own.port)
    assert.strictEqual(own.sent.length, 2)
    assert.deepStrictEqual(
      own.sent.map(({ port, host }) => ({ port, host })),
      [to, to]
    )
  })

  test(`${name}: a reply to a third node by a socket of the user's`, async (t) => {
    const server = await createBootstrapper(t, Server)
    const client = createNode(t, Client)
    const own = await OwnSocket.create(t, server)
    const third = await RawPeer.create(t)
    server.on('request', (req) => {
      req.reply(Buffer.from('third'), { to: third.address, socket: own })
      req.reply(Buffer.from('first'), { socket: own })
    })

    const reply = await client.request({ command: 1 }, serverAddress(server))
    const { data, from } = await third.receive()

    assert.strictEqual(reply.value.toString(), 'first')
    assert.strictEqual(reply.from.port, own.port)
    assert.strictEqual(from.port, own.port)
    assert.strictEqual(decodeReply(data).value.toString(), 'third')
    assert.deepStrictEqual(decodeReply(data).to, third.address)
  })
}

for (const { name, DHT } of packages) {
  test(`${name}: internal commands handed in are answered by their socket`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const own = await OwnSocket.create(t, node)
    const raw = await RawPeer.create(t)
    const to = { host: HOST, port: own.port }

    const pong = await raw.request({ internal: true, command: COMMANDS.PING }, to)
    const found = await raw.request(
      { internal: true, command: COMMANDS.FIND_NODE, target: node.id },
      to
    )

    assert.deepStrictEqual([pong.flags, found.flags], [0, 0])
    assert.strictEqual(own.sent.length, 2)
  })

  test(`${name}: a peer that is heard on a socket of the user's is known, and no sample`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const own = await OwnSocket.create(t, node)
    const peer = await RawPeer.create(t)

    await peer.request(
      { internal: true, command: COMMANDS.PING, id: idOf(peer) },
      { host: HOST, port: own.port }
    )

    assert.deepStrictEqual(node.toArray(), [peer.address])
    assert.ok(node.table.has(idOf(peer)))
  })

  test(`${name}: a reply that is handed in settles its request`, async (t) => {
    const node = createNode(t, DHT)
    await node.bind()
    const peer = { host: '10.1.2.3', port: 4567 }
    const datagrams = []
    const socket = { trySend: (buffer) => datagrams.push(Buffer.from(buffer)) }

    const pinged = node.ping(peer, { socket })
    await until(() => datagrams.length === 1, 'the ping leaves')
    const tid = datagrams[0].readUInt16LE(2)
    const to = { host: HOST, port: 1 }
    node.onmessage(socket, encodeReply({ tid, to, id: idOf(peer) }), peer)

    assert.deepStrictEqual((await pinged).from, { id: idOf(peer), ...peer })
    assert.ok(node.table.has(idOf(peer)))
  })

  test(`${name}: what is no datagram of ours is dropped`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const sent = []
    const socket = { trySend: (...args) => sent.push(args) }
    const from = { host: '10.1.2.3', port: 4567 }
    const ping = encodeRequest({
      tid: 1,
      to: from,
      internal: true,
      command: COMMANDS.PING
    })

    for (const data of [
      Buffer.alloc(0),
      Buffer.from([3]),
      Buffer.from('hello'),
      Buffer.alloc(99)
    ]) {
      node.onmessage(socket, data, from)
    }
    node.onmessage(socket, ping, { host: '10.1.2.3', port: 0 })
    node.onmessage(socket, ping, { host: '10.1.2.3', port: 65536 })
    await turns(5)
    assert.deepStrictEqual(sent, [])

    node.onmessage(socket, ping, from)
    await until(() => sent.length === 1, 'the ping is answered')
    assert.deepStrictEqual(sent[0].slice(1, 3), [from.port, from.host])
  })

  test(`${name}: the memory that was handed in may be used again`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const socket = { trySend() {} }
    const requests = []
    node.on('request', (req) => requests.push(req))
    const to = serverAddress(node)
    const data = encodeRequest({ tid: 1, to, command: 1, value: Buffer.from('keep me') })

    node.onmessage(socket, data, { host: '10.1.2.3', port: 4567 })
    await until(() => requests.length === 1, 'the request')
    assert.strictEqual(requests[0].value.toString(), 'keep me')
    assert.deepStrictEqual(requests[0].from, { id: null, host: '10.1.2.3', port: 4567 })
  })
}
