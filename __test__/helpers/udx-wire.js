'use strict'

const dgram = require('node:dgram')

const HEADER = 20
const FLAGS = { STATE: 0, DATA: 1, END: 2, SACK: 4, MESSAGE: 8, DESTROY: 16, HEARTBEAT: 32 }
const WINDOW = 4 * 1024 * 1024

module.exports = { HEADER, FLAGS, encode, decode, rawEnd }

function encode({ flags, id, window = WINDOW, seq = 0, ack = 0, payload = Buffer.alloc(0) }) {
  const head = Buffer.alloc(HEADER)
  head.set([0xff, 1, flags, 0])
  for (const [i, word] of [id, window, seq, ack].entries()) head.writeUInt32LE(word, 4 + 4 * i)
  return Buffer.concat([head, payload])
}

// null: it is no packet of UDX.
function decode(bytes) {
  if (bytes.byteLength < HEADER || bytes[0] !== 0xff || bytes[1] !== 1) return null
  const [id, window, seq, ack] = [4, 8, 12, 16].map((at) => bytes.readUInt32LE(at))
  return { flags: bytes[2], id, window, seq, ack, payload: bytes.subarray(HEADER + bytes[3]) }
}

// The other end of a stream, by hand.
async function rawEnd(t, host = '127.0.0.1') {
  const socket = dgram.createSocket('udp4')
  const packets = []
  socket.on('message', (bytes, { port }) => packets.push({ ...decode(bytes), port }))
  t.after(() => new Promise((resolve) => socket.close(resolve)))
  await new Promise((resolve) => socket.bind(0, host, resolve))
  const send = (packet, port) => socket.send(encode(packet), port, host)
  return { port: socket.address().port, packets, send, socket }
}
