'use strict'

const native = require('./native')
const DHTError = require('./errors')

let numbers = 0

// Requests and queries that can be dropped together. It stays usable afterwards.
module.exports = class Session {
  constructor(dht) {
    this.dht = dht
    this.inflight = []
    this.number = ++numbers
  }

  query({ target, command, value }, opts = {}) {
    return this.dht.query({ target, command, value }, { ...opts, session: this })
  }

  request({ token, command, target, value }, { host, port }, opts = {}) {
    return this.dht.request(
      { token, command, target, value },
      { host, port },
      { ...opts, session: this }
    )
  }

  ping({ host, port }, opts = {}) {
    return this.dht.ping({ host, port }, { ...opts, session: this })
  }

  destroy(err) {
    native.sessionDestroy(this.dht._engine.handle, this.number)
    while (this.inflight.length > 0) {
      this.inflight[0].destroy(err || DHTError.REQUEST_DESTROYED())
    }
    this.dht._engine.view.invalidate()
  }

  _attach(pending) {
    pending.index = this.inflight.push(pending) - 1
  }

  _detach(pending) {
    const { index } = pending
    const last = this.inflight.pop()
    if (last === pending) return
    last.index = index
    this.inflight[index] = last
  }
}
