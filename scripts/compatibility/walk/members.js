'use strict'

// The members of one object: own ones, and those of its classes until the walk ends.

const { types: utilTypes } = require('util')
const { isEnd, isBaseline } = require('./ends')

const ID = 32 // bytes: of an id, a target, a token
const ABSENT = { kind: 'absent', types: [] }

module.exports = { membersOf, staticsOf, typeOf, isClass, readOf, nameOfKey }

// Map of key → { kind, value }.
function membersOf(object) {
  const members = new Map()
  for (const key of Reflect.ownKeys(object)) {
    if (!isBaseline(object, key)) members.set(key, ownMember(object, key))
  }
  for (let at = Object.getPrototypeOf(object); !isEnd(at); at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      if (!members.has(key)) members.set(key, inheritedMember(at, key, object))
    }
  }
  return members
}

function staticsOf(constructor) {
  const members = new Map()
  const isOwn = (at) => isClass(at) && !isEnd(at.prototype)
  for (let at = constructor; isOwn(at); at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      const known = key === 'length' || key === 'name' || key === 'prototype'
      if (!known && !members.has(key)) members.set(key, staticMember(at, key))
    }
  }
  return members
}

// One that may be missing: of an object that is walked along another's members.
function readOf(object, key) {
  if (isClass(object)) return staticsOf(object).get(key) || ABSENT
  if (Object.hasOwn(object, key)) return ownMember(object, key)
  for (let at = Object.getPrototypeOf(object); !isEnd(at); at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, key)) return inheritedMember(at, key, object)
  }
  return ABSENT
}

function ownMember(object, key) {
  const { enumerable, writable, set } = Object.getOwnPropertyDescriptor(object, key)
  const words = []
  if (!enumerable) words.push('hidden')
  if (!writable && !set) words.push('read-only')
  return member([...words, 'field'].join(' '), read(object, key))
}

function inheritedMember(prototype, key, object) {
  const { value, get, set } = Object.getOwnPropertyDescriptor(prototype, key)
  if (key === 'constructor') return member('class', value)
  if (typeof value === 'function') return member(`method/${value.length}`, undefined)
  if (!get && !set) return member('field of the class', value)
  return member(set ? 'getter and setter' : 'getter', read(object, key))
}

function staticMember(constructor, key) {
  const value = read(constructor, key)
  if (typeof value === 'function' && !isClass(value)) {
    return { kind: `static method/${value.length}`, types: [], value: undefined }
  }
  const constant = typeof value === 'number' || typeof value === 'string'
  return { kind: 'static', types: [constant ? String(value) : typeOf(value)], value }
}

function member(kind, value) {
  const typed = kind !== 'class' && !kind.startsWith('method')
  return { kind, types: typed ? [typeOf(value)] : [], value }
}

function read(object, key) {
  try {
    return object[key]
  } catch {
    return undefined
  }
}

function typeOf(value) {
  if (value === null) return 'null'
  if (typeof value === 'function') return isClass(value) ? 'class' : 'function'
  if (typeof value !== 'object') return typeof value
  if (Buffer.isBuffer(value)) return value.byteLength === ID ? `Buffer(${ID})` : 'Buffer'
  if (Array.isArray(value)) return `[${[...new Set(Array.from(value, typeOf))].sort().join(', ')}]`
  if (value instanceof Error) return 'error'
  if (utilTypes.isPromise(value)) return 'promise'
  if (utilTypes.isMap(value)) return 'Map'
  if (utilTypes.isSet(value)) return 'Set'
  return ArrayBuffer.isView(value) ? value.constructor.name : 'object'
}

function isClass(value) {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))
}

function nameOfKey(key) {
  return typeof key === 'symbol' ? `[${key.description}]` : key
}
