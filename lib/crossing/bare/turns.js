'use strict'

const { setImmediate } = globalThis

const MAX_OVERTAKING = 8 // ticks, before an immediate that waits

// Bare calls all that waits for the next turn of its event loop at once, with no microtask in between,
// and has nothing that comes before that turn. Here each has a turn of its own, and ticks come
// first, but who makes one in each turn holds up nothing for ever.
module.exports = class Turns {
  constructor() {
    this._ticks = []
    this._immediates = []
    this._overtaking = 0
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
    const fn = this._next().shift()
    if (!this._isEmpty()) setImmediate(this._runBound)
    fn()
  }

  _next() {
    const waits = this._immediates.length > 0
    if (this._ticks.length > 0 && !(waits && this._overtaking === MAX_OVERTAKING)) {
      if (waits) this._overtaking++
      return this._ticks
    }
    this._overtaking = 0
    return this._immediates
  }

  _isEmpty() {
    return this._ticks.length === 0 && this._immediates.length === 0
  }
}
