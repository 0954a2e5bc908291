'use strict'

const DHTError = require('../common/errors')
const { field } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')

const FIELDS = {
  // null before bind().
  socket: kept('socket'),
  // Tries so far.
  sent: kept('sent'),
  // Sends after the first.
  retries: kept('retries'),
  // Of a try, in ms; 0 is what the node finds right.
  timeout: kept('timeout'),
  // A try was not answered in time.
  oncycle: kept('oncycle')
}

// A request of this node's that waits for its answer, or is still to be sent.
module.exports = class Request {
  // known: what the engine says of it, or whoever makes it.
  constructor(known, link) {
    this.tid = known.tid
    this.from = null
    this.to = known.to
    this.token = known.token
    this.command = known.command
    this.target = known.target
    this.value = known.value
    this.internal = known.internal
    this.session = known.session
    this.ttl = known.ttl
    this.destroyed = false
    this.onerror = noop
    this.onresponse = noop
    link.request = this
    hide(this, link)
    Object.defineProperties(this, FIELDS)
  }

  // force: without waiting for a place in the congestion window.
  send(force = false) {
    const link = internalsOf(this)
    if (this.destroyed || link.isOver) return
    const err = link.send(!!force)
    if (err !== null) this.destroy(err)
  }

  destroy(err) {
    if (this.destroyed) return
    this.destroyed = true
    if (internalsOf(this).drop()) this.onerror(err || DHTError.REQUEST_DESTROYED(), this)
  }
}

// Some of it is the engine's by now, and some it wants to know.
function kept(name) {
  return field(
    function () {
      return internalsOf(this)[name]
    },
    function (value) {
      internalsOf(this)[name] = value
    }
  )
}

function noop() {}
