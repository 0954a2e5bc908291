// How cost grows: of a served request with the table of who is asked, of a lookup with the network,
// of a node with the nodes of its process. Writes the tables and the chart of docs/performance.md.
// usage: npm run bench:growth -- [--rounds N] [--largest 8000] [--no-write] [--no-build]
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { progress } from './lib/progress.mjs'
import { measureCrowds } from './growth/crowds.mjs'
import { measureServed } from './growth/served.mjs'
import { buildLoad } from '../scripts/load.js'
import { machine } from '../scripts/machine.js'

const { setup } = createRequire(import.meta.url)('../scripts/setup.js')

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    largest: { type: 'string', default: '8000' },
    'no-write': { type: 'boolean', default: false },
    'no-build': { type: 'boolean', default: false }
  }
})
const rounds = whole('rounds')
const largest = whole('largest')

if (!options['no-build']) {
  setup()
  buildLoad()
}
const figures = [
  ...(await measureServed(rounds, progress)),
  ...(await measureCrowds(rounds, largest, progress))
]
progress('')

// Not before: on a fresh clone what draws the chart was not there when this began.
const { growthTables, writeGrowth } = await import('./lib/growth-report.mjs')
console.log(`${machine()}\n\n${growthTables(figures)}`)
if (!options['no-write']) writeGrowth(figures)

function whole(name) {
  const number = Number(options[name])
  if (Number.isInteger(number) && number > 0) return number
  console.error(`--${name} must be a whole number from 1, got ${options[name]}`)
  process.exit(2)
}
