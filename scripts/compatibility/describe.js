'use strict'

const { EventEmitter } = require('events')

module.exports = { show, kindOf, attempt, settled, overTime, yesNo }

// Of a value, what does not depend on the machine or the moment.
function show(value) {
  if (value === null) return 'null'
  if (Buffer.isBuffer(value)) return `Buffer(${value.byteLength})`
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${show(value[0])}]`
  if (value instanceof Error) return 'error'
  if (typeof value === 'boolean' || value === undefined) return String(value)
  if (typeof value !== 'object') return typeof value
  if ('downHints' in value) return 'entry'
  const prototype = Object.getPrototypeOf(value)
  const plain = prototype === Object.prototype || prototype === null
  return plain ? `{ ${Object.keys(value).join(', ')} }` : 'object'
}

// How a member is there: a field, a getter of the class, a method and its arity.
function kindOf(object, name) {
  if (Object.hasOwn(object, name)) {
    return typeof object[name] === 'function' ? `function/${object[name].length}` : 'field'
  }
  for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
    if (at === Object.prototype || at === EventEmitter.prototype) break
    const found = Object.getOwnPropertyDescriptor(at, name)
    if (found === undefined) continue
    if (typeof found.value === 'function') {
      const inherited = at.constructor.name === 'Readable' ? 'stream method' : 'method'
      return `${inherited}/${found.value.length}`
    }
    return 'getter'
  }
  return 'absent'
}

// What a call comes to: throws, rejects, returns or resolves.
async function attempt(call) {
  let result
  try {
    result = call()
  } catch (err) {
    return `throws ${words(err)}`
  }
  if (!result || typeof result.then !== 'function') return `returns ${show(result)}`
  try {
    return `resolves ${show(await result)}`
  } catch (err) {
    return `rejects ${words(err)}`
  }
}

// Whether a promise is settled once those that were settled before it went on.
async function settled(promise) {
  let state = 'pending'
  promise.then(
    () => (state = 'resolved'),
    () => (state = 'rejected')
  )
  for (let i = 0; i < 3; i++) await new Promise(setImmediate)
  return state
}

// The same thing at several moments.
function overTime(moments) {
  const shown = Object.entries(moments)
  const values = new Set(shown.map(([, value]) => value))
  if (values.size === 1) return `always ${shown[0][1]}`
  return shown.map(([moment, value]) => `${moment} ${value}`).join(', ')
}

function yesNo(condition) {
  return condition ? 'yes' : 'no'
}

function words(err) {
  return `"${err.message}"`
}
