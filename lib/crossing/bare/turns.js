'use strict'

const { setImmediate } = globalThis

// Bare calls all that waits for the next turn of its event loop at once, with no microtask in between,
// and has nothing that comes before that turn. Here each has a turn of its own, and ticks come first.
module.exports = class Turns {
  constructor() {
    this._ticks = []
    this._immediates = []
    this._runBound = this._run.bind(this)
  }

  nextTick(fn) {
    this._add(this._ticks, fn)
  }

  setImmediate(fn) {
    this._add(this._immediates, fn)
  }

  _add(queue, fn) {
    const isFirst = this._isEmpty()
    queue.push(fn)
    if (isFirst) setImmediate(this._runBound)
  }

  _run() {
    const queue = this._ticks.length > 0 ? this._ticks : this._immediates
    const fn = queue.shift()
    if (!this._isEmpty()) setImmediate(this._runBound)
    fn()
  }

  _isEmpty() {
    return this._ticks.length === 0 && this._immediates.length === 0
  }
}
