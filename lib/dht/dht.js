'use strict'

const { EventEmitter } = require('events')
const NodeHandle = require('./node-handle')
const Cancellation = require('./cancellation')
const { isIPv4 } = require('../common/address')
const asyncContext = require('../crossing/async-context')
const check = require('../common/check')
const DHTError = require('../common/errors')
const Observers = require('./observers')
const entries = require('./entries')
const asyncDispose = require('../common/async-dispose')
const tellOfListeners = require('../common/listening')
const { hide, internalsOf: handleOf } = require('../common/internals')
const FIELDS = require('./fields')
const { FLAGS } = require('./view')
const { NODES } = require('./interest')
const { resolveBootstrapNodes } = require('./bootstrap')
const { lazily } = require('../common/lazily')
const { parseOptions, PUBLIC_ADDRESS, MAX_WINDOW } = require('./options')

const PING = 0
const FIND_NODE = 2
const DOWN_HINT = 3
const DELAYED_PING = 4

const RETRIES = 3
const DELAYED_PING_MARGIN = 1000 // ms
const MAX_TIMEOUT = 0xffffffff // ms
const NO_OPTIONS = {}

// What the first node does without until it is bound.
const Query = lazily(() => require('./query'))
const Session = lazily(() => require('./session'))
const rttStats = lazily(() => require('./rtt-stats'))

const DEFAULTS = {
  concurrency: 10,
  maxWindow: MAX_WINDOW,
  maxPingDelay: 10_000
}

class DHT extends EventEmitter {
  constructor(opts = {}) {
    super()

    const options = parseOptions(opts, DEFAULTS)

    this.destroyed = false
    this.suspended = false

    this._filterNode = options.filterNode
    this._sendDownHints = options.sendDownHints
    this._downHintsRateLimit = options.downHintsRateLimit
    const handle = new NodeHandle(this, options.config, settingsOf(options), opts.udx)
    hide(this, handle)
    Object.defineProperties(this, FIELDS)
    const overridden = Observers.overridden(this, OWN)
    if (overridden.length > 0) handle.observe(overridden)

    for (let i = options.nodes.length - 1; i >= 0; i--) this.addNode(options.nodes[i])

    this._bootstrapping = handle.bootstrapping = asyncContext.run(() => this._bootstrap())
    handle.bootstrapping.catch(noop)
  }

  static DEFAULTS = DEFAULTS

  static OK = 0
  static ERROR_UNKNOWN_COMMAND = DHTError.UNKNOWN_COMMAND
  static ERROR_INVALID_TOKEN = DHTError.INVALID_TOKEN

  static bootstrapper(port, host, opts) {
    if (!port) throw DHTError.coded(Error, 'ERR_INVALID_PORT', 'Port is required')
    if (!host) throw invalidHost('Host is required')
    if (host === '0.0.0.0' || host === '::') throw invalidHost('Invalid host')
    if (!isIPv4(host)) throw invalidHost('Host must be a IPv4 address')

    const dht = new this({
      port,
      ephemeral: false,
      firewalled: false,
      anyPort: false,
      bootstrap: [],
      ...opts,
      [PUBLIC_ADDRESS]: { ip: check.ip(host), port: check.port(port) }
    })
    handleOf(dht).assumePublicAddress(host, port)
    return dht
  }

  get id() {
    return this.ephemeral ? null : handleOf(this).view.tableId
  }

  get host() {
    return this._nat.host
  }

  get port() {
    return this._nat.port
  }

  get randomized() {
    return this.host !== null && this.port === 0
  }

  get socket() {
    const { sockets } = handleOf(this)
    return this.firewalled ? sockets.client : sockets.server
  }

  get config() {
    return {
      concurrency: this.concurrency,
      maxWindow: maxWindowOf(this),
      randomPunchInterval: this._randomPunchInterval,
      connectionKeepAlive: this.connectionKeepAlive,
      sendDownHints: this._sendDownHints,
      downHintsRateLimit: this._downHintsRateLimit
    }
  }

  // A datagram from a socket of the user's.
  onmessage(socket, buffer, from) {
    if (check.bytes(buffer, 'buffer').byteLength <= 1) return
    Observers.unwatched(this.io, handleOf(this)).onmessage(socket, buffer, from)
  }

  // A user's command from another node. Exactly false: nobody takes it.
  onrequest(req) {
    return this.emit('request', req)
  }

  bind() {
    return handleOf(this).bind()
  }

  async suspend(opts = {}) {
    const log = logOf(opts)
    log('Suspending waiting for io bind...')
    await this.bind()
    log('Done, continuing')
    if (this.suspended || this.destroyed) return
    log('Done, suspending io')
    this.suspended = true
    await handleOf(this).suspend()
    log('Done, dht suspended')
    tell(this, 'suspend')
  }

  async resume(opts = {}) {
    const log = logOf(opts)
    if (!this.suspended || this.destroyed) return
    log('Resuming io')
    this.suspended = false
    handleOf(this).wake()
    await handleOf(this).rebind()
    if (this.suspended || this.destroyed) return
    handleOf(this).resumed()
    log('Done, dht resumed')
    tell(this, 'resume')
  }

  async destroy() {
    const emitClose = !this.destroyed
    this.destroyed = true
    await handleOf(this).close()
    if (emitClose) asyncContext.isolate(() => this.emit('close'))
  }

  [asyncDispose]() {
    return this.destroy()
  }

  async fullyBootstrapped(opts = NO_OPTIONS) {
    const handle = handleOf(this)
    const cancellation = Cancellation.of(opts || NO_OPTIONS)
    if (cancellation === null) return handle.bootstrapping
    return cancellation.race(handle.alarms, handle.bootstrapping)
  }

  ready(opts = NO_OPTIONS) {
    return this.fullyBootstrapped(opts)
  }

  address() {
    const { socket } = this
    return socket ? socket.address() : null
  }

  localAddress() {
    if (!this.io.serverSocket) return null
    return { host: localHost(this.udx), port: this.io.serverSocket.address().port }
  }

  remoteAddress() {
    if (!this.host || !this.port || this.firewalled || !this.io.serverSocket) return null
    const { port } = this.io.serverSocket.address()
    return port === this.port ? { host: this.host, port } : null
  }

  // A node that cannot be reached is skipped: addresses are what peers gave.
  addNode(node) {
    const { host, port } = check.object(node, 'node')
    handleOf(this).addNode(host, port)
  }

  // Newest first.
  toArray(opts) {
    const limit = opts && opts.limit
    if (limit === 0) return []
    return this.nodes.toArray({ limit, reverse: true }).map(({ host, port }) => ({ host, port }))
  }

  refresh() {
    handleOf(this).refresh()
  }

  session() {
    return new (Session())(this)
  }

  findNode(target, opts) {
    if (this.destroyed) throw DHTError.NODE_DESTROYED()
    return new (Query())(this, target, true, FIND_NODE, null, opts)
  }

  query(message, opts) {
    if (this.destroyed) throw DHTError.NODE_DESTROYED()
    const { target, command, value } = check.object(message, 'message')
    return new (Query())(this, target, false, command, value, opts)
  }

  request(message, to, opts) {
    try {
      const { token, command, target, value } = check.object(message, 'message')
      return send(this, false, command, token, target, value, to, 0, opts)
    } catch (err) {
      return Promise.reject(err)
    }
  }

  ping(to, opts) {
    try {
      const { size, socket } = opts || NO_OPTIONS
      const length = size == null ? 0 : check.size(size, handleOf(this).sendsId(socket))
      const value = length > 0 ? Buffer.alloc(length) : null
      return send(this, true, PING, null, null, value, to, 0, opts)
    } catch (err) {
      return Promise.reject(err)
    }
  }

  delayedPing(to, delayMs, opts) {
    const tooLong = typeof delayMs === 'number' && delayMs > this.maxPingDelay
    if (tooLong) throw DHTError.DELAY_TOO_LONG(this.maxPingDelay)
    if (this.destroyed) throw DHTError.NODE_DESTROYED()
    try {
      const value = Buffer.alloc(4)
      value.writeUInt32LE(check.integer(delayMs, 'delayMs', 0, this.maxPingDelay))
      const timeout = Math.min(delayMs + DELAYED_PING_MARGIN, MAX_TIMEOUT)
      return send(this, true, DELAYED_PING, null, null, value, to, timeout, opts)
    } catch (err) {
      return Promise.reject(err)
    }
  }

  rttStats() {
    return rttStats()(this)
  }

  _ontick() {
    handleOf(this).tick()
  }

  _onwakeup() {
    handleOf(this).wakeup()
  }

  _natAdd(host, port) {
    handleOf(this).natAdd(host, port)
  }

  _updateNetworkState(onlyFirewall = false) {
    return handleOf(this).updateNetworkState(onlyFirewall)
  }

  _removeNode(node) {
    const entry = entries.find(handleOf(this), node)
    if (entry !== null) entries.drop(handleOf(this), entry, true)
  }

  // One after the other: { id, host, port }. Those that cannot be resolved are left out.
  _resolveBootstrapNodes() {
    return resolveBootstrapNodes(this)
  }

  // The engine has dealt with it. A user's command goes to its handler.
  _onrequest(req, external) {
    handleOf(this).observe([]).callThrough(req)
  }

  _onresponse(res, external) {}

  _ontimeout(req) {}

  _online() {
    setNetworkState(this, true, false)
  }

  _degraded() {
    setNetworkState(this, true, true)
  }

  _offline() {
    setNetworkState(this, false, false)
  }

  _onnetworkchange(interfaces) {
    this.emit('network-change', interfaces)
    if (!this.destroyed) this.emit('network-update')
  }

  async _bootstrap() {
    // Whoever made the node may still add listeners, and a subclass its fields.
    await Promise.resolve()
    await handleOf(this).reserve()
    if (!this.destroyed) this.emit('listening')
    await handleOf(this).bootstrapped()
  }

  // As request() makes them: a request that is told of its end by functions; null if it is not sent.
  _request(to, force, internal, command, target, value, session, onresponse, onerror) {
    if (internal && !this._sendDownHints && command === DOWN_HINT) return null
    const req = this.io.createRequest(to, null, internal, command, target, value, session)
    if (req === null) return null
    req.onresponse = onresponse
    req.onerror = onerror
    req.send(force)
    return req
  }

  // req: of io.createRequest().
  _requestToPromise(req, opts) {
    if (req === null) return Promise.reject(DHTError.NODE_DESTROYED())
    if (opts && opts.socket) req.socket = opts.socket
    if (opts && opts.retry === false) req.retries = 0
    return new Promise((resolve, reject) => {
      req.onresponse = resolve
      req.onerror = reject
      req.send()
    })
  }
}

const OWN = Observers.methodsOf(DHT.prototype)

tellOfListeners(DHT, (dht, name) => {
  if (name === 'add-node' || name === 'remove-node') handleOf(dht).interest.want(NODES)
})

module.exports = DHT

// What a subclass calls its own methods and fields is left to it: what the class itself needs, and the
// reference has not, is below or in the handle.

function settingsOf({
  portRange,
  concurrency,
  maxPingDelay,
  maxWindow,
  bootstrapNodes,
  filterRequest
}) {
  return { portRange, concurrency, maxPingDelay, maxWindow, bootstrapNodes, filterRequest }
}

function maxWindowOf(dht) {
  const { parts, settings } = handleOf(dht)
  return parts.io === null ? settings.maxWindow : dht.io.congestion._maxWindow
}

function send(dht, internal, command, token, target, value, to, timeout, opts) {
  const handle = handleOf(dht)
  if (dht.destroyed || handle.isClosing) return Promise.reject(DHTError.NODE_DESTROYED())
  if (!opts) opts = NO_OPTIONS
  const cancellation = Cancellation.of(opts)
  const group = opts.session ? Session().groupOf(opts.session) : null

  const req = {
    internal,
    command: check.command(command),
    token: check.optionalBytes32(token, 'token', 'ERR_INVALID_TOKEN'),
    target: check.optionalBytes32(target, 'target', 'ERR_INVALID_TARGET'),
    value: check.value(value),
    retries: opts.retry === false ? 0 : RETRIES,
    timeout,
    ttl: opts.ttl ? check.integer(opts.ttl, 'ttl', 0, 255) : 0,
    deferred: group !== null || cancellation !== null
  }
  if (req.value !== null) handle.checkFits(req, opts.socket)

  const { host, port } = check.object(to, 'to')
  const address = { ip: check.ip(host), port: check.port(port) }
  if (cancellation !== null && cancellation.isAborted) return Promise.reject(cancellation.reason)
  return handle.requests.send(address, req, opts.socket, group, cancellation)
}

// Of the user's own call. Its listeners are called as those of the network's events are.
function tell(dht, event) {
  if (!dht.destroyed) asyncContext.isolate(() => dht.emit(event))
}

function setNetworkState(dht, online, degraded) {
  if (dht.online === online && dht.degraded === degraded) return
  handleOf(dht).setFlag(FLAGS.ONLINE, online)
  handleOf(dht).setFlag(FLAGS.DEGRADED, degraded)
  tell(dht, 'network-update')
}

function localHost(udx) {
  const external = udx.networkInterfaces().filter((n) => n.family === 4 && !n.internal)
  // On a Mac en0 is the one that leads out.
  const found = external.find((n) => n.name === 'en0') || external[0]
  return found ? found.host : '127.0.0.1'
}

function logOf(opts) {
  const log = (opts && opts.log) || noop
  check.option(typeof log === 'function', 'log', 'a function', log)
  return log
}

function invalidHost(text) {
  return DHTError.coded(Error, 'ERR_INVALID_HOST', text)
}

function noop() {}
