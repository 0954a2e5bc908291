const test = require('node:test')
const assert = require('node:assert')
const { packages } = require('./helpers/packages')
const { HOST, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { idOf } = require('./helpers/ids')
const { COMMANDS, encodeAddress, encodeRequest, uint16, uint32 } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

const TID = 0xbeef
const TARGET = Buffer.alloc(32, 0xab)
const NEIGHBOUR = { host: '10.1.2.3', port: 4444 }
const TO = '{to}'
const ID = '{id}'
const TOKEN = '{token}'
const NEAR = '01' + encodeAddress(NEIGHBOUR).toString('hex')

const { PING, PING_NAT, FIND_NODE, DOWN_HINT, DELAYED_PING } = COMMANDS
const internal = (command, fields) => ({ internal: true, command, ...fields })
const user = (command, fields) => ({ command, ...fields })

// The exact replies of a persistent node that knows one neighbour. '{…}' stands for what is another one's in each run.
const REPLIES = [
  ['PING', internal(PING), ['13 01 efbe', TO, ID]],
  ['PING with target and value', internal(PING, aimed('xyz')), ['13 01 efbe', TO, ID]],
  ['FIND_NODE', internal(FIND_NODE, aimed()), ['13 05 efbe', TO, ID, NEAR]],
  ['DOWN_HINT, unknown node', internal(DOWN_HINT, { value: hint(99) }), ['13 01 efbe', TO, ID]],
  ['DOWN_HINT, longer value', internal(DOWN_HINT, { value: hint(99, 7) }), ['13 01 efbe', TO, ID]],
  ['DELAYED_PING', internal(DELAYED_PING, { value: uint32(5) }), ['13 01 efbe', TO, ID]],
  ['DELAYED_PING, no delay', internal(DELAYED_PING, { value: uint32(0) }), ['13 01 efbe', TO, ID]],
  ['unknown internal', internal(5), ['13 09 efbe', TO, ID, '01']],
  ['unknown internal, aimed', internal(200, aimed()), ['13 0d efbe', TO, ID, NEAR, '01']],
  ['unknown internal, long', internal(2 ** 40, aimed()), ['13 0d efbe', TO, ID, NEAR, '01']],
  ['stale token', internal(PING, { token: TARGET }), ['13 0b efbe', TO, ID, TOKEN, '02']],
  [
    'stale token, aimed',
    user(0, { token: TARGET, ...aimed() }),
    ['13 0f efbe', TO, ID, TOKEN, NEAR, '02']
  ],
  ['reply, null', user(0), ['13 03 efbe', TO, ID, TOKEN]],
  ['reply, null, aimed', user(0, aimed()), ['13 07 efbe', TO, ID, TOKEN, NEAR]],
  ['reply, empty', user(1), ['13 13 efbe', TO, ID, TOKEN, '00']],
  ['reply, value', user(2), ['13 13 efbe', TO, ID, TOKEN, '03 616263']],
  ['reply, value, aimed', user(2, aimed()), ['13 17 efbe', TO, ID, TOKEN, NEAR, '03 616263']],
  ['reply, 300 bytes', user(3), ['13 13 efbe', TO, ID, TOKEN, 'fd2c01', '00'.repeat(300)]],
  ['error', user(4), ['13 09 efbe', TO, ID, '10']],
  ['error, aimed', user(4, aimed()), ['13 0d efbe', TO, ID, NEAR, '10']],
  ['error, long code', user(5), ['13 09 efbe', TO, ID, 'fdfd00']],
  ['error with token', user(6, aimed()), ['13 0b efbe', TO, ID, TOKEN, '10']],
  ['error 0', user(7), ['13 01 efbe', TO, ID]],
  ['declined', user(8), ['13 09 efbe', TO, ID, '01']],
  ['declined, aimed', user(8, aimed()), ['13 0d efbe', TO, ID, NEAR, '01']],
  ['bare reply', user(9, aimed()), ['13 01 efbe', TO, ID]]
]

const HANDLERS = [
  (req) => req.reply(null),
  (req) => req.reply(Buffer.alloc(0)),
  (req) => req.reply(Buffer.from('abc')),
  (req) => req.reply(Buffer.alloc(300)),
  (req) => req.error(16),
  (req) => req.error(253),
  (req) => req.error(16, { token: true, closerNodes: false }),
  (req) => req.error(0),
  () => false,
  (req) => req.reply(undefined, { token: false, closerNodes: false })
]

for (const { name, DHT } of packages) {
  test(`${name}: the exact bytes of replies`, async (t) => {
    class Node extends DHT {
      onrequest(req) {
        return HANDLERS[req.command](req)
      }
    }
    const node = await createBootstrapper(t, Node)
    node.addNode(NEIGHBOUR)
    const raw = await RawPeer.create(t)
    const to = serverAddress(node)

    for (const [what, fields, parts] of REPLIES) {
      const data = await raw.exchange(encodeRequest({ tid: TID, to, ...fields }), to)
      assert.strictEqual(mapped(data, node), expected(parts, raw), what)
    }
    assert.strictEqual(raw.received.length, 0)
  })

  test(`${name}: an ephemeral node's replies carry no id`, async (t) => {
    const node = createNode(t, DHT, { nodes: [NEIGHBOUR] })
    await node.bind()
    node.on('request', (req) => req.reply(Buffer.from('abc')))
    const raw = await RawPeer.create(t)

    for (const socket of [node.io.serverSocket, node.io.clientSocket]) {
      const to = { host: HOST, port: socket.address().port }
      const pong = await raw.exchange(encodeRequest({ tid: TID, to, ...internal(PING) }), to)
      const found = await raw.exchange(
        encodeRequest({ tid: TID, to, ...internal(FIND_NODE, aimed()) }),
        to
      )
      const reply = await raw.exchange(encodeRequest({ tid: TID, to, ...user(1) }), to)

      assert.strictEqual(pong.toString('hex'), expected(['13 00 efbe', TO], raw))
      assert.strictEqual(found.toString('hex'), expected(['13 04 efbe', TO, NEAR], raw))
      assert.strictEqual(
        reply.toString('hex').replace(reply.subarray(10, 42).toString('hex'), TOKEN),
        expected(['13 12 efbe', TO, TOKEN, '03616263'], raw)
      )
    }
  })

  test(`${name}: PING_NAT is answered at the port it names`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const to = serverAddress(node)
    const [asking, other] = [await RawPeer.create(t), await RawPeer.create(t)]

    for (const value of [uint16(other.port), Buffer.concat([uint16(other.port), TARGET])]) {
      const fields = internal(PING_NAT, { value })
      await asking.send(encodeRequest({ tid: TID, to, ...fields }), to)
      const { data, from } = await other.receive()

      assert.deepStrictEqual(from, to)
      assert.strictEqual(mapped(data, node), expected(['13 01 efbe', TO, ID], other))
    }
    assert.strictEqual(asking.received.length, 0)
  })

  test(`${name}: what is met with silence`, async (t) => {
    const node = await createBootstrapper(t, DHT, { maxPingDelay: 300 })
    const raw = await RawPeer.create(t)
    const to = serverAddress(node)
    const silent = [
      internal(PING_NAT),
      internal(PING_NAT, { value: Buffer.from([1]) }),
      internal(PING_NAT, { value: uint16(0) }),
      internal(FIND_NODE),
      internal(FIND_NODE, { value: TARGET }),
      internal(DOWN_HINT),
      internal(DOWN_HINT, { value: Buffer.alloc(5) }),
      internal(DELAYED_PING),
      internal(DELAYED_PING, { value: Buffer.alloc(3) }),
      internal(DELAYED_PING, { value: uint32(301) })
    ]

    for (const fields of silent) {
      await raw.expectSilence(encodeRequest({ tid: TID, to, ...fields }), to)
    }
  })

  test(`${name}: closer nodes are the 20 nearest at most`, async (t) => {
    const nodes = Array.from({ length: 60 }, (_, i) => ({ host: '10.0.0.1', port: i + 1 }))
    const node = await createBootstrapper(t, DHT)
    for (const each of nodes) node.addNode(each)
    const raw = await RawPeer.create(t)

    const { closerNodes } = await raw.request(
      internal(FIND_NODE, { target: idOf(nodes[7]) }),
      serverAddress(node)
    )

    assert.strictEqual(closerNodes.length, 20)
    assert.strictEqual(new Set(closerNodes.map(({ port }) => port)).size, 20)
    for (const { host, port } of closerNodes) {
      assert.strictEqual(host, '10.0.0.1')
      assert.ok(node.table.has(idOf({ host, port })))
    }
    assert.ok(closerNodes.some(({ port }) => port === 8) || !node.table.has(idOf(nodes[7])))
  })

  test(`${name}: only an id that fits the sender's address counts`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const to = serverAddress(node)
    const [liar, peer] = [await RawPeer.create(t), await RawPeer.create(t)]
    const froms = []
    node.on('request', (req) => {
      froms.push(req.from.id)
      req.reply(null)
    })

    await liar.request(user(0, { id: idOf(peer) }), to)
    assert.strictEqual(node.nodes.length, 0)
    await peer.request(user(0, { id: idOf(peer) }), to)

    assert.deepStrictEqual(froms, [null, idOf(peer)])
    assert.deepStrictEqual(node.toArray(), [peer.address])
    assert.strictEqual(node.nodes.latest.to.port, to.port)
  })

  test(`${name}: flags and trailing bytes`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const to = serverAddress(node)
    const raw = await RawPeer.create(t)
    const ping = encodeRequest({ tid: TID, to, ...internal(PING) })
    const pong = expected(['13 01 efbe', TO, ID], raw)
    const flags = (...bytes) => Buffer.concat([Buffer.from([3, ...bytes]), ping.subarray(2)])
    const variants = [
      Buffer.concat([ping, Buffer.alloc(100, 7)]),
      flags(4 | 32 | 64 | 128),
      flags(0xfd, 4, 0),
      flags(0xfe, 4, 0, 0, 0),
      flags(0xff, 4, 0, 0, 0, 0, 0, 0, 0)
    ]

    for (const data of variants) {
      assert.strictEqual(mapped(await raw.exchange(data, to), node), pong, data.toString('hex'))
    }
  })

  test(`${name}: closer nodes keep their addresses to the bit`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    const raw = await RawPeer.create(t)
    const odd = { host: '255.0.128.1', port: 65535 }
    node.addNode(odd)

    const reply = await raw.request(internal(FIND_NODE, { target: idOf(odd) }), serverAddress(node))

    assert.deepStrictEqual(reply.closerNodes, [odd])
  })
}

function aimed(value) {
  return { target: TARGET, value: value ? Buffer.from(value) : null }
}

function hint(port, extra = 0) {
  return Buffer.concat([encodeAddress({ host: HOST, port }), Buffer.alloc(extra)])
}

// The reply with the node's id and its random token named instead of written out.
function mapped(data, node) {
  const hex = data.toString('hex')
  const head = hex.slice(0, 20)
  const [id, rest] = [hex.slice(20, 84), hex.slice(84)]
  if (id !== node.id.toString('hex')) return `not the id of the node: ${hex}`
  const token = data[1] & 2 ? TOKEN + rest.slice(64) : rest
  return head + ID + token
}

function expected(parts, { host, port }) {
  return parts
    .join('')
    .replaceAll(' ', '')
    .replace(TO, encodeAddress({ host, port }).toString('hex'))
}
