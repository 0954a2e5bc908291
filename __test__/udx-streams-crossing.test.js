const test = require('node:test')
const assert = require('node:assert')
const crypto = require('node:crypto')
const path = require('node:path')
const { AsyncLocalStorage } = require('node:async_hooks')
const { once } = require('node:events')
const { fork } = require('node:child_process')
const { Worker } = require('node:worker_threads')
const UDX = require('../udx')
const environment = require('../lib/crossing/environment')
const { Rig, closed } = require('./helpers/udx-rig')
const { FLAGS, rawEnd } = require('./helpers/udx-wire')
const { until } = require('./helpers/until')

const BUSY = path.join(__dirname, 'children', 'busy-streams.js')
const PIECE = 64 * 1024
const WINDOW = 4 * 1024 * 1024

test('what comes in bulk comes in large pieces, each of its own, and whole', async (t) => {
  const [a, b] = new Rig(t).pair(UDX)
  const bytes = 32 * 1024 * 1024
  const [sent, received] = [0, 1].map(() => crypto.createHash('sha256'))
  const kept = []
  let events = 0
  let count = 0
  b.on('data', (data) => {
    assert.ok(data.byteLength <= PIECE)
    received.update(data)
    if (++events % 50 === 0) kept.push([data, Buffer.from(data)])
    count += data.byteLength
  })
  for (let left = bytes; left > 0; left -= PIECE) {
    const piece = crypto.randomBytes(PIECE)
    sent.update(piece)
    if (!a.write(piece)) await once(a, 'drain')
  }
  await until(() => count === bytes, 'all of it')
  assert.strictEqual(received.digest('hex'), sent.digest('hex'))
  assert.ok(bytes / events >= 16 * 1024, `${bytes / events} bytes an event`)
  for (const [data, copy] of kept) assert.ok(data.equals(copy))
})

test('what comes is written into lent memory whenever streams come back', async (t) => {
  const { openings } = environment
  for (let round = 1; round <= 8; round++) {
    await t.test(`round ${round}`, async (t) => {
      const [a, b] = new Rig(t).pair(UDX)
      assert.strictEqual(environment.openings, openings + round, 'it was closed meanwhile')
      let isLent = false
      b.on('data', (data) => {
        isLent ||= data.byteLength < PIECE && data.buffer.byteLength === PIECE
      })
      await until(async () => {
        a.write(Buffer.alloc((PIECE * 3) / 4))
        await a.flush()
        return isLent
      }, 'bytes in memory that was lent')
    })
  }
})

test('a reader that stands holds the writer up, and nothing is lost', async (t) => {
  const [a, b] = new Rig(t).pair(UDX)
  const bytes = 4 * WINDOW
  a.end(Buffer.alloc(bytes, 'x'))
  b.pause()
  await until(() => b.bytesReceived > WINDOW / 2, 'much of it')
  await until(() => a.inflight === 0, 'a closed window')
  // A window, and 64 packets for those that probe with data.
  assert.ok(b.bytesReceived < WINDOW + 20 * (WINDOW / 1400) + 64 * 1500, `${b.bytesReceived}`)
  let count = 0
  b.on('data', (data) => (count += data.byteLength))
  b.resume()
  await once(b, 'end')
  assert.strictEqual(count, bytes)
})

test('what comes is in nobody’s context, and microtasks run between two events', async (t) => {
  const storage = new AsyncLocalStorage()
  const [a, b] = new Rig(t).pair(UDX)
  const log = []
  storage.run('alice', () => {
    b.on('data', () => log.push(['data', storage.getStore()]))
    b.on('message', (message) => {
      log.push(['message', storage.getStore()])
      Promise.resolve().then(() => log.push(['after', String(message)]))
    })
    a.trySend(Buffer.from('1'))
    a.trySend(Buffer.from('2'))
    a.write('x')
  })
  await until(() => log.length === 5, 'all')
  const words = log.filter(([what]) => what !== 'data')
  assert.deepStrictEqual(words, [
    ['message', undefined],
    ['after', '1'],
    ['message', undefined],
    ['after', '2']
  ])
  assert.deepStrictEqual(
    log.find(([what]) => what === 'data'),
    ['data', undefined]
  )
})

test('nothing comes after destroy(), whatever waits', async (t) => {
  const [a, b] = new Rig(t).pair(UDX)
  let late = 0
  b.on('data', () => {
    if (b.destroyed) late++
    b.destroy()
  })
  for (let i = 0; i < 200; i++) a.write(Buffer.alloc(PIECE))
  a.on('error', () => {})
  await closed(a, b)
  assert.strictEqual(late, 0)
})

test('flush() never overtakes the data that it is about', async (t) => {
  const [a, b] = new Rig(t).pair(UDX)
  let sent = 0
  let received = 0
  b.on('data', (data) => (received += data.byteLength))
  for (let i = 1; i <= 300; i++) {
    const data = Buffer.alloc(100 * (i % 9) + 1)
    sent += data.byteLength
    a.write(data)
    assert.strictEqual(await a.flush(), true)
    assert.strictEqual(received, sent)
  }
})

test('figures that are read in one turn are of one moment', async (t) => {
  const [a, b] = new Rig(t).pair(UDX)
  const names = ['bytesTransmitted', 'packetsTransmitted', 'bytesReceived', 'packetsReceived']
  let looks = 0
  const look = (stream) => {
    const [own, socket, udx] = [stream, stream.socket, stream.udx].map((of) =>
      names.map((name) => of[name])
    )
    assert.deepStrictEqual(own, socket)
    assert.deepStrictEqual(own, udx)
    looks++
  }
  b.on('data', () => {
    look(a)
    look(b)
  })
  for (let i = 0; i < 100; i++) if (!a.write(Buffer.alloc(PIECE))) await once(a, 'drain')
  await a.flush()
  assert.ok(looks > 20)
})

test('a thousand streams that were used leave nothing behind', async (t) => {
  const rig = new Rig(t)
  const [one, other] = [new UDX(), new UDX()]
  const [at, to] = [rig.socket(one), rig.socket(other)]
  for (let i = 0; i < 1000; i++) {
    const [a, b] = [one.createStream(i), other.createStream(i)]
    a.connect(at, i, to.address().port)
    b.connect(to, i, at.address().port)
    b.on('error', () => {})
    a.write('hello')
    await once(b, 'data')
    const both = closed(a, b)
    if (i % 2 === 0) a.destroy()
    else for (const stream of [a, b]) stream.resume().end()
    await both
  }
  assert.deepStrictEqual([at.streams.size, to.streams.size, at.idle], [0, 0, true])
})

test('a process ends with streams under load', async () => {
  const child = fork(BUSY, ['exit'])
  const [code, signal] = await once(child, 'exit')
  assert.deepStrictEqual([code, signal], [0, null])
})

test('worker threads end with streams under load, and their peers are told', async (t) => {
  const raw = await rawEnd(t)
  for (let i = 0; i < 4; i++) {
    const worker = new Worker(BUSY, { argv: ['wait', String(raw.port)] })
    await once(worker, 'message')
    raw.packets.length = 0
    await worker.terminate()
    await until(() => raw.packets.some(({ flags }) => flags === FLAGS.DESTROY), 'a DESTROY')
  }
})
