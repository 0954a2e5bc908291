'use strict'

const { EventEmitter } = require('events')
const net = require('net')

// What the reference reads of a datagram, in bytes.
const READ_LIMIT = 2048

// The machine as the reference sees it: sockets that hand what is sent to `onsend(socket, address,
// ttl, datagram)`, names that are looked up in an object.
class FakeUDX {
  constructor({ serverPort, clientPort, names = {} }, onsend) {
    this.sockets = {}
    this.onsend = onsend
    this._ports = { server: serverPort, client: clientPort }
    this._names = names
  }

  static isIPv4(host) {
    return net.isIPv4(host)
  }

  createSocket() {
    return new FakeSocket(this)
  }

  // A socket of the user's.
  foreignSocket(name) {
    this.sockets[name] ??= Object.assign(new FakeSocket(this), { name })
    return this.sockets[name]
  }

  receive(name, datagram, from) {
    this.sockets[name].receive(datagram, from)
  }

  register(socket, port) {
    socket.name = port === this._ports.server ? 'server' : 'client'
    this.sockets[socket.name] = socket
    return this._ports[socket.name]
  }

  async lookup(name) {
    const host = this._names[name]
    if (!host) throw new Error(`${name} is unknown`)
    return { host, family: 4 }
  }

  networkInterfaces() {
    return []
  }

  watchNetworkInterfaces() {
    return Object.assign(new EventEmitter(), { interfaces: [], destroy() {} })
  }
}

class FakeSocket extends EventEmitter {
  constructor(udx) {
    super()
    this.bound = false
    this.closed = false
    this.name = null
    this._udx = udx
    this._port = 0
  }

  bind(port) {
    this.bound = true
    this._port = this._udx.register(this, port)
  }

  address() {
    return { host: '0.0.0.0', family: 4, port: this._port }
  }

  // The system refuses port 0.
  trySend(datagram, port, host, ttl) {
    if (!this.closed && port > 0) this._udx.onsend(this.name, `${host}:${port}`, ttl || 0, datagram)
  }

  receive(datagram, { host, port }) {
    if (this.closed) return
    this.emit('message', datagram.subarray(0, READ_LIMIT), { host, port, family: 4 })
  }

  async close() {
    this.closed = true
  }
}

module.exports = FakeUDX
