'use strict'

const { invalid } = require('../common/check')
const Socket = require('./socket')

const SERVER = 1
const CLIENT = 2
const NOWHERE = 3
const FIRST_FOREIGN = 4
// Of nodes that only ever had their own two.
const NOBODY = new WeakMap()
const NONE = new Map()
const SWEEP_ABOVE = 64 // sockets of the user's, before those that were collected are looked for

// The numbers by which the binding knows sockets: the node's own two and those that the user sends
// and receives with.
module.exports = class Sockets {
  constructor() {
    this.server = null
    this.client = null
    this._handle = null
    // Whether the node's own two are the user's as well.
    this._adopted = false
    this._numbers = NOBODY
    this._foreign = NONE
    this._next = FIRST_FOREIGN
  }

  open(handle, host, serverPort, clientPort) {
    this._handle = handle
    this.server = new Socket(handle, SERVER, host, serverPort)
    this.client = new Socket(handle, CLIENT, host, clientPort)
  }

  adopt(server, client) {
    this._adopted = true
    this.server = server
    this.client = client
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
    // From before the node was suspended, or behind a Proxy.
    const own = Socket.numberOf(socket, this._handle)
    if (own !== 0) return own
    if (!socket || typeof socket.trySend !== 'function') {
      throw invalid(TypeError, 'ERR_INVALID_SOCKET', 'socket', 'an object with trySend()', socket)
    }
    return this._numbers.get(socket) || this._register(socket)
  }

  isServer(socket) {
    return socket === this.server || Socket.numberOf(socket, this._handle) === SERVER
  }

  // As what a datagram came on; it need not be able to send.
  sourceOf(socket) {
    if (socket === null || typeof socket !== 'object') return NOWHERE
    const sends = typeof socket.trySend === 'function'
    if (sends || Socket.numberOf(socket, this._handle) !== 0) return this.numberOf(socket)
    return this._numbers.get(socket) || this._register(socket)
  }

  // Whether what is sent there leaves through JavaScript.
  isForeign(number) {
    return this._adopted || number >= FIRST_FOREIGN
  }

  _register(socket) {
    if (this._foreign === NONE) {
      this._numbers = new WeakMap()
      this._foreign = new Map()
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
