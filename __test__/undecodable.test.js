const test = require('node:test')
const assert = require('node:assert')
const { packages, natives } = require('./helpers/packages')
const {
  createNode,
  createBootstrapper,
  createNetwork,
  serverAddress
} = require('./helpers/network')
const { idOf, generator } = require('./helpers/ids')
const {
  COMMANDS,
  decodeRequest,
  encodeAddress,
  encodeReply,
  encodeRequest,
  uint16
} = require('./helpers/wire')
const { turns } = require('./helpers/until')
const RawPeer = require('./helpers/raw-peer')

const TARGET = Buffer.alloc(32, 0xab)
const ROUNDS = 1500

for (const { name, DHT } of packages) {
  // The node, and a function that proves that it is as it was.
  async function witness(t) {
    const node = await createBootstrapper(t, DHT)
    node.addNode({ host: '10.0.0.1', port: 1 })
    node.on('request', (req) => requests.push(req))
    const raw = await RawPeer.create(t)
    const to = serverAddress(node)
    const requests = []
    const state = () => ({
      stats: JSON.stringify(node.stats),
      table: node.toArray(),
      id: node.id,
      nat: [node.host, node.port, node._nat.size]
    })
    const before = state()

    const unharmed = async () => {
      const reply = await raw.request({ internal: true, command: COMMANDS.PING }, to)
      assert.deepStrictEqual(reply.id, node.id)
      assert.deepStrictEqual(state(), before)
      assert.strictEqual(raw.received.length, 0)
      assert.deepStrictEqual(requests, [])
    }
    return { node, raw, to, unharmed }
  }

  test(`${name}: empty and tiny datagrams`, async (t) => {
    const { raw, to, unharmed } = await witness(t)
    for (const hex of ['', '03', '13', '00', 'ff', '0304', '1300', '030400', '13000000']) {
      await raw.send(Buffer.from(hex, 'hex'), to)
    }
    await unharmed()
  })

  test(`${name}: every first byte but the two that are known`, async (t) => {
    const { raw, to, unharmed } = await witness(t)
    const ping = encodeRequest({ tid: 1, to, internal: true, command: COMMANDS.PING })
    for (let first = 0; first < 256; first++) {
      if (first === 0x03) continue
      await raw.send(Buffer.concat([Buffer.from([first]), ping.subarray(1)]), to)
    }
    await unharmed()
  })

  test(`${name}: every truncation of everything`, async (t) => {
    const { raw, to, unharmed } = await witness(t)
    const full = { tid: 9, to, id: idOf(raw), token: TARGET, target: TARGET, value: TARGET }
    const request = encodeRequest({ ...full, command: 70000 })
    const closerNodes = [to, to, to]
    const reply = encodeReply({ ...full, closerNodes, error: 300 })

    for (const datagram of [request, reply]) {
      for (let length = 0; length < datagram.byteLength; length++) {
        await raw.send(datagram.subarray(0, length), to)
      }
      await unharmed()
    }
  })

  test(`${name}: lengths that lie`, async (t) => {
    const { raw, to, unharmed } = await witness(t)
    const head = (first, flags) =>
      Buffer.concat([Buffer.from([first, flags, 1, 0]), encodeAddress(to)])
    const lies = [
      '05',
      'fc',
      'fdffff',
      'feffffffff',
      'ff00000000000000ff',
      'ffffffffffffff1f00',
      'fd',
      'fe0000',
      'ff'
    ]

    for (const lie of lies) {
      const length = Buffer.from(lie, 'hex')
      const four = Buffer.alloc(4, 0xff)
      await raw.send(Buffer.concat([head(0x03, 16), Buffer.from([1]), length, four]), to)
      await raw.send(Buffer.concat([head(0x13, 16), length, four]), to)
      await raw.send(Buffer.concat([head(0x13, 4), length, four]), to)
    }
    for (const command of ['ffffffffffffffffff', 'ff00000000000020ff', 'fd01', 'fe010203']) {
      await raw.send(
        Buffer.concat([head(0x03, 0), Buffer.from(command, 'hex')]).subarray(0, 19),
        to
      )
    }
    await unharmed()
  })

  test(`${name}: random bytes`, async (t) => {
    const { raw, to, unharmed } = await witness(t)
    const random = generator(20240607)
    let sent = 0

    for (let i = 0; i < ROUNDS; i++) {
      const datagram = Buffer.from(Array.from({ length: random() * 90 }, () => random() * 256))
      if (datagram.length > 0 && random() < 0.8) datagram[0] = random() < 0.7 ? 0x03 : 0x13
      if (decodable(datagram)) continue
      await raw.send(datagram, to)
      if (++sent % 100 === 0) await unharmed()
    }
    assert.ok(sent > ROUNDS / 2)
    await unharmed()
  })

  test(`${name}: random bytes in the place of replies to what was asked`, async (t) => {
    const raw = await RawPeer.create(t)
    const node = createNode(t, DHT)
    await node.fullyBootstrapped()
    const random = generator(4)

    raw.serve((req, from) => {
      for (let i = 0; i < 30; i++) {
        const tail = Buffer.from(Array.from({ length: random() * 30 }, () => random() * 256))
        // A token, an array and a value that are never there in full.
        raw.send(Buffer.concat([Buffer.from([0x13, 0x16]), uint16(req.tid), tail]), from)
      }
      return { value: Buffer.from('true') }
    })

    for (let i = 0; i < 10; i++) {
      const reply = await node.request({ command: 1 }, raw.address)
      assert.strictEqual(reply.value.toString(), 'true')
    }
    assert.deepStrictEqual(
      { ...node.stats.requests },
      { active: 0, total: 10, responses: 10, timeouts: 0, retries: 0 }
    )
  })

  test(`${name}: replies that nobody asked for`, async (t) => {
    const { raw, to, unharmed } = await witness(t)
    for (let tid = 0; tid < 65536; tid += 331) {
      await raw.send(encodeReply({ tid, to, id: idOf(raw), value: TARGET }), to)
    }
    await unharmed()
  })

  test(`${name}: a network under a rain of noise`, async (t) => {
    const { all, bootstrap } = await createNetwork(t, Array(6).fill(DHT))
    for (const node of all) node.on('request', (req) => req.reply(null))
    const raw = await RawPeer.create(t)
    const random = generator(99)
    const client = createNode(t, DHT, { bootstrap })
    let raining = true
    const rain = (async () => {
      while (raining) {
        const datagram = Buffer.from(Array.from({ length: 60 }, () => random() * 256))
        datagram[0] = random() < 0.5 ? 0x03 : 0x13
        const to = serverAddress(all[Math.floor(random() * 6)])
        if (!decodable(datagram)) await raw.send(datagram, to)
        await turns(1)
      }
    })()

    for (let i = 0; i < 10; i++) {
      const query = client.query({ target: TARGET, command: 1 }, { commit: true })
      await query.finished()
      assert.strictEqual(query.closestReplies.length, 6)
    }
    raining = false
    await rain
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: datagrams over 2048 bytes are dropped`, async (t) => {
    const node = await createBootstrapper(t, DHT)
    let requests = 0
    node.on('request', (req) => {
      requests++
      req.reply(null)
    })
    const raw = await RawPeer.create(t)
    const to = serverAddress(node)
    const ping = encodeRequest({ tid: 1, to, internal: true, command: COMMANDS.PING })
    const padded = (size) => Buffer.concat([ping, Buffer.alloc(size - ping.byteLength)])

    for (const size of [2049, 2050, 4096, 9000, 65507]) {
      await raw.expectSilence(padded(size), to)
      await raw.expectSilence(
        encodeRequest({ tid: 1, to, command: 1, value: Buffer.alloc(size) }).subarray(0, 65507),
        to
      )
    }
    await raw.send(padded(2048), to)
    assert.strictEqual((await raw.receive()).data[0], 0x13)
    assert.strictEqual(requests, 0)
  })
}

function decodable(datagram) {
  try {
    if (datagram[0] === 0x13) return false
    decodeRequest(datagram)
    return true
  } catch {
    return false
  }
}
