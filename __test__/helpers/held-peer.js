const dgram = require('node:dgram')
const { once } = require('node:events')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { HOST } = require('./network')
const { decodeRequest, encodeReply, encodeRequest } = require('./wire')

const SENT = 0

// A peer in a thread of its own. It holds its answers until the given number of requests came, and
// sends them while the calling thread stands still: what it sent is there all at once.
module.exports = class HeldPeer {
  // then: the fields of a request that follows the answers.
  static async create(t, count, then) {
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(__filename, { workerData: { count, then, shared } })
    t.after(() => worker.terminate())
    const [address] = await once(worker, 'message')
    return new HeldPeer(worker, shared, address)
  }

  constructor(worker, shared, address) {
    this.address = address
    this._worker = worker
    this._shared = shared
    this._complete = once(worker, 'message')
  }

  // All requests came. Returns when the answers were sent; until then this thread does nothing.
  async answer() {
    await this._complete
    this._worker.postMessage('answer')
    if (Atomics.wait(this._shared, SENT, 0, 5000) === 'timed-out') throw new Error('No answers')
  }
}

if (!isMainThread) run(workerData)

async function run({ count, then, shared }) {
  const socket = dgram.createSocket('udp4')
  socket.bind({ port: 0, address: HOST, exclusive: true })
  await once(socket, 'listening')
  parentPort.postMessage({ host: HOST, port: socket.address().port })

  const requests = []
  let asker = null
  socket.on('message', (data, { address: host, port }) => {
    asker = { host, port }
    requests.push(decodeRequest(data))
    if (requests.length === count) parentPort.postMessage('complete')
  })

  parentPort.once('message', async () => {
    const answers = requests.map(({ tid }) => encodeReply({ tid, to: asker }))
    answers.push(encodeRequest({ tid: 1, to: asker, ...then }))
    for (const answer of answers) {
      await new Promise((resolve) => socket.send(answer, asker.port, asker.host, resolve))
    }
    Atomics.store(shared, SENT, 1)
    Atomics.notify(shared, SENT)
  })
}
