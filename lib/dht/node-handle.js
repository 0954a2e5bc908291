'use strict'

const native = require('../crossing/native')
const environment = require('../crossing/environment')
const NodeParts = require('./node-parts')
const Sockets = require('./sockets')
const View = require('./view')
const check = require('../common/check')
const deferred = require('../common/deferred')
const outgoing = require('../crossing/outgoing')
const asyncContext = require('../crossing/async-context')
const startSoon = require('./start-queue')
const DHTError = require('../common/errors')
const UserLookup = require('./user-lookup')
const Observers = require('./observers')
const { lazily, loadAll } = require('../common/lazily')
const { parseIPv4 } = require('../common/address')
const tellOfCrash = require('./crash')
const { dispatch, dispatchLast } = require('./node-records')

const NO_PROBES = new Map()

const HubHandle = lazily(() => require('../udx/hub-handle'))
const ForeignSockets = lazily(() => require('../udx/foreign-sockets'))

// One node of the engine, as its DHT instance holds it: the handle, its sockets, what waits for an
// answer, and the records that come from it.
module.exports = class NodeHandle extends NodeParts {
  // settings: what of the options may change, and portRange. udx: the user's, or undefined.
  constructor(dht, config, settings, udx) {
    super()
    this.dht = dht
    this.settings = settings
    this.udx = udx || null
    const hub = udx ? HubHandle().of(udx) : null
    config.hub = hub === null ? 0 : hub.number
    if (hub !== null) hub.addNode(this)
    config.userLookup = UserLookup.isWanted(udx)
    // By which the binding knows it. Where a call sees or changes what is in flight: flushed().
    this.number = environment.make((number) => native.create(number, config))
    this.view = new View(this.number)
    this.sockets = new Sockets(this)
    this.names = config.userLookup ? new UserLookup(this) : null
    // Whether the sockets are closed for a while.
    this.suspended = false
    // Who is told more than what is meant for a node, if somebody is.
    this.observers = null
    this.buckets = null

    this._host = config.host
    const isForeign = udx && hub === null && udx.createSocket
    this._foreignSockets = isForeign ? new (ForeignSockets())(udx, config) : null
    this._filter = config.filter
    this._publicAddress = config.publicIp !== undefined
    this._bootstrapDynamic = config.bootstrapDynamic
    this._reserving = null
    this._binding = null
    this.bootstrapping = null
    // Why it could not be bound: nothing will ever be sent.
    this.failure = null
    this._gone = false
    this._retained = false
    this._probes = NO_PROBES
    this._nextProbe = 0
    this._sessions = 0
    this._starting = asyncContext.run(deferred)
    this._ready = asyncContext.run(deferred)
    this._closing = null
    if (this.udx !== null) this.watchInterfaces()

    environment.add(this)
    this.retain()
    startSoon(this)
  }

  // The number, once all requests that wait to cross were made.
  flushed() {
    outgoing.submitRequests()
    return this.number
  }

  // The binding knows the node no more.
  get gone() {
    return this._gone
  }

  retain() {
    if (this._retained) return
    this._retained = true
    environment.retain()
  }

  release() {
    if (!this._retained) return
    this._retained = false
    environment.release()
  }

  // Binds at once. Resolves when the node reads and sends as well, which begins once this turn's code
  // is done.
  bind() {
    if (this._binding === null) {
      this._binding = asyncContext.run(() => this._bindAndStart())
      this._binding.catch(noop)
    }
    return this._binding
  }

  // Binds at once. Nothing is read or sent before start().
  reserve() {
    if (this._reserving === null) this._reserving = asyncContext.run(() => this._reserve())
    return this._reserving
  }

  // Begins to read and to send, and the bootstrap, so that nothing comes in between.
  start() {
    if (this._gone || this.failure !== null) return
    try {
      if (this._foreignSockets !== null) this._boundElsewhere()
      native.start(this.flushed())
      this._starting.resolve()
      this._starting = deferred.DONE
    } catch (err) {
      this._fail(err)
      this._starting.reject(err)
      this._ready.reject(err)
    }
  }

  // Resolves when the bootstrap is done.
  bootstrapped() {
    return this._ready.promise
  }

  // It will make no request any more.
  get isClosing() {
    return this._closing !== null || this._gone
  }

  async suspend() {
    this.suspended = true
    this._stop()
    if (this._foreignSockets !== null) await this._foreignSockets.close()
    this.interfaces.end()
  }

  // The wake-up comes first, what it causes is seen before this returns.
  wake() {
    this.suspended = false
    this.retain()
    native.resume(this.flushed())
    this.changed()
  }

  // As wake(), without a wake-up.
  reopen() {
    if (this._gone) return
    this.suspended = false
    this.retain()
    native.reopen(this.flushed())
    this.changed()
  }

  // Or is suspended again, and may be woken later.
  async rebind() {
    if (this._gone) return
    try {
      this._open(native.bind)
      if (this._foreignSockets !== null) this._boundElsewhere()
      this.interfaces.renew()
    } catch (err) {
      this.dht.suspended = true
      await this.suspend()
      throw err
    }
  }

  resumed() {
    native.resumed(this.flushed())
    this.changed()
  }

  // Settles everything at once, and calls no listener any more. Resolves when the sockets are closed,
  // for which nothing has to come from elsewhere if they are the engine's.
  close() {
    if (this._closing === null) this._closing = asyncContext.run(() => this._close())
    return this._closing
  }

  // overridden: what of it a subclass has methods of its own for.
  observe(overridden) {
    if (this.observers === null) this.observers = new Observers(this, overridden)
    return this.observers
  }

  // Of another node's user.
  handleCommand(req) {
    const isTaken = this.dht.onrequest(req) !== false
    if (!isTaken) req.sendReply(DHTError.UNKNOWN_COMMAND, null, false, req.target !== null)
  }

  // Its centre is another one.
  anotherTable() {
    const { table } = this.parts
    if (table !== null && typeof table.retire === 'function') table.retire()
    if (table !== null) this.parts.table = null
  }

  // The bootstrap nodes may have been changed: they are asked for at each use.
  watchBootstrapNodes() {
    if (this._bootstrapDynamic) return
    this._bootstrapDynamic = true
    if (!this._gone) native.bootstrapDynamic(this.flushed(), true)
  }

  // JavaScript changed something by a call of its own: its events are delivered before the call
  // returns.
  changed() {
    this.view.invalidate()
    environment.collect()
    this.view.invalidate()
  }

  setFlag(flag, on) {
    native.setFlag(this.flushed(), flag, !!on)
    this.view.setFlag(flag, on)
    this.changed()
  }

  updateHealth(responses, timeouts) {
    native.updateHealth(this.flushed(), Number(responses) || 0, Number(timeouts) || 0)
    this.changed()
  }

  resetHealth() {
    native.resetHealth(this.flushed())
    this.changed()
  }

  // Nothing, if nobody can be there.
  addNode(host, port) {
    const ip = parseIPv4(host)
    if (ip === -1 || !check.isPort(port)) return
    native.addNode(this.flushed(), ip, port)
    this.changed()
  }

  natAdd(host, port) {
    const ip = check.ip(host)
    native.natAdd(this.flushed(), ip, natPort(port))
    this.changed()
  }

  // No event tells of it. Returns how many samples are like it.
  natAddQuietly(host, port) {
    const ip = check.ip(host)
    const hits = native.natAddQuietly(this.flushed(), ip, natPort(port))
    this.changed()
    return hits
  }

  // The address by which a bootstrapper says that it is known.
  assumePublicAddress(host, port) {
    if (!this._publicAddress) this.natAddQuietly(host, port)
  }

  tick() {
    native.tick(this.flushed())
    this.changed()
  }

  wakeup() {
    native.wakeup(this.flushed())
    this.changed()
  }

  refresh() {
    native.refresh(this.flushed())
    this.changed()
  }

  updateNetworkState(onlyFirewall) {
    if (this._gone) return Promise.resolve(false)
    const number = ++this._nextProbe
    const probe = deferred()
    if (this._probes === NO_PROBES) this._probes = new Map()
    this._probes.set(number, probe)
    native.updateNetworkState(this.flushed(), number, onlyFirewall)
    this.changed()
    return probe.promise
  }

  // Its number. Nothing has to be given back.
  addSession() {
    return ++this._sessions
  }

  // Drops what is in flight for it.
  destroySession(number) {
    native.sessionDestroy(this.flushed(), number)
  }

  // A datagram that came on a socket of the user's.
  message(socket, buffer, host, port) {
    check.bytes(buffer, 'buffer')
    const ip = parseIPv4(host)
    if (this._gone || ip === -1 || !check.isPort(port)) return
    native.message(this.flushed(), this.sockets.sourceOf(socket), buffer, ip, port)
    this.changed()
  }

  // Throws where a request is too long for a datagram.
  checkFits({ value, token, command, target }, socket) {
    check.requestFits(value, this.sendsId(socket), token !== null, command, target !== null)
  }

  sendsId(socket) {
    const { ephemeral, firewalled } = this.dht
    if (ephemeral) return false
    return socket ? this.sockets.isServer(socket) : !firewalled
  }

  onrecord(kind, slab, at) {
    if (this._gone) return dispatchLast(this, kind, slab, at)
    this.view.invalidate()
    dispatch(this, kind, slab, at)
  }

  // Its bootstrap is done.
  onready() {
    this._ready.resolve()
    this._ready = deferred.DONE
  }

  // What was asked as `number` of the network state is known.
  onprobed(number, changed) {
    const probe = this._probes.get(number)
    if (probe === undefined) return
    this._probes.delete(number)
    environment.expectUserCode()
    probe.resolve(changed)
  }

  // What the filter says of the nodes that VERDICT record `key` named, or of the one who asked.
  answerVerdict(key, accepted) {
    native.verdict(this.flushed(), key, accepted)
    this.changed()
  }

  // The address of a name that LOOKUP_WANTED record `key` asked for; -1: it has none.
  answerLookup(key, ip) {
    if (this._gone) return
    native.lookedUp(this.flushed(), key, ip)
    this.changed()
  }

  answerBootstrapNodes(key, list) {
    native.bootstrapNodes(this.flushed(), key, list)
    this.changed()
  }

  oncrashed(reason) {
    const err = DHTError.NODE_CRASHED(reason)
    this.requests.destroy(err)
    this.queries.destroy(err)
    this._ready.reject(err)
    this._leave()
    tellOfCrash(this.dht, this.close(), err)
  }

  async _bindAndStart() {
    await this.reserve()
    await this._starting.promise
  }

  async _reserve() {
    try {
      this._open(native.reserve)
      loadAll()
    } catch (err) {
      this._fail(err)
      throw err
    }
  }

  _open(bind) {
    if (this._foreignSockets !== null) return this._openElsewhere()
    bind(this.flushed())
    const server = native.boundPort(this.flushed(), 0)
    this.sockets.open(this._host, server, native.boundPort(this.flushed(), 1))
    this.view.invalidate()
  }

  _openElsewhere() {
    const { server, client } = this._foreignSockets.open((socket, buffer, { host, port }) => {
      this.message(socket, buffer, host, port)
    })
    this.sockets.adopt(server, client)
  }

  _boundElsewhere() {
    const { server, client } = this.sockets
    native.boundElsewhere(this.flushed(), server.address().port, client.address().port)
    this.changed()
  }

  // What waits for the sockets fails as they did, and what is asked from now on.
  _fail(err) {
    this.failure = err
    this.requests.destroy(err)
    this.queries.destroy(err)
    this._stop()
  }

  // Nothing keeps the process alive for the ends of its queries, so they are not waited for.
  _stop() {
    outgoing.submit() // replies as well
    this.sockets.close()
    native.suspend(this.number)
    this.changed()
    environment.drainSoon()
    this.release()
  }

  async _close() {
    this._end()
    if (this._foreignSockets !== null) await this._foreignSockets.close()
    this.interfaces.end()
  }

  // A node that crashed as well: the binding and its own sockets know nothing of it yet.
  _end() {
    if (!this._gone) this.reserve().catch(noop) // the address is kept
    this._leave()
    outgoing.submit() // replies as well
    this.sockets.close()
    native.destroy(this.number)
    environment.collect()
    environment.forget(this)
    this.release()
    // Of what was settled before, and has not come here.
    this.requests.destroy(DHTError.REQUEST_DESTROYED())
    this.queries.destroy(DHTError.NODE_WAS_DESTROYED())
    for (const probe of this._probes.values()) probe.resolve(false)
    this._probes = NO_PROBES
    this._starting.resolve()
    this._ready.reject(DHTError.NODE_WAS_DESTROYED())
  }

  // The binding forgets the node: what can be read afterwards is read now.
  _leave() {
    if (this._gone) return
    this.view.freeze()
    this.counters.freeze(this.queries.size)
    this._gone = true
  }
}

// A sample whose port says nothing is one as well.
function natPort(port) {
  return port === 0 ? 0 : check.port(port)
}

function noop() {}
