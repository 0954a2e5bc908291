'use strict'

// The test files of both languages. One that takes more than 3 s alone says so, with the reason, in a line of its own:
//   // slow: it waits for tokens to rotate
// `npm run check` leaves those out.

const fs = require('fs')
const path = require('path')
const { ROOT } = require('../../lib/crossing/platform')

const SLOW = /^\/\/ slow: \S/m

module.exports = { isFast, javascriptTests, rustTests }

// Paths from the root.
function javascriptTests() {
  return fs
    .readdirSync(path.join(ROOT, '__test__'), { recursive: true })
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => path.join('__test__', file))
    .sort()
}

// Where Cargo looks for them by itself.
function rustTests() {
  return fs
    .readdirSync(path.join(ROOT, 'tests'))
    .flatMap((name) => [path.join('tests', name), path.join('tests', name, 'main.rs')])
    .filter((file) => file.endsWith('.rs') && fs.existsSync(path.join(ROOT, file)))
    .sort()
}

function isFast(file) {
  return !SLOW.test(fs.readFileSync(path.join(ROOT, file), 'utf8'))
}
