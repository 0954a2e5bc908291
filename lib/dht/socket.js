'use strict'

const { hide, internalsOf } = require('../common/internals')

// One of the two sockets of a node, as its user sees it.
module.exports = class Socket {
  constructor(handle, number, host, port) {
    this._host = host
    this._port = port
    hide(this, { handle, number })
  }

  // By which the binding knows a socket of the node's; 0 if it is none, or of another one.
  static numberOf(socket, handle) {
    const known = internalsOf(socket)
    return known !== undefined && known.handle === handle ? known.number : 0
  }

  address() {
    return { host: this._host, family: 4, port: this._port }
  }
}
