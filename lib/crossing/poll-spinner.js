'use strict'

const { now, setImmediate } = require('./clock')
const native = require('./native')
const asyncContext = require('./async-context')

const MAX_INFLIGHT = 4 // with more requests in flight a wake serves several, and costs less than driving
const MAX_QUERIES = 4
const READY = 1 << 30
const BUDGET_MS = 0.3 // a reply over loopback takes a tenth of it
const MIN_BUDGET_MS = 0.02
const RETRY_AFTER = 64 // requests, once driving has proved useless

// Drives the shards' polls from this thread while it has nothing to do but wait for a lone request:
// handing the reply from thread to thread would cost more than the request.
module.exports = class PollSpinner {
  constructor(environment) {
    this._environment = environment
    this._inflight = 0
    this._queries = 0
    this._running = false
    this._budget = BUDGET_MS
    this._skipped = 0
    this._silentSince = 0
    const drive = this._drive.bind(this)
    const stop = this._stop.bind(this)
    this._driveLater = () => setImmediate(drive)
    this._stopLater = () => setImmediate(stop)
  }

  open() {}

  close() {}

  // More requests are in flight than it drives for: they are sent together.
  get isBusy() {
    return this._inflight > MAX_INFLIGHT
  }

  // A drain had better wait for a moment: the shards are about to have more.
  get isPatient() {
    return this.isBusy
  }

  // A query is under way for its reader.
  held() {
    this._queries++
    this._silentSince = 0
    if (this._queries <= MAX_QUERIES) this._start()
  }

  left() {
    this._queries--
    this._silentSince = 0
  }

  bulk() {}

  woken() {}

  // A request was made.
  started() {
    this._inflight++
    this._silentSince = 0
    if (this._inflight <= MAX_INFLIGHT) this._start()
  }

  _start() {
    if (this._running) return
    if (this._budget === 0) {
      if (++this._skipped < RETRY_AFTER) return
      this._skipped = 0
      this._budget = BUDGET_MS
    }
    this._running = true
    asyncContext.run(this._driveLater)
  }

  // A reply came, or a request was dropped.
  settled(replied) {
    this._inflight--
    this._silentSince = 0
    if (replied && this._running) this._budget = BUDGET_MS
  }

  _drive() {
    const isIdle = this._inflight === 0 && this._queries === 0
    if (isIdle || this._inflight > MAX_INFLIGHT || this._queries > MAX_QUERIES) return this._stop()

    const moved = (this._environment.drive() & READY) !== 0
    if (moved) this._silentSince = 0
    else if (this._silentTooLong()) return this._giveUp()

    // Code of the user's may have changed the context.
    if (moved) asyncContext.run(this._driveLater)
    else this._driveLater()
  }

  _silentTooLong() {
    const time = now()
    if (this._silentSince === 0) this._silentSince = time
    return time - this._silentSince > this._budget
  }

  // After one vain try out of RETRY_AFTER the next ones are shorter, and then none for a while.
  _giveUp() {
    this._budget /= 2
    if (this._budget < MIN_BUDGET_MS) this._budget = 0
    asyncContext.run(this._stopLater) // what this turn settled goes on first
  }

  _stop() {
    this._running = false
    native.release()
    this._environment.drain()
  }
}
