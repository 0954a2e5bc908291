'use strict'

const { mock } = require('node:test')
const timers = require('node:timers')
const timersPromises = require('node:timers/promises')

const NAMES = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']

// What users' tests do to clocks. Each returns who called what, and what takes it back.
module.exports = {
  // The time stands still.
  frozen() {
    return replace([
      [performance, 'now', () => 0],
      [Date, 'now', () => 0],
      [process, 'hrtime', Object.assign(() => [0, 0], { bigint: () => 0n })]
    ])
  },

  // As sinon and jest with everything faked: nothing runs until a test says so.
  stopped: () => stop((_, fake) => fake),

  // The same by Proxies, which look like functions of the runtime's.
  proxied: () =>
    stop((own, fake) => new Proxy(own, { apply: (_, self, args) => fake.apply(self, args) })),
  // Those of Node's own test runner.
  mocked() {
    mock.timers.enable()
    return { calls: [], restore: () => mock.timers.reset() }
  }
}

function stop(disguise) {
  const kept = () => ({ ref() {}, unref() {}, hasRef: () => false })
  const replacements = [
    ...NAMES.map((name) => [globalThis, name, kept]),
    ...NAMES.filter((name) => timers[name]).map((name) => [timers, name, kept]),
    ...['setTimeout', 'setImmediate'].map((name) => [timersPromises, name, forever]),
    [process, 'nextTick', kept],
    [performance, 'now', () => 0],
    [Date, 'now', () => 0]
  ]
  return replace(replacements, disguise)
}

function replace(replacements, disguise = (_, fake) => fake) {
  const calls = []
  const before = replacements.map(([object, name]) => [
    object,
    name,
    Object.getOwnPropertyDescriptor(object, name)
  ])
  for (const [object, name, fake] of replacements) {
    const value = disguise(object[name], recorded(name, fake, calls))
    Object.defineProperty(object, name, { value, configurable: true, writable: true })
  }
  return { calls, restore: () => before.forEach(putBack) }
}

function recorded(name, fake, calls) {
  const value = function (...args) {
    const [, , caller] = new Error().stack.split('\n')
    calls.push(`${name} ${caller.trim()}`)
    return fake.apply(this, args)
  }
  return Object.assign(value, fake)
}

function putBack([object, name, descriptor]) {
  if (descriptor === undefined) delete object[name]
  else Object.defineProperty(object, name, descriptor)
}

function forever() {
  return new Promise(() => {})
}
