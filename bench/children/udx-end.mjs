// An end of a stream, as examples/udx-end is one:
//   node udx-end.mjs PACKAGE WRITES
// The package is udx-native, or another of its shape. With `yes` for WRITES it writes as much as it may.
import { createRequire } from 'node:module'
import readline from 'node:readline'

const PIECE = Buffer.alloc(1 << 16, 7)

const [file, writes] = process.argv.slice(2)
const UDX = createRequire(import.meta.url)(file)

const udx = new UDX()
const socket = udx.createSocket()
socket.bind(0, '127.0.0.1')
let stream = null
let received = 0

const commands = { connect, report }
const lines = readline.createInterface({ input: process.stdin })
lines.on('line', (line) => {
  const [name, ...args] = line.split(' ')
  commands[name](...args.map(Number))
})
lines.on('close', () => process.exit())
console.log(socket.address().port)

function connect(port, ownId, peerId) {
  stream = udx.createStream(ownId)
  stream.connect(socket, peerId, port, '127.0.0.1')
  stream.on('data', (data) => (received += data.length))
  if (writes !== 'yes') return
  stream.on('drain', write)
  write()
}

function write() {
  while (stream.write(PIECE)) {
    // until it is to wait
  }
}

function report() {
  const { packetsTransmitted, retransmits, rtoCount, cwnd, rtt, bbrState, bbrBandwidth } = stream
  const figures = { received, sent: packetsTransmitted, retransmits, timeouts: rtoCount }
  console.log(JSON.stringify({ ...figures, cwnd, rtt, state: bbrState, bandwidth: bbrBandwidth }))
}
