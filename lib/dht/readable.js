'use strict'

const clock = require('../crossing/clock')

// The streams of streamx. What it schedules with it takes from the global object when it is loaded.
module.exports = withReal('queueMicrotask', () => require('streamx'))

function withReal(name, load) {
  if (globalThis[name] === clock[name]) return load()
  const replaced = Object.getOwnPropertyDescriptor(globalThis, name)
  const { enumerable } = replaced
  const value = clock[name]
  Object.defineProperty(globalThis, name, { value, enumerable, configurable: true, writable: true })
  try {
    return load()
  } finally {
    Object.defineProperty(globalThis, name, replaced)
  }
}
