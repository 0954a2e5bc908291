// A node that is asked by another process. Options: `heard`, how many nodes it has heard of; `sockets`,
// how many its UDX has open.
// Sends its port and the entries of its table. 'utilisation': how busy the event loop was since the
// last time that this was asked; 'cpu': what the process used so far, in µs; 'spin': says so, then does nothing else for as many ms.
import { createRequire } from 'node:module'
import { addressOf, openNode, options } from './support.mjs'

const { id } = createRequire(import.meta.url)('dht-rpc-reference/lib/peer')

const K = 20

const node = await openNode()
fillTable(node, options.heard)
const sockets = Array.from({ length: options.sockets ?? 0 }, openSocket)
node.on('request', (req) => req.reply(req.value))

let last = performance.eventLoopUtilization()
process.on('message', ({ utilisation, cpu, spin }) => {
  if (utilisation) report()
  if (cpu) reportCpu()
  if (spin) process.send('spinning', () => spinFor(spin))
})
process.send({ port: addressOf(node).port, entries: node.table.size, sockets: sockets.length })

function openSocket() {
  const socket = node.udx.createSocket()
  socket.bind(0, '127.0.0.1')
  socket.on('message', () => {})
  return socket
}

function report() {
  const now = performance.eventLoopUtilization()
  process.send(performance.eventLoopUtilization(now, last).utilization)
  last = performance.eventLoopUtilization()
}

function reportCpu() {
  const { user, system } = process.cpuUsage()
  process.send(user + system)
}

function spinFor(ms) {
  const end = performance.now() + ms
  while (performance.now() < end);
}

// Only those that find room in their buckets are added: nobody is asked whether they still live.
// They are on the loopback, so what is sent to them reaches nobody.
function fillTable(node, heard) {
  const sizes = new Array(256).fill(0)
  for (let n = 0; n < heard; n++) {
    const [host, port] = [`127.1.${(n >> 8) & 255}.${n & 255}`, 1000 + (n >> 16)]
    const bucket = depthOf(node.table.id, id(host, port))
    if (sizes[bucket]++ < K) node.addNode({ host, port })
  }
}

// The length of the common prefix in bits.
function depthOf(own, id) {
  const byte = own.findIndex((value, i) => value !== id[i])
  return byte * 8 + Math.clz32(own[byte] ^ id[byte]) - 24
}
