'use strict'

const check = require('../common/check')
const DHTError = require('../common/errors')
const asyncDispose = require('../common/async-dispose')
const { field } = require('../common/field')

const FIELDS = {
  // Its own requests, then as many places as its queries have requests in flight.
  inflight: field(function () {
    const inflight = this._inflight
    let length = 0
    for (const [handle, number] of this._groups) length += handle.sessionInflight(number)
    inflight.length = 0
    inflight.push(...this._pending)
    while (inflight.length < length) inflight.push(null)
    return inflight
  })
}

// Requests and queries that can be dropped together. It stays usable afterwards.
class Session {
  constructor(dht) {
    this.dht = dht
    this._groups = new Map() // the numbers by which the nodes that it was given to know it
    this._pending = []
    this._inflight = []
    Object.defineProperties(this, FIELDS)
  }

  // The one that an option gives, or null for none. That of another node is a mistake, but between
  // copies of the package they are taken as they are.
  static of(dht, session) {
    if (!session) return null
    if (isSession(session) && (session.dht === dht || !isOfSameCopy(session.dht, dht))) {
      return session
    }
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
    for (const [handle, number] of this._groups) handle.destroySession(number)
    while (this._pending.length > 0) {
      this._pending[0].destroy(err || DHTError.REQUEST_DESTROYED())
    }
  }

  async [asyncDispose]() {
    this.destroy()
  }

  // Its number at that node.
  _groupOf(handle) {
    let number = this._groups.get(handle)
    if (number === undefined) {
      for (const known of this._groups.keys()) if (known.gone) this._groups.delete(known)
      number = handle.addSession()
      this._groups.set(handle, number)
    }
    return number
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

// Told by what it has, as each copy of the package has classes of its own.
function isSession({ _groupOf, _attach, _detach }) {
  return [_groupOf, _attach, _detach].every((method) => typeof method === 'function')
}

function isOfSameCopy(one, other) {
  return one._handle.constructor === other._handle.constructor
}
