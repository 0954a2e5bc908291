'use strict'

// What the package uses of Node's process, timers, path, fs and async_hooks, on Bare. All copies share it, as they do
// Node's process.

const SHARED = Symbol.for('dht-rpc-native/system/1')
const { setImmediate } = globalThis

if (!Bare[SHARED]) Object.defineProperty(Bare, SHARED, { value: create() })

module.exports = Bare[SHARED]

function create() {
  return {
    env: {},
    platform: Bare.platform,
    arch: Bare.arch,
    on: (event, listener) => Bare.on(event, listener),
    listeners: (event) => Bare.listeners(event),
    emitWarning: (warning) => console.warn(warning),
    // Nothing runs between the microtasks and the next turn of the event loop.
    nextTick: (fn) => setImmediate(fn),
    setImmediate,
    join: (...parts) => parts.join('/'),
    resolve: (file) => file,
    // Nobody looks for the binary by its path here, and there are no asynchronous contexts.
    existsSync: () => false,
    AsyncResource: null
  }
}
