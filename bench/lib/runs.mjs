import { digits } from './statistics.mjs'
import { table } from '../../scripts/markdown.js'

const KEPT = 12 // runs

const one = 'queries-100-one-process'
const two = 'queries-100-two-processes'

// What is said of a run, in ratios to the reference: of several rows the worst, or each.
const COLUMNS = [
  ['rate of exchanges, at least', worst(isExchange, /^rate/)],
  ['their CPU with 16 and 64 in flight, at most', worst(isExchange, /^cpu/)],
  [
    'queries in one process: `finished()` / `for await` / `commit`',
    cpus(one, 'finished', 'iterate', 'commit')
  ],
  ['in two: the same / `break`', cpus(two, 'finished', 'iterate', 'commit', 'leave')],
  ['user request: process / JavaScript', each(['user-request', 'cpu'], ['user-request', 'thread'])],
  [
    'boot of 100 / 800 / 2 000',
    each(['boot-100', 'boot'], ['lookups', 'boot'], ['boot-2000', 'boot'])
  ],
  ['musts missed', (results) => results.filter(({ must }) => must && !must.met).length]
]
const HEAD = ['run', 'machine', ...COLUMNS.map(([title]) => title)]

/**
 * The table of runs with one more, the latest first.
 *
 * @param {string} before the table so far, or none
 * @param results of a full run
 * @param {string} machine in a line
 * @param {Date} date when it was
 */
export function addRun(before, results, machine, date) {
  const when = `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const all = results.filter(({ oneCore }) => !oneCore)
  const cores = results.filter(({ oneCore }) => oneCore)
  const columns = COLUMNS.map(([, of]) => of(all))
  columns[columns.length - 1] += cores.length > 0 ? `, on one core ${COLUMNS.at(-1)[1](cores)}` : ''
  return table(HEAD, [[when, machine, ...columns], ...rowsOf(before).slice(0, KEPT - 1)])
}

function rowsOf(text) {
  const [, , ...lines] = text.split('\n').filter((line) => line.startsWith('|'))
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  )
}

function isExchange({ workload }) {
  return /^(requests|pings)-/.test(workload)
}

function worst(isMeant, figure) {
  return (results) => {
    const rows = results.filter((row) => isMeant(row) && figure.test(row.figure))
    const ratios = rows.map(({ ratios }) => ratios.reference ?? NaN)
    if (ratios.length === 0) return ''
    return `${digits(rows[0].better === 'more' ? Math.min(...ratios) : Math.max(...ratios))} ×`
  }
}

function cpus(workload, ...ways) {
  return each(...ways.map((way) => [workload, `${way}Cpu`]))
}

function each(...figures) {
  return (results) => {
    const ratioOf = ([workload, figure]) => {
      const row = results.find((row) => row.workload === workload && row.figure === figure)
      return row?.ratios.reference === undefined ? '–' : digits(row.ratios.reference)
    }
    return figures.map(ratioOf).join(' / ')
  }
}
