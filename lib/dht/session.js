'use strict'

const check = require('../common/check')
const asyncDispose = require('../common/async-dispose')
const RequestGroup = require('./request-group')
const { replaceable } = require('../common/field')
const { hide, internalsOf } = require('../common/internals')

const FIELDS = {
  inflight: replaceable('inflight', function () {
    return internalsOf(this).inflight
  })
}

// Requests and queries that can be dropped together. It stays usable afterwards.
class Session {
  constructor(dht) {
    this.dht = dht
    hide(this, new RequestGroup(internalsOf(dht), this))
    Object.defineProperties(this, FIELDS)
  }

  // The group of the one that an option gives, or null for none.
  static groupOf(session) {
    if (!session) return null
    const group = RequestGroup.of(session)
    if (group !== null) return group
    const allowed = 'a session, made by node.session()'
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
    internalsOf(this).destroy(err)
  }

  async [asyncDispose]() {
    this.destroy()
  }
}

module.exports = Session
