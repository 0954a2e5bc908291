'use strict'

const check = require('../common/check')
const SocketHandle = require('./socket-handle')
const { isIP } = require('./ip')
const { internalsOf } = require('../common/internals')

const LOCALHOST = '127.0.0.1'

// Where a stream is connected to, and by which socket.
module.exports = class StreamRemote {
  constructor(stream, handle) {
    this._stream = stream
    this._handle = handle
    this._previous = null // the socket before a change that is not done
    this._change = null // { promise, resolve, reject }
  }

  connect(socket, id, port, host, ack) {
    const stream = this._stream
    if (stream.connected) throw new Error('Already connected')
    checkOpen(socket)
    host = checkHost(host)
    port = checkPort(port)
    checkOwner(socket, stream)
    if (!socket.bound) socket.bind(0)

    this._handle.connect(socket, id >>> 0, port, host, ack >>> 0)
    this._set(socket, id, port, host)
    socket._addStream(stream)
    stream.emit('connect')
  }

  // The promise, or null if it is done.
  change(socket, id, port, host) {
    const stream = this._stream
    if (this._change !== null) throw new Error('Remote already changing')
    if (!stream.connected) throw new Error('Not yet connected')
    checkOpen(socket)
    if (!isOfSameUDX(socket, stream)) {
      throw new Error('Cannot change to a socket on another UDX instance')
    }
    host = checkHost(host)
    port = checkPort(port)
    check.option(socket.bound, 'socket', 'one that is bound', socket)

    const isDone = this._handle.changeRemote(socket, id >>> 0, port, host)
    if (!isSame(stream.socket, socket)) this._previous = stream.socket
    this._set(socket, id, port, host)
    if (isDone) return this._changedAtOnce(socket)
    this._change = deferred()
    socket._addStream(stream)
    return this._change.promise
  }

  // What was on its way is acknowledged.
  changed() {
    const change = this._change
    this._change = null
    try {
      this._leavePrevious()
    } finally {
      if (change !== null) change.resolve()
      this._stream.emit('remote-changed')
    }
  }

  // The stream is closed.
  leave() {
    const stream = this._stream
    const { socket } = stream
    const change = this._change
    this._change = null
    stream.socket = null
    if (change !== null) change.reject(new Error('Stream is closed'))
    try {
      if (socket !== null) socket._removeStream(stream)
    } finally {
      this._leavePrevious()
    }
  }

  _changedAtOnce(socket) {
    try {
      this.changed()
    } finally {
      // A handler may have closed the stream.
      if (this._stream.socket === socket) socket._addStream(this._stream)
    }
    return null
  }

  _leavePrevious() {
    const previous = this._previous
    this._previous = null
    if (previous !== null) previous._removeStream(this._stream)
  }

  _set(socket, id, port, host) {
    const stream = this._stream
    stream.remoteId = id
    stream.remotePort = port
    stream.remoteHost = host
    stream.remoteFamily = isIP(host)
    stream.socket = socket
  }
}

// Either may be a Proxy around it.
function isSame(one, other) {
  return SocketHandle.of(one) === SocketHandle.of(other)
}

function checkOpen(socket) {
  check.option(SocketHandle.of(socket) !== null, 'socket', 'a socket of this package', socket)
  if (socket.closing) throw new Error('Socket is closed')
}

function checkHost(host = LOCALHOST) {
  if (!host) return LOCALHOST
  if (isIP(host) === 0) throw new Error(`${host} is not a valid IP address`)
  return host
}

function checkPort(port) {
  const number = Number(port)
  if (check.isPort(number)) return number
  throw new Error(`${port} is not a valid port`)
}

function checkOwner(socket, stream) {
  const own = isOfSameUDX(socket, stream)
  check.option(own, 'socket', "a socket of the stream's own UDX", socket)
}

function isOfSameUDX({ udx: one }, { udx: other }) {
  return (
    one === other || (internalsOf(one) !== undefined && internalsOf(one) === internalsOf(other))
  )
}

function deferred() {
  const made = {}
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}
