const dgram = require('node:dgram')
const { once } = require('node:events')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { HOST } = require('./network')
const { encodeRequest } = require('./wire')

const RECEIVED = 0
const AT_ONCE = 64

// A peer in a thread of its own, which asks, and counts what it receives, while the calling thread
// stands still.
module.exports = class ThreadPeer {
  static async create(t) {
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(__filename, { workerData: shared })
    t.after(() => worker.terminate())
    const [port] = await once(worker, 'message')
    return new ThreadPeer(worker, shared, port)
  }

  constructor(worker, shared, port) {
    this.address = { host: HOST, port }
    this._worker = worker
    this._shared = shared
  }

  get received() {
    return Atomics.load(this._shared, RECEIVED)
  }

  // Sends that many user requests, whose commands are their numbers, with a value of so many bytes.
  // fields: what they are beside that.
  ask(to, count, bytes = 0, fields = {}) {
    this._worker.postMessage({ to, count, bytes, fields })
  }

  // Stands still until so many datagrams were received; false if they were not in time.
  waitFor(count, ms = 5000) {
    const deadline = performance.now() + ms
    while (this.received < count) {
      const rest = deadline - performance.now()
      if (rest <= 0) return false
      Atomics.wait(this._shared, RECEIVED, this.received, rest)
    }
    return true
  }
}

if (!isMainThread) run(workerData)

async function run(shared) {
  const socket = dgram.createSocket('udp4')
  socket.bind({ port: 0, address: HOST, exclusive: true })
  await once(socket, 'listening')
  parentPort.postMessage(socket.address().port)

  socket.on('message', () => {
    Atomics.add(shared, RECEIVED, 1)
    Atomics.notify(shared, RECEIVED)
  })
  parentPort.on('message', ({ to, count, bytes, fields }) => {
    const value = bytes > 0 ? Buffer.alloc(bytes) : null
    ask(to, 0, count, { value, ...fields })
  })

  function ask(to, i, count, fields) {
    const end = Math.min(i + AT_ONCE, count)
    for (; i < end; i++) {
      const request = encodeRequest({ tid: i & 0xffff, to, command: i, ...fields })
      socket.send(request, to.port, to.host)
    }
    if (end < count) setImmediate(ask, to, end, count, fields)
  }
}
