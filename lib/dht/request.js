'use strict'

const check = require('../common/check')
const { OPEN, internalsOf } = require('../common/internals')

const NO_OPTIONS = {}

// A user's command from another node. It may be answered later, any number of times, from any
// socket to anybody.
module.exports = class Request {
  constructor(replier, socket) {
    this.socket = socket
    this.tid = 0
    this.from = null
    this.to = null
    this.token = null
    this.command = 0
    this.target = null
    this.value = null
    this.internal = false
    this.ttl = 0
    this.destroyed = false
    this[OPEN] = replier.open
  }

  // It is not to be answered any more.
  destroy(err) {
    this.destroyed = true
  }

  reply(value, opts = NO_OPTIONS) {
    if (this.destroyed) return
    if (opts === null) opts = NO_OPTIONS
    const token = opts.token !== false
    const closerNodes = opts.closerNodes !== false
    const to = opts.to || this.from
    internalsOf(this).reply(this, 0, value, token, closerNodes, to, opts.socket || this.socket)
  }

  error(code, opts = NO_OPTIONS) {
    if (this.destroyed) return
    if (opts === null) opts = NO_OPTIONS
    const token = opts.token === true
    const closerNodes = opts.closerNodes !== false
    const to = opts.to || this.from
    internalsOf(this).reply(this, code, null, token, closerNodes, to, opts.socket || this.socket)
  }

  relay(value, to, opts) {
    check.object(to, 'to')
    internalsOf(this).relay(this, value, to, (opts && opts.socket) || this.socket)
  }

  sendReply(error, value, token, hasCloserNodes) {
    if (this.destroyed) return
    internalsOf(this).reply(this, error, value, token, hasCloserNodes, this.from, this.socket)
  }
}
