// A file to another process, over UDX.
//   node examples/file.mjs receive COPY         says the port it listens on
//   node examples/file.mjs send FILE PORT
// A last argument is the package to do it with, such as udx-native: either end may be either.

import fs from 'node:fs'

const HOST = '127.0.0.1'
const RECEIVER = 1
const SENDER = 2

const [, , role, file, ...rest] = process.argv
const port = role === 'send' ? Number(rest.shift()) : 0
const { default: UDX } = await import(rest[0] || '../udx.js')

const udx = new UDX()
const socket = udx.createSocket()
socket.bind(0, HOST)
const stream = role === 'send' ? send() : receive()

stream.on('error', (err) => {
  console.error(err.message)
  process.exitCode = 1
})
stream.on('close', () => {
  console.log(`${role === 'send' ? stream.bytesTransmitted : stream.bytesReceived} bytes by UDX`)
  socket.close()
})

// Both ends know the ids. Who is heard first is the sender: it is connected to, and nobody else is asked.
function receive() {
  const stream = udx.createStream(RECEIVER, { firewall: accept })
  stream.pipe(fs.createWriteStream(file))
  stream.on('end', () => stream.end())
  console.log(socket.address().port)
  return stream
}

function accept(socket, port, host) {
  this.connect(socket, SENDER, port, host)
  return false
}

function send() {
  const stream = udx.createStream(SENDER)
  stream.connect(socket, RECEIVER, port, HOST)
  fs.createReadStream(file).pipe(stream)
  return stream.resume() // to hear the end of the other side
}
