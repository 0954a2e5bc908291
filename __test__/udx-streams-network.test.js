const test = require('node:test')
const assert = require('node:assert')
const { once } = require('node:events')
const { HOST, Rig, packages, closed, collectData } = require('./helpers/udx-rig')
const { FLAGS, HEADER, decode, rawEnd } = require('./helpers/udx-wire')
const { turns, until } = require('./helpers/until')

const FIGURES = ['bytesTransmitted', 'packetsTransmitted', 'bytesReceived', 'packetsReceived']

// What streams send, what networks make of it, and what is counted.
for (const { name, UDX } of packages) {
  test(`${name}: connect() sends nothing; write() and end() of one turn are one datagram`, async (t) => {
    const { stream, raw } = await against(t, UDX)
    await turns(5)
    assert.deepStrictEqual(raw.packets, [])
    stream.write('hello')
    stream.end()
    await until(() => raw.packets.length === 1, 'the datagram')
    const { flags, id, seq, ack, payload } = raw.packets[0]
    assert.deepStrictEqual([flags, id, seq, ack], [FLAGS.DATA | FLAGS.END, 2, 0, 0])
    assert.strictEqual(String(payload), 'hello')
  })

  test(`${name}: destroy() sends one packet`, async (t) => {
    const { stream, raw } = await against(t, UDX, { seq: 7 })
    stream.destroy()
    await until(() => raw.packets.length === 1, 'the packet')
    const { flags, id, seq } = raw.packets[0]
    assert.deepStrictEqual([flags, id, seq], [FLAGS.DESTROY, 2, 7])
    assert.deepStrictEqual([stream.bytesTransmitted, stream.packetsTransmitted], [HEADER, 1])
  })

  test(`${name}: data comes in order however it came, and once`, async (t) => {
    const { stream, raw, port } = await against(t, UDX)
    const received = collectData(stream)
    const data = (seq, text, flags = FLAGS.DATA) => {
      raw.send({ flags, id: 1, seq, payload: Buffer.from(text) }, port)
    }
    data(2, 'two ')
    data(1, 'one ')
    data(2, 'two ')
    data(3, 'three', FLAGS.DATA | FLAGS.END)
    data(0, 'null ')
    data(1, 'one ')
    assert.strictEqual(String(await received), 'null one two three')
    await until(() => raw.packets.some(({ ack }) => ack === 4), 'the acknowledgement')
  })

  test(`${name}: a heartbeat is answered`, async (t) => {
    const { raw, port } = await against(t, UDX)
    raw.send({ flags: FLAGS.HEARTBEAT, id: 1 }, port)
    await until(() => raw.packets.length === 1, 'the answer')
    assert.strictEqual(raw.packets[0].flags, FLAGS.STATE)
  })

  test(`${name}: a way that reorders, doubles and loses`, async (t) => {
    const rig = new Rig(t)
    const [a, b] = [rig.end(new UDX(), 1), rig.end(new UDX(), 2)]
    const proxy = rig.socket(new UDX())
    const send = (bytes) => {
      const { socket } = decode(bytes).id === 1 ? a : b
      proxy.trySend(bytes, socket.address().port)
    }
    const held = []
    let n = 0
    proxy.on('message', (bytes) => {
      if (n++ > 800) return send(bytes)
      if (n % 17 === 0) return
      if (n % 5 === 0) return held.push(bytes)
      send(bytes)
      if (n % 11 === 0) send(bytes)
      if (held.length > 2) for (const late of held.splice(0).reverse()) send(late)
    })
    a.stream.connect(a.socket, 2, proxy.address().port)
    b.stream.connect(b.socket, 1, proxy.address().port)
    const sent = Buffer.alloc(1_200_000, (i) => i * 7)
    const both = [collectData(a.stream), collectData(b.stream)]
    const over = closed(a.stream, b.stream)
    a.stream.end(sent)
    b.stream.end(sent.subarray(0, 100_000))
    const [there, here] = await Promise.all(both)
    await over
    assert.ok(here.equals(sent) && there.equals(sent.subarray(0, 100_000)))
    assert.ok(a.stream.retransmits > 0)
  })

  test(`${name}: the first packet of a stream is one of 1200 bytes at most, with IP`, async (t) => {
    const { stream, raw } = await against(t, UDX)
    stream.write(Buffer.alloc(1200, 'a'))
    await until(() => raw.packets.length >= 2, 'two packets')
    const [first, second] = raw.packets
    assert.ok(first.payload.byteLength <= 1152 && second.payload.byteLength >= 48)
    assert.strictEqual(first.payload.byteLength + second.payload.byteLength, 1200)
    assert.deepStrictEqual([first.seq, second.seq], [0, 1])
  })

  test(`${name}: a proxy is a UDX without streams, and may be closed meanwhile`, async (t) => {
    const rig = new Rig(t)
    const proxy = rig.socket(new UDX())
    const a = rig.end(new UDX(), 1)
    a.stream.connect(a.socket, 2, proxy.address().port)
    const came = once(proxy, 'message')
    a.stream.write('through')
    const [bytes, from] = await came
    assert.deepStrictEqual(from, { host: HOST, family: 4, port: a.socket.address().port })
    const offset = bytes.readUInt8(3)
    assert.strictEqual(String(bytes.subarray(HEADER + offset)), 'through')
    proxy.close()
    assert.strictEqual(await proxy.send(bytes, 9), false)
  })

  test(`${name}: instance, socket and stream count the same, whenever they are asked`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const { socket } = a
    const { socket: other } = b
    let looks = 0
    const wrong = []
    const look = (stream, socket) => {
      const of = [stream, socket, stream.udx].map((counted) =>
        FIGURES.map((name) => counted[name]).join()
      )
      if (of[0] !== of[1] || of[0] !== of[2]) wrong.push(of)
      looks++
    }
    b.on('data', (data) => {
      look(a, socket)
      look(b, other)
      b.write(data)
    })
    b.on('end', () => b.end())
    a.resume()
    a.end(Buffer.alloc(3_000_000))
    while (!a.destroyed) {
      if (a.connected) look(a, socket)
      await turns(1)
    }
    if (!b.destroyed) await closed(b)
    assert.deepStrictEqual([wrong, looks > 10], [[], true])
    await turns(2)
    const [x, y] = [a, b].map((stream) => FIGURES.map((name) => stream[name]))
    assert.ok(x[0] > 3_000_000 && x[1] > 1000)
    const udx = FIGURES.map((name) => a.udx[name])
    assert.ok(udx.every((figure, i) => figure >= x[i]))
    // What the one sent the other has received, but for what came when it was closed.
    assert.ok(y[3] <= x[1] && x[3] <= y[1] && y[2] > 3_000_000)
  })
}

for (const { UDX } of packages.filter(({ name }) => name === 'native')) {
  test('native: messages are counted as everything else', async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const came = once(b, 'message')
    a.trySend(Buffer.alloc(80))
    await came
    const sent = [HEADER + 80, 1, 0, 0]
    for (const counted of [a, a.socket, a.udx]) {
      assert.deepStrictEqual(
        FIGURES.map((name) => counted[name]),
        sent
      )
    }
    assert.deepStrictEqual([b.bytesReceived, b.packetsReceived], [HEADER + 80, 1])
  })

  test('native: one whose end was acknowledged answers for it when it is gone', async (t) => {
    const { stream, raw, port } = await against(t, UDX)
    stream.resume()
    stream.end()
    await until(() => raw.packets.some(({ flags }) => flags === FLAGS.END), 'its end')
    raw.send({ flags: FLAGS.END, id: 1, seq: 0, ack: 1 }, port)
    await closed(stream)
    const answers = () => raw.packets.filter(({ flags, ack }) => flags === FLAGS.STATE && ack === 1)
    await until(() => answers().length > 0, 'that it has the end')
    const before = answers().length
    await until(async () => {
      raw.send({ flags: FLAGS.END, id: 1, seq: 0, ack: 1 }, port)
      await turns(1)
      return answers().length > before + 5
    }, 'answers to those that say it again')
  })

  test('native: a reader that stands closes the window, and opens it again', async (t) => {
    const { stream, raw, port } = await against(t, UDX)
    const payload = Buffer.alloc(1000)
    const full = 4 * 1024 * 1024
    stream.once('data', () => stream.pause())
    for (let seq = 0; seq < 1000; seq++) {
      raw.send({ flags: FLAGS.DATA, id: 1, seq, payload }, port)
      if (seq % 50 < 49) continue
      await until(() => raw.packets.some(({ ack }) => ack === seq + 1), 'what was sent')
    }
    const least = Math.min(...raw.packets.map(({ window }) => window))
    assert.ok(least <= full - 900_000, `${least}`)
    stream.resume()
    await until(async () => {
      raw.send({ flags: FLAGS.HEARTBEAT, id: 1, seq: 1000 }, port)
      await turns(1)
      return raw.packets.at(-1).window >= full - 300_000
    }, 'room')
  })
}

// A stream of this package, and the other end of it by hand.
async function against(t, UDX, opts) {
  const { stream, socket } = new Rig(t).end(new UDX(), 1, opts)
  const raw = await rawEnd(t)
  stream.connect(socket, 2, raw.port)
  return { stream, raw, port: socket.address().port }
}
