'use strict'

// Streams that write and read as fast as they can. With `exit` the process ends in the midst of it; with
// `wait PORT` it says when it is in the midst, and a further stream is connected to that port.

const { parentPort } = require('worker_threads')
const UDX = require('../../udx')

const [what, port] = process.argv.slice(2)
const PIECE = Buffer.alloc(64 * 1024)
const HOST = '127.0.0.1'

const [one, other] = [new UDX(), new UDX()]
const [at, to] = [open(one), open(other)]
let bytes = 0

for (let id = 1; id <= 4; id++) {
  const [a, b] = [one.createStream(id), other.createStream(id)]
  a.connect(at, id, to.address().port, HOST)
  b.connect(to, id, at.address().port, HOST)
  a.on('drain', () => fill(a))
  b.on('data', count)
  fill(a)
}
if (port) one.createStream(9).connect(at, 2, Number(port), HOST)

function open(udx) {
  const socket = udx.createSocket()
  socket.bind(0, HOST)
  return socket
}

function fill(stream) {
  while (stream.write(PIECE));
}

function count({ byteLength }) {
  const before = bytes
  bytes += byteLength
  if (before < 5_000_000 && bytes >= 5_000_000) onmidst()
}

function onmidst() {
  if (what === 'exit') process.exit()
  parentPort.postMessage('in the midst')
}
