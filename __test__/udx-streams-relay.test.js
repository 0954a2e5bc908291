const test = require('node:test')
const assert = require('node:assert')
const { once } = require('node:events')
const { Rig, packages, closed, collectData, errorOf, names } = require('./helpers/udx-rig')
const { FLAGS, rawEnd } = require('./helpers/udx-wire')
const { turns, until } = require('./helpers/until')

for (const { name, UDX } of packages) {
  for (const [where, isOne] of Object.entries({ 'one UDX': true, 'two UDX': false })) {
    test(`${name}: a relay of ${where}`, async (t) => {
      const { a, b, left, right } = relayed(new Rig(t), UDX, isOne)
      const sent = Buffer.alloc(1_000_000, 'by a relay')
      const both = [collectData(a), collectData(b)]
      a.end(sent)
      b.end(sent)
      for (const received of await Promise.all(both)) assert.ok(received.equals(sent))
      await closed(a, b)
      // Both halves live until they are destroyed: an end passes them.
      assert.deepStrictEqual([left.destroying, right.destroying], [false, false])
      for (const half of [left, right]) {
        assert.ok(half.bytesReceived > 1_000_000)
        assert.deepStrictEqual([half.bytesTransmitted, half.packetsTransmitted], [0, 0])
      }
    })
  }

  test(`${name}: messages and DESTROY pass a relay; its halves end, one of them in silence`, async (t) => {
    const { a, b, left, right, here, there } = relayed(new Rig(t), UDX)
    const log = []
    names(log, 'left', left, 'error', 'close')
    names(log, 'right', right, 'error', 'close')
    const came = once(b, 'message')
    a.trySend(Buffer.from('hello'))
    assert.strictEqual(String((await came)[0]), 'hello')
    const reset = errorOf(b)
    const over = closed(left)
    a.destroy()
    assert.strictEqual((await reset).code, 'ECONNRESET')
    await over
    await until(() => here.idle && there.idle, 'that both have left their sockets')
    await turns(5)
    assert.deepStrictEqual(log, ['left error', 'left close'])
    assert.deepStrictEqual([right.connected, right.destroying], [false, false])
    right.destroy()
    await closed(right)
    assert.deepStrictEqual(log, ['left error', 'left close', 'right close'])
  })

  test(`${name}: destroy() of a half sends nothing, and the other is silent`, async (t) => {
    const { a, b, left, right, here, there } = relayed(new Rig(t), UDX)
    b.resume()
    a.write('x')
    await a.flush()
    const log = []
    names(log, 'right', right, 'error', 'close')
    names(log, 'there', there, 'idle')
    const before = b.packetsReceived
    left.destroy()
    assert.strictEqual(here.idle, true)
    await closed(left)
    await until(() => there.idle, 'that the other has left its socket')
    await turns(5)
    assert.deepStrictEqual(log, ['there idle'])
    assert.deepStrictEqual([a.destroying, b.destroying, b.packetsReceived], [false, false, before])
  })

  test(`${name}: relayTo() throws in the close event of its target`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const [a, b] = [rig.stream(udx, 1), rig.stream(udx, 2)]
    const thrown = new Promise((resolve) => {
      b.on('close', () => {
        try {
          a.relayTo(b)
          resolve(null)
        } catch (err) {
          resolve(err.message)
        }
      })
    })
    b.destroy()
    assert.strictEqual(await thrown, 'invalid argument')
  })

  test(`${name}: changeRemote() with nothing on its way is done at once`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const { stream, socket } = rig.end(udx, 1)
    const other = rig.socket(udx)
    stream.connect(socket, 2, 9)
    const log = []
    names(log, 'old', socket, 'busy', 'idle')
    names(log, 'new', other, 'busy', 'idle')
    names(log, 'stream', stream, 'remote-changed')
    assert.strictEqual(stream.changeRemote(other, 3, 10), null)
    assert.deepStrictEqual(log, ['old idle', 'stream remote-changed', 'new busy'])
    const { remoteId, remotePort, localPort } = stream
    assert.deepStrictEqual([remoteId, remotePort, localPort], [3, 10, other.address().port])
    assert.strictEqual(stream.socket, other)
    await turns(3)
    assert.strictEqual(log.length, 3)
    assert.strictEqual(stream.changeRemote(other, 4, 11), null)
    assert.strictEqual(stream.changeRemote(socket, 2, 9), null)
    assert.deepStrictEqual([other.idle, socket.idle], [true, false])
  })

  test(`${name}: changeRemote() waits for what is on its way`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    // What its peer acknowledges still comes by the old socket.
    const a = rig.end(udx, 1, { firewall: () => false })
    const other = rig.socket(udx)
    const [raw, newcomer] = [await rawEnd(t), await rawEnd(t)]
    a.stream.connect(a.socket, 2, raw.port)
    const log = []
    names(log, 'old', a.socket, 'busy', 'idle')
    names(log, 'new', other, 'busy', 'idle')
    names(log, 'a', a.stream, 'remote-changed')
    a.stream.write('on its way')
    await Promise.resolve()
    const changed = a.stream.changeRemote(other, 3, newcomer.port)
    assert.ok(changed instanceof Promise)
    assert.deepStrictEqual([log, a.stream.socket], [['new busy'], other])
    assert.deepStrictEqual([a.socket.streams.size, other.streams.size], [1, 1])
    const message = { message: 'Remote already changing' }
    assert.throws(() => a.stream.changeRemote(a.socket, 2, raw.port), message)
    const arrived = () => [...raw.packets, ...newcomer.packets].length > 0
    await until(arrived, 'what was on its way')
    raw.send({ flags: FLAGS.STATE, id: 1, ack: 1 }, a.socket.address().port)
    await changed
    assert.deepStrictEqual(log, ['new busy', 'old idle', 'a remote-changed'])
    assert.deepStrictEqual([a.socket.idle, other.idle], [true, false])
    a.stream.write('the new way')
    await until(() => newcomer.packets.some(({ seq }) => seq === 1), 'data by the new way')
    assert.strictEqual(newcomer.packets.at(-1).id, 3)
  })

  test(`${name}: from a relay to the direct way, in mid-stream`, async (t) => {
    const rig = new Rig(t)
    const { a, b, ends } = relayed(rig, UDX, true, { firewall: () => false })
    const log = []
    names(log, 'a', a, 'remote-changed')
    names(log, 'b', b, 'remote-changed')
    const TOTAL = 4_000_000
    const sent = Buffer.alloc(TOTAL, 'on the move')
    const received = []
    let bytes = 0
    let changes = null
    b.on('data', (data) => {
      received.push(data)
      bytes += data.byteLength
      if (changes !== null || bytes < TOTAL / 4) return
      changes = [
        a.changeRemote(a.socket, b.id, ends[1].socket.address().port),
        b.changeRemote(b.socket, a.id, ends[0].socket.address().port)
      ]
    })
    a.resume()
    a.end(sent)
    await once(b, 'end')
    await Promise.all(changes)
    b.end()
    await closed(a, b)
    assert.ok(Buffer.concat(received).equals(sent))
    assert.deepStrictEqual(log.sort(), ['a remote-changed', 'b remote-changed'])
  })

  test(`${name}: a change that the end of the stream overtakes is rejected`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const other = rig.socket(udx)
    const changes = []
    for (let id = 1; id <= 20; id++) {
      const { stream, socket } = rig.end(udx, id)
      stream.connect(socket, 2, 9)
      stream.write('to nobody')
      await Promise.resolve()
      const change = stream.changeRemote(other, 2, 9)
      changes.push(change)
      change.catch(() => {}) // below
    }
    assert.strictEqual(other.streams.size, 20)
    const streams = [...other.streams]
    for (const stream of streams) stream.destroy()
    assert.strictEqual(other.idle, true)
    for (const change of changes) await assert.rejects(change, { message: 'Stream is closed' })
  })

  test(`${name}: what comes to a relay before it is connected costs no byte`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const firewall = () => false
    const left = rig.stream(udx, 10, { firewall })
    const right = rig.stream(udx, 20, { firewall })
    left.relayTo(right)
    right.relayTo(left)
    const middle = rig.socket(udx)
    const a = rig.end(new UDX(), 1)
    const b = rig.end(new UDX(), 2)
    const { port } = middle.address()
    a.stream.connect(a.socket, 10, port)
    a.stream.write('patience')
    await until(() => left.packetsReceived > 0, 'the first packet')
    left.connect(middle, 1, a.socket.address().port)
    right.connect(middle, 2, b.socket.address().port)
    b.stream.connect(b.socket, 20, port)
    assert.strictEqual(String((await once(b.stream, 'data'))[0]), 'patience')
    await a.stream.flush()
    assert.ok(left.packetsReceived > 0 && right.packetsReceived > 0)
  })
}

// a ↔ left, right ↔ b, with left and right relaying to each other.
function relayed(rig, UDX, isOne = true, opts) {
  const udx = new UDX()
  const [left, here] = [rig.stream(udx, 10), rig.socket(udx)]
  const second = isOne ? udx : new UDX()
  const [right, there] = [rig.stream(second, 20), rig.socket(second)]
  const ends = [rig.end(new UDX(), 1, opts), rig.end(new UDX(), 2, opts)]
  const [a, b] = ends
  left.relayTo(right)
  right.relayTo(left)
  left.connect(here, 1, a.socket.address().port)
  right.connect(there, 2, b.socket.address().port)
  a.stream.connect(a.socket, 10, here.address().port)
  b.stream.connect(b.socket, 20, there.address().port)
  return { a: a.stream, b: b.stream, left, right, here, there, ends }
}
