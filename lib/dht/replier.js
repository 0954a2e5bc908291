'use strict'

const environment = require('../crossing/environment')
const check = require('../common/check')
const { opener } = require('../common/internals')
const { parseIPv4 } = require('../common/address')
const packer = require('./request-packer')

const K = 20
const SURELY_FITS = 1536 // bytes of a value that leave room for whatever else a datagram carries

// What a node's user says to requests from others. An address that cannot be reached is no error:
// dependents pass what peers gave them.
module.exports = class Replier {
  constructor(handle) {
    this._handle = handle
    this.open = opener(this)
  }

  reply(req, error, value, token, closerNodes, to, socket) {
    this._send(req, false, error, value, token, closerNodes, to, socket)
  }

  relay(req, value, to, socket) {
    this._send(req, true, req.command, value, false, false, to, socket)
  }

  _send(req, relay, number, value, token, closerNodes, to, socket) {
    const { gone, number: node, sockets } = this._handle
    const target = check.optionalBytes32(req.target, 'target', 'ERR_INVALID_TARGET')
    const bytes = value ? check.value(value) : null
    if (relay) check.command(number)
    else check.command(number, 'error', 'ERR_INVALID_ERROR')
    if (gone || socket === null || !check.isPort(to.port) || parseIPv4(to.host) === -1) return
    const from = sockets.numberOf(socket)
    if (bytes !== null && bytes.byteLength > SURELY_FITS) {
      this._checkFits(req, relay, bytes, target, token, closerNodes, from)
    }
    if (sockets.isForeign(from)) {
      // The user sees its socket send before the call returns.
      packer.replyNow(node, req, relay, number, bytes, target, token, closerNodes, to, from)
      return this._handle.changed()
    }
    packer.reply(node, req, relay, number, bytes, target, token, closerNodes, to, from)
    environment.queueFlush()
  }

  _checkFits(req, relay, bytes, target, token, closerNodes, socket) {
    const { dht, sockets } = this._handle
    const hasId = !dht.ephemeral && sockets.isServerNumber(socket)
    if (relay) return check.requestFits(bytes, hasId, false, req.command, target !== null)
    const count = closerNodes && target !== null ? Math.min(K, dht.table.size) : 0
    check.replyFits(bytes, hasId, token, count)
  }
}
