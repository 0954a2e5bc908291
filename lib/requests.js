'use strict'

const environment = require('./environment')
const DHTError = require('./errors')
const outgoing = require('./outgoing')
const { readReply } = require('./records')

// The requests of a node's user that wait for their reply.
module.exports = class Requests {
  constructor(engine) {
    this._engine = engine
    this._pending = new Map()
    this._users = 0
  }

  // to: { ip, port }. req: { internal, command, token, target, value, retries, timeout, ttl }.
  send(to, req, socket, session) {
    const { number: node, sockets, failure } = this._engine
    if (failure !== null) return Promise.reject(failure)
    const user = this._nextUser()
    const number = socket ? sockets.numberOf(socket) : 0
    const group = session === null ? 0 : session.number
    const foreign = sockets.isForeign(number)

    if (foreign || !environment.pump.isBusy) {
      const refused = outgoing.requestNow(node, user, to, number, group, req)
      if (refused !== 0) return Promise.reject(DHTError.fromNumber(refused))
    } else {
      outgoing.request(node, user, to, number, group, req)
      environment.queueFlush()
    }

    const promise = new Promise((resolve, reject) => {
      const pending = new Pending(this, user, session, resolve, reject)
      this._pending.set(user, pending)
      if (session !== null) session._attach(pending)
    })
    environment.pump.started()
    if (foreign) environment.collect()
    return promise
  }

  onresponse(user, slab, at) {
    const pending = this._take(user, true)
    if (pending !== undefined) pending.resolve(readReply(slab, at))
  }

  onfailure(user, number) {
    const pending = this._take(user, false)
    if (pending !== undefined) pending.reject(DHTError.fromNumber(number))
  }

  // Rejects one without asking the engine.
  drop(pending, err) {
    this._take(pending.user, false)
    pending.reject(err)
  }

  destroy(err) {
    for (const pending of this._pending.values()) this.drop(pending, err)
  }

  _take(user, replied) {
    const pending = this._pending.get(user)
    if (pending === undefined) return undefined
    this._pending.delete(user)
    if (pending.session !== null) pending.session._detach(pending)
    environment.settled = true
    environment.pump.settled(replied)
    return pending
  }

  _nextUser() {
    do this._users = (this._users + 1) >>> 0
    while (this._users === 0 || this._pending.has(this._users))
    return this._users
  }
}

class Pending {
  constructor(requests, user, session, resolve, reject) {
    this.requests = requests
    this.user = user
    this.session = session
    this.index = -1
    this.resolve = resolve
    this.reject = reject
  }

  destroy(err) {
    this.requests.drop(this, err)
  }
}
