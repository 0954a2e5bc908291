'use strict'

const { replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')

const FIELDS = {
  host: replaceable('host', function () {
    return internalsOf(this).view.natHost
  }),
  port: replaceable('port', function () {
    return internalsOf(this).view.natPort
  }),
  size: replaceable('size', function () {
    return internalsOf(this).view.natSize
  })
}

// What others say about our address. host is null while they do not agree, port 0 if only on the
// host.
module.exports = class Nat {
  constructor(handle) {
    hide(this, handle)
    Object.defineProperties(this, FIELDS)
  }

  // Without an event. Returns how many of the samples are like it.
  add(host, port) {
    return internalsOf(this).natAddQuietly(host, port)
  }
}
