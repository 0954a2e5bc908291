const test = require('node:test')
const assert = require('node:assert')
const { packages, pairings, natives } = require('./helpers/packages')
const { HOST, createNode, createBootstrapper, serverAddress } = require('./helpers/network')
const { once } = require('./helpers/until')
const { randomTarget } = require('./helpers/ids')
const { encodeAddress } = require('./helpers/wire')
const RawPeer = require('./helpers/raw-peer')

const RELAY = 3

for (const { name, Server, Client } of pairings) {
  // The middle node hands every request on and says who asked; the last one answers that one directly.
  async function trio(t) {
    const middle = await createBootstrapper(t, Server)
    const last = await createBootstrapper(t, Client)
    const first = createNode(t, Client)
    await first.fullyBootstrapped()

    middle.on('request', (req) => {
      req.relay(Buffer.concat([encodeAddress(req.from), req.value]), serverAddress(last))
    })
    last.on('request', (req) => {
      const to = { host: HOST, port: req.value.readUInt16LE(4) }
      req.reply(req.value.subarray(6), { to })
    })
    return { first, middle, last }
  }

  test(`${name}: a third node answers the first one directly`, async (t) => {
    const { first, middle, last } = await trio(t)
    const target = randomTarget()
    const relayed = once(last, 'request')

    const reply = await first.request(
      { command: RELAY, target, value: Buffer.from('to the third') },
      serverAddress(middle)
    )
    const [req] = await relayed

    assert.strictEqual(reply.value.toString(), 'to the third')
    assert.deepStrictEqual(reply.from, { id: last.id, ...serverAddress(last) })
    assert.strictEqual(reply.to.port, first.address().port)
    assert.strictEqual(reply.tid, req.tid)
    assert.strictEqual(req.command, RELAY)
    assert.strictEqual(req.token, null)
    assert.deepStrictEqual(Buffer.from(req.target), target)
    assert.deepStrictEqual(req.from, { id: middle.id, ...serverAddress(middle) })
    assert.strictEqual(first.stats.requests.retries, 0)
  })

  test(`${name}: a token is not relayed`, async (t) => {
    const { first, middle, last } = await trio(t)
    const to = serverAddress(middle)
    const value = Buffer.from('x')
    middle.prependOnceListener('request', (req) => req.reply(null))
    const { token } = await first.request({ command: RELAY, value }, to)
    const relayed = once(last, 'request')

    await first.request({ command: RELAY, value, token }, to)

    const [req] = await relayed
    assert.strictEqual(req.token, null)
  })

  test(`${name}: relay through the other socket`, async (t) => {
    const { first, middle, last } = await trio(t)
    middle.removeAllListeners('request')
    middle.on('request', (req) => {
      const value = Buffer.concat([encodeAddress(req.from), req.value])
      req.relay(value, serverAddress(last), { socket: middle.io.clientSocket })
    })
    const relayed = once(last, 'request')

    await first.request({ command: RELAY, value: Buffer.from('x') }, serverAddress(middle))

    const [req] = await relayed
    assert.deepStrictEqual(req.from, {
      id: null,
      host: HOST,
      port: middle.io.clientSocket.address().port
    })
  })

  test(`${name}: a reply through the other socket carries no id`, async (t) => {
    const server = await createBootstrapper(t, Server)
    const client = createNode(t, Client)
    server.on('request', (req) => req.reply(null, { socket: server.io.clientSocket }))

    const reply = await client.request({ command: 1 }, serverAddress(server))

    const { port } = server.io.clientSocket.address()
    assert.deepStrictEqual(reply.from, { id: null, host: HOST, port })
  })
}

for (const { name, DHT } of packages) {
  test(`${name}: the relayed datagram`, async (t) => {
    const middle = await createBootstrapper(t, DHT)
    const [first, last] = [await RawPeer.create(t), await RawPeer.create(t)]
    middle.on('request', (req) => req.relay(Buffer.from('abc'), last.address))
    const target = randomTarget()
    const head = Buffer.from('03087b00', 'hex')

    const to = serverAddress(middle)
    await first.send(Buffer.concat([head, encodeAddress(to), Buffer.from([RELAY]), target]), to)
    const { data, from } = await last.receive()

    assert.deepStrictEqual(from, to)
    assert.deepStrictEqual(
      data,
      Buffer.concat([
        Buffer.from('03197b00', 'hex'),
        encodeAddress(last.address),
        middle.id,
        Buffer.from([RELAY]),
        target,
        Buffer.from('03616263', 'hex')
      ])
    )
  })

  test(`${name}: reply and relay to port 0 do not throw`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const client = createNode(t, DHT)
    server.on('request', (req) => {
      req.reply(null, { to: { host: HOST, port: 0 } })
      req.relay(null, { host: HOST, port: 0 })
      req.reply(Buffer.from('fine'))
    })

    const reply = await client.request({ command: 1 }, serverAddress(server))
    assert.strictEqual(reply.value.toString(), 'fine')
  })
}

for (const { name, DHT } of natives) {
  test(`${name}: reply and relay to odd hosts do not throw`, async (t) => {
    const server = await createBootstrapper(t, DHT)
    const client = createNode(t, DHT)
    const odd = ['', 'localhost', '::1', '999.1.1.1', '1.2.3', 'x'.repeat(300)]
    server.on('request', (req) => {
      for (const host of odd) {
        req.reply(null, { to: { host, port: 5 } })
        req.relay(null, { host, port: 5 })
      }
      req.reply(Buffer.from('fine'))
    })

    const reply = await client.request({ command: 1 }, serverAddress(server))
    assert.strictEqual(reply.value.toString(), 'fine')
  })
}
