'use strict'

const DHTError = require('../common/errors')
const liveArray = require('./live-array')
const { internalsOf } = require('../common/internals')

// What a session keeps: its requests, and the numbers by which the nodes that it was given to know it.
module.exports = class RequestGroup {
  constructor(handle, session) {
    this.handle = handle
    this.session = session
    this._numbers = new Map()
    this._pending = []
    this._inflight = null
  }

  // Of a session of whatever node; null if it is none.
  static of(session) {
    const group = internalsOf(session)
    // Told by what it has, as each copy of the package has classes of its own.
    return group !== undefined && typeof group.numberAt === 'function' ? group : null
  }

  numberAt(handle) {
    let number = this._numbers.get(handle)
    if (number === undefined) {
      for (const known of this._numbers.keys()) if (known.gone) this._numbers.delete(known)
      number = handle.addSession()
      this._numbers.set(handle, number)
    }
    return number
  }

  // Always the same array: its requests, and those of its queries.
  get inflight() {
    if (this._inflight === null) {
      this._inflight = liveArray(
        () => this._nodes(({ version }, number) => `${number} ${version}`).join(),
        () => this._nodes((inFlight, number) => inFlight.list(this, number)).flat()
      )
    }
    return this._inflight
  }

  // Those of one node.
  pendingOf(requests) {
    return this._pending.filter((pending) => pending.requests === requests)
  }

  attach(pending) {
    pending.index = this._pending.push(pending) - 1
  }

  detach(pending) {
    const { index } = pending
    const last = this._pending.pop()
    if (last === pending) return
    last.index = index
    this._pending[index] = last
  }

  destroy(err) {
    for (const [handle, number] of this._numbers) handle.destroySession(number)
    while (this._pending.length > 0) {
      const [pending] = this._pending
      pending.requests.drop(pending, err || DHTError.REQUEST_DESTROYED())
    }
  }

  _nodes(look) {
    return Array.from(this._numbers, ([handle, number]) => look(handle.inFlight, number))
  }
}
