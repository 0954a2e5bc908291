'use strict'

const check = require('../common/check')
const { FLAGS } = require('./view')
const { DROPPED, INFLIGHT, TID, withProtections } = require('./stats')
const { field } = require('../common/field')
const { MAX_WINDOW } = require('./options')

const FIELDS = {
  table: field(function () {
    return this._handle.dht.table
  }),
  // null before bind(), as is clientSocket.
  serverSocket: field(function () {
    return this._handle.sockets.server
  }),
  clientSocket: field(function () {
    return this._handle.sockets.client
  }),
  firewalled: flag(FLAGS.FIREWALLED),
  ephemeral: flag(FLAGS.EPHEMERAL),
  suspended: field(function () {
    return this._handle.dht.suspended
  }),
  _tid: field(
    function () {
      return this._handle.counters.get(TID)
    },
    function (tid) {
      this._handle.counters.set(TID, tid)
    }
  )
}

// What dependents read of a node's sockets and requests.
module.exports = class IO {
  constructor(handle) {
    this.udx = handle.dht.udx
    this.portRange = handle.portRange
    this.inflight = new Inflight(handle)
    const { requests, commands } = handle.stats
    this.stats = withProtections({ requests, commands: Object.values(commands) }, handle.counters)
    this._handle = handle
    Object.defineProperties(this, FIELDS)
  }

  static DEFAULT_MAX_WINDOW = MAX_WINDOW

  // Datagrams, requests and timers that were refused because a bound was reached.
  get dropped() {
    return this._handle.counters.get(DROPPED)
  }

  bind() {
    return this._handle.bind()
  }

  onmessage(socket, buffer, from) {
    const { host, port } = check.object(from, 'from')
    this._handle.message(socket, buffer, host, port)
  }
}

// The requests under way, of which only the number is known here.
class Inflight {
  constructor(handle) {
    Object.defineProperty(this, '_handle', { value: handle })
  }

  get length() {
    return this._handle.counters.get(INFLIGHT)
  }
}

function flag(bit) {
  return field(
    function () {
      return this._handle.view.flag(bit)
    },
    function (on) {
      this._handle.setFlag(bit, on)
    }
  )
}
