'use strict'

const { now } = require('./clock')
const native = require('./native')
const utilizationOf = require('./utilization')

const FRESH_MS = 1 // the shard takes its poll back from who was silent for as long
const NEAR_MS = 0.5 // between two wakes of one exchange
const STREAK = 3 // near wakes in a row, after which the next one is expected as well
const MAX_VAIN = 3 // times that nothing came before the shard took its poll back, until others wait for a while
const SKIPPED = 64 // times that are left to the shard then
const DEEP = 32 // records at a time from which two threads can share the work
const SHALLOW = 16 // records at a time below which one is enough again
const SATURATED = 0.97 // of the time, in which JavaScript never waited
const DEEP_LOOK = 32 // deep turns after which the time is looked at, two for each that is not
const SHALLOW_LOOK = 32 // shallow wakes in a row after which JavaScript waits by itself again
const READY = 1 << 30
const ANEW = 1 << 31
const BULK_MS = 5 // after bytes in bulk, which a shard reads and sends while JavaScript handles those before
const MAX_SENT_ALONE = 4 // requests in flight that are sent one by one

// JavaScript's event loop waits on the polls of the shards: who is woken by a datagram handles it, and
// sends what JavaScript says to it. Where JavaScript is always busy, with many at a time, the shards
// wait, and send, so that two threads share the work.
module.exports = class PollWaiter {
  constructor(environment) {
    this._environment = environment
    this._inflight = 0
    this._waits = false
    this._isShared = false // the work is shared with the shards
    this._drivenAt = 0
    this._bulkAt = -BULK_MS
    this._vain = 0
    this._skips = 0
    this._wokenAt = 0
    this._streak = 0
    this._deep = 0
    this._shallow = 0
    this._utilization = null
    this._dispatched = 0 // records, up to the last look
  }

  open(number) {
    this._number = number
    this._isPrepared = native.prepareToWait(number, () => this._onreadable())
  }

  // More requests are in flight than are sent one by one.
  get isBusy() {
    return this._inflight > MAX_SENT_ALONE
  }

  // A drain had better wait for a moment: the shards are about to have more.
  get isPatient() {
    return this._isShared && this.isBusy
  }

  // A request was made.
  started() {
    this._inflight++
    this._want()
  }

  // A reply came, or a request was dropped.
  settled() {
    this._inflight--
  }

  // A query is under way for its reader.
  held() {
    this._want()
  }

  left() {}

  // A shard woke JavaScript.
  woken() {
    if (this._isShared) return this._wokenWhileShared()
    if (this._waits && this._isFresh()) return
    const time = now()
    this._streak = time - this._wokenAt < NEAR_MS ? this._streak + 1 : 0
    this._wokenAt = time
    if (this._streak >= STREAK) this._want()
  }

  // Bytes come or leave in bulk.
  bulk() {
    this._bulkAt = now()
    this._leave()
  }

  close() {
    this._leave()
  }

  _isFresh() {
    return now() - this._drivenAt < FRESH_MS
  }

  _want() {
    if (!this._isPrepared || this._isShared || (this._waits && this._isFresh())) return
    if (this._skips > 0) {
      this._skips--
      return
    }
    if (now() - this._bulkAt < BULK_MS) return
    this._waits = native.waitOnPolls(this._number)
    this._drivenAt = now()
  }

  _onreadable() {
    const before = this._dispatched
    this._dispatched = this._environment.dispatched
    const driven = this._environment.drive()
    this._drivenAt = now()
    if (driven & READY) this._vain = 0
    else if (driven & ANEW) return this._giveUp()
    if (this._dispatched - before < DEEP) this._deep = Math.max(0, this._deep - 2)
    else if (++this._deep % DEEP_LOOK === 0 && this._isSaturated()) this._share()
  }

  // The shard had taken its poll back, and handled what came.
  _giveUp() {
    if (++this._vain >= MAX_VAIN) {
      this._vain = 0
      this._skips = SKIPPED
    }
    this._leave()
  }

  _leave() {
    if (!this._waits) return
    this._waits = false
    native.leavePolls(this._number)
    native.release()
  }

  _isSaturated() {
    const before = this._utilization
    this._utilization = utilizationOf()
    return before !== null && utilizationOf(this._utilization, before).utilization > SATURATED
  }

  _share() {
    this._isShared = true
    this._shallow = 0
    this._utilization = null
    this._leave()
  }

  _wokenWhileShared() {
    // What a wake before left to later turns counts as well.
    const handled = this._environment.dispatched - this._dispatched
    this._dispatched = this._environment.dispatched
    this._shallow = handled < SHALLOW ? this._shallow + 1 : 0
    if (this._shallow < SHALLOW_LOOK) return
    this._isShared = false
    this._deep = 0
    this._want()
  }
}
