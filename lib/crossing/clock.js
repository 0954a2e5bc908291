'use strict'

// All that the package has of clocks and scheduling. Users' tests replace what the runtime has: what
// was the runtime's own when this was loaded is kept, and where that was replaced by then, or cannot
// be told, the engine stands in. The time is always the engine's.

const process = require('process')
const timers = require('timers')
const native = require('./native')

const toString = Function.prototype.toString
// validateFunction(callback, 'callback') in Node, the same in short names in Deno.
const NATIVE = /^function ([^(]*)\([^)]*\)\s*{\s*\[native code\]\s*}$/
const CHECKS_CALLBACK = /^function \w+\([^{]*{\s*(if\(!\w+\){return})?\w+\(\w+, ?['`]callback['`]\)/

const queueMicrotask = own('queueMicrotask', globalThis.queueMicrotask) || asMicrotask

module.exports = {
  throwLater,
  now: native.now, // ms
  setImmediate: own('setImmediate', timers.setImmediate, globalThis.setImmediate) || native.later,
  queueMicrotask,
  // When no microtask is left.
  nextTick: own('nextTick', process.nextTick) || native.later
}

// The first that is the runtime's own.
function own(name, ...functions) {
  return functions.find((fn) => typeof fn === 'function' && isOwn(fn, name))
}

// Those of Node and Deno are JavaScript and begin with a check of what they are given. Others' are
// native, and say their name, which what bind() makes and a Proxy do not. Those of Bare are like
// anybody's; its queueMicrotask() tells of an error a turn late.
function isOwn(fn, name) {
  if (typeof Bare !== 'undefined') return name !== 'queueMicrotask'
  const source = toString.call(fn)
  const [, native] = NATIVE.exec(source) || []
  if (native !== undefined) return native === name && fn.name === name
  return CHECKS_CALLBACK.test(source)
}

function asMicrotask(fn) {
  Promise.resolve().then(fn).catch(native.throwUncaught)
}

// As an uncaught exception, once what runs is done.
function throwLater(err) {
  queueMicrotask(() => {
    throw err
  })
}
