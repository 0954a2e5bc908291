'use strict'

const { FLAGS } = require('./view')
const { readReply, replySerial } = require('./records')
const { REQUESTS, REPLIES, TIMEOUTS } = require('./interest')

// What each is told by the engine, and what of a node a default is bound to.
const HOOKS = {
  onrequest: { bound: '_onrequest', wanted: REQUESTS },
  onresponse: { bound: '_onresponse', wanted: REPLIES },
  ontimeout: { bound: '_ontimeout', wanted: TIMEOUTS }
}

const NAMES = Object.keys(HOOKS)

// What a program puts in the place of `io.onrequest`, `io.onresponse` and `io.ontimeout`, or of the
// methods that these are bound to. The engine has acted by then: they observe.
module.exports = class Observers {
  // overridden: the names of those of which a subclass has its own.
  constructor(handle, overridden) {
    this.io = null // on which they are called
    this._handle = handle
    this._overridden = overridden
    this._fields = null // of `io`
    this._replaced = { onrequest: false, onresponse: false, ontimeout: false }
    this._defaults = { onrequest: null, onresponse: null, ontimeout: null }
    this._command = null // the user's command that is observed
    this._reply = null // the reply that was observed last
    this._serial = 0
    for (const name of overridden) handle.interest.want(HOOKS[name].wanted)
  }

  // What the defaults are bound to, of a node that observes nothing.
  static methodsOf({ _onrequest, _onresponse, _ontimeout }) {
    return { _onrequest, _onresponse, _ontimeout }
  }

  // The names of those for which `dht` has other methods.
  static overridden(dht, methods) {
    return NAMES.filter((name) => dht[HOOKS[name].bound] !== methods[HOOKS[name].bound])
  }

  // Who observes timeouts is told of one before anybody whom it was promised to.
  get seesTimeouts() {
    return this._observes('ontimeout')
  }

  // The same IO, which is read faster.
  static unwatched(io, { observers }) {
    return observers !== null && observers.io === io ? observers._fields : io
  }

  // The IO as programs see it. The defaults are plain fields of it, and in whatever way something takes
  // the place of one (assigned, defined, mocked), it is noticed.
  watch(io) {
    for (const name of NAMES) io[name] = this._default(name)
    this._fields = io
    this.io = new Proxy(io, {
      defineProperty: (...args) => this._changed(Reflect.defineProperty, args),
      deleteProperty: (...args) => this._changed(Reflect.deleteProperty, args)
    })
    return this.io
  }

  // A user's command goes to its handler once, whether or not who observes it calls through.
  oncommand(req) {
    const outer = this._command
    this._command = req
    try {
      this._tell('onrequest', req, this._isExternal(req.socket))
    } finally {
      const waits = this._command === req
      this._command = outer
      if (waits) this._handle.handleCommand(req)
    }
  }

  // Whoever observes it has called through.
  callThrough(req) {
    if (this._command !== req) return
    this._command = null
    this._handle.handleCommand(req)
  }

  onrequest(req) {
    this._tell('onrequest', req, this._isExternal(req.socket))
  }

  // What a reply leads to comes later; it is the same object there.
  onreply(slab, at, socket) {
    this._serial = replySerial(slab, at)
    this._reply = readReply(slab, at)
    this._tell('onresponse', this._reply, this._isExternal(socket))
  }

  ontimeout(req) {
    this._tell('ontimeout', req)
  }

  // The reply of which onreply() told, or null.
  replyAt(slab, at) {
    if (this._reply === null || this._serial !== replySerial(slab, at)) return null
    const reply = Object.assign(this._reply, readReply(slab, at))
    this._reply = null
    return reply
  }

  _tell(name, ...args) {
    if (!this._observes(name)) return
    if (this.io === null) this.io = this._handle.dht.io
    const observer = this.io[name]
    if (typeof observer === 'function') observer.apply(this.io, args)
  }

  _changed(change, args) {
    const done = change(...args)
    const [, name] = args
    if (Object.hasOwn(HOOKS, name)) this._look(name)
    return done
  }

  _look(name) {
    const field = Object.getOwnPropertyDescriptor(this._fields, name)
    this._replaced[name] = field === undefined || field.value !== this._default(name)
    if (this._observes(name)) this._handle.interest.want(HOOKS[name].wanted)
    else this._handle.interest.unwant(HOOKS[name].wanted)
  }

  _observes(name) {
    return this._replaced[name] || this._overridden.includes(name)
  }

  _default(name) {
    if (this._defaults[name] === null) {
      const { dht } = this._handle
      this._defaults[name] = dht[HOOKS[name].bound].bind(dht)
    }
    return this._defaults[name]
  }

  _isExternal(socket) {
    const { sockets, view } = this._handle
    return socket !== (view.flag(FLAGS.FIREWALLED) ? sockets.client : sockets.server)
  }
}
