'use strict'

const { field } = require('./field')

const FIELDS = {
  host: field(function () {
    return this._engine.view.natHost
  }),
  port: field(function () {
    return this._engine.view.natPort
  }),
  size: field(function () {
    return this._engine.view.natSize
  })
}

// What others say about our address. host is null while they do not agree, port 0 if only on the
// host.
module.exports = class Nat {
  constructor(engine) {
    this._engine = engine
    Object.defineProperties(this, FIELDS)
  }

  // Without an event. Returns how many of the samples are like it.
  add(host, port) {
    return this._engine.natAddQuietly(host, port)
  }
}
