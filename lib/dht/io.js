'use strict'

const check = require('../common/check')
const { FLAGS } = require('./view')
const { DROPPED, INFLIGHT, TID, withProtections } = require('./stats')
const { field } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')
const { MAX_WINDOW } = require('./options')

const FIELDS = {
  table: field(function () {
    return internalsOf(this).dht.table
  }),
  // null before bind(), as is clientSocket.
  serverSocket: field(function () {
    return internalsOf(this).sockets.server
  }),
  clientSocket: field(function () {
    return internalsOf(this).sockets.client
  }),
  firewalled: flag(FLAGS.FIREWALLED),
  ephemeral: flag(FLAGS.EPHEMERAL),
  suspended: field(function () {
    return internalsOf(this).dht.suspended
  }),
  _tid: field(
    function () {
      return internalsOf(this).counters.get(TID)
    },
    function (tid) {
      internalsOf(this).counters.set(TID, tid)
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
    hide(this, handle)
    Object.defineProperties(this, FIELDS)
  }

  static DEFAULT_MAX_WINDOW = MAX_WINDOW

  // Datagrams, requests and timers that were refused because a bound was reached.
  get dropped() {
    return internalsOf(this).counters.get(DROPPED)
  }

  bind() {
    return internalsOf(this).bind()
  }

  onmessage(socket, buffer, from) {
    const { host, port } = check.object(from, 'from')
    internalsOf(this).message(socket, buffer, host, port)
  }
}

// The requests under way, of which only the number is known here.
class Inflight {
  constructor(handle) {
    hide(this, handle)
  }

  get length() {
    return internalsOf(this).counters.get(INFLIGHT)
  }
}

function flag(bit) {
  return field(
    function () {
      return internalsOf(this).view.flag(bit)
    },
    function (on) {
      internalsOf(this).setFlag(bit, on)
    }
  )
}
