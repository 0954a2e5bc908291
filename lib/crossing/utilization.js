'use strict'

const { performance } = require('perf_hooks')

// Which share of the time the event loop did not wait, since a reading before: of Node alone.
module.exports = performance.eventLoopUtilization.bind(performance)
