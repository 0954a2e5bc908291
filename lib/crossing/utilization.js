'use strict'

let utilization = null

// Which share of the time the event loop did not wait, since a reading before: of Node alone. Few
// nodes are ever so busy that it is asked for, and Node loads ten modules for it.
module.exports = function (...readings) {
  if (utilization === null) utilization = load()
  return utilization(...readings)
}

// That of the class, as users' tests replace those of the object.
function load() {
  const { performance } = require('perf_hooks')
  return Object.getPrototypeOf(performance).eventLoopUtilization.bind(performance)
}
