'use strict'

const test = require('node:test')
const fs = require('node:fs')
const path = require('node:path')
const Engine = require('./differential/engine')
const World = require('./differential/world')

const SCENARIOS = path.join(__dirname, 'differential', 'scenarios')

let engine = null
test.before(() => {
  engine = Engine.start()
})
test.after(() => engine.stop())

for (const file of fs.readdirSync(SCENARIOS).sort()) {
  const subject = path.basename(file, '.js')
  for (const [name, play] of Object.entries(require(path.join(SCENARIOS, file)))) {
    test(`${subject}: ${name}`, () => play(new World(engine, name)))
  }
}
