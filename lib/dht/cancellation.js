'use strict'

const check = require('../common/check')
const DHTError = require('../common/errors')
const { watch, unwatch, reasonOf } = require('./abort-signals')

const MAX_TIMEOUT = 0x7fffffff // ms, as that of a timer
const NEVER = -1

// When something is given up before its end: its user's signal is aborted, or its time is over.
module.exports = class Cancellation {
  constructor(signal, timeout) {
    this._signal = signal
    this._timeout = timeout
    this._alarms = null
    this._alarm = 0
    this._oncancel = null
    this._kept = null
  }

  // What the options ask for; null for nothing.
  static of({ signal, timeout }) {
    const hasSignal = signal !== undefined && signal !== null
    const hasTimeout = timeout !== undefined && timeout !== null
    if (!hasSignal && !hasTimeout) return null
    if (hasSignal) check.signal(signal)
    if (hasTimeout) check.integer(timeout, 'timeout', 0, MAX_TIMEOUT)
    return new Cancellation(hasSignal ? signal : null, hasTimeout ? timeout : NEVER)
  }

  // Before it began: no time at all is over at once.
  get isAborted() {
    return this._timeout === 0 || (this._signal !== null && this._signal.aborted)
  }

  get reason() {
    const { _signal: signal } = this
    return signal !== null && signal.aborted ? reasonOf(signal) : DHTError.REQUEST_TIMEOUT()
  }

  // To be started once, with the alarms of the node. oncancel(err) is called once at most, and not
  // after end().
  start(alarms, oncancel) {
    this._oncancel = oncancel
    if (this._signal !== null) this._watch()
    if (this._timeout === NEVER || this._oncancel === null) return
    this._alarms = alarms
    this._alarm = alarms.set(this._timeout, () => this.cancel(DHTError.REQUEST_TIMEOUT()))
  }

  // Until then nobody else may hold what it is for.
  keep(it) {
    this._kept = it
  }

  // What it was for is over.
  end() {
    this._oncancel = null
    this._kept = null
    if (this._signal !== null) unwatch(this._signal, this)
    if (this._alarms !== null) this._alarms.clear(this._alarm)
    this._alarms = null
  }

  cancel(err) {
    const oncancel = this._oncancel
    this.end()
    if (oncancel !== null) oncancel(err)
  }

  // The signal is the user's, and may do anything while it is asked to tell.
  _watch() {
    try {
      watch(this._signal, this)
      if (this._signal.aborted) this.cancel(reasonOf(this._signal))
    } catch (err) {
      this.cancel(err)
    }
  }

  // A promise that goes as this one, unless it is given up before.
  race(alarms, promise) {
    if (this.isAborted) return Promise.reject(this.reason)
    return new Promise((resolve, reject) => {
      this.start(alarms, reject)
      promise.then(resolve, reject).then(() => this.end())
    })
  }
}
