const test = require('node:test')
const assert = require('node:assert')
const { once } = require('node:events')
const { Rig, packages, closed } = require('./helpers/udx-rig')
const { turns, until } = require('./helpers/until')

// Messages beside the bytes of a stream, and the frames of its framed mode.
for (const { name, UDX } of packages) {
  test(`${name}: messages, empty ones too`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const seen = []
    b.on('message', (message) => seen.push(message))
    const sent = ['hello', '', 'x'.repeat(1100)]
    for (const text of sent) assert.strictEqual(await a.send(Buffer.from(text)), true)
    assert.strictEqual(a.trySend(Buffer.from('tried')), undefined)
    await until(() => seen.length === 4, 'all')
    assert.ok(seen.every(Buffer.isBuffer))
    assert.deepStrictEqual(seen.map(String), [...sent, 'tried'])
    seen[0].fill(0)
    assert.strictEqual(String(seen[3]), 'tried')
  })

  test(`${name}: a message may be changed once its promise is settled`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const message = Buffer.from('before')
    const came = once(b, 'message')
    await a.send(message)
    message.fill('x')
    assert.strictEqual(String((await came)[0]), 'before')
  })

  test(`${name}: without a connection none is sent`, async (t) => {
    const [udx, rig] = [new UDX(), new Rig(t)]
    const stream = rig.stream(udx, 1)
    assert.strictEqual(await stream.send(Buffer.from('x')), false)
    assert.strictEqual(stream.trySend(Buffer.from('x')), undefined)
    stream.destroy()
    assert.strictEqual(await stream.send(Buffer.from('x')), false)
  })

  test(`${name}: one that is too long is lost, and that is no error`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const seen = []
    b.on('message', (message) => seen.push(message.byteLength))
    assert.strictEqual(await a.send(Buffer.alloc(70_000)), true)
    assert.strictEqual(await a.send(Buffer.alloc(10)), true)
    await until(() => seen.length > 0, 'the other')
    assert.deepStrictEqual(seen, [10])
  })

  test(`${name}: messages beside 8 MiB`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const sent = new Set()
    const seen = new Set()
    let bytes = 0
    b.on('message', (message) => seen.add(String(message)))
    b.on('data', (data) => (bytes += data.byteLength))
    const ended = once(b, 'end')
    a.end(Buffer.alloc(8 * 1024 * 1024))
    for (let i = 0; bytes < 8 * 1024 * 1024; i++) {
      sent.add(`${i}`)
      a.trySend(Buffer.from(`${i}`))
      await turns(1)
    }
    await ended
    // Some may be lost where a socket's buffer is full.
    assert.ok(seen.size > 0 && [...seen].every((message) => sent.has(message)))
  })

  test(`${name}: they go on when a half has ended`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    b.resume()
    a.resume()
    a.end()
    await once(b, 'end')
    const came = once(b, 'message')
    a.trySend(Buffer.from('after the end'))
    assert.strictEqual(String((await came)[0]), 'after the end')
    b.end()
    await closed(a, b)
  })

  test(`${name}: a frame comes in one piece, with its head`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX, UDX, { framed: true })
    for (const length of [0, 1, 100, 1149, 1150, 3000, 40_000]) {
      const sent = frame(Buffer.alloc(length, length))
      const came = once(b, 'data')
      for (let at = 0; at < sent.byteLength; at += 5000) {
        a.write(sent.subarray(at, at + 5000))
        await turns(1)
      }
      assert.ok((await came)[0].equals(sent), `${length} bytes`)
    }
  })

  test(`${name}: a frame whose head comes first is waited for`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX, UDX, { framed: true })
    const seen = []
    b.on('data', (data) => seen.push(String(data)))
    const sent = frame(Buffer.from('hello'))
    a.write(sent.subarray(0, 3))
    await a.flush()
    a.write(sent.subarray(3, 5))
    await a.flush()
    assert.deepStrictEqual(seen, [])
    a.write(sent.subarray(5))
    await a.flush()
    assert.deepStrictEqual(seen, [String(sent)])
  })

  test(`${name}: a frame of 4 MiB`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX, UDX, { framed: true })
    const sent = frame(Buffer.alloc(4 * 1024 * 1024, 'long'))
    const pieces = []
    b.on('data', (data) => pieces.push(data))
    a.end(sent)
    await once(b, 'end')
    assert.ok(Buffer.concat(pieces).equals(sent))
  })

  test(`${name}: an unfinished frame comes before the end`, async (t) => {
    for (const sent of [frame(Buffer.alloc(500)).subarray(0, 300), Buffer.of(9, 0)]) {
      const [a, b] = new Rig(t).pair(UDX, UDX, { framed: true })
      const pieces = []
      b.on('data', (data) => pieces.push(data))
      a.write(sent)
      await turns(1)
      a.end()
      await once(b, 'end')
      assert.ok(Buffer.concat(pieces).equals(sent))
    }
  })

  test(`${name}: frames and pieces of frames lose no byte`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX, UDX, { framed: true })
    const frames = Array.from({ length: 400 }, (_, i) => frame(Buffer.alloc((i * 97) % 5000, i)))
    const sent = Buffer.concat(frames)
    const pieces = []
    b.on('data', (data) => pieces.push(data))
    for (let at = 0; at < sent.byteLength; at += 7777) {
      a.write(sent.subarray(at, at + 7777))
      if (at % 3 === 0) await turns(1)
    }
    a.end()
    await once(b, 'end')
    assert.ok(Buffer.concat(pieces).equals(sent))
  })
}

for (const { UDX } of packages.filter(({ name }) => name === 'native')) {
  test('native: each frame is one piece, however they share packets', async (t) => {
    const [a, b] = new Rig(t).pair(UDX, UDX, { framed: true })
    const frames = Array.from({ length: 400 }, (_, i) => frame(Buffer.alloc((i * 97) % 5000, i)))
    const pieces = []
    b.on('data', (data) => pieces.push(data))
    a.end(Buffer.concat(frames))
    await once(b, 'end')
    assert.strictEqual(pieces.length, frames.length)
    for (const [i, piece] of pieces.entries()) assert.ok(piece.equals(frames[i]))
  })

  test('native: what waits for the rest of its frame holds nobody up', async (t) => {
    const [a, b] = new Rig(t).pair(UDX, UDX, { framed: true })
    const sent = frame(Buffer.alloc(16 * 1024 * 1024 - 1, 'longest'))
    const pieces = []
    b.on('data', (data) => pieces.push(data))
    a.end(sent)
    await once(b, 'end')
    assert.ok(Buffer.concat(pieces).equals(sent))
    assert.ok(pieces.length > 1)
  })
}

function frame(bytes) {
  const head = Buffer.alloc(3)
  head.writeUIntLE(bytes.byteLength, 0, 3)
  return Buffer.concat([head, bytes])
}
