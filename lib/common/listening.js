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

// Whoever begins to listen to an emitter of this class, `told(emitter, name)` is called before. What a
// subclass calls its own methods is left to it.
function tellOfListeners({ prototype }, told) {
  for (const method of METHODS.filter((method) => method in EventEmitter.prototype)) {
    const add = EventEmitter.prototype[method]
    const value = function (name, listener) {
      told(this, name)
      return add.call(this, name, listener)
    }
    // As enumerable as what it takes the place of, for those who list an emitter's members.
    const enumerable = Object.prototype.propertyIsEnumerable.call(EventEmitter.prototype, method)
    Object.defineProperty(prototype, method, {
      value,
      enumerable,
      writable: true,
      configurable: true
    })
  }
}
