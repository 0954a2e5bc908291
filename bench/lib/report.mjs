import { writeFileSync } from 'node:fs'
import { DOCUMENT, put } from './document.mjs'
import { machine } from './machine.mjs'
import { overview } from './overview.mjs'
import { table } from './table.mjs'

const CHART = new URL('performance.svg', DOCUMENT)

/** Puts the results of a full run into docs/performance.md, and draws its chart. */
export function write(workloads, results) {
  put('machine', `${machine()}.`)
  put('table', table(results.filter(({ oneCore }) => !oneCore)))
  put('one-core', table(results.filter(({ oneCore }) => oneCore)))
  put('workloads', workloads.map(entry).join('\n'))
  writeFileSync(CHART, overview(results))
}

function entry({ name, description, rounds }) {
  return `- \`${name}\` (${rounds[0]} rounds): ${description}`
}
