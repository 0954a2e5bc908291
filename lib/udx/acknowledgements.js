'use strict'

// What was written and not yet acknowledged, and who waits for that.
module.exports = class Acknowledgements {
  constructor() {
    this.written = 0 // bytes
    this._acked = 0
    this._ends = [] // of the writes, in bytes since the start
    this._first = 0 // that is not acknowledged
    this._flushes = []
  }

  // Writes that are not acknowledged.
  get pending() {
    return this._ends.length - this._first
  }

  add(buffers) {
    for (const { byteLength } of buffers) this.written += byteLength
    this._ends.push(this.written)
  }

  // Of all bytes so many.
  advance(total) {
    this._acked = total
    while (this._first < this._ends.length && this._ends[this._first] <= total) this._first++
    if (this._first === this._ends.length || this._first >= 1024) {
      this._ends = this._ends.slice(this._first)
      this._first = 0
    }
    while (this._flushes.length > 0 && this._flushes[0].end <= total) {
      this._flushes.shift().resolve(true)
    }
  }

  // Resolves with true once all that was written by now is acknowledged, with false if it never is.
  flush() {
    if (this._acked >= this.written) return true
    return new Promise((resolve) => this._flushes.push({ end: this.written, resolve }))
  }

  // Nothing will be acknowledged any more.
  end() {
    this._ends = []
    this._first = 0
    for (const { resolve } of this._flushes.splice(0)) resolve(false)
  }
}
