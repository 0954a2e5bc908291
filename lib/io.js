'use strict'

const check = require('./check')
const { FLAGS } = require('./view')
const { DROPPED, INFLIGHT, TID, withProtections } = require('./stats')
const { field } = require('./field')
const { MAX_WINDOW } = require('./options')

const FIELDS = {
  table: field(function () {
    return this._engine.dht.table
  }),
  // null before bind(), as is clientSocket.
  serverSocket: field(function () {
    return this._engine.sockets.server
  }),
  clientSocket: field(function () {
    return this._engine.sockets.client
  }),
  firewalled: flag(FLAGS.FIREWALLED),
  ephemeral: flag(FLAGS.EPHEMERAL),
  suspended: field(function () {
    return this._engine.dht.suspended
  }),
  _tid: field(
    function () {
      return this._engine.counters.get(TID)
    },
    function (tid) {
      this._engine.counters.set(TID, tid)
    }
  )
}

// What dependents read of a node's sockets and requests.
module.exports = class IO {
  constructor(engine) {
    this.udx = engine.dht.udx
    this.portRange = engine.portRange
    this.inflight = new Inflight(engine)
    const { requests, commands } = engine.stats
    this.stats = withProtections({ requests, commands: Object.values(commands) }, engine.counters)
    this._engine = engine
    Object.defineProperties(this, FIELDS)
  }

  static DEFAULT_MAX_WINDOW = MAX_WINDOW

  // Datagrams, requests and timers that were refused because a bound was reached.
  get dropped() {
    return this._engine.counters.get(DROPPED)
  }

  bind() {
    return this._engine.bind()
  }

  onmessage(socket, buffer, from) {
    const { host, port } = check.object(from, 'from')
    this._engine.message(socket, buffer, host, port)
  }
}

// The requests under way, of which only the number is known here.
class Inflight {
  constructor(engine) {
    Object.defineProperty(this, '_engine', { value: engine })
  }

  get length() {
    return this._engine.counters.get(INFLIGHT)
  }
}

function flag(bit) {
  return field(
    function () {
      return this._engine.view.flag(bit)
    },
    function (on) {
      this._engine.setFlag(bit, on)
    }
  )
}
