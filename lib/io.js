'use strict'

const { INFLIGHT, TID } = require('./stats')

// What dependents read of a node's sockets and requests.
module.exports = class IO {
  constructor(engine, portRange, udx) {
    this.udx = udx
    this.portRange = portRange
    this.inflight = new Inflight(engine)
    this.stats = { requests: engine.stats.requests, commands: Object.values(engine.stats.commands) }
    this._engine = engine
  }

  static DEFAULT_MAX_WINDOW = 80

  // null before bind(), as is clientSocket.
  get serverSocket() {
    return this._engine.sockets.server
  }

  get clientSocket() {
    return this._engine.sockets.client
  }

  get firewalled() {
    return this._engine.dht.firewalled
  }

  get ephemeral() {
    return this._engine.dht.ephemeral
  }

  get suspended() {
    return this._engine.dht.suspended
  }

  get _tid() {
    return this._engine.counter(TID)
  }

  bind() {
    return this._engine.bind()
  }

  onmessage(socket, buffer, { host, port }) {
    this._engine.message(socket, buffer, host, port)
  }
}

// The requests under way, of which only the number is known here.
class Inflight {
  constructor(engine) {
    Object.defineProperty(this, '_engine', { value: engine })
  }

  get length() {
    return this._engine.counter(INFLIGHT)
  }
}
