'use strict'

const { FLAGS } = require('./view')

// How the network answers: the last four ticks, judged by the engine.
module.exports = class Health {
  constructor(view) {
    this._view = view
  }

  get online() {
    return this._view.flag(FLAGS.ONLINE)
  }

  get degraded() {
    return this._view.flag(FLAGS.DEGRADED)
  }

  get oldest() {
    const window = this._window
    return this.cold ? undefined : window[0]
  }

  get previous() {
    return this._window.at(-2)
  }

  get newest() {
    return this._window.at(-1)
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
    return this._view.cold
  }

  get idle() {
    return this._view.idle
  }

  get stats() {
    const { online, degraded, cold, idle, responses, timeouts, timeoutsRate } = this
    return { online, degraded, cold, idle, responses, timeouts, timeoutsRate }
  }

  get _window() {
    return this._view.snapshots()
  }

  _delta(name) {
    const { newest, previous } = this
    return newest && previous ? newest[name] - previous[name] : 0
  }
}
