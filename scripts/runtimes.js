'use strict'

// npm run test:runtimes: the article, and the suites that run on both packages (exit, workers, suspension among them),
// on runtimes that are fetched from npm; on Bare also what only Bare has.
//   --write       on the reference as well, and puts the tables into docs/runtimes.md
//   --short       Bare and Bun, and a few of the suites: what npm test runs
//   --only NAME   on one runtime: 'Node 22', Bun, Deno, Bare

const fs = require('fs')
const path = require('path')
const { parseArgs } = require('util')
const { setup } = require('./setup')
const { article, bundle, program, suite } = require('./runtimes/checks')
const { NAMES, fetch } = require('./runtimes/fetch')
const page = require('./runtimes/page')
const { CACHE } = require('./runtimes/paths')
const { stage, suites } = require('./runtimes/stage')

// Of those that were installed with the runtimes, for Bare does not take the newest of all its modules.
const REFERENCE = path.join(CACHE, 'node_modules', 'dht-rpc-reference')
const PROGRAMS = path.join(__dirname, 'runtimes', 'bare')
const SHORT = {
  runtimes: ['Bun', 'Bare'],
  suites: ['bind', 'exit', 'life-cycle', 'query', 'suspend']
}

const { values: options } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    only: { type: 'string' }
  }
})

setup()
process.exitCode = main()

function main() {
  const runtimes = fetched()
  if (runtimes === null) return 0
  if (runtimes.length === 0) throw new Error(`There is no such runtime here, only ${NAMES}`)
  stage(runtimes)
  const results = runtimes.map(check)
  console.log(`\n${page.summary(results)}`)
  if (options.write) page.write(results)
  return results.some(({ checks }) => checks.some(({ failures }) => failures.length > 0)) ? 1 : 0
}

// Without the registry npm test does without them, but not where a skip is a failure.
function fetched() {
  try {
    return fetch(options.only ? [options.only] : options.short ? SHORT.runtimes : NAMES)
  } catch (err) {
    if (!options.short || process.env.NO_SKIPS === '1') throw err
    console.log(`SKIPPED: ${err.message}`)
    return null
  }
}

function check(runtime) {
  console.log(`\n=== ${runtime.name} ${runtime.version} ===`)
  const chosen = suites().filter(({ name }) => !options.short || SHORT.suites.includes(name))
  const checks = [show(article(runtime)), ...chosen.map((each) => show(suite(runtime, each)))]
  if (runtime.name === 'Bare') {
    for (const file of fs.readdirSync(PROGRAMS)) {
      checks.push(show(program(runtime, path.join(PROGRAMS, file))))
    }
    checks.push(show(bundle(runtime)))
  }
  return { runtime, checks, reference: options.write ? article(runtime, REFERENCE) : null }
}

function show(check) {
  const { title, passed, failures, limits } = check
  const rest = limits.length > 0 ? `, ${limits.length} cannot run here` : ''
  console.log(`${title}: ${passed} passed, ${failures.length} failed${rest}`)
  for (const failure of failures) console.log(failure)
  return check
}
