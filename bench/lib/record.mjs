import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { judged } from './targets.mjs'

const FILE = new URL('../../docs/performance.json', import.meta.url)
const DIGITS = 6

/** What was measured so far on one machine: `{ machine, rows }`, each row `{ date, sides }` or `{ date, error }`. */
export function readRecord() {
  return existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { machine: '', rows: {} }
}

export function writeRecord(record) {
  const short = (key, value) =>
    typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value
  writeFileSync(FILE, `${JSON.stringify(record, short, 2)}\n`)
}

/** The record with these results in the place of older ones. Figures of another machine are left behind. */
export function withResults(record, results, machine, date) {
  const rows = record.machine === machine ? { ...record.rows } : {}
  for (const result of results) {
    const { error, sides } = result
    const day = date.toISOString().slice(0, 10)
    rows[keyOf(result)] = error ? { date: day, error } : { date: day, sides }
  }
  return { machine, rows }
}

/** What the record has of these workloads, in their order, judged by the targets that they have now. */
export function resultsOf({ rows }, workloads) {
  const all = [false, true].flatMap((oneCore) =>
    workloads.flatMap(({ name, rows }) => rows.map((row) => ({ workload: name, ...row, oneCore })))
  )
  return all
    .filter((row) => rows[keyOf(row)])
    .map((row) => {
      const { date, error, sides = {} } = rows[keyOf(row)]
      return { ...row, date, error, ...judged(row, sides, row) }
    })
}

function keyOf({ workload, figure, oneCore }) {
  return `${workload} ${figure}${oneCore ? ' on one core' : ''}`
}
