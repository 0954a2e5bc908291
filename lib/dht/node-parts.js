'use strict'

const Replier = require('./replier')
const Counters = require('./counters')
const Requests = require('./requests')
const Alarms = require('./alarms')
const Queries = require('./queries')
const Interest = require('./interest')
const Interfaces = require('./interfaces')
const { stats } = require('./stats')
const { lazily } = require('../common/lazily')

const InFlight = lazily(() => require('./in-flight'))

// What was made of the parts that a DHT instance has.
class Parts {
  constructor() {
    this.stats = null
    this.udx = null
    this.table = null
    this.io = null
    this.nodes = null
    this.health = null
    this.nat = null
  }
}

const NO_PARTS = Object.freeze(new Parts())

// What of a node's handle many nodes never need: each is made at its first use.
module.exports = class NodeParts {
  constructor() {
    this.parts = NO_PARTS
    this._replier = null
    this._requests = null
    this._queries = null
    this._counters = null
    this._alarms = null
    this._interfaces = null
    this._interest = null
    this._stats = null
    this._inFlight = null
  }

  get replier() {
    return (this._replier ??= new Replier(this))
  }

  get requests() {
    return (this._requests ??= new Requests(this))
  }

  get counters() {
    return (this._counters ??= new Counters(this))
  }

  get queries() {
    return (this._queries ??= new Queries(this))
  }

  get alarms() {
    return (this._alarms ??= new Alarms(this))
  }

  get interfaces() {
    return (this._interfaces ??= new Interfaces(this))
  }

  get interest() {
    return (this._interest ??= new Interest(this))
  }

  get ownParts() {
    if (this.parts === NO_PARTS) this.parts = new Parts()
    return this.parts
  }

  // As they come from the engine: a subclass may have its own.
  get stats() {
    if (this._stats === null) this._stats = stats(this.counters)
    return this._stats
  }

  // The requests in flight, as objects.
  get inFlight() {
    if (this._inFlight === null) this._inFlight = new (InFlight())(this)
    return this._inFlight
  }

  // As the user's UDX does, from now on.
  watchInterfaces() {
    this._interfaces = new Interfaces(this)
  }
}
