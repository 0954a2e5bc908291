import { writeFileSync } from 'node:fs'
import { overview } from './overview.mjs'
import { readRecord, resultsOf, withResults, writeRecord } from './record.mjs'
import { addRun } from './runs.mjs'
import { table } from './table.mjs'
import { WORKLOADS } from '../workloads/index.mjs'
import { machine } from '../../scripts/machine.js'
import { readMarked, writeMarked } from '../../scripts/marked.js'

const PAGE = 'docs/performance.md'
const CHART = new URL('../../docs/performance.svg', import.meta.url)

/**
 * Puts results beside those of other workloads that the machine had before into docs/performance.json,
 * makes docs/performance.md and its chart of them, and keeps a row of a full run.
 */
export function write(results, isFull) {
  const now = new Date()
  const record = withResults(readRecord(), results, machine(), now)
  writeRecord(record)
  const all = resultsOf(record, WORKLOADS)
  const days = [...new Set(all.map(({ date }) => date))].sort()
  put('machine', `${machine()}.`)
  put('days', `Measured on ${days.join(', ')}.`)
  put('table', table(all.filter(({ oneCore }) => !oneCore)))
  put('one-core', table(all.filter(({ oneCore }) => oneCore)))
  put('workloads', WORKLOADS.map(entry).join('\n'))
  if (isFull) put('runs', addRun(readMarked(PAGE, 'runs'), results, machine(), now))
  writeFileSync(CHART, overview(all))
}

function put(name, text) {
  writeMarked(PAGE, name, text)
}

function entry({ name, description, rounds }) {
  return `- \`${name}\` (${rounds[0]} rounds): ${description}`
}
