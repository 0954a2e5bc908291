'use strict'

const { UNKNOWN_COMMAND } = require('./errors')

// A user's command from another node. It may be answered later, any number of times, from any
// socket to anybody.
module.exports = class Request {
  constructor(engine, socket) {
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
    this._engine = engine
  }

  reply(value, opts) {
    if (opts === undefined || opts === null) {
      return this._engine.reply(this, 0, value, true, true, this.from, this.socket)
    }
    const token = opts.token !== false
    const closerNodes = opts.closerNodes !== false
    const to = opts.to || this.from
    this._engine.reply(this, 0, value, token, closerNodes, to, opts.socket || this.socket)
  }

  error(code, opts) {
    const token = !!opts && opts.token === true
    const closerNodes = !opts || opts.closerNodes !== false
    const to = (opts && opts.to) || this.from
    const socket = (opts && opts.socket) || this.socket
    this._engine.reply(this, code, null, token, closerNodes, to, socket)
  }

  relay(value, to, opts) {
    this._engine.relay(this, value, to, (opts && opts.socket) || this.socket)
  }

  sendReply(error, value, token, hasCloserNodes) {
    this._engine.reply(this, error, value, token, hasCloserNodes, this.from, this.socket)
  }

  // Nobody took the command.
  refuse() {
    this.sendReply(UNKNOWN_COMMAND, null, false, this.target !== null)
  }
}
