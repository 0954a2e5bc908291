'use strict'

const native = require('../crossing/native')
const check = require('../common/check')
const CongestionWindow = require('./congestion-window')
const DHTError = require('../common/errors')
const Slab = require('../crossing/slab')
const { FLAGS } = require('./view')
const { DROPPED, TID, withProtections } = require('./stats')
const { field, replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')
const { MAX_WINDOW } = require('./options')

const TOKEN = 32 // bytes

const FIELDS = {
  table: replaceable('table', function () {
    return internalsOf(this).dht.table
  }),
  // null before bind(), as is clientSocket.
  serverSocket: replaceable('serverSocket', function () {
    return internalsOf(this).sockets.server
  }),
  clientSocket: replaceable('clientSocket', function () {
    return internalsOf(this).sockets.client
  }),
  networkInterfaces: replaceable('networkInterfaces', function () {
    return internalsOf(this).interfaces.watcher
  }),
  firewalled: flag(FLAGS.FIREWALLED),
  ephemeral: flag(FLAGS.EPHEMERAL),
  suspended: replaceable('suspended', function () {
    return internalsOf(this).suspended
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

const slab = new Slab(TOKEN) // shared: it is read as soon as it is written

// What dependents read of a node's sockets and requests.
module.exports = class IO {
  constructor(handle) {
    this.udx = handle.dht.udx
    this.portRange = handle.settings.portRange || [0, 0]
    this.inflight = handle.inFlight.array()
    this.congestion = new CongestionWindow(handle, handle.settings.maxWindow)
    const { requests, commands } = handle.stats
    this.stats = withProtections({ requests, commands: Object.values(commands) }, handle.counters)
    hide(this, handle)
    Object.defineProperties(this, FIELDS)
    return handle.observe([]).watch(this)
  }

  static DEFAULT_MAX_WINDOW = MAX_WINDOW

  // Datagrams, requests and timers that were refused because a bound was reached.
  get dropped() {
    return internalsOf(this).counters.get(DROPPED)
  }

  bind() {
    return internalsOf(this).bind()
  }

  // The sockets alone: the node neither wakes up nor emits anything.
  suspend() {
    return internalsOf(this).suspend()
  }

  async resume() {
    const handle = internalsOf(this)
    handle.reopen()
    await handle.rebind()
  }

  async destroy() {
    await internalsOf(this).close()
  }

  onmessage(socket, buffer, from) {
    const { host, port } = check.object(from, 'from')
    internalsOf(this).message(socket, buffer, host, port)
  }

  // A request that is counted, and sent by its send(); null once the node is destroyed.
  createRequest(to, token, internal, command, target, value, session, ttl) {
    return internalsOf(this).inFlight.create(
      to,
      token,
      internal,
      command,
      target,
      value,
      session,
      ttl
    )
  }

  // The round-trip token of a host, by the secret that issues (1) or the one before it (0).
  token(addr, i) {
    const { host } = check.object(addr, 'addr')
    const isFresh = check.integer(i, 'i', 0, 1) === 1
    const { gone, number } = internalsOf(this)
    const length = gone ? 0 : native.token(number, String(host), isFresh, slab.bytes)
    if (length === 0) throw DHTError.NODE_DESTROYED()
    return slab.copy(0, TOKEN)
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
