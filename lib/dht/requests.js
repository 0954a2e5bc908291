'use strict'

const environment = require('../crossing/environment')
const DHTError = require('../common/errors')
const Slots = require('./slots')
const packer = require('./request-packer')
const { readReply } = require('./records')

const NONE = new Slots() // of nodes whose user never made a request

// The requests of a node's user that wait for their reply.
module.exports = class Requests {
  constructor(handle) {
    this._handle = handle
    this._pending = NONE
  }

  // to: { ip, port }. req: { internal, command, token, target, value, retries, timeout, ttl }.
  send(to, req, socket, session) {
    const { number: node, sockets, failure } = this._handle
    if (failure !== null) return Promise.reject(failure)
    if (this._pending === NONE) this._pending = new Slots()
    const from = socket ? sockets.numberOf(socket) : 0
    const foreign = sockets.isForeign(from)
    const pending = new Pending(this, session)
    const user = this._pending.add(pending)
    if (user === 0) return Promise.reject(DHTError.TOO_MANY_REQUESTS())

    const group = session === null ? 0 : session._groupOf(this._handle)
    if (foreign || !environment.pollDriver.isBusy) {
      const refused = packer.requestNow(node, user, to, from, group, req)
      if (refused !== 0) return this._refuse(user, refused, foreign)
    } else {
      packer.request(node, user, to, from, group, req)
      environment.queueFlush()
    }

    const promise = pending.promise()
    if (session !== null) session._attach(pending)
    environment.pollDriver.started()
    if (foreign) environment.collect()
    return promise
  }

  onresponse(user, slab, at) {
    const pending = this._settle(user, true)
    if (pending !== null) pending.resolve(readReply(slab, at))
  }

  onfailure(user, number) {
    const pending = this._settle(user, false)
    if (pending !== null) pending.reject(DHTError.fromNumber(number))
  }

  // Rejects one without asking the engine.
  drop(pending, err) {
    this._settle(pending.number, false)
    pending.reject(err)
  }

  destroy(err) {
    for (const pending of this._pending.all()) this.drop(pending, err)
  }

  _refuse(user, number, foreign) {
    this._pending.take(user)
    if (foreign) environment.collect()
    return Promise.reject(DHTError.fromNumber(number))
  }

  _settle(user, replied) {
    const pending = this._pending.take(user)
    if (pending === null) return null
    if (pending.session !== null) pending.session._detach(pending)
    environment.expectUserCode()
    environment.pollDriver.settled(replied)
    return pending
  }
}

let asked = null // whose promise is being made

class Pending {
  constructor(requests, session) {
    this.requests = requests
    this.session = session
    this.number = 0
    this.index = -1
    this.resolve = null
    this.reject = null
  }

  promise() {
    asked = this
    const promise = new Promise(keep)
    asked = null
    return promise
  }

  destroy(err) {
    this.requests.drop(this, err)
  }
}

// One function for all, which costs less than a closure each.
function keep(resolve, reject) {
  asked.resolve = resolve
  asked.reject = reject
}
