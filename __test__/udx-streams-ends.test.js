// slow: it waits for streams that time out, and starts processes and worker threads

const test = require('node:test')
const assert = require('node:assert')
const { AsyncLocalStorage } = require('node:async_hooks')
const { once } = require('node:events')
const { Worker } = require('node:worker_threads')
const { HOST, Rig, packages, closed, errorOf } = require('./helpers/udx-rig')
const { FLAGS, rawEnd } = require('./helpers/udx-wire')
const { until } = require('./helpers/until')
const { run } = require('./helpers/child')

const TIMED_OUT = { code: 'ETIMEDOUT', message: 'connection timed out' }

const IN_WORKER = `
  const { workerData, parentPort } = require('worker_threads')
  const UDX = require(workerData.file)
  const udx = new UDX()
  const socket = udx.createSocket()
  socket.bind(0, '127.0.0.1')
  const stream = udx.createStream(7)
  stream.connect(socket, 2, workerData.port)
  stream.write('here')
  stream.on('data', () => {})
  parentPort.postMessage(socket.address().port)`

for (const { name, UDX, file } of packages) {
  test(`${name}: who does not answer is given up, a silent firewall too`, async (t) => {
    const rig = new Rig(t)
    const raw = await rawEnd(t)
    const [a, b, c] = [rig.end(new UDX(), 1), rig.end(new UDX(), 2), rig.end(new UDX(), 3)]
    a.stream.connect(a.socket, 9, raw.port)
    b.stream.connect(b.socket, 3, c.socket.address().port)
    const log = []
    a.socket.on('idle', () => log.push('idle'))
    a.stream.on('error', () => log.push('error'))
    const errors = [errorOf(a.stream), errorOf(b.stream)]
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, a.stream.rtoCount)), 100)
    t.after(() => clearInterval(watch))
    a.stream.write('anybody there?')
    b.stream.write('anybody there?')
    for (const { code, message } of await Promise.all(errors)) {
      assert.deepStrictEqual({ code, message }, TIMED_OUT)
    }
    const sent = raw.packets.filter(({ flags }) => (flags & FLAGS.DATA) !== 0)
    assert.deepStrictEqual([sent.length, most, log], [7, 6, ['idle', 'error']])
    assert.ok(sent.every(({ seq, payload }) => seq === 0 && String(payload) === 'anybody there?'))
  })

  test(`${name}: keep-alive is a heartbeat while nothing is on its way`, async (t) => {
    const rig = new Rig(t)
    const raw = await rawEnd(t)
    const { stream, socket } = rig.end(new UDX(), 1)
    stream.setKeepalive(50)
    stream.connect(socket, 9, raw.port)
    await until(() => raw.packets.length >= 3, 'heartbeats')
    assert.ok(raw.packets.every(({ flags, id }) => flags === FLAGS.HEARTBEAT && id === 9))
    stream.destroy()
    await closed(stream)
    const sent = raw.packets.length
    await until(() => raw.packets.length > sent, 'its end')
    assert.strictEqual(raw.packets.at(-1).flags, FLAGS.DESTROY)
  })

  test(`${name}: streams keep no process alive`, async () => {
    const source = `
      const UDX = require(process.argv[1])
      const udx = new UDX()
      const stream = udx.createStream(1, { firewall: () => false })
      stream.on('data', () => {}).setKeepalive(1000)
      udx.createStream(2)
      console.log('over')`
    const { code, stdout, stderr } = await run(source, [file])
    assert.deepStrictEqual([code, stdout, stderr], [0, 'over\n', ''])
  })

  test(`${name}: a process with streams under load exits`, async () => {
    const source = `
      const UDX = require(process.argv[1])
      const udx = new UDX()
      const socket = udx.createSocket()
      socket.bind(0, '127.0.0.1')
      const [a, b] = [1, 2].map((id) => udx.createStream(id))
      a.connect(socket, 2, socket.address().port)
      b.connect(socket, 1, socket.address().port)
      let bytes = 0
      b.on('data', (data) => {
        bytes += data.byteLength
        if (bytes > 3e6) process.exit(5)
      })
      const fill = () => { while (a.write(Buffer.alloc(65536))); }
      a.on('drain', fill)
      fill()`
    const { code, stderr } = await run(source, [file])
    assert.deepStrictEqual([code, stderr], [5, ''])
  })

  test(`${name}: a worker thread that is ended resets its peers`, async (t) => {
    const { stream, socket } = new Rig(t).end(new UDX(), 2, { firewall: () => false })
    const { port } = socket.address()
    const worker = new Worker(IN_WORKER, { eval: true, workerData: { file, port } })
    const [[theirs]] = await Promise.all([once(worker, 'message'), once(stream, 'data')])
    stream.connect(socket, 7, theirs)
    const error = errorOf(stream)
    await worker.terminate()
    assert.strictEqual((await error).code, 'ECONNRESET')
  })
}

for (const { UDX } of packages.filter(({ name }) => name === 'native')) {
  test('native: setKeepalive(0) ends it', async (t) => {
    const rig = new Rig(t)
    const raw = await rawEnd(t)
    const { stream, socket } = rig.end(new UDX(), 1)
    stream.connect(socket, 9, raw.port, HOST)
    stream.setKeepalive(20)
    await until(() => raw.packets.length >= 2, 'heartbeats')
    stream.setKeepalive(0)
    const other = rig.stream(stream.udx, 2)
    other.connect(socket, 9, raw.port)
    other.setKeepalive(50)
    const sent = raw.packets.length
    await until(() => raw.packets.length >= sent + 6, 'those of another')
    assert.ok(raw.packets.length <= sent + 6 + 1)
    for (const bad of [-1, 1.5, NaN, '5', undefined, 2 ** 32]) {
      assert.throws(() => stream.setKeepalive(bad), { code: 'ERR_INVALID_OPTION' })
    }
  })

  test('native: handlers run in nobody’s asynchronous context', async (t) => {
    const storage = new AsyncLocalStorage()
    const seen = {}
    const look = (name) => (seen[name] = storage.getStore())
    const rig = new Rig(t)
    const [a, b] = [
      rig.end(new UDX(), 1),
      storage.run('maker', () => {
        const made = rig.end(new UDX(), 2, {
          firewall() {
            look('firewall')
            return false
          }
        })
        const { stream, socket } = made
        stream.on('data', () => look('data'))
        stream.on('message', () => look('message'))
        stream.on('end', () => look('end'))
        stream.on('error', () => look('error'))
        stream.on('close', () => look('close'))
        socket.on('idle', () => look('idle'))
        return made
      })
    ]
    a.stream.connect(a.socket, 2, b.socket.address().port)
    storage.run('writer', () => {
      a.stream.trySend(Buffer.from('x'))
      a.stream.write('x')
    })
    await until(() => seen.data !== undefined || 'data' in seen, 'data')
    b.stream.connect(b.socket, 1, a.socket.address().port)
    a.stream.end()
    await until(() => 'end' in seen, 'the end')
    a.stream.destroy()
    await closed(b.stream)
    const names = ['firewall', 'message', 'data', 'end', 'idle', 'error', 'close']
    assert.deepStrictEqual(seen, Object.fromEntries(names.map((name) => [name, undefined])))
  })
}
