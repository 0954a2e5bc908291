'use strict'

// By name, so that the copies of this package in one process know each other's objects.
const OPEN = Symbol.for('dht-rpc-native.internals')

let opened

module.exports = { hide, opener, internalsOf, OPEN }

// What an object keeps to itself. A Proxy around the object may wrap, bind or replace whatever is read
// of it, so internals are no property: a function hands them out beside what it returns.
function hide(object, internals) {
  const value = opener(internals)
  Object.defineProperty(object, OPEN, { value, configurable: true, writable: true })
}

// For objects of which many have the same internals: it goes into their field OPEN.
function opener(internals) {
  return () => (opened = internals)
}

// Of the object or of a Proxy around it; undefined if it has none.
function internalsOf(object) {
  const open = object === null || object === undefined ? undefined : object[OPEN]
  if (typeof open !== 'function') return undefined
  opened = undefined // another copy may have asked before
  const returned = open()
  const internals = opened === undefined ? returned : opened // another copy's are returned only
  opened = undefined
  return internals
}
