'use strict'

const native = require('./native')
const { nextTick } = require('./clock')
const asyncContext = require('./async-context')

const DONE = asyncContext.run(() => Promise.resolve())

// What leaves once the microtasks of this turn are done, so that all that they write shares datagrams.
class TurnEnd {
  constructor() {
    this._waiting = []
    this._holds = false
    this._isScheduled = false
    const run = this._run.bind(this)
    this._schedule = () => nextTick(run)
  }

  // Has its submit() called.
  add(thing) {
    this._waiting.push(thing)
    this._come()
  }

  // The engine holds acknowledgements for what this turn says.
  hold() {
    this._holds = true
    this._come()
  }

  // Ticks come when no microtask is left.
  _come() {
    if (this._isScheduled) return
    this._isScheduled = true
    DONE.then(this._schedule)
  }

  _run() {
    this._isScheduled = false
    const waiting = this._waiting
    this._waiting = []
    for (const thing of waiting) thing.submit()
    if (!this._holds) return
    this._holds = false
    native.releaseAcks()
  }
}

module.exports = new TurnEnd()
