'use strict'

const { EventEmitter, once } = require('events')
const { setImmediate } = require('../crossing/clock')
const asyncContext = require('../crossing/async-context')
const native = require('../crossing/native')

// The addresses of the machine, kept up to date for as long as they are watched.
module.exports = class NetworkInterfaces extends EventEmitter {
  constructor() {
    super()

    this.interfaces = native.networkInterfaces()
    this._watching = false
    this._destroying = null
  }

  watch() {
    this._watching = this._destroying === null
    return this
  }

  unwatch() {
    this._watching = false
    return this
  }

  async destroy() {
    if (this._destroying === null) {
      this._watching = false
      this._destroying = once(this, 'close')
      asyncContext.run(() => setImmediate(() => this._onclose()))
    }
    return this._destroying
  }

  [Symbol.iterator]() {
    return this.interfaces[Symbol.iterator]()
  }

  // The system told of a change.
  onsystem() {
    if (this._watching) this._onevent()
  }

  _onevent() {
    this.interfaces = native.networkInterfaces()
    this.emit('change', this.interfaces)
  }

  _onclose() {
    this.emit('close')
  }
}
