'use strict'

const native = require('../crossing/native')
const { QUERIES_ACTIVE, REQUESTS_ACTIVE, INFLIGHT, COUNTERS } = require('./stats')
const { RESPONSES, TIMEOUTS, RX } = require('./stats')

// Of nodes whose user never made a request.
const NOTHING = new Float64Array(COUNTERS)
const REQUEST_TIMEOUT = 1 // the binding's number

// The numbers of a node. Live, but for what settles the user's own requests: that advances with the
// events that tell of it.
module.exports = class Counters {
  constructor(handle) {
    this._handle = handle
    this._delivered = NOTHING
    this._final = null
    // Made when somebody looks.
    this.protections = null
  }

  get(place) {
    if (this._final !== null) return this._final[place]
    return native.counter(this._handle.flushed(), place, this._delivered[place])
  }

  // What is no number is 0.
  set(place, value) {
    const number = Number(value) || 0
    if (this._final !== null) this._final[place] = number
    else native.setCounter(this._handle.flushed(), place, number, this._delivered[place] || 0)
  }

  // command: 1 + the internal command, 0 for others.
  responded(command) {
    const delivered = this._own()
    delivered[REQUESTS_ACTIVE]++
    delivered[INFLIGHT]++
    delivered[RESPONSES]++
    if (command !== 0) delivered[RX + command - 1]++
  }

  failed(error) {
    const delivered = this._own()
    delivered[REQUESTS_ACTIVE]++
    delivered[INFLIGHT]++
    if (error === REQUEST_TIMEOUT) delivered[TIMEOUTS]++
  }

  // The node is about to go, what it counted stays.
  freeze(queries) {
    const final = Array.from({ length: COUNTERS }, (_, place) => this.get(place))
    final[QUERIES_ACTIVE] = queries
    final[REQUESTS_ACTIVE] = final[INFLIGHT] = 0
    this._final = final
  }

  _own() {
    if (this._delivered === NOTHING) this._delivered = new Float64Array(COUNTERS)
    return this._delivered
  }
}
