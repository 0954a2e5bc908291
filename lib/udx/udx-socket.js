'use strict'

const { EventEmitter } = require('events')
const native = require('../crossing/native')
const tellOfListeners = require('../common/listening')
const SocketHandle = require('./socket-handle')
const countTraffic = require('./count-traffic')
const { replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')

// Nobody knows what the system dropped. It is what udx-native says, too.
const UNKNOWN = 2 ** 64

class UDXSocket extends EventEmitter {
  constructor(udx, opts = {}) {
    super()
    const handle = new SocketHandle(this, opts.ipv6Only === true, opts.reuseAddress === true)
    this.udx = udx
    this.streams = handle.streams
    this.userData = null
    hide(this, handle)
  }

  // One of a node's own two, bound by the engine; 1 is the server's, 2 the client's.
  static ofNode(node, number, host, port) {
    const socket = new UDXSocket(null)
    const udx = replaceable('udx', () => node.dht.udx)
    Object.defineProperty(socket, 'udx', udx)
    internalsOf(socket).adopt(node, number, host, port)
    return socket
  }

  get bound() {
    return internalsOf(this).port !== 0
  }

  get closing() {
    return internalsOf(this).closing !== null
  }

  get idle() {
    return internalsOf(this).streams.size === 0
  }

  get busy() {
    return internalsOf(this).streams.size > 0
  }

  get packetsDroppedByKernel() {
    return this.bound ? UNKNOWN : 0
  }

  toJSON() {
    const { ipv6Only, reuseAddress, streams } = internalsOf(this)
    return {
      bound: this.bound,
      closing: this.closing,
      streams: streams.size,
      address: this.address(),
      ipv6Only,
      reuseAddress,
      idle: this.idle,
      busy: this.busy
    }
  }

  address() {
    return internalsOf(this).address()
  }

  bind(port, host) {
    internalsOf(this).bind(this.udx, port, host)
    this.emit('listening')
  }

  async close() {
    const handle = internalsOf(this)
    if (handle.closing === null) {
      handle.closing = new Promise((resolve) => this.once('close', resolve))
      handle.closeMaybe()
    }
    return handle.closing
  }

  setTTL(ttl) {
    native.udxSetTtl(internalsOf(this).active(), ttl >>> 0)
  }

  getRecvBufferSize() {
    return native.udxBufferSize(internalsOf(this).active(), false)
  }

  setRecvBufferSize(size) {
    native.udxSetBufferSize(internalsOf(this).active(), false, size >>> 0)
  }

  getSendBufferSize() {
    return native.udxBufferSize(internalsOf(this).active(), true)
  }

  setSendBufferSize(size) {
    native.udxSetBufferSize(internalsOf(this).active(), true, size >>> 0)
    return size >>> 0
  }

  // ifaceAddress: of the interface; the system chooses one without.
  addMembership(group, ifaceAddress) {
    const number = internalsOf(this).active()
    native.udxMembership(number, String(group), String(ifaceAddress || ''), true)
  }

  dropMembership(group, ifaceAddress) {
    const number = internalsOf(this).active()
    native.udxMembership(number, String(group), String(ifaceAddress || ''), false)
  }

  // Whether it was handed over; what cannot leave then is lost, as on any network.
  async send(buffer, port, host, ttl) {
    const handle = internalsOf(this)
    if (handle.closing !== null) return false
    handle.send(buffer, port, host, ttl)
    return true
  }

  trySend(buffer, port, host, ttl) {
    const handle = internalsOf(this)
    if (handle.closing === null) handle.send(buffer, port, host, ttl)
  }

  _addStream(stream) {
    const { streams } = internalsOf(this)
    if (streams.has(stream)) return false
    streams.add(stream)
    if (streams.size === 1) this.emit('busy')
    return true
  }

  _removeStream(stream) {
    const handle = internalsOf(this)
    if (!handle.streams.delete(stream)) return false
    const closed = handle.closeMaybe()
    if (this.idle && !closed) this.emit('idle')
    return true
  }
}

countTraffic(UDXSocket)
tellOfListeners(UDXSocket, (socket, name) => {
  if (name === 'message') internalsOf(socket).listen()
})

module.exports = UDXSocket
