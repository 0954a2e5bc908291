'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')
const asyncContext = require('../crossing/async-context')
const datagrams = require('../crossing/datagram-queue')
const check = require('../common/check')
const DHTError = require('../common/errors')
const { setImmediate } = require('../crossing/clock')
const { internalsOf } = require('../common/internals')
const { parseIPv4 } = require('../common/address')
const { isIP, isIPv6 } = require('./ip')
const { KINDS, readSender, readDatagram } = require('./records')

const LOCALHOST = '127.0.0.1'
const IPV6_ONLY = 1
const REUSE_ADDRESS = 2
const MAX_UNHEARD = 64 // messages for nobody, after which the engine keeps them
const NO_TRAFFIC = [0, 0, 0, 0]

// What a UDXSocket keeps to itself: the engine's socket, and what comes of it.
module.exports = class SocketHandle {
  constructor(socket, ipv6Only, reuseAddress) {
    this.ipv6Only = ipv6Only
    this.reuseAddress = reuseAddress
    // By which the engine knows it, once it is bound.
    this.number = 0
    this.host = null
    this.family = 0
    this.port = 0
    this.streams = new Set()
    this.closing = null
    this.closed = false
    // The system was asked for a socket, if in vain.
    this.isOpened = false
    // Whose own it is, and by which number that knows it.
    this.node = null
    this.nodeNumber = 0

    this.socket = socket
    this._listens = false
    this._unheard = 0
    this._traffic = NO_TRAFFIC // of one that is closed
  }

  // Of this copy of the package; another's are known to another engine, perhaps.
  static of(socket) {
    const handle = internalsOf(socket)
    return handle instanceof this ? handle : null
  }

  // Throws the system's error.
  bind(udx, port, host) {
    if (this.port !== 0) throw new Error('Already bound')
    if (this.closing !== null) throw new Error('Socket is closed')
    if (port) check.integer(port, 'port', 0, 65535)
    if (!host) return this._bindAnywhere(udx, port || 0)
    const family = isIP(host)
    if (family === 0) throw new Error(`${host} is not a valid IP address`)
    this._bind(udx, port || 0, host, family)
  }

  // Is one of a node's own, which the engine has bound.
  adopt(node, number, host, port) {
    this.node = node
    this.nodeNumber = number
    this.host = host
    this.family = 4
    this.port = port
    this.number = native.udxNodeSocket(node.number, number)
    if (this.number === 0) this._end()
  }

  // Has what comes on it come here, for whoever begins to listen.
  listen() {
    this._unheard = 0
    if (this._listens || this.number === 0 || this.closed) return
    this._listens = true
    native.udxListen(environment.number, this.number, true)
    if (this.node !== null) environment.add(this)
  }

  address() {
    return this.port === 0 ? null : { host: this.host, family: this.family, port: this.port }
  }

  send(buffer, port, host, ttl) {
    if (!host) host = LOCALHOST
    const ip = parseIPv4(`${host}`)
    if (ip === -1 && !isIPv6(host)) throw new Error(`${host} is not a valid IP address`)
    check.bytes(buffer, 'buffer')
    if (this.port === 0) this.socket.bind(0)
    ttl = ttl ? Number(ttl) : 0
    if (ttl !== 0 && !(ttl >= 1 && ttl <= 255)) throw invalidArgument()
    this._sent()
    if (ip !== -1 && ttl === 0) return datagrams.send(this.number, buffer, ip, port & 0xffff)
    datagrams.flush()
    if (ip !== -1) native.udxSend(this.number, buffer, ip, port & 0xffff, ttl)
    else native.udxSend6(this.number, buffer, String(host), port & 0xffff, ttl)
  }

  // What the engine is asked of a bound socket.
  active() {
    if (this.port === 0) throw new Error('Socket not active')
    datagrams.flush()
    return this.number
  }

  // One of: bytes sent, packets sent, bytes received, packets received.
  traffic(i) {
    if (this.closed || this.number === 0) return this._traffic[i]
    const hub = this._hub()
    if (hub !== null) return hub.figures.ofSocket(this, i)
    datagrams.flush()
    return native.udxSocketTraffic(this.number)[i]
  }

  // true: it is, or was by this. It waits for the last of its streams.
  closeMaybe() {
    if (this.closed || this.closing === null) return this.closed
    if (this.port === 0) {
      this._closeUnbound()
    } else if (this.streams.size === 0) {
      this._shut(this.node === null ? native.udxClose : native.udxShut)
    }
    return this.closed
  }

  // The node closes it. The peers of its streams hear of that.
  closedByNode() {
    if (this.closing === null) this.closing = Promise.resolve()
    for (const stream of [...this.streams]) stream.destroy()
    if (!this.closed) this._shut(native.udxClose)
  }

  onrecord(kind, slab, at) {
    if (kind !== KINDS.MESSAGE || this.closed) return
    if (this.socket.listenerCount('message') === 0) return this._onunheard()
    environment.expectUserCode()
    this.socket.emit('message', readDatagram(slab, at), readSender(slab, at))
  }

  // Of a socket of the engine's; null of one whose UDX is gone, or nobody's.
  _hub() {
    const { udx } = this.socket
    return udx ? internalsOf(udx) : null
  }

  _sent() {
    const hub = this.node === null ? this._hub() : null
    if (hub !== null) hub.figures.change()
  }

  // Who tried to bind it hears of its end later, as of any socket's.
  _closeUnbound() {
    this.closed = true
    if (this.isOpened) asyncContext.run(() => setImmediate(() => this._onclose()))
    else this.socket.emit('close')
  }

  _bindAnywhere(udx, port) {
    try {
      this._bind(udx, port, '::', 6)
    } catch {
      this._bind(udx, port, '0.0.0.0', 4)
    }
  }

  _bind(udx, port, host, family) {
    this.isOpened = true
    if (this.ipv6Only && family === 4) throw invalidArgument()
    const flags = (this.ipv6Only ? IPV6_ONLY : 0) | (this.reuseAddress ? REUSE_ADDRESS : 0)
    const hub = internalsOf(udx).number
    this.number = environment.make((own) => native.udxBind(own, hub, `${host}`, port, flags))
    this._listens = true
    this.host = host
    this.family = family
    this.port = native.udxPort(this.number)
    internalsOf(udx).addSocket(this)
    internalsOf(udx).figures.addSocket(this)
    environment.add(this)
    environment.retain()
  }

  // Of a node's own socket others are the engine's; of the user's they are nobody's.
  _onunheard() {
    if (this.node === null && ++this._unheard < MAX_UNHEARD) return
    this._listens = false
    native.udxListen(environment.number, this.number, false)
    if (this.node !== null) environment.forget(this)
  }

  // The port is free, and nothing is heard any more.
  _shut(close) {
    datagrams.flush()
    this._traffic = native.udxSocketTraffic(this.number)
    const hub = this._hub()
    if (hub !== null) hub.removeSocket(this)
    close(this.number)
    this._end()
    if (this.node === null || this._listens) environment.forget(this)
    if (this.node === null) environment.release()
    asyncContext.run(() => setImmediate(() => this._onclose()))
  }

  _end() {
    if (this.closing === null) this.closing = Promise.resolve()
    this.closed = true
  }

  _onclose() {
    asyncContext.isolate(() => this.socket.emit('close'))
  }
}

function invalidArgument() {
  return DHTError.coded(Error, 'EINVAL', 'invalid argument')
}
