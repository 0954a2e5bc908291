'use strict'

const { field } = require('../common/field')

const FIELDS = {
  host: field(function () {
    return this._handle.view.natHost
  }),
  port: field(function () {
    return this._handle.view.natPort
  }),
  size: field(function () {
    return this._handle.view.natSize
  })
}

// What others say about our address. host is null while they do not agree, port 0 if only on the
// host.
module.exports = class Nat {
  constructor(handle) {
    this._handle = handle
    Object.defineProperties(this, FIELDS)
  }

  // Without an event. Returns how many of the samples are like it.
  add(host, port) {
    return this._handle.natAddQuietly(host, port)
  }
}
