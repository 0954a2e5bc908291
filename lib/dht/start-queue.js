'use strict'

const environment = require('../crossing/environment')

let handles = []

module.exports = startSoon

// Starts the node once this turn's code is done. All nodes that were made in a turn are bound before
// any of them sends: they may name each other.
function startSoon(handle) {
  if (handles.push(handle) === 1) environment.afterMicrotasks(startAll)
}

function startAll() {
  const made = handles
  handles = []
  for (const handle of made) handle.reserve().catch(noop)
  for (const handle of made) handle.start()
}

function noop() {}
