'use strict'

const native = require('../crossing/native')
const Slab = require('../crossing/slab')
const Request = require('./made-request')
const RequestLink = require('./request-link')
const packer = require('./request-packer')
const check = require('../common/check')
const DHTError = require('../common/errors')
const Session = require('./session')
const liveArray = require('./live-array')
const { internalsOf } = require('../common/internals')
const { TRIES } = require('./interest')
const { readInFlight, inFlightLength } = require('./records')
const { formatIPv4 } = require('../common/address')

const RETRIES = 3
const MAX_KEPT = 1024 // requests that may be over, as far as anybody here knows
const UNKNOWN = { slot: 0, serial: 0 } // the key of what the engine does not have

const slab = new Slab(4096) // shared: it is read as soon as it is written

// The requests of a node that somebody looks at, as objects: those that he makes one by one, and
// whatever else is in flight.
module.exports = class InFlight {
  constructor(handle) {
    this.handle = handle
    this._made = new Map() // by the serials of their keys
    this._last = null // the one that was over last
  }

  // Of all of them.
  array() {
    return liveArray(
      () => this.version,
      () => this.list()
    )
  }

  // Changes whenever one comes or goes.
  get version() {
    const { gone, requests } = this.handle
    return `${gone ? 0 : native.requestsVersion(this.handle.flushed())} ${requests.version}`
  }

  // All, or those of a session's group, which the node knows by that number.
  list(group = null, number = 0) {
    if (this._made.size > MAX_KEPT) this._sweep()
    const { requests } = this.handle
    const waiting = group === null ? requests.all() : group.pendingOf(requests)
    const pending = new Map(waiting.map((one) => [one.number, one]))
    const all = this._read(number).map((known) => this._of(known, pending))
    // Their answers are on their way to here.
    for (const one of pending.values()) all.push(this._unread(one))
    return all
  }

  // A request that is to be sent by hand; null if the node is gone.
  create(to, token, internal, command, target, value, session, ttl) {
    if (this.handle.isClosing) return null
    const group = Session.groupOf(session)
    const known = {
      tid: 0,
      to: check.object(to, 'to'),
      token,
      command,
      target,
      value,
      internal,
      session: group === null ? null : session,
      ttl: ttl || 0,
      socket: this.handle.dht.socket,
      sent: 0,
      retries: RETRIES,
      timeout: 0
    }
    const link = this._register(known, group)
    const request = new Request(known, link)
    if (link.refusal !== null) return request
    this._made.set(link.serial, request)
    wait(request, link.pending)
    return request
  }

  // What the engine is told of a request, or an error that names what is wrong with it.
  checked(request) {
    const { host, port } = check.object(request.to, 'to')
    const { sockets } = this.handle
    const req = {
      internal: !!request.internal,
      command: check.command(request.command),
      token: check.optionalBytes32(request.token, 'token', 'ERR_INVALID_TOKEN'),
      target: check.optionalBytes32(request.target, 'target', 'ERR_INVALID_TARGET'),
      value: check.value(request.value),
      retries: check.integer(request.retries, 'retries', 0, 255),
      timeout: check.integer(request.timeout, 'timeout', 0, 0xffffffff),
      ttl: check.integer(request.ttl, 'ttl', 0, 255),
      deferred: false
    }
    if (req.value !== null) this.handle.checkFits(req, request.socket)
    const socket = request.socket ? sockets.numberOf(request.socket) : 0
    return { to: { ip: check.ip(host), port: check.port(port) }, req, socket }
  }

  // A try was not answered in time, after which the request was sent so often.
  ontry(serial, sent) {
    const request = this._made.get(serial)
    if (request !== undefined) internalsOf(request).tryEnded(sent)
  }

  // The request that the record at `at` is about.
  timedOut(record, at) {
    const known = readInFlight(record, at)
    const request = this._timedOut(known)
    request.destroyed = true
    internalsOf(request).timedOut(known.sent)
    return request
  }

  // It is no longer in flight.
  ended(request, serial) {
    this._last = { request, serial }
    this._made.delete(serial)
  }

  _register(known, group) {
    const { handle } = this
    const { to, req, socket } = this.checked(known)
    if (handle.failure !== null) return this._refused(known, handle.failure)
    const pending = handle.requests.adopt(group)
    if (pending === null) return this._refused(known, DHTError.TOO_MANY_REQUESTS())
    handle.interest.want(TRIES)
    const session = group === null ? 0 : group.numberAt(handle)
    const isNamed = known.to.id !== null && known.to.id !== undefined
    const user = pending.number
    const error = packer.prepare(handle.number, user, to, socket, session, req, isNamed, slab)
    const [tid, slot, serial] = slab.words
    handle.changed()
    if (error !== 0) {
      handle.requests.forget(pending)
      return this._refused(known, DHTError.fromNumber(error))
    }
    known.tid = tid
    const link = new RequestLink(this, { slot, serial }, known)
    link.pending = pending
    link.isPrepared = true
    return link
  }

  // The engine does not have it; it fails when it is sent.
  _refused(known, err) {
    const link = new RequestLink(this, UNKNOWN, known)
    link.refusal = err
    return link
  }

  _timedOut(known) {
    const made = this._made.get(known.key.serial)
    if (made !== undefined) return made
    const isLast = this._last !== null && this._last.serial === known.key.serial
    return isLast ? this._last.request : this._make(known)
  }

  _read(session) {
    if (this.handle.gone) return []
    const read = () => native.requestsInFlight(this.handle.flushed(), session, slab.bytes)
    let length = read()
    while (length > slab.bytes.byteLength) {
      slab.reserve(length)
      length = read()
    }
    const all = []
    for (let at = 0; at < length; at += inFlightLength(slab, at)) all.push(readInFlight(slab, at))
    return all
  }

  // Takes who waits for it out of `pending`.
  _of(known, pending) {
    const request = this._made.get(known.key.serial) || this._make(known)
    const waiting = pending.get(known.user)
    pending.delete(known.user)
    if (waiting !== undefined && waiting.made === null) give(request, waiting)
    return request
  }

  _make({ key, socket, session, ...known }) {
    const { sockets } = this.handle
    const whole = { ...known, socket: sockets.get(socket), session: this._session(session) }
    const request = new Request(whole, new RequestLink(this, key, whole))
    this._made.set(key.serial, request)
    return request
  }

  // A user's request that the engine has settled.
  _unread(pending) {
    if (pending.made !== null) return pending.made
    const { to, req } = pending
    const known = {
      ...req,
      tid: 0,
      to: { id: null, host: formatIPv4(to.ip), port: to.port },
      session: null,
      socket: null,
      sent: 1
    }
    const request = new Request(known, new RequestLink(this, UNKNOWN, known))
    give(request, pending)
    return request
  }

  // A user's session, as far as somebody waits for something of it.
  _session(number) {
    if (number === 0) return null
    const { handle } = this
    const { requests, queries } = handle
    const groups = [requests.lastGroup, ...requests.all().map(({ group }) => group)]
    const found = groups.find((group) => group !== null && group.numberAt(handle) === number)
    const group = found === undefined ? queries.groupOf(number) : found
    return group === null ? null : group.session
  }

  // Those that are over are forgotten.
  _sweep() {
    const before = this._made
    this._made = new Map()
    for (const { key } of this._read(0)) {
      const request = before.get(key.serial)
      if (request !== undefined) this._made.set(key.serial, request)
    }
  }
}

// A request that was made by a promise.
function give(request, pending) {
  internalsOf(request).pending = pending
  request.session = pending.group === null ? null : pending.group.session
  request.onresponse = pending.resolve
  request.onerror = pending.reject
  wait(request, pending)
}

// From now on the request hears of its end.
function wait(request, pending) {
  const link = internalsOf(request)
  pending.made = request
  pending.resolve = (reply) => link.answered(reply)
  pending.reject = (err) => link.failed(err)
}
