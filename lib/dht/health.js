'use strict'

const { FLAGS } = require('./view')
const { field, replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')

const WINDOW = 4 // ticks

const FIELDS = {
  online: flag(FLAGS.HEALTH_ONLINE),
  degraded: flag(FLAGS.HEALTH_DEGRADED),
  _window: replaceable('_window', function () {
    return internalsOf(this).view.healthWindow()
  })
}

// How the network answers: the last four ticks, judged by the engine.
module.exports = class Health {
  constructor(dht) {
    this._dht = dht
    hide(this, internalsOf(dht))
    Object.defineProperties(this, FIELDS)
  }

  get oldest() {
    return this._at(0)
  }

  get previous() {
    return this._at(-2)
  }

  get newest() {
    return this._at(-1)
  }

  // Replies in the last tick.
  get responses() {
    return this._delta('responses')
  }

  // Requests that timed out in the last tick.
  get timeouts() {
    return this._delta('timeouts')
  }

  get timeoutsRate() {
    const { responses, timeouts } = this
    return timeouts === 0 ? 0 : timeouts / (responses + timeouts)
  }

  get cold() {
    return internalsOf(this).view.cold
  }

  get idle() {
    return internalsOf(this).view.idle
  }

  get stats() {
    const { online, degraded, cold, idle, responses, timeouts, timeoutsRate } = this
    return { online, degraded, cold, idle, responses, timeouts, timeoutsRate }
  }

  // What each tick does: takes the counters, and judges.
  update() {
    const handle = internalsOf(this)
    const { responses, timeouts } = handle.dht.stats.requests
    handle.updateHealth(responses, timeouts)
  }

  reset() {
    internalsOf(this).resetHealth()
  }

  // The window is a ring; a place that was not taken yet is undefined.
  _at(offset) {
    const next = internalsOf(this).view.healthUpdates
    return this._window[(next + offset + WINDOW) % WINDOW]
  }

  _delta(name) {
    const { newest, previous } = this
    return newest && previous ? newest[name] - previous[name] : 0
  }
}

function flag(bit) {
  return field(
    function () {
      return internalsOf(this).view.flag(bit)
    },
    function (on) {
      internalsOf(this).setFlag(bit, on)
    }
  )
}
