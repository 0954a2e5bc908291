'use strict'

const { Duplex, drained, openSoon, scheduleReally } = require('../crossing/streams')
const { throwLater } = require('../crossing/clock')
const check = require('../common/check')
const { hide, internalsOf } = require('../common/internals')
const Acknowledgements = require('./acknowledgements')
const Frames = require('./frames')
const StreamHandle = require('./stream-handle')
const StreamRemote = require('./stream-remote')
const countTraffic = require('./count-traffic')
const errors = require('./stream-errors')
const { isIP } = require('./ip')

const TRAFFIC = 9 // where the counters begin
const NO_REQUESTS = { length: 0 }

// In the order of the binding's figures.
const FIGURES = [
  'mtu',
  'rtt',
  'cwnd',
  'inflight',
  'retransmits',
  'fastRecoveries',
  'rtoCount',
  'bbrState',
  'bbrBandwidth'
]

// What a UDXStream keeps to itself.
class Internals {
  constructor(stream, opts) {
    const { firewall, framed, seq } = opts
    if (firewall) check.option(typeof firewall === 'function', 'firewall', 'a function', firewall)
    const hub = internalsOf(stream.udx)
    this.stream = stream
    this.handle = new StreamHandle(stream, hub, stream.id >>> 0, {
      seq: seq >>> 0,
      firewall: !!firewall
    })
    this.remote = new StreamRemote(stream, this.handle)
    this.acknowledgements = new Acknowledgements(this.handle)
    this.firewall = firewall || null
    this.frames = framed ? new Frames() : null
    this.push = (buffer) => stream.push(buffer)
    this.closed = false // as the engine sees it
    this.relays = false
    this.received = 0 // bytes, of which the reader has, or will have before anything else comes:
    this.consumed = 0
    this.onwrite = null
    this.ondestroy = null
  }

  traffic(i) {
    return this.handle.stat(TRAFFIC + i)
  }

  // The engine is told what the reader took since it was told last.
  consume() {
    const consumed = this.received - this.stream._readableState.buffered
    if (this.closed || consumed === this.consumed) return
    this.handle.consumed(consumed - this.consumed)
    this.consumed = consumed
  }

  // Nothing goes or comes any more.
  close() {
    this.closed = true
    this.acknowledgements.end()
    try {
      this.remote.leave()
    } catch (err) {
      throwLater(err) // of a handler
    }
  }

  settleWrite(err) {
    const { onwrite } = this
    this.onwrite = null
    if (onwrite !== null) onwrite(err)
  }
}

class UDXStream extends Duplex {
  constructor(udx, id, opts) {
    super({ mapWritable: toBuffer })
    scheduleReally(this)

    this.udx = udx
    this.socket = null
    this.id = id
    this.remoteId = 0
    this.remoteHost = null
    this.remoteFamily = 0
    this.remotePort = 0
    this.userData = null
    hide(this, new Internals(this, opts || {}))
    openSoon(this)
  }

  get connected() {
    return this.socket !== null
  }

  get localHost() {
    return this.connected ? this.socket.address().host : null
  }

  get localFamily() {
    return this.connected ? this.socket.address().family : 0
  }

  get localPort() {
    return this.connected ? this.socket.address().port : 0
  }

  // What is not yet acknowledged, as hyperdht-stats reads it: writes, less those that are free.
  get _wreqs() {
    return { length: internalsOf(this).acknowledgements.pending }
  }

  get _wfree() {
    return NO_REQUESTS
  }

  toJSON() {
    return {
      id: this.id,
      connected: this.connected,
      destroying: this.destroying,
      destroyed: this.destroyed,
      remoteId: this.remoteId,
      remoteHost: this.remoteHost,
      remoteFamily: this.remoteFamily,
      remotePort: this.remotePort,
      mtu: this.mtu,
      rtt: this.rtt,
      cwnd: this.cwnd,
      inflight: this.inflight,
      socket: this.connected ? this.socket.toJSON() : null
    }
  }

  connect(socket, remoteId, port, host, opts = {}) {
    const { closed, remote } = internalsOf(this)
    if (closed) return
    if (typeof host === 'object' && host !== null) {
      opts = host
      host = null
    }
    remote.connect(socket, remoteId, port, host, opts.ack)
  }

  // A promise, or null if nothing was on its way.
  changeRemote(socket, remoteId, port, host) {
    return internalsOf(this).remote.change(socket, remoteId, port, host)
  }

  // From now on what comes for this one goes to where the other is connected.
  relayTo(destination) {
    const internals = internalsOf(this)
    if (internals.closed) return
    const other = internalsOf(destination)
    const usable = other instanceof Internals && !other.closed
    if (!usable || internals.relays) throw errors.system('EINVAL')
    internals.handle.relayTo(other.handle)
    internals.relays = true
  }

  // Whether it left. It is neither ordered nor sent again.
  async send(buffer) {
    check.bytes(buffer, 'buffer')
    if (!this.connected) return false
    return internalsOf(this).handle.send(buffer)
  }

  trySend(buffer) {
    check.bytes(buffer, 'buffer')
    if (this.connected) internalsOf(this).handle.send(buffer)
  }

  // Whether the peer has all that was written.
  async flush() {
    if (!(await drained(this)) || this.destroying) return false
    return internalsOf(this).acknowledgements.flush()
  }

  // 0: none.
  setKeepalive(timeoutMs) {
    check.integer(timeoutMs, 'timeoutMs', 0, 0xffffffff)
    const { closed, handle } = internalsOf(this)
    if (!closed) handle.setKeepalive(timeoutMs)
  }

  // Of no effect, as in udx-native.
  setInteractive(bool) {}

  _read(cb) {
    internalsOf(this).consume()
    cb(null)
  }

  // Too early, it is nobody's error: suites and users of udx-native know it as an uncaught exception.
  _writev(buffers, cb) {
    if (!this.connected) throw errors.notConnected()
    const internals = internalsOf(this)
    const filled = buffers.filter(({ byteLength }) => byteLength > 0)
    if (filled.length === 0) return cb(null)

    let isDrained
    try {
      isDrained = internals.handle.write(filled)
    } catch (err) {
      return cb(err)
    }
    internals.acknowledgements.add(filled)
    if (isDrained) cb(null)
    else internals.onwrite = cb
  }

  _final(cb) {
    if (!this.connected) throw errors.system('ENOTCONN')
    internalsOf(this).handle.end()
    cb(null)
  }

  _predestroy() {
    const internals = internalsOf(this)
    if (!internals.closed) {
      internals.handle.destroy()
      internals.close()
    }
    internals.settleWrite(null)
  }

  // Both halves may have ended for the user before they have for the peer.
  _destroy(cb) {
    if (this.connected) internalsOf(this).ondestroy = cb
    else cb(null)
  }

  _ondata(buffer) {
    const { frames, push } = this._received(buffer)
    if (frames === null) push(buffer)
    else frames.push(buffer, push)
  }

  _onend() {
    const { frames, push } = internalsOf(this)
    if (frames !== null) frames.rest(push)
    push(null)
  }

  _onmessage(buffer) {
    this.emit('message', buffer)
  }

  _onacked(total) {
    internalsOf(this).acknowledgements.advance(total)
  }

  _ondrain() {
    internalsOf(this).settleWrite(null)
  }

  _onremotechanged() {
    internalsOf(this).remote.changed()
  }

  // true: rejected.
  _onfirewall(socket, port, host) {
    const { firewall } = internalsOf(this)
    if (firewall === null || !check.isPort(port)) return true
    try {
      return !!firewall.call(this, socket, port, host, isIP(host))
    } catch (err) {
      throwLater(err)
      return true
    }
  }

  // code: null if both halves ended, or one of a relay is gone with the other.
  _onclosed(code) {
    const internals = internalsOf(this)
    internals.close()
    const { ondestroy } = internals
    internals.ondestroy = null
    const err = code === null ? null : errors.system(code)
    if (ondestroy !== null) ondestroy(err)
    else if (err !== null) this.destroy(err)
  }

  _received(buffer) {
    const internals = internalsOf(this)
    internals.received += buffer.byteLength
    return internals
  }
}

for (const [i, name] of FIGURES.entries()) {
  const get = function () {
    return internalsOf(this).handle.stat(i)
  }
  Object.defineProperty(UDXStream.prototype, name, { get, configurable: true })
}
countTraffic(UDXStream)

module.exports = UDXStream

function toBuffer(data) {
  return typeof data === 'string' ? Buffer.from(data) : check.bytes(data, 'data')
}
