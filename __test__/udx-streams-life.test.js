const test = require('node:test')
const assert = require('node:assert')
const { once } = require('node:events')
const { Rig, packages, closed, errorOf, names } = require('./helpers/udx-rig')
const { FLAGS, rawEnd } = require('./helpers/udx-wire')
const { KINDS } = require('../lib/udx/records')
const { internalsOf } = require('../lib/common/internals')
const Slab = require('../lib/crossing/slab')
const { turns, until } = require('./helpers/until')
const uncaught = require('./helpers/uncaught')

const ours = packages.find(({ name }) => name === 'native')
const RESET = { code: 'ECONNRESET', message: 'connection reset by peer' }

for (const handler of ['idle', 'remote-changed']) {
  test(`native: a handler of ${handler} that throws keeps no stream from changing`, async (t) => {
    const thrown = uncaught(t)
    const rig = new Rig(t)
    const udx = new ours.UDX()
    const raw = await rawEnd(t)
    const { stream, socket } = rig.end(udx, 1, { firewall: () => false })
    const other = rig.socket(udx)
    stream.connect(socket, 2, raw.port)
    const emitter = handler === 'idle' ? socket : stream
    emitter.on(handler, () => {
      throw new Error('mine')
    })
    stream.write('on its way')
    await until(() => raw.packets.length > 0, 'what is on its way')
    const changed = stream.changeRemote(other, 2, raw.port)
    raw.send({ flags: FLAGS.STATE, id: 1, ack: 1 }, socket.address().port)
    await changed
    await until(() => thrown.includes('mine'), 'what the handler throws')
    assert.deepStrictEqual([[...socket.streams], [...other.streams]], [[], [stream]])

    const back = () => stream.changeRemote(socket, 2, raw.port)
    if (handler === 'idle') assert.strictEqual(back(), null)
    else assert.throws(back, { message: 'mine' })
    assert.deepStrictEqual([[...socket.streams], [...other.streams]], [[stream], []])
    emitter.removeAllListeners(handler)
  })
}

// Its half in Rust is in tests/streams, where a hub does panic.
test('native: a stream is told of the crash of its UDX', async (t) => {
  const [stream] = new Rig(t).pair(ours.UDX)
  const error = errorOf(stream)
  stream.write('waits')
  const flushed = stream.flush()
  const slab = new Slab(256)
  slab.words[2] = 3 // the reason, behind the head
  internalsOf(stream).handle.onrecord(KINDS.CLOSED, slab, 0)
  assert.strictEqual((await error).code, 'ERR_UDX_CRASHED')
  assert.deepStrictEqual([await flushed, stream.connected, stream.destroyed], [false, false, true])
})

test('native: an idle handler that throws keeps no other socket from its end', async (t) => {
  const thrown = uncaught(t)
  const rig = new Rig(t)
  const udx = new ours.UDX()
  const { stream, socket } = rig.end(udx, 1)
  const other = rig.socket(udx)
  stream.connect(socket, 2, 9)
  stream.write('on its way')
  await turns(3)
  const changed = stream.changeRemote(other, 2, 9)
  other.on('idle', () => {
    throw new Error('mine')
  })
  stream.destroy()
  await assert.rejects(changed, { message: 'Stream is closed' })
  await until(() => thrown.includes('mine'), 'what the handler throws')
  assert.deepStrictEqual([socket.streams.size, other.streams.size], [0, 0])
})

for (const { name, UDX } of packages) {
  test(`${name}: destroy() resets the peer`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const log = []
    names(log, 'a', a, 'end', 'finish', 'error', 'close')
    names(log, 'b', b, 'end', 'finish', 'error', 'close')
    const error = errorOf(b)
    a.destroy()
    const { code, message } = await error
    assert.deepStrictEqual({ code, message }, RESET)
    assert.deepStrictEqual(log, ['a close', 'b error', 'b close'])
  })

  test(`${name}: the error that it is destroyed with stays here`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const mine = new Error('mine')
    const [here, there] = [errorOf(a), errorOf(b)]
    a.destroy(mine)
    assert.strictEqual(await here, mine)
    assert.strictEqual((await there).code, 'ECONNRESET')
  })

  test(`${name}: destroy() takes effect within the call, close follows with the microtasks`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    b.on('error', () => {})
    const { socket } = a
    const log = []
    names(log, 'socket', socket, 'idle', 'close')
    names(log, 'a', a, 'close')
    a.destroy()
    assert.deepStrictEqual(log, ['socket idle'])
    assert.deepStrictEqual([a.connected, a.socket, a.destroying], [false, null, true])
    assert.deepStrictEqual([socket.streams.size, socket.idle], [0, true])
    setImmediate(() => log.push('turn'))
    await closed(a)
    assert.deepStrictEqual(log, ['socket idle', 'a close'])
    assert.strictEqual(a.destroyed, true)
  })

  test(`${name}: a socket waits for its streams, and is not idle then`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const socket = rig.socket(udx)
    const log = []
    names(log, 'socket', socket, 'busy', 'idle', 'close')
    const streams = [1, 2, 3].map((id) => rig.stream(udx, id))
    for (const [i, stream] of streams.entries()) {
      stream.connect(socket, 9, 9)
      names(log, `${i}`, stream, 'close')
    }
    const over = socket.close()
    assert.strictEqual(socket.closing, true)
    const late = rig.stream(udx, 4)
    assert.throws(() => late.connect(socket, 9, 9), { message: 'Socket is closed' })
    streams[0].destroy()
    await turns(2)
    assert.deepStrictEqual(log, ['socket busy', '0 close'])
    streams[2].destroy()
    streams[1].destroy()
    await over
    const ends = ['2 close', '1 close', 'socket close']
    assert.deepStrictEqual(log, ['socket busy', '0 close', ...ends])
  })

  test(`${name}: busy and idle, over and over`, async (t) => {
    const rig = new Rig(t)
    const udx = new UDX()
    const socket = rig.socket(udx)
    const log = []
    names(log, 'socket', socket, 'busy', 'idle')
    for (let id = 1; id <= 3; id++) {
      const stream = rig.stream(udx, id)
      stream.connect(socket, 9, 9)
      stream.destroy()
      await closed(stream)
    }
    const both = ['socket busy', 'socket idle']
    assert.deepStrictEqual(log, [...both, ...both, ...both])
  })

  test(`${name}: the socket may be closed when it becomes idle`, async (t) => {
    const rig = new Rig(t)
    const { stream, socket } = rig.end(new UDX(), 1)
    const log = []
    names(log, 'socket', socket, 'idle', 'close')
    socket.on('idle', () => socket.close())
    stream.connect(socket, 9, 9)
    const over = once(socket, 'close')
    stream.destroy()
    await over
    assert.deepStrictEqual(log, ['socket idle', 'socket close'])
  })

  test(`${name}: destroyed before it is connected: closed, and nothing is sent`, async (t) => {
    const rig = new Rig(t)
    const { stream, socket } = rig.end(new UDX(), 1)
    const log = []
    names(log, 'stream', stream, 'error', 'close')
    stream.destroy()
    await closed(stream)
    stream.connect(socket, 2, 9)
    assert.deepStrictEqual([log, stream.connected, socket.idle], [['stream close'], false, true])
    assert.strictEqual(stream.packetsTransmitted, 0)
  })

  test(`${name}: destroyed by the handlers of connect and data`, async (t) => {
    const rig = new Rig(t)
    const [a, b] = [rig.end(new UDX(), 1), rig.end(new UDX(), 2)]
    const log = []
    names(log, 'socket', a.socket, 'busy', 'idle')
    names(log, 'a', a.stream, 'connect', 'close')
    a.stream.on('connect', () => a.stream.destroy())
    a.stream.connect(a.socket, 2, b.socket.address().port)
    assert.deepStrictEqual(log, ['socket busy', 'a connect', 'socket idle'])
    await closed(a.stream)

    const [c, d] = rig.pair(UDX)
    let count = 0
    d.on('data', () => {
      count++
      d.destroy()
    })
    const reset = errorOf(c)
    const gone = closed(d)
    for (let i = 0; i < 50; i++) {
      c.write(Buffer.alloc(1000))
      await turns(1)
    }
    await Promise.all([reset, gone])
    assert.strictEqual(count, 1)
  })

  test(`${name}: DESTROY that the firewall lets pass closes an unconnected one`, async (t) => {
    const rig = new Rig(t)
    const { stream, socket } = rig.end(new UDX(), 1, { firewall: () => false })
    const raw = await rawEnd(t)
    const error = errorOf(stream)
    raw.send({ flags: FLAGS.DESTROY, id: 1 }, socket.address().port)
    const { code, message } = await error
    assert.deepStrictEqual({ code, message }, RESET)
    assert.strictEqual(stream.connect(socket, 2, raw.port), undefined)
    assert.strictEqual(stream.connected, false)
    stream.destroy()
    await turns(3)
    assert.deepStrictEqual(raw.packets, [])
  })

  test(`${name}: a write before connect() is an exception of nobody's`, async (t) => {
    const rig = new Rig(t)
    const stream = rig.stream(new UDX(), 1)
    const log = []
    names(log, 'stream', stream, 'error', 'close')
    const thrown = caught(t)
    stream.write('too early')
    await until(() => thrown.length === 1, 'the exception')
    const message = 'Writing while not connected not currently supported'
    assert.deepStrictEqual(thrown, [{ code: 'ERR_ASSERTION', message }])
    assert.deepStrictEqual(log, [])
    stream.destroy()
    assert.strictEqual(stream.destroying, true)
  })

  test(`${name}: end() before connect() is one as well`, async (t) => {
    const rig = new Rig(t)
    const stream = rig.stream(new UDX(), 1)
    const log = []
    names(log, 'stream', stream, 'error', 'close')
    const thrown = caught(t)
    stream.end()
    await until(() => thrown.length === 1, 'the exception')
    assert.deepStrictEqual(thrown, [{ code: 'ENOTCONN', message: 'socket is not connected' }])
    assert.deepStrictEqual(log, [])
    stream.destroy()
    assert.strictEqual(stream.destroying, true)
  })

  test(`${name}: after end() nothing is written`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const seen = []
    b.on('data', (data) => seen.push(String(data)))
    a.end('last')
    assert.strictEqual(a.write('too late'), false)
    await once(b, 'end')
    assert.strictEqual(a.write('too late'), false)
    assert.deepStrictEqual(seen, ['last'])
  })

  test(`${name}: an exception of a message's handler loses nothing`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const thrown = uncaught(t)
    let messages = 0
    b.on('message', () => {
      throw new Error(`message ${++messages}`)
    })
    for (let i = 0; i < 3; i++) a.trySend(Buffer.from('x'))
    await until(() => thrown.length === 3, 'the exceptions')
    assert.deepStrictEqual(thrown, ['message 1', 'message 2', 'message 3'])
    a.write('data')
    assert.strictEqual(String((await once(b, 'data'))[0]), 'data')
    a.end()
    b.end()
    await closed(a, b)
  })

  test(`${name}: after an exception of a data handler's all can be closed`, async (t) => {
    const rig = new Rig(t)
    const [a, b] = rig.pair(UDX)
    const [c, d] = rig.pair(UDX)
    const { socket } = b
    const thrown = uncaught(t)
    b.on('data', () => {
      throw new Error('data')
    })
    a.write('one')
    c.write('another')
    assert.strictEqual(String((await once(d, 'data'))[0]), 'another')
    await until(() => thrown.length === 1, 'the exception')
    assert.deepStrictEqual(thrown, ['data'])
    a.on('error', () => {})
    b.destroy()
    await socket.close()
    assert.strictEqual(b.destroying, true)
  })

  test(`${name}: of both ends that are destroyed at once neither hears of the other`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const log = []
    names(log, 'a', a, 'error', 'close')
    names(log, 'b', b, 'error', 'close')
    a.destroy()
    await closed(a)
    b.destroy()
    await closed(b)
    await turns(5)
    assert.deepStrictEqual(log, ['a close', 'b close'])
  })

  test(`${name}: one that its end's handler destroys closes, with its figures`, async (t) => {
    for (let i = 0; i < 20; i++) {
      const [a, b] = new Rig(t).pair(UDX)
      b.on('error', () => {}) // it may be reset
      const figures = []
      a.on('end', () => a.destroy())
      a.on('close', () => figures.push(a.bytesTransmitted, a.packetsReceived))
      b.resume()
      a.resume()
      a.end('x'.repeat(1000))
      b.end()
      await closed(a, b)
      assert.ok(figures[0] >= 1020 && figures[1] > 0, `${figures}`)
    }
  })

  test(`${name}: a stream that failed leaves its socket before it says so`, async (t) => {
    const [a, b] = new Rig(t).pair(UDX)
    const { socket } = b
    const log = []
    names(log, 'socket', socket, 'idle')
    b.on('error', () => log.push(['error', b.connected, b.socket, socket.idle]))
    a.destroy()
    await closed(b)
    assert.deepStrictEqual(log, ['socket idle', ['error', false, null, true]])
  })

  test(`${name}: hundreds of streams that come and go`, async (t) => {
    const rig = new Rig(t)
    const [left, right] = [new UDX(), new UDX()]
    const [here, there] = [rig.socket(left), rig.socket(right)]
    for (let id = 1; id <= 300; id++) {
      const a = { stream: rig.stream(left, id), socket: here }
      const b = { stream: rig.stream(right, id), socket: there }
      rig.connect(a, b)
      b.stream.pipe(b.stream)
      a.stream.end(`${id}`)
      const [data] = await once(a.stream, 'data')
      assert.strictEqual(String(data), `${id}`)
      if (id % 3 === 0) {
        b.stream.on('error', () => {})
        a.stream.destroy()
        b.stream.destroy()
      }
      await closed(a.stream, b.stream)
    }
    await until(() => here.idle && there.idle, 'that all have left')
    assert.deepStrictEqual([here.streams.size, there.streams.size], [0, 0])
  })
}

// What nobody catches, with its code.
function caught(t) {
  const thrown = []
  uncaught(t)
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', ({ code, message }) => thrown.push({ code, message }))
  return thrown
}
