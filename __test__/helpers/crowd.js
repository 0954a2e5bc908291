const dgram = require('node:dgram')
const { once } = require('node:events')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { HOST } = require('./network')
const { idOf } = require('./ids')
const { COMMANDS, decodeRequest, encodeReply, encodeRequest } = require('./wire')

const BURST = 10

// Peers in a thread of their own, which go on whatever this thread does: each millisecond some of
// them ping the given ports, with their ids. Every second one answers nobody.
class Crowd {
  static async gather(t, size, ports) {
    const worker = new Worker(__filename, { workerData: { size, ports } })
    t.after(() => worker.terminate())
    const [addresses] = await once(worker, 'message')
    return addresses
  }
}

module.exports = Crowd

if (!isMainThread) run(workerData)

async function run({ size, ports }) {
  const peers = await Promise.all(Array.from({ length: size }, (_, i) => createPeer(i % 2 === 0)))
  parentPort.postMessage(peers.map(({ address }) => address))

  let turn = 0
  setInterval(() => {
    for (let i = 0; i < BURST; i++, turn++) {
      const to = { host: HOST, port: ports[turn % ports.length] }
      peers[Math.floor(Math.random() * size)].ping(to, turn & 0xffff)
    }
  }, 1)
}

async function createPeer(answers) {
  const socket = dgram.createSocket('udp4')
  socket.bind({ port: 0, address: HOST, exclusive: true })
  await once(socket, 'listening')
  const address = { host: HOST, port: socket.address().port }
  const id = idOf(address)

  socket.on('message', (data, { address: host, port }) => {
    if (!answers || data[0] !== 0x03) return
    const to = { host, port }
    socket.send(encodeReply({ tid: decodeRequest(data).tid, to, id }), port, host)
  })

  return {
    address,
    ping(to, tid) {
      const request = { tid, to, id, internal: true, command: COMMANDS.PING }
      socket.send(encodeRequest(request), to.port, to.host)
    }
  }
}
