'use strict'

const clock = require('./clock')

// The streams of streamx. What it schedules with it takes from the global object when it is loaded.
const streamx = withReal('queueMicrotask', () => require('streamx'))

// Whether that is the runtime's own: somebody else may have loaded it before, with a replaced one.
let isReal = false
tryOut()

module.exports = {
  Readable: streamx.Readable,
  Duplex: streamx.Duplex,
  drained: streamx.Writable.drained,
  getStreamError: streamx.getStreamError,

  // Has what the new stream schedules run whatever streamx schedules it with.
  scheduleReally(stream) {
    if (isReal) return
    takeOver(stream._readableState)
    if (stream._writableState !== null) takeOver(stream._writableState)
  },

  // As the option eagerOpen would, for one that may not come into being.
  openSoon(stream) {
    stream._readableState.updateNextTick()
  }
}

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

// Known with the next microtask.
function tryOut() {
  const { _readableState: state } = new streamx.Readable()
  let isOver = false
  state.afterUpdateNextTick = () => {
    isReal = !isOver
  }
  state.updateNextTick()
  clock.queueMicrotask(() => {
    isOver = true
  })
}

// It reads this field when it schedules it, and nothing else does.
function takeOver(state) {
  const { afterUpdateNextTick } = state
  Object.defineProperty(state, 'afterUpdateNextTick', {
    get() {
      clock.queueMicrotask(afterUpdateNextTick)
      return noop
    }
  })
}

function noop() {}
