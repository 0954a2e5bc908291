'use strict'

const native = require('./native')

// Contexts of nobody: what AsyncLocalStorage and async_hooks know of whoever calls, or loads this,
// is not known there.

const TYPE = 'DHT-RPC'

const AsyncResource = load()
const root = AsyncResource === null ? null : native.outside(create)

module.exports = { run, isolate }

// For what makes or schedules something, and calls no code of the user's.
function run(fn) {
  return root === null ? fn() : root.runInAsyncScope(fn)
}

// For what calls code of the user's: enterWith() changes the context that it is called in, so each
// such call has one of its own.
function isolate(fn) {
  return root === null ? fn() : root.runInAsyncScope(create).runInAsyncScope(fn)
}

function create() {
  return new AsyncResource(TYPE)
}

// null where a runtime knows no contexts.
function load() {
  try {
    return require('async_hooks').AsyncResource
  } catch {
    return null
  }
}
