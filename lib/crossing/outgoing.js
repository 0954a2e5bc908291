'use strict'

const native = require('./native')
const { queueMicrotask } = require('./clock')
const Slab = require('./slab')
const datagrams = require('./datagram-queue')
const { packHead } = require('./record')

const SIZE = 32 * 1024
const MAX_WAITING = 16 // so that the shard can begin while the rest is made

// What waits to cross to the binding together: records that others pack into the slab.
class Outgoing {
  constructor() {
    this.slab = new Slab(SIZE)
    this._end = 0
    this._count = 0
    this._hasRequests = false
    // The process is about to end, and the shards may have no time to send anything.
    this.isLeaving = false
    this.leaveBound = this._leave.bind(this)
  }

  // Beside the one that was just packed.
  get isWaiting() {
    return this._count > 1
  }

  get isFull() {
    return this._count >= MAX_WAITING
  }

  // Where a record of up to `size` bytes may begin.
  reserve(size) {
    if (this._end + size + 8 > this.slab.bytes.byteLength) {
      this.submit()
      this.slab.reserve(size + 8)
    }
    return this._end
  }

  // The record that was packed where reserve() said, up to byte `end`, waits with the others.
  keep(kind, end, isRequest) {
    this._end += packHead(this.slab, this._end, end, kind)
    this._count++
    if (isRequest) this._hasRequests = true
  }

  // The bytes that begin with that record, which crosses alone: to be called when nothing waits.
  take(kind, end) {
    packHead(this.slab, this._end, end, kind)
    return this.slab.bytes
  }

  // Replies may wait on: nobody sees whether they were made.
  submitRequests() {
    if (this._hasRequests) this.submit()
  }

  submit() {
    if (this._count === 0) return
    const end = this._end
    this._end = this._count = 0
    this._hasRequests = false
    native.submit(this.slab.bytes, end)
    this.sendIfLeaving()
  }

  // What was handed over and is still there.
  sendIfLeaving() {
    if (this.isLeaving) native.flushAtExit()
  }

  // Where a microtask runs afterwards, that was no end.
  _leave() {
    this._setLeaving(true)
    this.submit()
    this.sendIfLeaving()
    datagrams.flush()
    queueMicrotask(() => this._setLeaving(false))
  }

  _setLeaving(leaving) {
    this.isLeaving = datagrams.isLeaving = leaving
  }
}

module.exports = new Outgoing()
