'use strict'

const check = require('../common/check')

const MAX_U32 = 0xffffffff
const MAX_LIMIT = 0x7fffffff
const LIMITS = [1, MAX_LIMIT]

// The limits that hold by default. docs/protections.md says where they come from.
const PROTECTIONS = {
  hostBudget: 10_000, // requests a second
  loadShedding: true,
  hintsPerHost: 64, // in a tick of 5 s
  swapsPerHost: 64, // in a tick of 5 s
  delayedPingsPerHost: 1024,
  heldPerHost: 2048,
  closerNodes: 100,
  floodGrace: true
}

const HARDENED = {
  verify: true,
  perHost: 4,
  perSubnet: 16,
  paths: 3,
  unprovenBytes: 4096, // in 10 s
  unprovenFactor: 2,
  askedAddress: true,
  lookupReserve: true
}

// What it comes to if nothing is asked for.
const NOT_HARDENED = {
  verify: false,
  paths: 1,
  unprovenFactor: 0,
  askedAddress: false,
  lookupReserve: false
}

// The least and the most of a number.
const RANGES = {
  perHost: LIMITS,
  perSubnet: LIMITS,
  paths: [1, 16],
  unprovenBytes: [0, MAX_U32],
  unprovenFactor: [0, 1024]
}

module.exports = { parseProtections, parseHardened }

// What is false is off, and undefined for the binding.
function parseProtections(opts) {
  const members = choose(opts, true, 'protections')
  if (members === null) return { loadShedding: false, floodGrace: false }
  known(members, PROTECTIONS, 'protections')

  const config = {}
  for (const name in PROTECTIONS) {
    const value = given(members[name], PROTECTIONS[name])
    const field = `protections.${name}`
    const isFlag = typeof PROTECTIONS[name] === 'boolean'
    config[name] = isFlag ? flag(value, field) : limit(value, field, LIMITS)
  }
  return config
}

function parseHardened(opts) {
  const members = choose(opts, false, 'hardened')
  if (members === null) return NOT_HARDENED
  known(members, HARDENED, 'hardened')

  const config = {}
  for (const name in HARDENED) {
    const value = given(members[name], HARDENED[name])
    config[name] = RANGES[name]
      ? limit(value, `hardened.${name}`, RANGES[name])
      : flag(value, `hardened.${name}`)
  }
  config.paths = given(config.paths, 1)
  config.unprovenFactor = given(config.unprovenFactor, 0)
  return config
}

// The members that were given, or null if all are off.
function choose(opts, on, field) {
  if (opts === undefined || opts === null) return on ? {} : null
  if (typeof opts === 'boolean') return opts ? {} : null
  const isObject = typeof opts === 'object' && !Array.isArray(opts)
  check.option(isObject, field, 'an object, true or false', opts)
  return opts
}

function known(members, names, field) {
  for (const name of Object.keys(members)) {
    const list = Object.keys(names).join(', ')
    check.option(Object.hasOwn(names, name), `a member of ${field}`, `one of ${list}`, name)
  }
}

function limit(value, field, [min, max]) {
  return value === false ? undefined : check.limit(value, field, min, max)
}

function flag(value, field) {
  check.option(typeof value === 'boolean', field, 'true or false', value)
  return value
}

function given(value, otherwise) {
  return value === undefined || value === null ? otherwise : value
}
