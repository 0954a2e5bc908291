'use strict'

const native = require('./native')
const Slab = require('./slab')
const { parseIPv4 } = require('./address')

// Packs requests and replies for the binding. src/binding/commands.rs documents the layout and
// unpacks it.

const SIZE = 32 * 1024
const MAX_WAITING = 16 // so that the shard can begin while the rest is made

const REQUEST = 1
const REPLY = 2
const RELAY = 3
const KIND_SHIFT = 24

const setBytes = Uint8Array.prototype.set

// What waits to cross to the binding together.
class Outgoing {
  constructor() {
    this._slab = new Slab(SIZE)
    this._end = 0
    this._count = 0
    this._hasRequests = false
  }

  // Beside the one that was just packed.
  get isWaiting() {
    return this._count > 1
  }

  get isFull() {
    return this._count >= MAX_WAITING
  }

  request(handle, user, to, socket, session, req) {
    this._packRequest(handle, user, to, socket, session, req)
    this._hasRequests = true
    this._keep()
  }

  // 0, or the number of the error for which it was refused.
  requestNow(handle, user, to, socket, session, req) {
    this.submit()
    this._packRequest(handle, user, to, socket, session, req)
    return native.request(this._slab.bytes)
  }

  reply(handle, req, relay, number, value, target, token, closerNodes, to, socket) {
    this._packReply(handle, req, relay, number, value, target, token, closerNodes, to, socket)
    this._keep()
  }

  replyNow(handle, req, relay, number, value, target, token, closerNodes, to, socket) {
    this.submit()
    this._packReply(handle, req, relay, number, value, target, token, closerNodes, to, socket)
    native.replyNow(this._slab.bytes)
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
    native.submit(this._slab.bytes, end)
  }

  // Sends replies from this thread as well: there may be no time for the shards to.
  submitAtExit() {
    this.submit()
    native.flushAtExit()
  }

  _packRequest(handle, user, to, socket, session, req) {
    const { token, target, value } = req
    const length = value === null ? 0 : value.byteLength
    const i = this._reserve(56 + 64 + length) >> 2

    const w = this._slab.words
    w[i + 1] = handle
    w[i + 2] = user
    w[i + 3] =
      (token !== null ? 1 : 0) |
      (req.internal ? 2 : 0) |
      (target !== null ? 4 : 0) |
      (value !== null ? 8 : 0)
    w[i + 4] = to.ip
    w[i + 5] = to.port | (req.ttl << 16)
    w[i + 6] = socket
    w[i + 7] = session
    w[i + 8] = req.retries
    w[i + 9] = req.timeout
    this._slab.doubles[(i + 10) >> 1] = req.command
    w[i + 12] = length
    w[i + 13] = 0
    this._close(REQUEST, this._append(this._append(this._append(4 * i + 56, token), target), value))
  }

  // relay: a request is handed on, and number is its command. Otherwise it is answered, and number
  // is the error.
  _packReply(handle, req, relay, number, value, target, token, closerNodes, to, socket) {
    const length = value === null ? 0 : value.byteLength
    const i = this._reserve(40 + 32 + length) >> 2

    const w = this._slab.words
    w[i + 1] = handle
    w[i + 2] =
      (token ? 1 : 0) |
      (closerNodes ? 2 : 0) |
      (target !== null ? 4 : 0) |
      (value !== null ? 8 : 0) |
      (req.internal ? 16 : 0)
    w[i + 3] = req.tid | (req.ttl << 16)
    w[i + 4] = parseIPv4(to.host)
    w[i + 5] = to.port
    w[i + 6] = socket
    w[i + 7] = length
    this._slab.doubles[(i + 8) >> 1] = number
    this._close(relay ? RELAY : REPLY, this._append(this._append(4 * i + 40, target), value))
  }

  // Where there is room for a record.
  _reserve(size) {
    if (this._end + size + 8 > this._slab.bytes.byteLength) {
      this.submit()
      this._slab.reserve(size + 8)
    }
    return this._end
  }

  _append(at, bytes) {
    if (bytes === null) return at
    setBytes.call(this._slab.bytes, bytes, at)
    return at + bytes.byteLength
  }

  _close(kind, end) {
    this._slab.words[this._end >> 2] = (((end + 7) & ~7) - this._end) | (kind << KIND_SHIFT)
  }

  _keep() {
    this._end += this._slab.words[this._end >> 2] & 0xffffff
    this._count++
  }
}

module.exports = new Outgoing()
