'use strict'

// npm test: on a fresh clone too, everything from the build to the article. Stops at the first step that fails.
//   node scripts/test.js [--fast]
//   --fast: format, lint, types and the fast tests, in under a minute once all was built (npm run check)
// With NO_SKIPS=1 a test that is skipped fails the run, unless scripts/needs.js excuses it.

const { parseArgs } = require('util')
const Runner = require('./testing/runner')
const { RECORDS, all, fast } = require('./testing/steps')

const SECONDS_OF_CHECK = 60

const { values: options } = parseArgs({ options: { fast: { type: 'boolean', default: false } } })
const seconds = options.fast ? SECONDS_OF_CHECK : Infinity
const runner = new Runner(RECORDS, { noSkips: process.env.NO_SKIPS === '1', seconds })
process.exitCode = runner.run(options.fast ? fast() : all()) ? 0 : 1
