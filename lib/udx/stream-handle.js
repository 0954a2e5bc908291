'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')
const DHTError = require('../common/errors')
const { internalsOf } = require('../common/internals')
const lentMemory = require('./lent-memory')
const submissions = require('./submissions')
const records = require('./records')

const { KINDS } = records
const MAX_BACKLOG = 2 ** 30 // bytes that are not acknowledged
const FIRST_MARK = 262144 + 10 * 1152 // bytes of backlog beyond which a writer waits, before the engine says so
const FULL = 64 * 1024 // bytes that cross without waiting for the rest of their turn
const MIN_CONSUMED = 256 * 1024 // bytes that were read, before the engine hears of it
const UNCONNECTED = Object.assign(new Array(13).fill(0), { 0: 1200, 2: 10 })

// The engine's half of a UDXStream.
module.exports = class StreamHandle {
  // hub: the HubHandle of its UDX. firewall: whether the stream is asked. Throws if there are too many.
  constructor(stream, hub, id, { seq, firewall }) {
    this.number = environment.make((own) =>
      native.udxStreamCreate(own, hub.number, id, seq, firewall)
    )
    this._stream = stream
    this._hub = hub
    this._written = 0
    this._acked = 0
    this._mark = FIRST_MARK
    this._waits = false
    this._consumed = 0
    this._figures = null // the last ones, once it is closed
    // What waits to cross.
    this._buffers = []
    this._bytes = 0
    this._messages = []
    this._ends = false
    this._isQueued = false
    environment.add(this)
  }

  // socket: a UDXSocket that is bound.
  connect(socket, remoteId, port, host, ack) {
    native.udxStreamConnect(this.number, internalsOf(socket).number, remoteId, host, port, ack)
  }

  // false: _onremotechanged() follows.
  changeRemote(socket, remoteId, port, host) {
    this.submit()
    const { number } = internalsOf(socket)
    return native.udxStreamChangeRemote(this.number, number, remoteId, host, port)
  }

  relayTo(handle) {
    native.udxStreamRelay(this.number, handle.number)
  }

  // false: _ondrain() follows.
  write(buffers) {
    let length = 0
    for (const { byteLength } of buffers) length += byteLength
    this._written += length
    if (this._written - this._acked > MAX_BACKLOG) this._refuse(length)
    this._bytes += length
    this._buffers = this._buffers.length === 0 ? buffers : this._buffers.concat(buffers)
    this._waits = this._written - this._acked > this._mark
    if (this._bytes >= FULL) this.submit()
    else this._queue()
    return !this._waits
  }

  end() {
    this._ends = true
    this._queue()
  }

  send(buffer) {
    this._messages.push(buffer)
    this._queue()
    return true
  }

  setKeepalive(ms) {
    native.udxStreamKeepalive(this.number, ms)
  }

  // The reader took so many bytes.
  consumed(bytes) {
    this._consumed += bytes
    if (this._consumed < MIN_CONSUMED) return
    native.udxStreamConsumed(this.number, this._consumed)
    this._consumed = 0
  }

  // Nothing comes any more.
  destroy() {
    if (this._figures !== null) return
    this._buffers = []
    this._bytes = 0
    this._ends = false
    this.submit()
    this._close(native.udxStreamDestroy(this.number))
  }

  // One of the figures that records.js reads.
  stat(i) {
    if (this._figures !== null) return this._figures[i]
    const figures = native.udxStreamFigures(this.number)
    return figures.length === 0 ? UNCONNECTED[i] : figures[i]
  }

  // What waits crosses together.
  submit() {
    this._isQueued = false
    if (this._bytes === 0 && this._messages.length === 0 && !this._ends) return
    const buffers = this._buffers
    const messages = this._messages
    const ends = this._ends
    this._buffers = []
    this._bytes = 0
    this._messages = []
    this._ends = false
    native.udxStreamSubmit(this.number, buffers, messages, ends)
  }

  onrecord(kind, slab, at) {
    const stream = this._stream
    if (kind === KINDS.HANDLED) return native.udxStreamContinue(this.number)
    environment.expectUserCode()
    switch (kind) {
      case KINDS.DATA:
        return stream._ondata(records.readBytes(slab, at))
      case KINDS.BYTES_WAIT:
        return this._onbytes()
      case KINDS.ACKED:
        return this._onacked(records.readAcked(slab, at), records.readMark(slab, at))
      case KINDS.END:
        return stream._onend()
      case KINDS.STREAM_MESSAGE:
        return stream._onmessage(records.readBytes(slab, at))
      case KINDS.REMOTE_CHANGED:
        return stream._onremotechanged()
      case KINDS.FIREWALL:
        return this._onfirewall(records.readSocket(slab, at), records.readSender(slab, at))
      case KINDS.CLOSED:
        this._close(records.readFigures(slab, at))
        native.udxStreamForget(this.number)
        return stream._onclosed(records.readReason(slab, at))
    }
  }

  _onbytes() {
    const bytes = lentMemory.take(this.number)
    if (bytes !== null) this._stream._ondata(bytes)
  }

  _onacked(total, mark) {
    this._acked = total
    this._mark = mark
    this._stream._onacked(total)
    if (!this._waits || this._written - total > mark) return
    this._waits = false
    this._stream._ondrain()
  }

  // What the firewall commanded takes effect before its verdict.
  _onfirewall(number, { host, port }) {
    const socket = this._hub.socketOf(number)
    const rejected = socket === null || this._stream._onfirewall(socket, port, host)
    this.submit()
    if (this._figures === null) native.udxStreamVerdict(this.number, !rejected)
  }

  _queue() {
    if (this._isQueued) return
    this._isQueued = true
    submissions.add(this)
  }

  _refuse(length) {
    this._written -= length
    const what = `at most ${MAX_BACKLOG} bytes may wait to be acknowledged`
    throw DHTError.coded(Error, 'ERR_UDX_BACKLOG_FULL', what)
  }

  _close(figures) {
    this._figures = figures.length === 0 ? UNCONNECTED : figures
    environment.forget(this)
  }
}
