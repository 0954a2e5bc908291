'use strict'

// The other end of main.rs: a stream of udx-native that sends bytes, and says the hashes of what it sent and received.
//   node peer.cjs PACKAGE PORT MEGABYTES

const crypto = require('crypto')

const [, , name, port, megabytes] = process.argv
const UDX = require(name)

const PIECE = 1 << 16

const udx = new UDX()
const socket = udx.createSocket()
socket.bind(0, '127.0.0.1')
const stream = udx.createStream(2)
stream.connect(socket, 1, Number(port), '127.0.0.1')
console.log(socket.address().port)

const sent = crypto.createHash('blake2b512')
const received = crypto.createHash('blake2b512')
let left = Number(megabytes) * 1e6

write()
stream.on('drain', write)
stream.on('data', (data) => received.update(data))
stream.on('close', () => {
  socket.close()
  console.log('sent', sent.digest('hex'))
  console.log('received', received.digest('hex'))
  console.log('retransmits', stream.retransmits, 'mtu', stream.mtu)
})

function write() {
  while (left > 0) {
    const piece = crypto.randomBytes(Math.min(left, PIECE))
    sent.update(piece)
    left -= piece.length
    if (left === 0) stream.end(piece)
    else if (!stream.write(piece)) return
  }
}
