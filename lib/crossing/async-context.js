'use strict'

const native = require('./native')

// The context of nobody: what AsyncLocalStorage and async_hooks know of whoever calls, or loads
// this, is not known there.

const root = create()
const inherits = root !== null && canInherit()

module.exports = { run, isolate, contain }

// For what makes or schedules something, and calls no code of the user's.
function run(fn) {
  return root === null ? fn() : root.runInAsyncScope(fn)
}

// For what calls code of the user's. enterWith() may write to the resource that it is called in, so
// each such call has one of its own, which costs less as an heir of the first.
function isolate(fn) {
  return inherits ? Object.create(root).runInAsyncScope(fn) : run(fn)
}

// For what calls code of the user's in a turn of the event loop. Node begins each with the context in
// which it was asked for; others with the one that the turn before has left.
function contain(fn) {
  return inherits ? fn() : run(fn)
}

// null where the runtime knows no contexts. It holds nothing, so whoever looks for what is still open
// hears at once that it is not.
function create() {
  const AsyncResource = load()
  if (AsyncResource === null) return null
  return native.outside(() => {
    const resource = new AsyncResource('DHT-RPC', { requireManualDestroy: true })
    resource.emitDestroy() // does not return it everywhere
    return resource
  })
}

function load() {
  try {
    return require('async_hooks').AsyncResource || null
  } catch {
    return null
  }
}

// Runtimes whose resources are more than plain objects restore the context by themselves.
function canInherit() {
  try {
    return Object.create(root).runInAsyncScope(() => true)
  } catch {
    return false
  }
}
