'use strict'

const environment = require('../crossing/environment')
const asyncContext = require('../crossing/async-context')
const { parseIPv4 } = require('../common/address')
const { lazily } = require('../common/lazily')

const UDX = lazily(() => require('../udx/udx'))

// The names of bootstrap nodes, where the user's UDX instance looks names up in a way of its own.
module.exports = class UserLookup {
  constructor(handle) {
    this._handle = handle
  }

  static isWanted(udx) {
    return !!udx && typeof udx.lookup === 'function' && udx.lookup !== UDX().prototype.lookup
  }

  // The engine wants the address of a name.
  onwanted(key, name) {
    environment.expectUserCode()
    const answer = (ip) => this._handle.answerLookup(key, ip)
    asyncContext.isolate(() => addressOf(this._handle.udx, name)).then(answer)
  }
}

// -1: it has none.
async function addressOf(udx, name) {
  try {
    const { host } = await udx.lookup(name, { family: 4 })
    return parseIPv4(host)
  } catch {
    return -1
  }
}
