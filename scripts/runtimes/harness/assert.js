'use strict'

// The part of node:assert that the suites use, for runtimes that have none.

class AssertionError extends Error {
  get name() {
    return 'AssertionError'
  }
}

module.exports = Object.assign(ok, {
  AssertionError,
  ok,
  fail,
  strictEqual: (a, b, why) => ok(Object.is(a, b), why || `${show(a)} is not ${show(b)}`),
  notStrictEqual: (a, b, why) => ok(!Object.is(a, b), why || `it is ${show(a)}`),
  deepEqual,
  deepStrictEqual: deepEqual,
  notDeepStrictEqual: (a, b, why) => ok(!equal(a, b), why || `it equals ${show(a)}`),
  match: (text, pattern, why) => ok(pattern.test(text), why || `${show(text)}: not ${pattern}`),
  doesNotMatch: (text, pattern, why) => ok(!pattern.test(text), why || `${show(text)}: ${pattern}`),
  throws(fn, expected) {
    try {
      fn()
    } catch (err) {
      return check(err, expected)
    }
    fail('nothing was thrown')
  },
  doesNotThrow: (fn) => fn(),
  async rejects(promise, expected) {
    try {
      await (typeof promise === 'function' ? promise() : promise)
    } catch (err) {
      return check(err, expected)
    }
    fail('nothing was rejected')
  }
})

function ok(value, why = `${show(value)} is not true`) {
  if (!value) fail(why)
}

function fail(why) {
  throw why instanceof Error ? why : new AssertionError(why)
}

function deepEqual(a, b, why) {
  ok(equal(a, b), why || `${show(a)} does not equal ${show(b)}`)
}

// A class, a function that judges, a pattern of the text, or some of the error's fields.
function check(err, expected) {
  if (expected === undefined) return
  if (expected instanceof RegExp) return ok(expected.test(String(err)), `${err}: not ${expected}`)
  if (typeof expected !== 'function') {
    for (const [name, value] of Object.entries(expected)) {
      const fits = value instanceof RegExp ? value.test(err[name]) : equal(err[name], value)
      ok(fits, `${name} of ${err} is ${show(err[name])}, not ${show(value)}`)
    }
    return
  }
  if (expected.prototype !== undefined && err instanceof expected) return
  if (expected === Error || expected.prototype instanceof Error) throw err
  ok(expected(err) === true, `${err} is not the one`)
}

function equal(a, b) {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (ArrayBuffer.isView(a)) return a.length === b.length && a.every((item, i) => item === b[i])
  if (a instanceof Error && (a.message !== b.message || a.name !== b.name)) return false
  if (a instanceof Set) return a.size === b.size && [...a].every((item) => b.has(item))
  if (a instanceof Map) return equal([...a], [...b])
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
}

function show(value) {
  if (typeof value === 'bigint' || typeof value === 'function') return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
