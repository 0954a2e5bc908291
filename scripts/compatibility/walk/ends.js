'use strict'

// Where the walk ends: what Node and streamx give is theirs, and the same for both packages.

const { EventEmitter } = require('events')

const STREAMX = /[\\/]node_modules[\\/]streamx[\\/]/
const MODULES = ['events', 'stream'] // of Node, with classes that are not global

module.exports = { isEnd, endOf, isBaseline }

const builtin = builtinPrototypes()
const baselines = new Map()

function isEnd(prototype) {
  return prototype === null || builtin.has(prototype) || streamxPrototypes().has(prototype)
}

// What an object's class is made of: 'Object', 'EventEmitter', 'Readable', 'Error', 'Map' …
function endOf(object) {
  let at = Object.getPrototypeOf(object)
  while (!isEnd(at)) at = Object.getPrototypeOf(at)
  return at === null ? 'null' : at.constructor.name
}

// Own members that the constructor where the walk ends gives to each of its objects.
function isBaseline(object, key) {
  let at = Object.getPrototypeOf(object)
  while (!isEnd(at)) at = Object.getPrototypeOf(at)
  if (at === null) return false
  if (!baselines.has(at)) baselines.set(at, baselineOf(at))
  return baselines.get(at).has(key)
}

function baselineOf(prototype) {
  const { constructor } = prototype
  const wanted = constructor === EventEmitter || constructor === Error || !builtin.has(prototype)
  const keys = new Set(wanted ? Reflect.ownKeys(new constructor()) : [])
  if (constructor === Error) keys.add('message').add('stack')
  return keys
}

function builtinPrototypes() {
  const found = new Set([Object.prototype, Function.prototype])
  const add = (value) => {
    if (typeof value === 'function' && value.prototype) found.add(value.prototype)
  }
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const { value } = Object.getOwnPropertyDescriptor(globalThis, name)
    add(value)
  }
  for (const name of MODULES) Object.values(require(name)).forEach(add)
  const timer = setTimeout(() => {}, 0)
  clearTimeout(timer)
  found.add(Object.getPrototypeOf(timer))
  return found
}

// Of every copy that is loaded; what is not exported is found in a stream.
function streamxPrototypes() {
  const found = new Set()
  for (const { filename, exports } of Object.values(require.cache)) {
    if (!STREAMX.test(filename) || !exports || !exports.Readable) continue
    const classes = Object.values(exports).filter((value) => typeof value === 'function')
    for (const { prototype } of classes) if (prototype) found.add(prototype)
    for (const value of Object.values(new exports.Duplex())) {
      if (value && typeof value === 'object') found.add(Object.getPrototypeOf(value))
    }
  }
  return found
}
