'use strict'

const { EventEmitter } = require('events')

// On Bare none of them calls another.
const METHODS = [
  'on',
  'once',
  'addListener',
  'addOnceListener',
  'prependListener',
  'prependOnceListener'
]

module.exports = tellOfListeners

// Whoever begins to listen to an emitter of this class, its `_listen(name)` is told before.
function tellOfListeners({ prototype }) {
  for (const method of METHODS.filter((method) => method in EventEmitter.prototype)) {
    const add = EventEmitter.prototype[method]
    const value = function (name, listener) {
      this._listen(name)
      return add.call(this, name, listener)
    }
    Object.defineProperty(prototype, method, { value, writable: true, configurable: true })
  }
}
