'use strict'

const native = require('../crossing/native')
const check = require('../common/check')
const DHTError = require('../common/errors')
const { field } = require('../common/field')

const FIELDS = {
  // Its own requests, then as many places as its queries have requests in flight.
  inflight: field(function () {
    const handle = this.dht._handle
    const inflight = this._inflight
    const length = handle.gone ? 0 : native.sessionInflight(handle.flushed(), this.number)
    inflight.length = 0
    inflight.push(...this._pending)
    while (inflight.length < length) inflight.push(null)
    return inflight
  })
}

let numbers = 0

// Requests and queries that can be dropped together. It stays usable afterwards.
class Session {
  constructor(dht) {
    this.dht = dht
    this.number = ++numbers
    this._pending = []
    this._inflight = []
    Object.defineProperties(this, FIELDS)
  }

  // The one that an option gives, or null for none.
  static of(dht, session) {
    if (!session) return null
    if (session instanceof Session && session.dht === dht) return session
    const allowed = 'a session of this node, made by node.session()'
    throw check.invalid(TypeError, 'ERR_INVALID_SESSION', 'session', allowed, session)
  }

  query(message, opts = {}) {
    return this.dht.query(message, { ...opts, session: this })
  }

  request(message, to, opts = {}) {
    return this.dht.request(message, to, { ...opts, session: this })
  }

  ping(to, opts = {}) {
    return this.dht.ping(to, { ...opts, session: this })
  }

  destroy(err) {
    native.sessionDestroy(this.dht._handle.flushed(), this.number)
    while (this._pending.length > 0) {
      this._pending[0].destroy(err || DHTError.REQUEST_DESTROYED())
    }
  }

  _attach(pending) {
    pending.index = this._pending.push(pending) - 1
  }

  _detach(pending) {
    const { index } = pending
    const last = this._pending.pop()
    if (last === pending) return
    last.index = index
    this._pending[index] = last
  }
}

module.exports = Session
