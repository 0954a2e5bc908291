'use strict'

module.exports = wrap

// Every call of one of them from now on. It is called through.
function wrap(io, hook) {
  const calls = []
  const original = io[hook]
  io[hook] = function (...args) {
    calls.push({ self: this, args })
    return original.apply(this, args)
  }
  return calls
}
