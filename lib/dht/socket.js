'use strict'

// One of the two sockets of a node, as its user sees it.
module.exports = class Socket {
  constructor(handle, number, host, port) {
    this.number = number
    this.handle = handle
    this._host = host
    this._port = port
  }

  address() {
    return { host: this._host, family: 4, port: this._port }
  }
}
