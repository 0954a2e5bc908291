'use strict'

const test = require('node:test')
const assert = require('node:assert')
const fs = require('node:fs')
const path = require('node:path')
const { readMarked } = require('../scripts/marked')

const ROWS = [
  [
    '`await request()` of 1 kB, a handler echoes, 16 in flight, two processes',
    '20000/s (1–2)',
    '40000/s (3–4)'
  ],
  ['FIND_NODE served with a full table: CPU per request', '8.00 µs (7–9)', '2.00 µs (1–3)'],
  ['memory of a node, of 1 000 in one process', '300 kB (1–400)', '30.0 kB (1–40)'],
  ['one lookup in a network of 800: latency p50', '6.00 ms (5–7)', '0.600 ms (0–1)'],
  ['event-loop utilisation while PING and FIND_NODE saturate the node', '0.9 (0–1)', '0.0012 (0–1)']
]
const RUNTIMES = [
  ['Node', '20', 'passes', 'passes'],
  ['Bun', '1', 'fails', 'passes'],
  ['Deno', '2', 'fails', 'fails']
]

test('the README shows the figures of the pages that hold them', async () => {
  const { readFigures, table, draw } = await load()
  const figures = readFigures()
  const writes = 'node scripts/figures.mjs writes them'
  assert.strictEqual(readMarked('README.md', 'figures').trim(), table(figures), writes)
  const chart = path.join(__dirname, '..', 'docs', 'figures.svg')
  assert.strictEqual(fs.readFileSync(chart, 'utf8'), draw(figures), writes)
})

test('a figure is that of its row, in the table and in the chart', async () => {
  const { readFigures, table, draw } = await load()
  const figures = readFigures(reader())
  const texts = figures.figures.map(({ sides }) => [sides.reference.text, sides.engine.text])
  assert.deepStrictEqual(texts, [
    ['20000/s', '40000/s'],
    ['8.00 µs', '2.00 µs'],
    ['300 kB', '30.0 kB'],
    ['6.00 ms', '0.600 ms'],
    ['90 %', '0.12 %'],
    ['1 of 3', '2 of 3']
  ])
  const written = table(figures)
  const drawn = draw(figures)
  for (const text of texts.flat()) {
    assert.ok(written.includes(`| ${text} |`), written)
    assert.ok(drawn.includes(`>${text}<`), text)
  }
  assert.match(written, /\n\nMeasured side by side on 4 × a processor\.$/)
})

test('a chart is the same whenever it is drawn, and another one for another figure', async () => {
  const { readFigures, draw } = await load()
  const drawn = draw(readFigures(reader()))
  assert.strictEqual(draw(readFigures(reader())), drawn)
  const rows = ROWS.map((row, i) => (i === 0 ? [row[0], row[1], '2.01 µs (1–3)'] : row))
  assert.notStrictEqual(draw(readFigures(reader({ rows }))), drawn)
})

test('what a page does not hold is said', async () => {
  const { readFigures } = await load()
  const read = (parts) => () => readFigures(reader(parts))
  assert.throws(
    read({ rows: ROWS.slice(1) }),
    /performance\.md has no row '`await request\(\)` of 1 kB/
  )
  assert.throws(read({ head: ['workload', 'reference'] }), /no column 'this engine'/)
  const empty = ROWS.map(([title, reference]) => [title, reference, ''])
  assert.throws(
    read({ rows: empty }),
    /performance\.md, '`await request\(\)` of 1 kB.*', this engine: /
  )
})

async function load() {
  const [pages, readme, chart] = await Promise.all([
    import('../scripts/figures/pages.mjs'),
    import('../scripts/figures/readme.mjs'),
    import('../scripts/figures/chart.mjs')
  ])
  return { readFigures: pages.readFigures, table: readme.table, draw: chart.draw }
}

function reader({ rows = ROWS, head = ['workload', 'reference', 'this engine'] } = {}) {
  const { table } = require('../scripts/markdown')
  const parts = {
    'docs/performance.md machine': '4 × a processor.\n',
    'docs/performance.md table': `\n${table(head, rows)}\n`,
    'docs/runtimes.md runtimes': `On all:\n\n${table(['runtime', 'version', 'dht-rpc', 'this package'], RUNTIMES)}`
  }
  return (page, part) => parts[`${page} ${part}`]
}
