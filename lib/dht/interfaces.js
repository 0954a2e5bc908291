'use strict'

const native = require('../crossing/native')
const NetworkInterfaces = require('../udx/network-interfaces')

// What a node tells of the machine's network interfaces: by itself until somebody looks at the
// watcher, and then by that. Where the user brought a UDX instance, by that one's watcher.
module.exports = class Interfaces {
  constructor(handle) {
    this._handle = handle
    const { udx } = handle
    this._udx = udx !== null && typeof udx.watchNetworkInterfaces === 'function' ? udx : null
    this._watcher = this._udx === null ? null : this._watch()
  }

  get watcher() {
    if (this._watcher === null) this._watcher = this._watch()
    return this._watcher
  }

  // The system told of it.
  changed() {
    if (this._udx !== null) return
    if (this._watcher !== null) return this._watcher.onsystem()
    this._handle.dht._onnetworkchange(native.networkInterfaces())
  }

  // The sockets are closed.
  end() {
    if (this._watcher !== null) this._watcher.destroy()
  }

  // They are bound again.
  renew() {
    this._watcher = this._udx === null ? null : this._watch()
  }

  _watch() {
    const { dht, suspended, isClosing } = this._handle
    const watcher =
      this._udx === null ? new NetworkInterfaces().watch() : this._udx.watchNetworkInterfaces()
    watcher.on('change', (interfaces) => dht._onnetworkchange(interfaces))
    if (suspended || isClosing) watcher.destroy()
    return watcher
  }
}
