'use strict'

const { isMainThread } = require('worker_threads')
const native = require('../crossing/native')
const environment = require('../crossing/environment')
const DHTError = require('../common/errors')
const { internalsOf } = require('../common/internals')
const lentMemory = require('./lent-memory')
const turnEnd = require('../crossing/turn-end')
const records = require('./records')

const { KINDS } = records
const { udxStreamWrite } = native
const MAX_BACKLOG = 2 ** 30 // bytes that are not acknowledged
const FIRST_MARK = 262144 + 10 * 1152 // bytes of backlog beyond which a writer waits, before the engine says so
const FULL = 64 * 1024 // bytes that cross without waiting for the rest of their turn
const BULK = 32 * 1024 // bytes of one event from which a shard had better read
const CONSUMED = 64 * 1024 // bytes that were read, before the engine hears of it
const MAX_UNTOLD = 256 * 1024 // bytes that were read, before a peer that sends nothing hears of it
const NONE = []
const UNCONNECTED = Object.assign(new Array(13).fill(0), { 0: 1200, 2: 10 })

// The engine's half of a UDXStream.
module.exports = class StreamHandle {
  // hub: the HubHandle of its UDX. firewall: whether the stream is asked. Throws if there are too many.
  constructor(stream, hub, id, { seq, firewall }) {
    this.number = environment.make((own) =>
      native.udxStreamCreate(own, hub.number, id, seq, firewall)
    )
    // Its peers hear of it when a worker ends, as those of udx-native do.
    if (!isMainThread) native.udxTellEnd()
    this._stream = stream
    this._hub = hub
    this._written = 0
    this._acked = 0
    this._mark = FIRST_MARK
    this._waits = false
    this._consumed = 0
    this._untold = 0
    this._figures = null // the last ones, once it is closed
    // What waits to cross.
    this._buffers = NONE
    this._bytes = 0
    this._messages = NONE
    this._ends = false
    this._isQueued = false
    hub.figures.addStream(this)
    environment.add(this)
  }

  // socket: a UDXSocket that is bound.
  connect(socket, remoteId, port, host, ack) {
    native.udxStreamConnect(this.number, internalsOf(socket).number, remoteId, host, port, ack)
  }

  // false: _onremotechanged() follows.
  changeRemote(socket, remoteId, port, host) {
    this.submit(true) // it counts as what is on its way
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
    this._waits = this._isFull()
    if (this._bytes < FULL) this._queue()
    else this._submitBulk()
    return !this._waits
  }

  // Bytes that are acknowledged, before _onacked() says so.
  get acked() {
    return this._figures === null ? native.udxStreamAcked(this.number) : this._acked
  }

  // _onacked() says when so many bytes are acknowledged. Of one that was asked for before and is not
  // yet, nothing is said.
  watch(written) {
    if (this._figures === null) native.udxStreamWatch(this.number, written)
  }

  end() {
    this._ends = true
    this._queue()
  }

  send(buffer) {
    if (this._messages === NONE) this._messages = []
    this._messages.push(Buffer.from(buffer)) // which is its user's again
    this._queue()
    return true
  }

  setKeepalive(ms) {
    native.udxStreamKeepalive(this.number, ms)
  }

  // The reader took so many bytes.
  consumed(bytes) {
    this._consumed += bytes
    if (this._consumed < CONSUMED) return
    this._untold += this._consumed
    const soon = this._untold >= MAX_UNTOLD
    if (soon) this._untold = 0
    native.udxStreamConsumed(this.number, this._consumed, soon)
    this._consumed = 0
  }

  // Nothing comes any more.
  destroy() {
    if (this._figures !== null) return
    this._buffers = NONE
    this._bytes = 0
    this._ends = false
    this.submit()
    this._close(native.udxStreamDestroy(this.number))
  }

  // One of the figures that records.js reads.
  stat(i) {
    if (this._figures !== null) return this._figures[i]
    const figure = this._hub.figures.ofStream(this, i)
    return figure === figure ? figure : UNCONNECTED[i]
  }

  // What waits crosses together.
  submit(withNext = false) {
    this._isQueued = false
    if (this._bytes === 0 && this._messages.length === 0 && !this._ends) return
    const buffers = this._buffers
    const messages = this._messages
    const ends = this._ends
    this._buffers = NONE
    this._bytes = 0
    this._messages = NONE
    this._ends = false
    const isOne = buffers.length === 1 && messages.length === 0 && !withNext
    if (isOne) udxStreamWrite(this.number, buffers[0], ends)
    else native.udxStreamSubmit(this.number, buffers, messages, ends, withNext)
    this._hub.figures.change()
  }

  onrecord(kind, slab, at) {
    const stream = this._stream
    if (kind === KINDS.HANDLED) return native.udxStreamContinue(this.number)
    if (kind === KINDS.ACKED) return this._onacked(slab, at)
    environment.expectUserCode()
    switch (kind) {
      case KINDS.DATA:
        return stream._ondata(records.readBytes(slab, at))
      case KINDS.BYTES_WAIT:
        return this._onbytes()
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
    if (bytes === null) return
    if (bytes.byteLength >= BULK) environment.pollDriver.bulk()
    this._stream._ondata(bytes)
  }

  // Who waits for it is user's code.
  _onacked(slab, at) {
    const total = records.readAcked(slab, at)
    this._acked = total
    this._mark = records.readMark(slab, at)
    environment.expectUserCode()
    this._stream._onacked(total)
    if (!this._waits || this._written - total > this._mark) return
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

  _submitBulk() {
    environment.pollDriver.bulk()
    this.submit()
  }

  // What is acknowledged is told in larger steps: who seems to be far ahead asks.
  _isFull() {
    if (this._written - this._acked <= this._mark) return false
    return !native.udxStreamIsDrained(this.number, this._written)
  }

  _queue() {
    if (this._isQueued) return
    this._isQueued = true
    turnEnd.add(this)
  }

  _refuse(length) {
    this._written -= length
    const what = `at most ${MAX_BACKLOG} bytes may wait to be acknowledged`
    throw DHTError.coded(Error, 'ERR_UDX_BACKLOG_FULL', what)
  }

  _close(figures) {
    this._figures = figures.length === 0 ? UNCONNECTED : figures
    this._hub.figures.remove(this)
    environment.forget(this)
  }
}
