'use strict'

// A copy of what is shipped, with the tests beside it: node:test is replaced by the harness, so that they run anywhere.

const { spawnSync } = require('child_process')
const fs = require('fs')
const path = require('path')
const { ROOT, STAGE, HARNESS } = require('./paths')

const COPIED = ['index.js', 'udx.js', 'package.json', 'lib', 'prebuilds', '__test__']
// Of what only this package has, and every runtime must.
const OWN = ['cancellation', 'query-cancellation', 'proxies']
const OF_BOTH = /\b(packages|pairings)\b.*require\('\.\/helpers\/(?:(?:udx-)?packages|udx-rig)'\)/

module.exports = { stage, suites }

function stage(runtimes) {
  fs.rmSync(STAGE, { recursive: true, force: true })
  fs.mkdirSync(STAGE, { recursive: true })
  for (const name of COPIED) {
    fs.cpSync(path.join(ROOT, name), path.join(STAGE, name), { recursive: true })
  }
  fs.cpSync(path.join(__dirname, 'harness'), HARNESS, { recursive: true })
  const tests = path.join(STAGE, '__test__')
  for (const file of fs.readdirSync(tests)) {
    if (file.endsWith('.test.js')) replaceRunner(path.join(tests, file))
  }
  const bare = runtimes.find(({ name }) => name === 'Bare')
  if (bare) writeImports(bare.program)
}

// The tests of whatever package they are given, and some of our own: { name, file }.
function suites() {
  const folder = path.join(ROOT, '__test__')
  return fs
    .readdirSync(folder)
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => ({ name: path.basename(file, '.test.js'), file }))
    .filter(({ name, file }) => OWN.includes(name) || isOfBoth(path.join(folder, file)))
    .map(({ name, file }) => ({ name, file: path.join(STAGE, '__test__', file) }))
}

// What needs programs of the machine is tested on Node alone.
function isOfBoth(file) {
  const text = fs.readFileSync(file, 'utf8')
  return OF_BOTH.test(text) && !text.includes("require('../scripts/")
}

function replaceRunner(file) {
  const text = fs.readFileSync(file, 'utf8')
  fs.writeFileSync(file, text.replace("require('node:test')", "require('../harness/test')"))
}

function writeImports(bare) {
  const { status, stdout } = spawnSync(bare, [path.join(HARNESS, 'imports.js')])
  if (status !== 0) throw new Error('Bare does not find its modules')
  fs.writeFileSync(path.join(HARNESS, 'imports.json'), stdout)
}
