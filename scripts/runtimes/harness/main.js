'use strict'

// Runs one file of tests: main.js FILE. The last line is what came of it, as JSON.

const { run } = require('./test')

// A test has ended when this comes of what it left, and Bare says so before a handler could be there.
process.on('unhandledRejection', () => {})

require(process.argv[2])
run(report).then((outcomes) => console.log(`outcomes ${JSON.stringify(outcomes)}`))

function report({ name, error, skipped }) {
  if (skipped !== null) console.log(`skip  ${name}: ${skipped}`)
  else console.log(error === null ? `ok    ${name}` : `FAIL  ${name}\n${error}`)
}
