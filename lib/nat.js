'use strict'

// What others say about our address. host is null while they do not agree, port 0 if only on the
// host.
module.exports = class Nat {
  constructor(engine) {
    this._engine = engine
  }

  get host() {
    return this._engine.view.natHost
  }

  get port() {
    return this._engine.view.natPort
  }

  get size() {
    return this._engine.view.natSize
  }

  add(host, port) {
    this._engine.natAdd(host, port)
  }
}
