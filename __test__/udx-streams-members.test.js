const test = require('node:test')
const assert = require('node:assert')
const { Duplex } = require('streamx')
const { HOST, Rig, packages, closed } = require('./helpers/udx-rig')
const { turns } = require('./helpers/until')

const FIGURES = ['bytesTransmitted', 'packetsTransmitted', 'bytesReceived', 'packetsReceived']
const HEALTH = ['rtt', 'inflight', 'retransmits', 'fastRecoveries', 'rtoCount']
const INVALID = { code: 'EINVAL', message: 'invalid argument' }

for (const { name, UDX } of packages) {
  test(`${name}: a stream before it is connected`, (t) => {
    const udx = new UDX()
    const stream = new Rig(t).stream(udx, 7)
    assert.ok(stream instanceof Duplex && stream.readable && stream.writable)
    assert.deepStrictEqual([stream.udx, stream.id, stream.userData], [udx, 7, null])
    assert.deepStrictEqual(remoteOf(stream), [0, null, 0, 0])
    assert.deepStrictEqual([stream.socket, stream.connected], [null, false])
    assert.deepStrictEqual(localOf(stream), [null, 0, 0])
    for (const figure of [...FIGURES, ...HEALTH]) assert.strictEqual(stream[figure], 0, figure)
    assert.deepStrictEqual([stream.mtu, stream.cwnd], [1200, 10])
    assert.ok([0, 1, 2, 3].includes(stream.bbrState))
    assert.strictEqual(typeof stream.bbrBandwidth, 'number')
    assert.strictEqual(stream.setContentSize, undefined)
    assert.strictEqual(unacknowledged(stream), 0)
    assert.deepStrictEqual([stream._readableState, stream._writableState].map(mark), [16384, 16384])
    assert.deepStrictEqual(stream.toJSON(), {
      id: 7,
      connected: false,
      destroying: false,
      destroyed: false,
      remoteId: 0,
      remoteHost: null,
      remoteFamily: 0,
      remotePort: 0,
      mtu: 1200,
      rtt: 0,
      cwnd: 10,
      inflight: 0,
      socket: null
    })
  })

  test(`${name}: connect() takes effect within the call`, (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const [stream, socket] = [rig.stream(udx, 1), rig.socket(udx)]
    const seen = []
    socket.on('busy', () => seen.push(['busy', socket.streams.has(stream), stream.connected]))
    stream.on('connect', () => seen.push(['connect', socket.busy]))
    assert.strictEqual(stream.connect(socket, 2, 9, HOST), undefined)
    assert.deepStrictEqual(seen, [
      ['busy', true, true],
      ['connect', true]
    ])
    assert.deepStrictEqual(remoteOf(stream), [2, HOST, 4, 9])
    assert.deepStrictEqual([stream.socket, stream.connected], [socket, true])
    assert.deepStrictEqual(localOf(stream), [HOST, 4, socket.address().port])
    assert.deepStrictEqual(stream.toJSON().socket, socket.toJSON())
    assert.deepStrictEqual([socket.idle, socket.toJSON().streams], [false, 1])
  })

  test(`${name}: connect() binds, and has a default host and options in its place`, (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const socket = rig.unbound(udx)
    const stream = rig.stream(udx, 1)
    stream.connect(socket, 2, 9)
    assert.strictEqual(socket.bound, true)
    assert.strictEqual(stream.remoteHost, HOST)
    for (const [i, host] of [undefined, '', { ack: 5 }, {}].entries()) {
      const other = rig.stream(udx, 10 + i)
      other.connect(socket, 2, 9, host, { ack: 0 })
      assert.strictEqual(other.remoteHost, HOST)
    }
    assert.strictEqual(socket.streams.size, 5)
  })

  test(`${name}: what connect() refuses, in this order`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const [stream, socket, closing] = [rig.stream(udx, 1), rig.unbound(udx), rig.socket(udx)]
    closing.close()
    const refused = (args, message) => assert.throws(() => stream.connect(...args), { message })
    refused([closing, 2, 0, 'nobody'], 'Socket is closed')
    refused([socket, 2, 0, 'nobody'], 'nobody is not a valid IP address')
    for (const host of ['300.1.1.1', '1.2.3', '::g', 'localhost']) {
      refused([socket, 2, 9, host], `${host} is not a valid IP address`)
    }
    for (const port of [0, -1, 65536, NaN, undefined, 'port']) {
      refused([socket, 2, port, HOST], `${port} is not a valid port`)
    }
    assert.deepStrictEqual([socket.bound, stream.connected], [false, false])
    stream.connect(socket, 2, 9)
    refused([closing, 2, 0, 'nobody'], 'Already connected')
    stream.destroy()
    await closed(stream)
    assert.strictEqual(stream.connect(closing, 2, 0, 'nobody'), undefined)
    assert.strictEqual(stream.connected, false)
  })

  test(`${name}: what changeRemote() refuses, in this order`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const [stream, socket] = [rig.stream(udx, 1), rig.socket(udx)]
    const closing = rig.socket(udx)
    closing.close()
    const elsewhere = rig.socket(new UDX())
    const refused = (args, message) =>
      assert.throws(() => stream.changeRemote(...args), { message })
    refused([closing, 2, 0, 'nobody'], 'Not yet connected')
    stream.connect(socket, 2, 9)
    refused([closing, 2, 0, 'nobody'], 'Socket is closed')
    const foreign = 'Cannot change to a socket on another UDX instance'
    refused([elsewhere, 2, 0, 'nobody'], foreign)
    refused([socket, 2, 0, 'nobody'], 'nobody is not a valid IP address')
    refused([socket, 2, 0], '0 is not a valid port')
    assert.deepStrictEqual(remoteOf(stream), [2, HOST, 4, 9])
    stream.destroy()
    refused([closing, 2, 0, 'nobody'], 'Not yet connected')
  })

  test(`${name}: relayTo() is for once, and for streams that live`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const [a, b, dead] = [rig.stream(udx, 1), rig.stream(udx, 2), rig.stream(udx, 3)]
    dead.destroy()
    await closed(dead)
    assert.throws(() => a.relayTo(dead), INVALID)
    assert.strictEqual(dead.relayTo(a), undefined)
    assert.strictEqual(a.relayTo(b), undefined)
    assert.throws(() => a.relayTo(b), INVALID)
  })

  test(`${name}: after its end the fields stay, but for the socket`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const { socket } = a
    const { port } = b.socket.address()
    a.resume()
    b.resume()
    a.end('from a')
    b.end('from b')
    await closed(a, b)
    assert.deepStrictEqual([a.socket, a.connected, a.destroyed], [null, false, true])
    assert.deepStrictEqual(localOf(a), [null, 0, 0])
    assert.deepStrictEqual(remoteOf(a), [2, HOST, 4, port])
    assert.ok(a.bytesTransmitted >= 26 && a.packetsTransmitted >= 1)
    assert.ok(a.bytesReceived >= 26 && a.packetsReceived >= 1)
    assert.deepStrictEqual([a.mtu >= 1200, a.cwnd > 0, a.retransmits], [true, true, 0])
    assert.deepStrictEqual([a.toJSON().socket, a.toJSON().destroyed], [null, true])
    assert.deepStrictEqual([socket.streams.size, socket.idle], [0, true])
  })

  test(`${name}: of one that is closed little is asked in vain`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    b.on('error', () => {}) // reset by its peer
    a.destroy()
    assert.strictEqual(a.destroy(), undefined)
    await closed(a)
    assert.strictEqual(a.setKeepalive(100), undefined)
    assert.strictEqual(a.trySend(Buffer.from('x')), undefined)
    assert.strictEqual(await a.send(Buffer.from('x')), false)
    assert.strictEqual(await a.flush(), false)
    assert.strictEqual(a.write('x'), false)
    a.destroy()
    await turns(3)
    assert.strictEqual(unacknowledged(a), 0)
  })

  test(`${name}: an id is 32 bits, and what it was given as is kept`, async (t) => {
    const rig = new Rig(t)
    const ids = [
      [-1, 0xffffffff],
      [1.5, 1],
      [2 ** 32 + 5, 5]
    ]
    for (const [given, id] of ids) {
      const [udx, other] = [new UDX(), new UDX()]
      const [a, b] = [rig.end(udx, given), rig.end(other, 9)]
      a.stream.connect(a.socket, 9, b.socket.address().port)
      b.stream.connect(b.socket, id, a.socket.address().port)
      b.stream.write('here')
      const [data] = await new Promise((resolve) => a.stream.on('data', (...of) => resolve(of)))
      assert.deepStrictEqual([data.toString(), a.stream.id], ['here', given])
    }
  })

  test(`${name}: one that has the id of another takes its place`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const first = rig.end(udx, 1)
    const second = rig.stream(udx, 1)
    const other = rig.end(new UDX(), 2)
    const { port } = other.socket.address()
    second.connect(first.socket, 2, port)
    other.stream.connect(other.socket, 1, first.socket.address().port)
    other.stream.write('for the second')
    const data = await new Promise((resolve) => second.on('data', resolve))
    assert.strictEqual(data.toString(), 'for the second')
    assert.strictEqual(first.stream.packetsReceived, 0)
  })

  test(`${name}: methods that say nothing`, (t) => {
    const [a] = new Rig(t).pair(UDX)
    assert.strictEqual(a.setInteractive(true), undefined)
    assert.strictEqual(a.setInteractive(false), undefined)
    assert.strictEqual(a.setKeepalive(10_000), undefined)
    assert.strictEqual(a.trySend(Buffer.from('x')), undefined)
    assert.strictEqual(a.connected, true)
  })
}

function remoteOf({ remoteId, remoteHost, remoteFamily, remotePort }) {
  return [remoteId, remoteHost, remoteFamily, remotePort]
}

function localOf({ localHost, localFamily, localPort }) {
  return [localHost, localFamily, localPort]
}

// As hyperdht-stats counts it.
function unacknowledged({ _wreqs, _wfree }) {
  return _wreqs.length - _wfree.length
}

function mark({ highWaterMark }) {
  return highWaterMark
}
