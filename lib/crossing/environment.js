'use strict'

const { now, setImmediate, queueMicrotask, nextTick, throwLater } = require('./clock')
const exit = require('./exit')
const native = require('./native')
const Slab = require('./slab')
const PollDriver = require('./poll-driver')
const outgoing = require('./outgoing')
const asyncContext = require('./async-context')
const turnEnd = require('./turn-end')
const { MAX_RECORD, readLength, readKind, readHandle } = require('./record')

const { drive } = native
const BATCH = 64 * 1024 // bytes of a drain
const MIN_BATCH = 1024
const LONG = 4 // ms until the event loop turns for others
const LOOK = 16 // records at most between two looks at the time, for one costs as much as a small record
const CLOSED = -1 // no number of an environment
const DONE = asyncContext.run(() => Promise.resolve())
const AT_ONCE = 16 // replies and requests of one turn that leave without waiting for more
const MAX_QUEUED_MS = 1 // that a reply or a request should wait for code that computes
const READY = 1 << 30
const MORE = 1 << 29
const HELD = 1 << 28
const LENGTH = HELD - 1
const IMMEDIATE = 64 // replies and requests that leave at once when others had waited for longer

// What the nodes of one JavaScript thread share: the slab and the loop that empties it, the turn,
// the reference that keeps the process alive.
class Environment {
  constructor() {
    this._handles = new Map()
    this._last = null // who had the record before: most come in runs
    this.slab = new Slab(MAX_RECORD)
    this.pollDriver = new PollDriver(this)
    this.dispatched = 0 // records
    this.openings = 0 // that of before may have had the same number
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
    this._inRecord = false // of a batch
    this._resuming = false
    this._overtaken = 0 // scheduled resumptions that a rest has overtaken
    this._isOwnTurn = false
    this._queuedSince = 0
    this._atOnce = 0
    this._immediate = 0
    this._ownSlabs = []
    this._ownDepth = 0
    this._callsUser = false // the record that is delivered
    this._postponed = null // what is to be done before the next record of another kind
    this._postponedKind = 0
    this._dispatchBound = this._dispatchAll.bind(this)
    this._endTurnBound = this._endTurn.bind(this)
    this._endOwnTurnBound = this._endOwnTurn.bind(this)
    this._drainBound = this.drain.bind(this)
    this._restedBound = this._rested.bind(this)
    const wake = this._wake.bind(this)
    this._wakeBound = () => asyncContext.isolate(wake)
    this._openBound = () => native.open(this._wakeBound)
    this._resumeLater = later(this._resumed.bind(this))
    this._drainLater = () => queueMicrotask(this._drainBound)
    this._restLater = () => setImmediate(this._restedBound)
    asyncContext.afterLeaving(() => this._rewake())
  }

  // create(number): makes something that lives in the environment, or throws.
  make(create) {
    try {
      return create(this.number)
    } catch (err) {
      this._closeIfUnused()
      throw err
    }
  }

  // The engine's number of it; opens it when it is asked first.
  get number() {
    if (this._number === CLOSED) this._open()
    return this._number
  }

  _open() {
    this._number = asyncContext.run(this._openBound)
    this.openings++
    this.pollDriver.open(this._number)
    exit.beforeExit(outgoing.leaveBound)
  }

  // Node-API may keep to the context in which it was handed a function.
  _rewake() {
    if (this._number !== CLOSED) native.rewake(this._number, this._wakeBound, this._alive > 0)
  }

  // A copy of the package that nobody needs any more can be collected.
  _closeIfUnused() {
    if (this._number === CLOSED || this._alive > 0 || this._handles.size > 0) return
    this.pollDriver.close()
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

  // The record that is being dispatched calls code of the user's, or settles what such code awaits. To
  // be said before, as that code may change the context that the rest of the batch would come in.
  expectUserCode() {
    this._callsUser = true
    if (!this._inRecord || this._resuming) return
    if (this._at === this._end && !this._looping) return
    this._resuming = true
    this._resumeLater()
  }

  // For what records of a kind lead to, so that it can be done for many of them at a time.
  postpone(kind, fn) {
    this._postponedKind = kind
    this._postponed = fn
  }

  // The next record belongs to the one that is being dispatched: nothing comes in between.
  goOn() {
    this._untilLook++
  }

  // Empties the outbox.
  drain() {
    this._looping = true
    if (!this._yielded) this._drainMore()
  }

  // A shard says that there is something.
  _wake() {
    this.drain()
    this.pollDriver.woken()
  }

  // With the microtasks.
  drainSoon() {
    asyncContext.run(this._drainLater)
  }

  // Once the microtasks of this turn are done.
  afterMicrotasks(fn) {
    asyncContext.run(later(fn))
  }

  // Runs the shards' polls, and dispatches what came of it. Returns the bytes of that, with the flags
  // READY: something was to be done, ANEW: a shard had taken its poll back, MORE: of what came,
  // HELD: acknowledgements.
  drive() {
    if (this._yielded) return READY
    const driven = drive(this._number, this.slab.bytes)
    this._looping = (driven & MORE) !== 0
    this._load(driven & LENGTH)
    this._resume()
    if (driven & HELD) turnEnd.hold()
    return driven
  }

  // Delivers what a call of JavaScript's own caused before that call returns, also in the midst of
  // a record. What others caused waits for its turn.
  collect() {
    const slab = this._ownSlab()
    this._deliverOwn(slab, native.drainOwn(slab.bytes))
    this._collected()
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
      this._catchUp()
      this._load(
        native.drain(this._number, this.pollDriver.isPatient, this._batch, this.slab.bytes)
      )
      if (this._end === 0 || !this._dispatch()) return
      this._flush()
    }
  }

  _resume() {
    this._yielded = false
    if (!this._dispatch()) return
    this._catchUp()
    this._flush()
    if (this._looping) this._drainMore()
  }

  // Where it comes behind what was scheduled for the next turn, a rest may be over by then.
  _resumed() {
    if (this._overtaken === 0) this._resume()
    else this._overtaken--
  }

  _load(length) {
    this._at = 0
    this._end = length
    if (this._batch < BATCH) this._batch *= 2
  }

  // false: what was settled goes on first, then the rest of the batch. That is the order in which
  // datagrams that come one by one would be seen.
  _dispatch() {
    return asyncContext.contain(this._dispatchBound)
  }

  _dispatchAll() {
    while (this._at < this._end) {
      this._turn++ // each record is a turn of its own, as each datagram would be
      this._resuming = false
      this._dispatchNext()
      const isLong = --this._untilLook === 0 && this._isLong()
      if (!this._resuming) {
        if (!isLong) continue
        if (this._at === this._end && !this._looping) break
      }
      this._yielded = true
      this._catchUp()
      if (isLong) this._rest()
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
    if (this._resuming) this._overtaken++
    asyncContext.run(this._restLater)
    this._flush()
  }

  _rested() {
    this._resting = false
    this._since = now()
    this._resume()
  }

  _dispatchNext() {
    const at = this._at
    this.dispatched++
    this._at += readLength(this.slab, at)
    this._atOnce = AT_ONCE
    this._flushIfDue()
    this._inRecord = true
    this._deliver(this.slab, at)
    this._inRecord = false
  }

  _deliver(slab, at) {
    const handle = this._handleOf(readHandle(slab, at))
    if (handle === undefined) return
    if (this._postponed !== null && readKind(slab, at) !== this._postponedKind) this._catchUp()

    const nested = this._dispatching
    this._dispatching = true
    try {
      handle.onrecord(readKind(slab, at), slab, at)
    } catch (err) {
      throwLater(err) // the records behind it are not lost
    }
    this._dispatching = nested
  }

  _deliverOwn(slab, end) {
    for (; end > 0; end = native.drainOwn(slab.bytes)) {
      let at = 0
      const deliver = () => {
        at = this._deliverSome(slab, at, end)
      }
      while (at < end) asyncContext.isolate(deliver)
      this._catchUp()
    }
  }

  _catchUp() {
    const postponed = this._postponed
    if (postponed === null) return
    this._postponed = null
    postponed()
  }

  // Up to the first that calls code of the user's, which may change the context.
  _deliverSome(slab, at, end) {
    this._callsUser = false
    do {
      this._deliver(slab, at)
      at += readLength(slab, at)
    } while (at < end && !this._callsUser)
    this._callsUser = true // of the record that this may belong to
    return at
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

  _collected() {
    this._ownDepth--
    if (!this._dispatching) this._flush()
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

// queueMicrotask() would make an async resource of it.
function later(fn) {
  const schedule = () => nextTick(fn)
  return () => DONE.then(schedule)
}
