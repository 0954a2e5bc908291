// Everything that is measured beside the reference and beside the floor: a responder that does
// nothing else. The full run writes docs/performance.md; it fails if a must is missed.
// usage: npm run bench -- [--only NAME] [--rounds N] [--one-core] [--json]
//                         [--write] [--no-write] [--no-build]
import { createRequire } from 'node:module'
import { COMMAND_LINE, parse } from './lib/command-line.mjs'
import { progress } from './lib/progress.mjs'
import { run } from './lib/runner.mjs'
import { table } from './lib/table.mjs'
import { buildLoad } from '../scripts/load.js'
import { machine } from '../scripts/machine.js'

const { setup } = createRequire(import.meta.url)('../scripts/setup.js')

const options = commandLine()
if (options.build) {
  setup()
  buildLoad()
}

const { workloads, rounds } = options
const started = performance.now()
const results = []
for (const oneCore of options.cores) {
  results.push(...(await run(workloads, { rounds, oneCore, onprogress: progress })))
}
progress('')

const missed = results.filter(({ must }) => must && !must.met)
if (options.json) console.log(JSON.stringify({ machine: machine(), results }, null, 2))
else print()
if (options.write) await writeDocument()
if (missed.length > 0) process.exitCode = 1

function print() {
  console.log(machine())
  for (const oneCore of options.cores) {
    const rows = results.filter((result) => result.oneCore === oneCore)
    console.log(`\n${oneCore ? 'On one core:' : 'With all cores:'}\n\n${table(rows)}`)
  }
  const minutes = ((performance.now() - started) / 60000).toFixed(1)
  console.log(`\n${minutes} min; ${missed.length} of the musts missed`)
}

// Not before: on a fresh clone what draws the chart was not there when this began.
async function writeDocument() {
  const { write } = await import('./lib/report.mjs')
  write(results, options.full)
}

function commandLine() {
  try {
    return parse(process.argv.slice(2))
  } catch (err) {
    console.error(`${err.message}\n\n${COMMAND_LINE}`)
    process.exit(2)
  }
}
