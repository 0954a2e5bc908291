'use strict'

const { EventEmitter, once } = require('events')
const { setImmediate } = require('../crossing/clock')
const asyncContext = require('../crossing/async-context')
const native = require('../crossing/native')

// The addresses of the machine, kept up to date for as long as they are watched.
module.exports = class NetworkInterfaces extends EventEmitter {
  // hub: of whose changes it tells; null if somebody else says so, see onsystem().
  constructor(hub = null) {
    super()

    this.interfaces = native.networkInterfaces()
    this._hub = hub
    this._watching = false
    this._destroying = null
  }

  watch() {
    if (this._watching || this._destroying !== null) return this
    this._watching = true
    if (this._hub !== null) this._hub.startWatching()
    return this
  }

  unwatch() {
    if (!this._watching) return this
    this._watching = false
    if (this._hub !== null) this._hub.stopWatching()
    return this
  }

  async destroy() {
    if (this._destroying === null) {
      this.unwatch()
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
