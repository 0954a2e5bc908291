'use strict'

const process = require('process')
const native = require('./native')

// The context of nobody: what AsyncLocalStorage and async_hooks know of whoever calls, or loads
// this, is not known there.

let root = create()
let onleft = () => {}
const inherits = root !== null && canInherit()
if (root !== null && !inherits) leaveLater()

module.exports = { run, isolate, contain, afterLeaving }

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

// fn: is called once in nobody's context, where whoever loads this is the root until then.
function afterLeaving(fn) {
  onleft = fn
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

// Where Node-API leads out of no context, some of what the runtime calls is in none. Until then whoever
// loads this is the root, and for good in a realm that lacks it.
function leaveLater() {
  const leave = () => {
    root = create()
    onleft()
  }
  if (process.versions.bun) onmessage(leave)
  else ontimeout(leave)
}

function ontimeout(leave) {
  const { AbortSignal } = globalThis
  if (AbortSignal) AbortSignal.timeout(0).addEventListener('abort', leave)
}

// Bun's timers take some turns longer.
function onmessage(leave) {
  const { MessageChannel } = globalThis
  if (!MessageChannel) return
  const { port1, port2 } = new MessageChannel()
  port2.onmessage = () => {
    port2.close()
    leave()
  }
  port1.postMessage(null)
}

// Runtimes whose resources are more than plain objects restore the context by themselves.
function canInherit() {
  try {
    return Object.create(root).runInAsyncScope(() => true)
  } catch {
    return false
  }
}
