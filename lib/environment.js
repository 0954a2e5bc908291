'use strict'

const native = require('./native')
const Slab = require('./slab')
const Pump = require('./pump')
const { MAX_RECORD } = require('./records')

const BATCH = 64 * 1024 // bytes to drain before others get their turn
const MAX_CATCH_UP = 16 // slabs that a synchronous call may drain

// What the nodes of one JavaScript thread share: the slab and the loop that empties it, the turn,
// the reference that keeps the process alive.
class Environment {
  constructor() {
    this.engines = new Map()
    this.slab = new Slab(MAX_RECORD)
    this.pump = new Pump(this)
    // A record settled something that user code awaits.
    this.settled = false

    this._number = -1
    this._alive = 0
    this._turn = 0
    this._turnEnds = false
    this._at = 0
    this._end = 0
    this._budget = 0
    this._looping = false
    this._dispatching = false
    this._flushQueued = false
    this._endTurnBound = this._endTurn.bind(this)
    this._flushBound = this._flush.bind(this)
    this._resumeBound = this._resume.bind(this)
    this._scheduleResumeBound = () => process.nextTick(this._resumeBound)
    this._drainBound = this.drain.bind(this)
  }

  create(config) {
    if (this._number === -1) this._number = native.open(this._drainBound)
    return native.create(this._number, config)
  }

  // A live node keeps the process alive.
  retain() {
    if (++this._alive === 1) native.ref(this._number, true)
  }

  release() {
    if (--this._alive === 0) native.ref(this._number, false)
  }

  // Changes from one macrotask to the next, as far as anybody looks.
  turn() {
    if (!this._turnEnds) {
      this._turnEnds = true
      setImmediate(this._endTurnBound)
    }
    return this._turn
  }

  // Replies leave together: at the end of a batch, or of the microtasks.
  queueFlush() {
    if (this._flushQueued) return
    this._flushQueued = true
    if (!this._dispatching) queueMicrotask(this._flushBound)
  }

  // Empties the slab, for at most one slab before others get their turn.
  drain() {
    this._budget = BATCH
    this._looping = true
    if (this._at < this._end) this._resume()
    else this._drainMore()
  }

  // Runs the shards' polls once, and dispatches what came of it.
  drive() {
    this._looping = false
    this._load(native.drive(this._number, this.slab.bytes))
    this._resume()
  }

  // Everything that is waiting, before this returns: for calls whose events the caller expects to
  // have seen.
  catchUp() {
    for (let i = 0; i < MAX_CATCH_UP; i++) {
      while (this._at < this._end) this._dispatchNext()
      this._flush()
      this._load(native.drain(this._number, this.slab.bytes))
      if (this._end === 0) return
    }
    setImmediate(this._drainBound)
  }

  _drainMore() {
    while (this._budget > 0) {
      this._load(native.drain(this._number, this.slab.bytes))
      if (this._end === 0) return
      this._budget -= this._end
      if (!this._dispatch()) return
      this._flush()
    }
    setImmediate(this._drainBound)
  }

  _resume() {
    if (!this._dispatch()) return
    this._flush()
    if (this._looping) this._drainMore()
  }

  _load(length) {
    this._at = 0
    this._end = length
  }

  // false: what was settled goes on first, then the rest of the batch. That is the order in which
  // datagrams that come one by one would be seen.
  _dispatch() {
    while (this._at < this._end) {
      this._turn++ // each record is a turn of its own, as each datagram would be
      this._dispatchNext()
      if (!this.settled) continue
      this.settled = false
      if (this._at === this._end && !this._looping) break
      queueMicrotask(this._scheduleResumeBound)
      return false
    }
    return true
  }

  _dispatchNext() {
    const { words } = this.slab
    const at = this._at
    const head = words[at >> 2]
    this._at += head & 0xffffff

    const engine = this.engines.get(words[(at >> 2) + 1])
    if (engine === undefined) return

    const nested = this._dispatching
    this._dispatching = true
    try {
      engine.onrecord(head >>> 24, this.slab, at)
    } catch (err) {
      rethrowLater(err)
    }
    this._dispatching = nested
  }

  _flush() {
    if (!this._flushQueued) return
    this._flushQueued = false
    native.flush()
  }

  _endTurn() {
    this._turnEnds = false
    this._turn++
  }
}

module.exports = new Environment()

// A listener that throws is an uncaught exception, and the records behind it are not lost.
function rethrowLater(err) {
  queueMicrotask(() => {
    throw err
  })
}
