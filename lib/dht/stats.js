'use strict'

const { hide, internalsOf } = require('../common/internals')

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

const QUERIES = { active: 0, total: 1 }
const REQUESTS = { active: 2, total: 3, responses: 4, timeouts: 5, retries: 6 }
const COMMANDS = { ping: 0, pingNat: 1, findNode: 2, downHint: 3 }
const PROTECTIONS = [
  'hostBudget',
  'hintsPerHost',
  'swapsPerHost',
  'delayedPingsPerHost',
  'heldPerHost',
  'closerNodes',
  'unaskedReplies',
  'wrongSource',
  'filterRequest',
  'verify',
  'perHost',
  'perSubnet',
  'paths',
  'unprovenBytes',
  'askedAddress',
  'floodGrace',
  'lookupReserve',
  'loadShedding'
]
// The binding's numbers of the other counters.
const TX = 7
const RX = 11

const FIRST_PROTECTION = 24
const PROTECTION_PLACES = Object.fromEntries(
  PROTECTIONS.map((name, i) => [name, FIRST_PROTECTION + i])
)

const accessors = new Map()
const inspector = { value: inspect, configurable: true, writable: true }

module.exports = {
  stats,
  withProtections,
  QUERIES_ACTIVE: QUERIES.active,
  REQUESTS_ACTIVE: REQUESTS.active,
  RESPONSES: REQUESTS.responses,
  TIMEOUTS: REQUESTS.timeouts,
  RX,
  DROPPED: 15,
  INFLIGHT: 16,
  TID: 17,
  TICK: 18,
  REFRESH_TICKS: 19,
  STABLE_TICKS: 20,
  LAST_TICK: 21,
  // Those that can only be written.
  CONCURRENCY: 22,
  MAX_PING_DELAY: 23,
  COUNTERS: FIRST_PROTECTION + PROTECTIONS.length
}

// Live counters that look like plain data: they can be spread, compared, serialized and written.
// The names are those that the reference gives its own.
function stats(source) {
  const commands = {}
  for (const name in COMMANDS) {
    commands[name] = counters(source, { tx: TX + COMMANDS[name], rx: RX + COMMANDS[name] })
  }
  const object = {
    queries: counters(source, QUERIES),
    requests: counters(source, REQUESTS),
    commands
  }
  return withProtections(object, source)
}

// What the reference does not count: whoever compares or copies stats does not see it.
function withProtections(object, source) {
  hide(object, source)
  return Object.defineProperty(object, 'protections', { get: protections, configurable: true })
}

function protections() {
  const source = internalsOf(this)
  if (source.protections === null) source.protections = counters(source, PROTECTION_PLACES)
  return source.protections
}

function counters(source, places) {
  const object = {}
  hide(object, source)
  Object.defineProperty(object, INSPECT, inspector)
  for (const name in places) Object.defineProperty(object, name, accessor(places[name]))
  return object
}

// One pair of functions for all nodes.
function accessor(place) {
  let descriptor = accessors.get(place)
  if (descriptor !== undefined) return descriptor

  descriptor = {
    enumerable: true,
    configurable: true,
    get() {
      return internalsOf(this).get(place)
    },
    set(value) {
      internalsOf(this).set(place, value)
    }
  }
  accessors.set(place, descriptor)
  return descriptor
}

function inspect() {
  return { ...this }
}
