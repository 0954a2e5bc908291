'use strict'

const native = require('../crossing/native')
const NetworkInterfaces = require('../udx/network-interfaces')

// What a node tells of the machine's network interfaces: by itself until somebody looks at the
// watcher, and then by that.
module.exports = class Interfaces {
  constructor(handle) {
    this._handle = handle
    this._watcher = null
  }

  get watcher() {
    if (this._watcher === null) this._watcher = this._watch()
    return this._watcher
  }

  // The system told of it.
  changed() {
    if (this._watcher !== null) return this._watcher.onsystem()
    this._handle.dht._onnetworkchange(native.networkInterfaces())
  }

  // The sockets are closed.
  end() {
    if (this._watcher !== null) this._watcher.destroy()
  }

  // They are bound again.
  renew() {
    this._watcher = null
  }

  _watch() {
    const { dht, suspended, isClosing } = this._handle
    const watcher = new NetworkInterfaces().watch()
    watcher.on('change', (interfaces) => dht._onnetworkchange(interfaces))
    if (suspended || isClosing) watcher.destroy()
    return watcher
  }
}
