'use strict'

const FEW = 64 // writes that are remembered before it is asked which of them are over

// What was written and not yet acknowledged, and who waits for that.
module.exports = class Acknowledgements {
  constructor(handle) {
    this.written = 0 // bytes
    this._handle = handle
    this._told = 0 // bytes that are acknowledged, as far as was said
    this._ends = [] // of the writes, in bytes since the start
    this._most = FEW
    this._flushes = []
  }

  // Writes that are not acknowledged.
  get pending() {
    this._forget()
    return this._ends.length
  }

  add(buffers) {
    for (const { byteLength } of buffers) this.written += byteLength
    if (this._ends.push(this.written) < this._most) return
    this._forget()
    this._most = Math.max(FEW, 2 * this._ends.length)
  }

  // Of all bytes so many.
  advance(total) {
    this._told = total
    const before = this._flushes.length
    while (this._flushes.length > 0 && this._flushes[0].end <= total) {
      this._flushes.shift().resolve(true)
    }
    if (this._flushes.length < before) this._watch()
  }

  // Resolves with true once all that was written by now is acknowledged, with false if it never is.
  flush() {
    if (this._told >= this.written) return true
    return new Promise((resolve) => {
      if (this._flushes.push({ end: this.written, resolve }) === 1) this._watch()
    })
  }

  // Nothing will be acknowledged any more.
  end() {
    this._ends = []
    for (const { resolve } of this._flushes.splice(0)) resolve(false)
  }

  // One at a time: were it the last, whoever flushes again and again would never hear of the first.
  _watch() {
    if (this._flushes.length > 0) this._handle.watch(this._flushes[0].end)
  }

  _forget() {
    if (this._ends.length === 0) return
    const { acked } = this._handle
    const first = this._ends.findIndex((end) => end > acked)
    this._ends = first === -1 ? [] : this._ends.slice(first)
  }
}
