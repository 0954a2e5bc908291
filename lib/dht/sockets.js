'use strict'

const native = require('../crossing/native')
const datagrams = require('../crossing/datagram-queue')
const { invalid } = require('../common/check')
const { lazily } = require('../common/lazily')

const SERVER = 1
const CLIENT = 2
const NOWHERE = 3
const FIRST_FOREIGN = 4
// Of nodes that only ever had their own two.
const NOBODY = new WeakMap()
const NONE = new Map()
const NO_NUMBERS = new Set()
const SWEEP_ABOVE = 64 // sockets of the user's, before those that were collected are looked for

const UDXSocket = lazily(() => require('../udx/udx-socket'))
const SocketHandle = lazily(() => require('../udx/socket-handle'))

// The numbers by which the binding knows sockets: the node's own two and those that the user sends
// and receives with.
module.exports = class Sockets {
  constructor(handle) {
    this._handle = handle
    this._host = null
    this._serverPort = 0
    this._clientPort = 0
    // As their user sees them, made at the first look.
    this._server = null
    this._client = null
    // Whether the node's own two are the user's as well.
    this._adopted = false
    this._numbers = NOBODY
    this._foreign = NONE
    this._lent = NO_NUMBERS // those of the user's that the engine sends by
    this._next = FIRST_FOREIGN
  }

  // null before they are bound, as is client.
  get server() {
    if (this._server === null) this._server = this._make(SERVER)
    return this._server
  }

  get client() {
    if (this._client === null) this._client = this._make(CLIENT)
    return this._client
  }

  open(host, serverPort, clientPort) {
    this._host = host
    this._serverPort = serverPort
    this._clientPort = clientPort
    this._server = null
    this._client = null
  }

  adopt(server, client) {
    this._adopted = true
    this._server = server
    this._client = client
  }

  // The engine is about to close them.
  close() {
    if (this._adopted) return
    for (const socket of [this._server, this._client]) {
      if (socket !== null) SocketHandle().of(socket).closedByNode()
    }
  }

  get(number) {
    if (number === SERVER) return this.server
    if (number === CLIENT) return this.client
    const ref = this._foreign.get(number)
    return ref === undefined ? null : ref.deref() || null
  }

  // Of the node's own two the one that its UDX knows by this number, or null.
  ofHub(number) {
    const own = this._adopted ? [] : [this.server, this.client]
    const is = (socket) => native.udxSocketNumber(SocketHandle().of(socket).number) === number
    return own.find((socket) => socket !== null && is(socket)) || null
  }

  // It is about to be sent by.
  numberOf(socket) {
    datagrams.flush()
    if (socket === this._server && socket !== null) return SERVER
    if (socket === this._client && socket !== null) return CLIENT
    // From before the node was suspended, or behind a Proxy.
    const own = this._ownNumber(socket)
    if (own !== 0) return own
    if (!socket || typeof socket.trySend !== 'function') {
      throw invalid(TypeError, 'ERR_INVALID_SOCKET', 'socket', 'an object with trySend()', socket)
    }
    const number = this._numbers.get(socket) || this._register(socket)
    if (!this._lent.has(number)) this._lend(number, socket)
    return number
  }

  isServer(socket) {
    return socket === this.server || this._ownNumber(socket) === SERVER
  }

  isServerNumber(number) {
    return number === SERVER
  }

  // As what a datagram came on; it need not be able to send.
  sourceOf(socket) {
    if (socket === null || typeof socket !== 'object') return NOWHERE
    const own = this._ownNumber(socket)
    if (own !== 0) return own
    if (typeof socket.trySend === 'function') return this.numberOf(socket)
    return this._numbers.get(socket) || this._register(socket)
  }

  // Whether what is sent there leaves through JavaScript.
  isForeign(number) {
    return this._adopted || (number >= FIRST_FOREIGN && !this._lent.has(number))
  }

  _make(number) {
    const port = number === SERVER ? this._serverPort : this._clientPort
    return port === 0 ? null : UDXSocket().ofNode(this._handle, number, this._host, port)
  }

  _ownNumber(socket) {
    const known = SocketHandle().of(socket)
    return known !== null && known.node === this._handle ? known.nodeNumber : 0
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

  // A socket of the engine's sends without JavaScript.
  _lend(number, socket) {
    const known = SocketHandle().of(socket)
    if (known === null || known.closing !== null) return
    if (known.port === 0) socket.bind(0)
    if (this._lent === NO_NUMBERS) this._lent = new Set()
    this._lent.add(number)
    native.udxLend(this._handle.number, number, known.number)
  }

  _sweep() {
    for (const [number, ref] of this._foreign) {
      if (ref.deref() !== undefined) continue
      this._foreign.delete(number)
      this._lent.delete(number)
    }
  }
}
