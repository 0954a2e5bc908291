// slow: it plays walks of hundreds of steps in both packages

'use strict'

// This engine beside the reference, step by step: see differential/README.md.

const test = require('node:test')
const assert = require('node:assert')
const differences = require('./differential/differences')
const Engine = require('./differential/engine')
const scenarios = require('./differential/scenarios')
const Walk = require('./differential/walk')
const World = require('./differential/world')

const WALKS = 16

let engine = null
test.before(() => {
  engine = Engine.start()
})
test.after(() => engine?.stop())

for (const [name, play] of scenarios) test(name, () => play(new World(engine, name)))

for (let seed = 1; seed <= WALKS; seed++) {
  test(`random walk ${seed}`, () => new Walk(engine, seed).run())
}

for (const difference of differences) {
  test(`a difference is seen: ${difference.title}`, async () => {
    const others = differences.filter((other) => other !== difference)
    const play = scenarios.get(difference.shown)
    const played = play(new World(engine, difference.shown, others))
    await assert.rejects(played, { name: 'Divergence' })
  })
}
