'use strict'

module.exports = { show, attempt, settled, overTime, yesNo }

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

// The same thing at several moments: where it changes, and to what.
function overTime(moments) {
  const changes = []
  let last
  for (const [moment, value] of Object.entries(moments)) {
    if (value !== last) changes.push(changes.length === 0 ? value : `${moment}: ${value}`)
    last = value
  }
  return changes.join('; ')
}

function yesNo(condition) {
  return condition ? 'yes' : 'no'
}

function words(err) {
  return `"${err.message}"`
}
