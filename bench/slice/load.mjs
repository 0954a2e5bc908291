// Keeps 64 user requests in flight against a port of 127.0.0.1, for at most a minute.
import dgram from 'node:dgram'

const IN_FLIGHT = 64
const port = Number(process.argv[2])
const socket = dgram.createSocket('udp4')

const request = Buffer.alloc(2 + 2 + 6 + 1 + 32 + 1 + 32)
request[0] = 0x03 // version 3, a request
request[1] = 8 | 16 // with target and value
request.set([127, 0, 0, 1, port & 0xff, port >> 8], 4)
request[10] = 7 // command
request.fill(0xab, 11, 43)
request[43] = 32
let tid = 0

socket.on('message', send)
socket.bind(0, '127.0.0.1', () => {
  for (let i = 0; i < IN_FLIGHT; i++) send()
})
setTimeout(() => process.exit(1), 60000).unref()
process.on('disconnect', () => process.exit(0))

function send() {
  request.writeUInt16LE(tid++ & 0xffff, 2)
  socket.send(request, port, '127.0.0.1')
}
