'use strict'

const { now, setImmediate, queueMicrotask, nextTick } = require('./clock')
const exit = require('./exit')
const native = require('./native')
const Slab = require('./slab')
const PollDriver = require('./poll-driver')
const outgoing = require('./outgoing')
const DHTError = require('../common/errors')
const { MAX_RECORD, readLength, readKind, readHandle } = require('./record')

const BATCH = 64 * 1024 // bytes of a drain
const MIN_BATCH = 1024
const LONG = 4 // ms until the event loop turns for others
const LOOK = 16 // records at most between two looks at the time, for one costs as much as a small record
const CLOSED = -1 // no number of an environment
const DONE = Promise.resolve()
const AT_ONCE = 16 // replies and requests of one turn that leave without waiting for more
const MAX_QUEUED_MS = 1 // that a reply or a request should wait for code that computes
const IMMEDIATE = 64 // replies and requests that leave at once when others had waited for longer

// What the nodes of one JavaScript thread share: the slab and the loop that empties it, the turn,
// the reference that keeps the process alive.
class Environment {
  constructor() {
    this._handles = new Map()
    this._last = null // who had the record before: most come in runs
    this.slab = new Slab(MAX_RECORD)
    this.pollDriver = new PollDriver(this)
    // A record settled something that user code awaits.
    this.microtasksDue = false

    this._number = CLOSED
    this._alive = 0
    this._turn = 0
    this._turnEnds = false
    this._at = 0
    this._end = 0
    this._batch = BATCH
    this._look = LOOK
    this._untilLook = LOOK
    this._since = 0 // when the loop was left to others last
    this._resting = false
    this._looping = false
    this._yielded = false
    this._dispatching = false
    this._isOwnTurn = false
    this._queuedSince = 0
    this._atOnce = 0
    this._immediate = 0
    this._ownSlabs = []
    this._ownDepth = 0
    this._endTurnBound = this._endTurn.bind(this)
    this._endOwnTurnBound = this._endOwnTurn.bind(this)
    this._resumeBound = this._resume.bind(this)
    this._scheduleResumeBound = () => nextTick(this._resumeBound)
    this._drainBound = this.drain.bind(this)
    this._restedBound = this._rested.bind(this)
  }

  create(config) {
    if (this._number === CLOSED) this._open()
    try {
      return native.create(this._number, config)
    } catch (err) {
      this._closeIfUnused()
      throw DHTError.system(err)
    }
  }

  _open() {
    this._number = native.open(this._drainBound)
    exit.beforeExit(outgoing.leaveBound)
  }

  // A copy of the package that nobody needs any more can be collected.
  _closeIfUnused() {
    if (this._number === CLOSED || this._alive > 0 || this._handles.size > 0) return
    native.close(this._number)
    this._number = CLOSED
    exit.notBeforeExit(outgoing.leaveBound)
  }

  add(handle) {
    this._handles.set(handle.number, handle)
  }

  forget(handle) {
    this._handles.delete(handle.number)
    if (this._last === handle) this._last = null
    this._closeIfUnused()
  }

  // A live node keeps the process alive.
  retain() {
    if (++this._alive === 1) native.ref(this._number, true)
  }

  release() {
    if (--this._alive > 0) return
    native.ref(this._number, false)
    this._closeIfUnused()
  }

  // Changes from one macrotask to the next, as far as anybody looks.
  turn() {
    if (!this._turnEnds) {
      this._turnEnds = true
      setImmediate(this._endTurnBound)
    }
    return this._turn
  }

  // Replies and requests of a batch leave together when it was dispatched, those of the user's own
  // turn after the microtasks. Not if nothing else is to be expected: who knows for how long the
  // code behind them computes.
  queueFlush() {
    if (outgoing.isLeaving) return outgoing.submit()
    const inBatch = this._dispatching || (this._yielded && !this._resting)
    if (!this._isOwnTurn && !inBatch) this._beginOwnTurn()
    if (this._leavesNow(inBatch)) outgoing.submit()
    else this._wait()
  }

  // Empties the outbox.
  drain() {
    this._looping = true
    if (!this._yielded) this._drainMore()
  }

  // With the microtasks.
  drainSoon() {
    queueMicrotask(this._drainBound)
  }

  // Runs the shards' polls once, and dispatches what came of it. false: nothing did.
  drive() {
    if (this._yielded) return true
    this._looping = false
    const end = native.drive(this._number, this.slab.bytes)
    this._load(end)
    this._resume()
    return end > 0
  }

  // Delivers what a call of JavaScript's own caused before that call returns, also in the midst of
  // a record. What others caused waits for its turn.
  collect() {
    const slab = this._ownSlab()
    for (;;) {
      const end = native.drainOwn(slab.bytes)
      if (end === 0) break
      for (let at = 0; at < end; at += readLength(slab, at)) this._deliver(slab, at)
    }
    this._ownDepth--
    if (!this._dispatching) this._flush()
  }

  _beginOwnTurn() {
    this._atOnce = AT_ONCE
    this._isOwnTurn = true
    queueMicrotask(this._endOwnTurnBound)
  }

  _leavesNow(inBatch) {
    if (this._immediate > 0) {
      this._immediate--
      return true
    }
    if (outgoing.isWaiting || this._atOnce === 0 || (inBatch && this._at < this._end)) return false
    this._atOnce--
    return true
  }

  _wait() {
    if (outgoing.isFull) return this._flush()
    if (this._queuedSince === 0) this._queuedSince = now()
  }

  _endOwnTurn() {
    this._isOwnTurn = false
    this._flush()
  }

  _drainMore() {
    for (;;) {
      this._load(native.drain(this._number, this.pollDriver.isBusy, this._batch, this.slab.bytes))
      if (this._end === 0 || !this._dispatch()) return
      this._flush()
    }
  }

  _resume() {
    this._yielded = false
    if (!this._dispatch()) return
    this._flush()
    if (this._looping) this._drainMore()
  }

  _load(length) {
    this._at = 0
    this._end = length
    if (this._batch < BATCH) this._batch *= 2
  }

  // false: what was settled goes on first, then the rest of the batch. That is the order in which
  // datagrams that come one by one would be seen.
  _dispatch() {
    while (this._at < this._end) {
      this._turn++ // each record is a turn of its own, as each datagram would be
      this._dispatchNext()
      const isLong = --this._untilLook === 0 && this._isLong()
      if (!this.microtasksDue && !isLong) continue
      this.microtasksDue = false
      if (this._at === this._end && !this._looping) break
      this._yielded = true
      if (isLong) this._rest()
      else DONE.then(this._scheduleResumeBound) // queueMicrotask() makes an async resource of it
      return false
    }
    return true
  }

  // Slow handlers are looked at more often.
  _isLong() {
    const isLong = now() - this._since > LONG
    if (!isLong && this._look < LOOK) this._look *= 2
    else if (isLong && this._look > 1) this._look /= 2
    this._untilLook = this._look
    return isLong
  }

  // Wakes may follow one another without a turn of the event loop while the shards are as fast as this
  // thread. The next answer waits for the rest of the batch, so the next batches are shorter.
  _rest() {
    if (this._at < this._end && this._batch > MIN_BATCH) this._batch /= 2
    this._resting = true
    setImmediate(this._restedBound)
    this._flush()
  }

  _rested() {
    this._resting = false
    this._since = now()
    this._resume()
  }

  _dispatchNext() {
    const at = this._at
    this._at += readLength(this.slab, at)
    this._atOnce = AT_ONCE
    this._flushIfDue()
    this._deliver(this.slab, at)
  }

  _deliver(slab, at) {
    const handle = this._handleOf(readHandle(slab, at))
    if (handle === undefined) return

    const nested = this._dispatching
    this._dispatching = true
    try {
      handle.onrecord(readKind(slab, at), slab, at)
    } catch (err) {
      rethrowLater(err)
    }
    this._dispatching = nested
  }

  _handleOf(number) {
    if (this._last !== null && this._last.number === number) return this._last
    const handle = this._handles.get(number)
    if (handle !== undefined) this._last = handle
    return handle
  }

  // A handler of an own call's record may make calls in its turn: each depth has its slab.
  _ownSlab() {
    const depth = this._ownDepth++
    if (depth === this._ownSlabs.length) this._ownSlabs.push(new Slab(MAX_RECORD))
    return this._ownSlabs[depth]
  }

  // Code that computes for long does not hold up the replies before it.
  _flushIfDue() {
    if (this._queuedSince !== 0 && this._isOverdue()) this._flush()
  }

  _isOverdue() {
    return now() - this._queuedSince > MAX_QUEUED_MS
  }

  _flush() {
    if (this._queuedSince === 0) return
    if (this._isOverdue()) this._immediate = IMMEDIATE
    this._queuedSince = 0
    outgoing.submit()
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
