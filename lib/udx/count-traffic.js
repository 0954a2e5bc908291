'use strict'

const { internalsOf } = require('../common/internals')

// In the order of the binding's counters.
const NAMES = ['bytesTransmitted', 'packetsTransmitted', 'bytesReceived', 'packetsReceived']

// Gives a class whose internals have a traffic(i) the members that say it.
module.exports = function countTraffic({ prototype }) {
  for (const [i, name] of NAMES.entries()) {
    const get = function () {
      return internalsOf(this).traffic(i)
    }
    Object.defineProperty(prototype, name, { get, configurable: true })
  }
}
