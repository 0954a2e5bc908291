'use strict'

const native = require('../crossing/native')
const asyncContext = require('../crossing/async-context')
const environment = require('../crossing/environment')
const outgoing = require('../crossing/outgoing')
const DHTError = require('../common/errors')
const Slots = require('./slots')
const packer = require('./request-packer')
const { readReply } = require('./records')

const TIMEOUT = 1 // the binding's number of that failure
const NONE = new Slots() // of nodes whose user never made a request
const DONE = asyncContext.run(() => Promise.resolve())

// The requests of a node's user that wait for their reply.
module.exports = class Requests {
  constructor(handle) {
    this._handle = handle
    this._pending = NONE
    this.version = 0 // changes whenever one comes or goes
    this.lastGroup = null // of the last that failed, for who observes
    // Some were made in this turn that leave with its first microtask.
    this._defers = false
    this._defersForeign = false
  }

  // to: { ip, port }. req: { internal, command, token, target, value, retries, timeout, ttl, deferred }.
  send(to, req, socket, group, cancellation) {
    const { number: node, sockets, failure } = this._handle
    if (failure !== null) return Promise.reject(failure)
    if (this._pending === NONE) this._pending = new Slots()
    const from = socket ? sockets.numberOf(socket) : 0
    const foreign = sockets.isForeign(from)
    const pending = new Pending(this, group, cancellation, to, req)
    const user = this._pending.add(pending)
    if (user === 0) return Promise.reject(DHTError.TOO_MANY_REQUESTS())

    const session = group === null ? 0 : group.numberAt(this._handle)
    if (outgoing.isLeaving) req.deferred = false
    if (foreign || !environment.pollDriver.isBusy) {
      const refused = packer.requestNow(node, user, to, from, session, req)
      if (refused !== 0) return this._refuse(user, refused, foreign)
    } else {
      packer.request(node, user, to, from, session, req)
      environment.queueFlush()
    }
    if (req.deferred || this._defers) this._sendSoon(foreign)

    const promise = pending.promise()
    this.version++
    if (group !== null) group.attach(pending)
    if (cancellation !== null) {
      cancellation.start(this._handle.alarms, (err) => this.cancel(pending, err))
    }
    environment.pollDriver.started()
    if (foreign) environment.collect()
    return promise
  }

  onresponse(user, slab, at) {
    const pending = this._settle(user, true)
    if (pending === null) return
    const { observers } = this._handle
    const seen = observers === null ? null : observers.replyAt(slab, at)
    pending.resolve(seen || readReply(slab, at))
  }

  onfailure(user, number) {
    const { observers } = this._handle
    // The record of the timeout is the next one, and tells who observes before anybody goes on.
    const isSeen = observers !== null && number === TIMEOUT && observers.seesTimeouts
    const pending = this._settle(user, false, isSeen)
    if (pending === null) return
    if (observers !== null) this.lastGroup = pending.group
    pending.reject(DHTError.fromNumber(number))
  }

  // One that is told of its end by functions, and not sent yet; null if there is no place.
  adopt(group) {
    if (this._pending === NONE) this._pending = new Slots()
    const pending = new Pending(this, group, null, null, null)
    pending.resolve = pending.reject = noop
    if (this._pending.add(pending) === 0) return null
    if (group !== null) group.attach(pending)
    this.version++
    environment.pollDriver.started()
    return pending
  }

  // It hears of nothing any more. false: it was over.
  forget(pending) {
    return this._settle(pending.number, false) !== null
  }

  // In no order.
  all() {
    return this._pending.all()
  }

  // Rejects one, and has the engine forget it.
  cancel(pending, err) {
    if (this._settle(pending.number, false) === null) return
    native.cancel(this._handle.flushed(), pending.number)
    pending.reject(err)
  }

  // Rejects one without asking the engine.
  drop(pending, err) {
    this._settle(pending.number, false)
    pending.reject(err)
  }

  destroy(err) {
    for (const pending of this._pending.all()) this.drop(pending, err)
  }

  // What can be given up is sent with the first microtask, so that it is not if it was before.
  _sendSoon(foreign) {
    if (foreign) this._defersForeign = true
    if (this._defers) return
    this._defers = true
    DONE.then(() => this._sendDeferred())
  }

  _sendDeferred() {
    const foreign = this._defersForeign
    this._defers = this._defersForeign = false
    if (foreign || !environment.pollDriver.isBusy) {
      native.sendDeferred(this._handle.flushed(), foreign)
      if (foreign) environment.collect()
    } else {
      packer.sendDeferred(this._handle.number)
      environment.queueFlush()
    }
  }

  _refuse(user, number, foreign) {
    this._pending.take(user)
    if (foreign) environment.collect()
    return Promise.reject(DHTError.fromNumber(number))
  }

  _settle(user, replied, goesOn = false) {
    const pending = this._pending.take(user)
    if (pending === null) return null
    this.version++
    if (pending.group !== null) pending.group.detach(pending)
    if (pending.cancellation !== null) pending.cancellation.end()
    if (goesOn) environment.goOn()
    else environment.expectUserCode()
    environment.pollDriver.settled(replied)
    return pending
  }
}

let asked = null // whose promise is being made

class Pending {
  constructor(requests, group, cancellation, to, req) {
    this.requests = requests
    this.group = group
    this.cancellation = cancellation
    this.to = to
    this.req = req
    this.number = 0
    this.index = -1
    this.made = null // the request, if somebody looked at it
    this.resolve = null
    this.reject = null
  }

  promise() {
    asked = this
    const promise = new Promise(keep)
    asked = null
    return promise
  }
}

function noop() {}

// One function for all, which costs less than a closure each.
function keep(resolve, reject) {
  asked.resolve = resolve
  asked.reject = reject
}
