'use strict'

const { once } = require('node:events')
const packages = require('./udx-packages')

const HOST = '127.0.0.1'

// Streams of one package with those of the other: both orders of both.
const pairings = packages.flatMap((left) =>
  packages.map((right) => ({ name: `${left.name} with ${right.name}`, left, right }))
)

// Streams and their sockets, which are gone at the end of the test whatever became of them.
class Rig {
  constructor(t) {
    this._streams = []
    this._sockets = []
    t.after(() => this.close())
  }

  socket(udx, host = HOST) {
    const socket = this.unbound(udx)
    socket.bind(0, host)
    return socket
  }

  unbound(udx) {
    const socket = udx.createSocket()
    this._sockets.push(socket)
    return socket
  }

  stream(udx, id, opts) {
    const stream = udx.createStream(id, opts)
    this._streams.push(stream)
    return stream
  }

  // Two streams that are connected, each with a UDX and a socket of its own.
  pair(Left, Right = Left, opts = {}) {
    const a = this.end(new Left(), 1, opts)
    const b = this.end(new Right(), 2, opts)
    this.connect(a, b)
    return [a.stream, b.stream]
  }

  // A stream that is to have this socket.
  end(udx, id, opts) {
    return { stream: this.stream(udx, id, opts), socket: this.socket(udx) }
  }

  connect(a, b) {
    a.stream.connect(a.socket, b.stream.id, b.socket.address().port)
    b.stream.connect(b.socket, a.stream.id, a.socket.address().port)
  }

  async close() {
    for (const stream of this._streams) {
      stream.on('error', () => {})
      stream.destroy()
    }
    await Promise.all(this._sockets.map((socket) => socket.close()))
  }
}

module.exports = { HOST, Rig, packages, pairings, collectData, closed, names, errorOf }

// What comes until the end.
async function collectData(stream) {
  const chunks = []
  stream.on('data', (chunk) => chunks.push(chunk))
  await once(stream, 'end')
  return Buffer.concat(chunks)
}

// Whether they failed or not.
function closed(...streams) {
  return Promise.all(streams.map(close))
}

function close(stream) {
  return stream.destroyed ? null : new Promise((resolve) => stream.on('close', resolve))
}

// The error of a stream, once it is closed.
async function errorOf(stream) {
  let error = null
  stream.on('error', (err) => (error = err))
  await new Promise((resolve) => stream.on('close', resolve))
  return error
}

// The names of events as they come: 'a close'.
function names(log, name, emitter, ...events) {
  for (const event of events) emitter.on(event, () => log.push(`${name} ${event}`))
}
