import { readMarked } from '../marked.js'

const PERFORMANCE = 'docs/performance.md'
const RUNTIMES = 'docs/runtimes.md'

const SIDES = ['reference', 'engine']
const COLUMNS = {
  [PERFORMANCE]: { reference: 'reference', engine: 'this engine' },
  [RUNTIMES]: { reference: 'dht-rpc', engine: 'this package' }
}

// `title`: in the README; `short`: in the chart, in two lines.
const MEASURED = [
  {
    title: 'requests of 1 kB that a handler in another process answers, 16 at a time',
    short: 'requests\nof 1 kB',
    row: '`await request()` of 1 kB, a handler echoes, 16 in flight, two processes'
  },
  {
    title: 'CPU of a `FIND_NODE` that a node answers',
    short: 'CPU of a\nserved FIND_NODE',
    row: 'FIND_NODE served with a full table: CPU per request'
  },
  {
    title: 'memory of a node, 1 000 of them in one process',
    short: 'memory\nof a node',
    row: 'memory of a node, of 1 000 in one process'
  },
  {
    title: 'latency of a lookup among 800 nodes, median',
    short: 'latency\nof a lookup',
    row: 'one lookup in a network of 800: latency p50'
  },
  {
    title: 'share of the event loop that a saturated node takes',
    short: 'share of\nthe event loop',
    row: 'event-loop utilisation while PING and FIND_NODE saturate the node',
    show: (share) => `${Number((100 * share).toPrecision(2))} %`
  }
]

/**
 * What the README shows: `figures`, each `{ title, short, page, sides }` with `{ value, text }` for
 * both sides, and `machine`, on which they were measured.
 *
 * @param read (page, part) => the text of that part of a page
 */
export function readFigures(read = readMarked) {
  const machine = read(PERFORMANCE, 'machine').trim().replace(/\.$/, '')
  const rows = rowsOf(PERFORMANCE, 'table', read)
  return { machine, figures: [...MEASURED.map((figure) => measured(figure, rows)), runtimes(read)] }
}

function measured({ title, short, row, show }, rows) {
  const cells = rows.find((cells) => cells.workload === row)
  if (!cells) throw new Error(`${PERFORMANCE} has no row '${row}'`)
  const side = (name) => {
    const column = COLUMNS[PERFORMANCE][name]
    const text = /^[^(]+/.exec(cells[column])?.[0].trim()
    const value = Number.parseFloat(text)
    if (!(value >= 0)) throw new Error(`${PERFORMANCE}, '${row}', ${column}: ${cells[column]}`)
    return { value, text: show ? show(value) : text }
  }
  return { title, short, page: PERFORMANCE, sides: bySide(side) }
}

// On how many the story passes.
function runtimes(read) {
  const rows = rowsOf(RUNTIMES, 'runtimes', read)
  const side = (name) => {
    const value = rows.filter((cells) => cells[COLUMNS[RUNTIMES][name]] === 'passes').length
    return { value, text: `${value} of ${rows.length}` }
  }
  const title = 'runtimes that run it, of those tried'
  return { title, short: 'runtimes\nthat it runs on', page: RUNTIMES, sides: bySide(side) }
}

function bySide(of) {
  return Object.fromEntries(SIDES.map((side) => [side, of(side)]))
}

// The rows of the table in that part, each an object by the titles of its columns.
function rowsOf(page, part, read) {
  const lines = read(page, part)
    .split('\n')
    .filter((line) => line.startsWith('|'))
  const [head, , ...rows] = lines.map(cellsOf)
  for (const column of Object.values(COLUMNS[page])) {
    if (!head?.includes(column)) throw new Error(`${page}, ${part}: no column '${column}'`)
  }
  return rows.map((cells) => Object.fromEntries(head.map((column, i) => [column, cells[i]])))
}

function cellsOf(line) {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}
