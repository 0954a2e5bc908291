'use strict'

const native = require('../crossing/native')
const packer = require('./request-packer')
const check = require('../common/check')
const DHTError = require('../common/errors')
const { TRIES } = require('./interest')

// What ties a made request to the engine while it is in flight there.
module.exports = class RequestLink {
  // key: { slot, serial }, by which the engine knows it. known: { socket, retries, timeout, sent }.
  constructor(inFlight, key, known) {
    this.request = null
    this.slot = key.slot
    this.serial = key.serial
    this.pending = null // of who waits in JavaScript for the answer
    this.refusal = null // why the engine does not have it
    this.isPrepared = false // it was not sent yet
    this.isOver = false

    this._inFlight = inFlight
    this._handle = inFlight.handle
    this._socket = known.socket
    this._retries = known.retries
    this._timeout = known.timeout
    this._sent = known.sent
    this._ended = 0 // tries that were not answered in time
    this._isTold = false // of the end of one of them
    this._oncycle = noop
  }

  get socket() {
    return this._socket === null ? this._handle.dht.socket : this._socket
  }

  set socket(socket) {
    this._socket = socket
  }

  get sent() {
    if (this._isTold) return this._ended
    if (this.isOver || this.refusal !== null) return this._sent
    const sent = native.requestSent(this._handle.flushed(), this.slot, this.serial)
    if (sent !== -1) this._sent = sent
    return this._sent
  }

  set sent(sent) {
    this._sent = sent
  }

  get retries() {
    return this._retries
  }

  set retries(retries) {
    this._retries = retries
    this._change()
  }

  get timeout() {
    return this._timeout
  }

  set timeout(timeout) {
    this._timeout = timeout
    this._change()
  }

  get oncycle() {
    return this._oncycle
  }

  set oncycle(oncycle) {
    this._oncycle = oncycle
    this._handle.interest.want(TRIES)
  }

  // Returns the error for which it cannot be sent, or null.
  send(force) {
    if (this.refusal !== null) return this.refusal
    const refused = this.isPrepared ? this._sendFirst(force) : this._sendAgain(force)
    this._handle.changed()
    return refused === 0 ? null : DHTError.fromNumber(refused)
  }

  // Takes it out of flight. false: it was over.
  drop() {
    if (this.isOver) return false
    this._end()
    if (this.refusal !== null) return true
    if (this.pending !== null) this._handle.requests.forget(this.pending)
    native.dropRequest(this._handle.flushed(), this.slot, this.serial)
    this._handle.changed()
    return true
  }

  answered(reply) {
    this._sent = Math.max(this._sent, this._ended + 1)
    this._end()
    this.request.onresponse(reply, this.request)
  }

  failed(err) {
    this.request.destroyed = true
    if (err.code === 'REQUEST_TIMEOUT' && this._ended > 0) this._sent = this._ended
    this._end()
    this.request.onerror(err, this.request)
  }

  // It was sent so often. The engine may have sent the next one by now.
  tryEnded(sent) {
    this._ended = sent
    this._isTold = true
    try {
      this.request.oncycle(this.request)
    } finally {
      this._isTold = false
    }
  }

  // It got no answer, says the engine, after so many tries.
  timedOut(sent) {
    this._sent = sent
    this._end()
  }

  _sendFirst(force) {
    const { to, req, socket } = this._inFlight.checked(this.request)
    this.isPrepared = false
    const { number } = this._handle
    return packer.sendPrepared(number, this.pending.number, to, socket, req, this, force)
  }

  _sendAgain(force) {
    native.sendAgain(this._handle.flushed(), this.slot, this.serial, force)
    return 0
  }

  // It counts from the next try on. Before the first it is told with it.
  _change() {
    if (this.isPrepared || this.isOver || this.refusal !== null) return
    const retries = check.integer(this._retries, 'retries', 0, 255)
    const timeout = check.integer(this._timeout, 'timeout', 0, 0xffffffff)
    native.changeRequest(this._handle.flushed(), this.slot, this.serial, retries, timeout)
    this._handle.changed()
  }

  _end() {
    this.isOver = true
    this._inFlight.ended(this.request, this.serial)
  }
}

function noop() {}
