import { writeFileSync } from 'node:fs'
import { overview } from './overview.mjs'
import { addRun } from './runs.mjs'
import { table } from './table.mjs'
import { machine } from '../../scripts/machine.js'
import { readMarked, writeMarked } from '../../scripts/marked.js'

const PAGE = 'docs/performance.md'
const CHART = new URL('../../docs/performance.svg', import.meta.url)

/** Puts the results of a full run into docs/performance.md, and draws its chart. */
export function write(workloads, results) {
  put('machine', `${machine()}.`)
  put('table', table(results.filter(({ oneCore }) => !oneCore)))
  put('one-core', table(results.filter(({ oneCore }) => oneCore)))
  put('workloads', workloads.map(entry).join('\n'))
  put('runs', addRun(readMarked(PAGE, 'runs'), results, machine(), new Date()))
  writeFileSync(CHART, overview(results))
}

function put(name, text) {
  writeMarked(PAGE, name, text)
}

function entry({ name, description, rounds }) {
  return `- \`${name}\` (${rounds[0]} rounds): ${description}`
}
