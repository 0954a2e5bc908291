'use strict'

const { invalid } = require('./check')
const Socket = require('./socket')

const SERVER = 1
const CLIENT = 2
const FIRST_FOREIGN = 3
const SWEEP_ABOVE = 64 // sockets of the user's, before those that were collected are looked for

// The numbers by which the binding knows sockets: the node's own two and those that the user sends
// and receives with.
module.exports = class Sockets {
  constructor() {
    this.server = null
    this.client = null
    this._numbers = new WeakMap()
    this._foreign = new Map()
    this._next = FIRST_FOREIGN
  }

  open(engine, host, serverPort, clientPort) {
    this.server = new Socket(engine, SERVER, host, serverPort)
    this.client = new Socket(engine, CLIENT, host, clientPort)
  }

  get(number) {
    if (number === SERVER) return this.server
    if (number === CLIENT) return this.client
    const ref = this._foreign.get(number)
    return ref === undefined ? null : ref.deref() || null
  }

  numberOf(socket) {
    if (socket === this.server) return SERVER
    if (socket === this.client) return CLIENT
    // From before the node was suspended.
    if (socket instanceof Socket && socket._engine === this.server._engine) return socket.number
    return this._numbers.get(socket) || this._register(socket)
  }

  isForeign(number) {
    return number >= FIRST_FOREIGN
  }

  _register(socket) {
    if (!socket || typeof socket.trySend !== 'function') {
      throw invalid(TypeError, 'ERR_INVALID_SOCKET', 'socket', 'an object with trySend()', socket)
    }
    if (this._foreign.size > SWEEP_ABOVE) this._sweep()

    const number = this._next++
    this._numbers.set(socket, number)
    this._foreign.set(number, new WeakRef(socket))
    return number
  }

  _sweep() {
    for (const [number, ref] of this._foreign) {
      if (ref.deref() === undefined) this._foreign.delete(number)
    }
  }
}
