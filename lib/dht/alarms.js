'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')

const NONE = new Map() // of nodes that nobody set one for
const NUMBERS = 0x7fffffff

// Times after which something is given up. They are the engine's: no timer of JavaScript's, which
// users' tests replace, and which keep what they were set in.
module.exports = class Alarms {
  constructor(handle) {
    this._handle = handle
    this._ringing = NONE
    this._next = 0
  }

  get size() {
    return this._ringing.size
  }

  // Its number. onring() is called once so many ms are over, unless it is cleared before.
  set(ms, onring) {
    if (this._ringing === NONE) this._ringing = new Map()
    this._next = (this._next % NUMBERS) + 1
    this._ringing.set(this._next, onring)
    native.setAlarm(this._handle.number, this._next, ms)
    return this._next
  }

  clear(number) {
    if (this._ringing.delete(number)) native.clearAlarm(this._handle.number, number)
  }

  onalarm(number) {
    const onring = this._ringing.get(number)
    if (onring === undefined) return
    this._ringing.delete(number)
    environment.expectUserCode()
    onring()
  }
}
