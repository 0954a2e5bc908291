'use strict'

const { throwLater } = require('../crossing/clock')

// One listener for all that waits for the same signal: a signal that lives long warns of many, and
// takes long to remove one of them.
const watched = new WeakMap()

module.exports = { watch, unwatch, reasonOf, abortError }

// cancellation.cancel(reason) is called once the signal is aborted.
function watch(signal, cancellation) {
  const known = watched.get(signal)
  if (known !== undefined) return known.cancellations.add(cancellation)
  const watcher = new Watcher(signal)
  watcher.cancellations.add(cancellation)
  watched.set(signal, watcher)
  signal.addEventListener('abort', watcher.onabort)
}

function unwatch(signal, cancellation) {
  const watcher = watched.get(signal)
  if (watcher === undefined || !watcher.cancellations.delete(cancellation)) return
  if (watcher.cancellations.size > 0) return
  watched.delete(signal)
  if (typeof signal.removeEventListener !== 'function') return
  try {
    signal.removeEventListener('abort', watcher.onabort)
  } catch (err) {
    throwLater(err) // what was given up is given up all the same
  }
}

// Signals of older kinds have none.
function reasonOf(signal) {
  const { reason } = signal
  return reason === undefined ? abortError(undefined) : reason
}

// As that of a signal to which no reason was given.
function abortError(cause) {
  const err = new Error('This operation was aborted', { cause })
  err.name = 'AbortError'
  err.code = 'ABORT_ERR'
  return err
}

class Watcher {
  constructor(signal) {
    this.cancellations = new Set()
    this.onabort = () => {
      const reason = reasonOf(signal)
      for (const cancellation of [...this.cancellations]) cancellation.cancel(reason)
    }
  }
}
