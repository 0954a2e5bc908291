'use strict'

const process = require('process')

// By which copies of the package, of other versions too, know what they share.
const SHARED = Symbol.for('dht-rpc-native/exit/1')

module.exports = { beforeExit, notBeforeExit }

// What `leave` still has to send leaves when the process ends. All copies share one listener.
function beforeExit(leave) {
  const { leaves, listener } = shared()
  leaves.add(leave)
  if (!process.listeners('exit').includes(listener)) process.on('exit', listener)
}

function notBeforeExit(leave) {
  shared().leaves.delete(leave)
}

function shared() {
  if (process[SHARED] === undefined) {
    Object.defineProperty(process, SHARED, { value: listenerOf(new Set()) })
  }
  return process[SHARED]
}

function listenerOf(leaves) {
  return { leaves, listener: () => leaves.forEach((leave) => leave()) }
}
