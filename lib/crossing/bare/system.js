'use strict'

// What the package uses of Node's process, timers, path, fs and worker_threads, on Bare.
// All copies share it, as they do Node's process.

const Turns = require('./turns')

const SHARED = Symbol.for('dht-rpc-native/system/1')

if (!Bare[SHARED]) Object.defineProperty(Bare, SHARED, { value: create(new Turns()) })

module.exports = Bare[SHARED]

function create(turns) {
  return {
    env: {},
    platform: Bare.platform,
    arch: Bare.arch,
    isMainThread: Bare.Thread.isMainThread,
    on: (event, listener) => Bare.on(event, listener),
    listeners: (event) => Bare.listeners(event),
    emitWarning: (warning) => console.warn(warning),
    nextTick: (fn) => turns.nextTick(fn),
    setImmediate: (fn) => turns.setImmediate(fn),
    join: (...parts) => parts.join('/'),
    resolve: (file) => file,
    // Nobody looks for the binary by its path here, and there are no asynchronous contexts.
    existsSync: () => false,
    AsyncResource: null
  }
}
