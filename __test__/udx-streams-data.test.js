const test = require('node:test')
const assert = require('node:assert')
const { once } = require('node:events')
const { Rig, packages, closed, collectData } = require('./helpers/udx-rig')
const { FLAGS, rawEnd } = require('./helpers/udx-wire')
const { turns, until } = require('./helpers/until')

const isNative = ({ name }) => name === 'native'

for (const { name, UDX } of packages) {
  test(`${name}: an echo, in one piece each way, and both are closed`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const seen = []
    b.on('data', (data) => {
      seen.push(data)
      b.write(data)
      b.end()
    })
    a.on('data', (data) => seen.push(data))
    a.write('hello world')
    a.end()
    await closed(a, b)
    assert.ok(seen.every(Buffer.isBuffer))
    assert.deepStrictEqual(seen.map(String), ['hello world', 'hello world'])
  })

  test(`${name}: writes of one turn come as one`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    a.write('one ')
    a.write(Buffer.from('two '))
    a.write('drei ü')
    assert.strictEqual(String((await once(b, 'data'))[0]), 'one two drei ü')
    a.write('later')
    assert.strictEqual(String((await once(b, 'data'))[0]), 'later')
  })

  test(`${name}: a write may come before connect() in its turn`, async (t) => {
    const rig = new Rig(t)
    const [a, b] = [rig.end(new UDX(), 1), rig.end(new UDX(), 2)]
    a.stream.write('early')
    rig.connect(a, b)
    assert.strictEqual(String((await once(b.stream, 'data'))[0]), 'early')
  })

  test(`${name}: either half ends alone`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const log = []
    for (const [of, stream] of Object.entries({ a, b })) {
      for (const event of ['end', 'finish', 'close']) stream.on(event, () => log.push(of + event))
    }
    a.resume()
    b.resume()
    b.end()
    await once(a, 'end')
    await turns(3)
    assert.deepStrictEqual([...log].sort(), ['aend', 'bfinish'])
    const seen = []
    b.on('data', (data) => seen.push(String(data)))
    for (const text of ['1', '2', '3']) {
      a.write(text)
      await until(() => seen.at(-1) === text, text)
    }
    a.end('4')
    await closed(a, b)
    assert.strictEqual(seen.join(''), '1234')
    for (const [of, stream] of Object.entries({ a, b })) {
      assert.strictEqual(log.filter((event) => event.startsWith(of)).at(-1), `${of}close`)
      assert.strictEqual(stream.destroyed, true)
    }
  })

  test(`${name}: many writes, many turns, in order`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const sent = []
    const received = collectData(b)
    for (let i = 0; i < 300; i++) {
      const data = Buffer.alloc((i * 37) % 3000, i)
      sent.push(data)
      a.write(data)
      if (i % 7 === 0) await turns(1)
    }
    a.end()
    assert.ok((await received).equals(Buffer.concat(sent)))
  })

  test(`${name}: each piece of data has bytes of its own`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const kept = []
    b.on('data', (data) => kept.push({ data, copy: Buffer.from(data) }))
    for (let i = 0; i < 500; i++) {
      a.write(Buffer.alloc(500, i))
      if (i % 10 === 0) await turns(1)
    }
    a.end()
    await once(b, 'end')
    for (const { data, copy } of kept) assert.ok(data.equals(copy))
    kept[0].data.fill(0xee)
    for (const { data, copy } of kept.slice(1)) assert.ok(data.equals(copy))
  })

  test(`${name}: flush() resolves once the peer has what was written`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    let bytes = 0
    b.on('data', (data) => (bytes += data.byteLength))
    assert.strictEqual(await a.flush(), true)
    for (let i = 1; i <= 20; i++) {
      a.write(Buffer.alloc(1000))
      a.write(Buffer.alloc(500))
      assert.strictEqual(await a.flush(), true)
      assert.strictEqual(bytes, i * 1500)
      assert.strictEqual(a._wreqs.length - a._wfree.length, 0)
    }
    a.write(Buffer.alloc(100_000))
    const first = a.flush().then(() => bytes)
    a.write(Buffer.alloc(300_000))
    const second = a.flush().then(() => bytes)
    assert.ok((await first) >= 130_000)
    assert.strictEqual(await second, 430_000)
  })

  test(`${name}: flush() hears of its own writes, whatever was written and flushed since`, async (t) => {
    const rig = new Rig(t)
    const raw = await rawEnd(t)
    const { stream, socket } = rig.end(new UDX(), 1)
    stream.connect(socket, 2, raw.port)
    const flushed = []
    for (let i = 1; i <= 5; i++) {
      stream.write(Buffer.alloc(100))
      flushed.push(stream.flush())
      await until(() => raw.packets.some(({ seq }) => seq === i - 1), 'the packet')
    }
    for (const [i, flush] of flushed.entries()) {
      raw.send({ flags: FLAGS.STATE, id: 1, ack: i + 1 }, socket.address().port)
      assert.strictEqual(await flush, true)
    }
  })

  test(`${name}: flush() of one that dies settles`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    b.on('error', () => {})
    a.write(Buffer.alloc(1_000_000))
    const flushed = a.flush()
    setImmediate(() => a.destroy())
    assert.strictEqual(typeof (await flushed), 'boolean')
    assert.strictEqual(await a.flush(), false)
  })

  test(`${name}: what is not acknowledged is counted`, async (t) => {
    const rig = new Rig(t)
    const [a, b] = [rig.end(new UDX(), 1), rig.end(new UDX(), 2)]
    a.stream.connect(a.socket, 2, b.socket.address().port)
    a.stream.write('one')
    await turns(1)
    a.stream.write('two')
    await turns(1)
    assert.ok(a.stream._wreqs.length - a.stream._wfree.length > 0)
    assert.ok(a.stream.inflight > 0)
    b.stream.connect(b.socket, 1, a.socket.address().port)
    for (let i = 0; i < 200; i++) {
      a.stream.write('more')
      await turns(1)
    }
    await until(() => a.stream._wreqs.length === a.stream._wfree.length, 'that all is')
  })

  test(`${name}: numbers wrap around`, async (t) => {
    const rig = new Rig(t)
    const [a, b] = [
      rig.end(new UDX(), 1, { seq: 2 ** 32 - 30 }),
      rig.end(new UDX(), 2, { seq: 2 ** 32 - 1 })
    ]
    a.stream.connect(a.socket, 2, b.socket.address().port, { ack: 2 ** 32 - 1 })
    b.stream.connect(b.socket, 1, a.socket.address().port, '127.0.0.1', { ack: 2 ** 32 - 30 })
    const sent = Buffer.alloc(200_000, 'around')
    const both = [collectData(a.stream), collectData(b.stream)]
    a.stream.end(sent)
    b.stream.end(sent)
    for (const received of await Promise.all(both)) assert.ok(received.equals(sent))
  })

  test(`${name}: 64 MiB with back-pressure, to the byte`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const TOTAL = 64 * 1024 * 1024
    const block = Buffer.alloc(64 * 1024, (i) => i)
    let [sent, received, wrong, most] = [0, 0, 0, 0]
    b.on('data', (data) => {
      const at = received % block.byteLength
      const end = Math.min(block.byteLength, at + data.byteLength)
      if (block.compare(data, 0, end - at, at, end) !== 0) wrong++
      received += data.byteLength
    })
    const ended = once(b, 'end')
    while (sent < TOTAL) {
      sent += block.byteLength
      const isDrained = a.write(block)
      most = Math.max(most, sent - received)
      if (!isDrained) await once(a, 'drain')
    }
    a.end()
    await ended
    assert.deepStrictEqual([received, wrong], [TOTAL, 0])
    assert.ok(most < 32 * 1024 * 1024, `${most} bytes were on their way`)
  })

  test(`${name}: 16 streams on one pair of sockets, each way`, async (t) => {
    const rig = new Rig(t)
    const [left, right] = [new UDX(), new UDX()]
    const [here, there] = [rig.socket(left), rig.socket(right)]
    await transfer(rig, left, right, () => [here, there])
    assert.deepStrictEqual([here.idle, there.idle], [true, true])
  })

  test(`${name}: 16 streams on 16 pairs of sockets, each way`, async (t) => {
    const rig = new Rig(t)
    const [left, right] = [new UDX(), new UDX()]
    await transfer(rig, left, right, () => [rig.socket(left), rig.socket(right)])
  })

  test(`${name}: a stream may be its own peer, and have the id 0`, async (t) => {
    const rig = new Rig(t)
    const { stream, socket } = rig.end(new UDX(), 0)
    stream.connect(socket, 0, socket.address().port)
    const received = collectData(stream)
    stream.end('to myself')
    assert.strictEqual(String(await received), 'to myself')
    await closed(stream)
  })

  test(`${name}: one that nobody reads ends and closes`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const { socket } = b
    a.resume()
    a.end()
    b.end()
    await closed(a, b)
    assert.strictEqual(socket.idle, true)
  })

  test(`${name}: what nobody has read by the end keeps the stream from closing alone`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const { socket } = b
    a.resume()
    b.end()
    a.end('unread')
    await closed(a)
    await until(() => socket.idle, 'that b has left its socket')
    assert.deepStrictEqual([b.connected, b.destroyed], [false, false])
    assert.strictEqual(String(b.read()), 'unread')
    await closed(b)
  })

  test(`${name}: pipes, and iterates`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    b.pipe(b)
    const chunks = []
    const sent = Buffer.alloc(500_000, 'around and back')
    a.write(sent)
    a.end()
    for await (const chunk of a) chunks.push(chunk)
    assert.ok(Buffer.concat(chunks).equals(sent))
  })
}

for (const { UDX } of packages.filter(isNative)) {
  test('native: an empty write is done at once', async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    a.write(Buffer.alloc(0))
    assert.strictEqual(await a.flush(), true)
    assert.strictEqual(a._wreqs.length - a._wfree.length, 0)
    a.write(Buffer.alloc(0))
    a.write('x')
    a.write('')
    a.end()
    assert.strictEqual(String(await collectData(b)), 'x')
  })

  test('native: a reader that pauses stops the writer, and nobody else', async (t) => {
    const rig = new Rig(t)
    const [a, b] = rig.pair(UDX)
    const [c, d] = rig.pair(UDX)
    b.once('data', () => b.pause())
    let written = 0
    const filled = fill(a, 64 * 1024 * 1024, (bytes) => (written = bytes))
    d.resume()
    await Promise.all([fill(c, 32 * 1024 * 1024), once(d, 'end')])
    assert.ok(written < 16 * 1024 * 1024, `${written} bytes`)
    assert.ok(b._readableState.buffered <= 5 * 1024 * 1024)
    let received = 0
    b.on('data', (data) => (received += data.byteLength))
    await Promise.all([filled, once(b, 'end')])
    assert.ok(received > 63 * 1024 * 1024)
  })

  test('native: what is no bytes is named', async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const bad = { code: 'ERR_INVALID_VALUE', message: /must be a Buffer or a Uint8Array/ }
    for (const data of [5, null, undefined, {}, [1]]) {
      assert.throws(() => a.write(data), bad)
      await assert.rejects(a.send(data), bad)
      assert.throws(() => a.trySend(data), bad)
    }
    a.write(new Uint8Array([104, 105]))
    assert.strictEqual(String((await once(b, 'data'))[0]), 'hi')
  })
}

async function fill(stream, total, onwritten = () => {}) {
  const block = Buffer.alloc(64 * 1024)
  for (let bytes = 0; bytes < total;) {
    bytes += block.byteLength
    onwritten(bytes)
    if (!stream.write(block)) await once(stream, 'drain')
  }
  stream.end()
}

async function transfer(rig, left, right, socketsOf) {
  const sent = Buffer.alloc(300_000, 'sixteen')
  const received = []
  const done = []
  for (let id = 1; id <= 16; id++) {
    const [here, there] = socketsOf()
    const a = { stream: rig.stream(left, id), socket: here }
    const b = { stream: rig.stream(right, 100 + id), socket: there }
    rig.connect(a, b)
    for (const { stream } of [a, b]) {
      received.push(collectData(stream))
      done.push(closed(stream))
      stream.end(sent)
    }
  }
  for (const bytes of await Promise.all(received)) assert.ok(bytes.equals(sent))
  await Promise.all(done)
}
