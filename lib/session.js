'use strict'

const native = require('./native')
const DHTError = require('./errors')

let numbers = 0

// Requests and queries that can be dropped together. It stays usable afterwards.
module.exports = class Session {
  constructor(dht) {
    this.dht = dht
    this.number = ++numbers
    this._pending = []
  }

  // Its own requests, then as many places as its queries have requests in flight.
  get inflight() {
    const engine = this.dht._engine
    const length = engine.gone ? 0 : native.sessionInflight(engine.handle, this.number)
    const inflight = [...this._pending]
    while (inflight.length < length) inflight.push(null)
    return inflight
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
    while (this._pending.length > 0) {
      this._pending[0].destroy(err || DHTError.REQUEST_DESTROYED())
    }
    this.dht._engine.view.invalidate()
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
