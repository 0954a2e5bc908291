'use strict'

// What a runtime cannot run, and why: a suite, or those of its tests that fit the pattern.

const LIMITS = [
  {
    runtimes: ['Bun', 'Deno'],
    suite: 'udx',
    reason: 'the suite hands in `udx-native`, which takes its sockets from libuv'
  },
  {
    runtimes: ['Bun'],
    suite: 'exceptions',
    test: /nobody catches it/,
    reason: 'Bun words an uncaught exception in its own way'
  },
  {
    runtimes: ['Deno'],
    suite: 'after-destroy',
    test: /whose handler destroys it|of the same batch|in the midst/,
    reason: "Deno's own sockets send some turns later, and the test needs datagrams that wait"
  },
  {
    runtimes: ['Deno'],
    suite: 'destroy',
    test: /what was replied before/,
    reason: "datagrams of Deno's own sockets overtake one another, and the test needs their order"
  },
  {
    runtimes: ['Bare'],
    suite: 'contexts',
    reason: 'Bare has no `AsyncLocalStorage`, nor contexts for it'
  },
  {
    runtimes: ['Bare'],
    suite: 'udx-nodes',
    test: /nobody’s context/,
    reason: 'Bare has no `AsyncLocalStorage`, nor contexts for it'
  },
  {
    runtimes: ['Bare'],
    suite: 'udx-streams-ends',
    test: /nobody’s asynchronous context/,
    reason: 'Bare has no `AsyncLocalStorage`, nor contexts for it'
  },
  {
    runtimes: ['Bare'],
    suite: 'exceptions',
    test: /nobody catches it/,
    reason: 'Bare ends by SIGABRT then, and the test expects an exit code'
  },
  {
    runtimes: ['Bare'],
    suite: 'realms',
    test: /loaded in another realm/,
    reason: 'a realm of `bare-vm` has no `Bare` in it, by which modules and add-ons are found'
  },
  {
    runtimes: ['Bare'],
    suite: 'turn',
    test: /under full load/,
    reason:
      'what follows several `setImmediate()` of one turn mixes there, and the test needs it apart'
  },
  {
    runtimes: ['Bare'],
    suite: 'workers',
    test: /that are terminated|that exit/,
    reason: "Bare's threads tell no exit code; they are ended in both ways all the same"
  }
]

module.exports = { limitOf }

// Without a test: of the whole suite.
function limitOf(runtime, suite, test) {
  const fits = (limit) => (test === undefined ? !limit.test : !limit.test || limit.test.test(test))
  const found = LIMITS.find(
    (limit) => limit.runtimes.includes(runtime) && limit.suite === suite && fits(limit)
  )
  return found ? found.reason : null
}
