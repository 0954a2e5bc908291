'use strict'

// The far end of tests/udx_native: a stream of udx-native.
//   node peer.cjs PACKAGE PORT OUR_ID THEIR_ID SCENARIO BYTES
// Says the port of its socket and of another that reaches it, too, and when the stream closed what came of it: a line of JSON each.

const crypto = require('crypto')

const [, , name, port, ourId, theirId, scenario, bytes] = process.argv
const UDX = require(name)

const PIECE = 1 << 16

const udx = new UDX()
const socket = udx.createSocket()
socket.bind(0, '127.0.0.1')
const other = udx.createSocket()
other.bind(0, '127.0.0.1')
const stream = udx.createStream(Number(ourId), { firewall: () => false })
stream.connect(socket, Number(theirId), Number(port), '127.0.0.1')

const sent = crypto.createHash('blake2b512')
const received = crypto.createHash('blake2b512')
const outcome = { error: null, messages: [], bytes: 0, ended: false }
let left = Number(bytes)

stream.on('data', (data) => {
  received.update(data)
  outcome.bytes += data.length
  if (scenario === 'destroy') stream.destroy()
})
stream.on('end', () => {
  outcome.ended = true
  if (scenario === 'answer') write()
})
stream.on('message', (message) => {
  outcome.messages.push(message.toString())
  stream.trySend(message)
})
stream.on('error', (error) => (outcome.error = error.code))
stream.on('close', () => {
  socket.close()
  other.close()
  const hashes = { sent: sent.digest('hex'), received: received.digest('hex') }
  const { mtu, retransmits } = stream
  console.log(JSON.stringify({ ...outcome, ...hashes, mtu, retransmits }))
  process.exit()
})
stream.on('drain', write)
if (scenario === 'bulk') write()
console.log(JSON.stringify([socket.address().port, other.address().port]))

function write() {
  while (left > 0) {
    const piece = crypto.randomBytes(Math.min(left, PIECE))
    sent.update(piece)
    left -= piece.length
    if (left === 0) stream.end(piece)
    else if (!stream.write(piece)) return
  }
}
