'use strict'

// Two clocks and the timers on them. `mono` never jumps; `wall` goes on while the machine sleeps.
class Clock {
  constructor() {
    this.mono = 0
    this.wall = 0
    this._timers = new Set()
    this._order = 0

    this.setTimeout = (work, ms, ...args) => this._add(work, ms, args, false)
    this.setInterval = (work, ms, ...args) => this._add(work, ms, args, true)
    this.clearTimeout = this.clearInterval = (timer) => this._timers.delete(timer)
    this.Date = virtualDate(this)
  }

  // How long the wall clock has gone on alone, in ms.
  set({ mono, wall }) {
    const slept = wall - this.wall - (mono - this.mono)
    this.mono = mono
    this.wall = wall
    return slept
  }

  // Fires what is due until then, one timer at a time, with `settle` after each.
  async advance(until, settle) {
    for (let timer = this._next(until); timer !== null; timer = this._next(until)) {
      this._pass(timer.at)
      if (timer.every) this._schedule(timer)
      else this._timers.delete(timer)
      timer.work(...timer.args)
      await settle()
    }
    this._pass(until)
  }

  _pass(until) {
    const passed = Math.max(until - this.mono, 0)
    this.mono += passed
    this.wall += passed
  }

  _add(work, ms, args, every) {
    const timer = new Timer(work, Math.max(1, Math.trunc(ms) || 1), args, every)
    this._timers.add(timer)
    this._schedule(timer)
    return timer
  }

  _schedule(timer) {
    timer.at = this.mono + timer.ms
    timer.order = this._order++
  }

  _next(until) {
    let next = null
    for (const timer of this._timers) {
      if (timer.at <= until && (next === null || isBefore(timer, next))) next = timer
    }
    return next
  }
}

// Node promises no order among timers of the same ms. Here the window turns first, then the tick
// comes, then delayed pings are answered, then requests time out, in the order of asking.
function isBefore(a, b) {
  if (a.at !== b.at) return a.at < b.at
  return rank(a) === rank(b) ? a.order < b.order : rank(a) < rank(b)
}

function rank({ every, ms, args }) {
  if (every) return ms
  const isTimeout = args.length > 0
  return isTimeout ? Infinity : Number.MAX_VALUE
}

class Timer {
  constructor(work, ms, args, every) {
    this.work = work
    this.ms = ms
    this.args = args
    this.every = every
    this.at = 0
    this.order = 0
  }

  ref() {
    return this
  }

  unref() {
    return this
  }
}

function virtualDate(clock) {
  return class VirtualDate extends Date {
    static now() {
      return clock.wall
    }
  }
}

module.exports = Clock
