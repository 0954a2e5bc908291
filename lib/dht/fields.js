'use strict'

const { FLAGS } = require('./view')
const { field } = require('../common/field')
const { internalsOf } = require('../common/internals')
const stats = require('./stats')
const PARTS = require('./parts')

const MAX_I32 = 0x7fffffff

// The fields of a DHT instance that the engine reads and writes as well.
module.exports = {
  ...PARTS,
  bootstrapNodes: field(getBootstrapNodes, setBootstrapNodes),
  concurrency: limit('concurrency', stats.CONCURRENCY),
  maxPingDelay: limit('maxPingDelay', stats.MAX_PING_DELAY),
  bootstrapped: flag(FLAGS.BOOTSTRAPPED),
  ephemeral: flag(FLAGS.EPHEMERAL),
  firewalled: flag(FLAGS.FIREWALLED),
  adaptive: flag(FLAGS.ADAPTIVE),
  online: flag(FLAGS.ONLINE),
  degraded: flag(FLAGS.DEGRADED),
  _tick: counter(stats.TICK),
  _refreshTicks: counter(stats.REFRESH_TICKS),
  _stableTicks: counter(stats.STABLE_TICKS),
  _lastTick: counter(stats.LAST_TICK)
}

// Whoever has the list may change it: from now on it is asked for at each use.
function getBootstrapNodes() {
  internalsOf(this).watchBootstrapNodes()
  return internalsOf(this).settings.bootstrapNodes
}

function setBootstrapNodes(nodes) {
  internalsOf(this).watchBootstrapNodes()
  internalsOf(this).settings.bootstrapNodes = nodes
}

function flag(bit) {
  return field(
    function () {
      return internalsOf(this).view.flag(bit)
    },
    function (on) {
      internalsOf(this).setFlag(bit, on)
    }
  )
}

function counter(place) {
  return field(
    function () {
      return internalsOf(this).counters.get(place)
    },
    function (value) {
      internalsOf(this).counters.set(place, value)
    }
  )
}

// What makes no sense to the engine it does not hear of.
function limit(name, place) {
  return field(
    function () {
      return internalsOf(this).settings[name]
    },
    function (value) {
      internalsOf(this).settings[name] = value
      const known = Number.isInteger(value) && value > 0 && value <= MAX_I32
      if (known) internalsOf(this).counters.set(place, value)
    }
  )
}
