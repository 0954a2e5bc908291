'use strict'

const native = require('../crossing/native')
const { lazily } = require('../common/lazily')
const { parseIPv4 } = require('../common/address')

const lookup = lazily(() => require('../crossing/lookup'))

// What a node's `udx` answers when the user brought none: its sockets are the engine's own.
module.exports = class UDX {
  static isIPv4(host) {
    return parseIPv4(host) !== -1
  }

  networkInterfaces() {
    return native.networkInterfaces()
  }

  async lookup(host, { family = 0 } = {}) {
    const found = await lookup()(host, family)
    return { host: found.address, family: found.family }
  }
}
