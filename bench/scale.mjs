// What a lookup costs and finds in simulated networks of 10 to 100 000 nodes. Writes docs/scale.md
// and its chart.
// usage: npm run sim:scale -- [--sizes 10,100,1000] [--from figures.jsonl] [--no-write]
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { draw } from './lib/chart.mjs'

const { writeMarked } = createRequire(import.meta.url)('../scripts/marked.js')

const SIMULATOR =
  'run --quiet --locked --profile sim --no-default-features --example sim -- scale'.split(' ')
const CHART = new URL('../docs/scale.svg', import.meta.url)

// Below this most of the network is asked, whatever its size.
const LARGE = 100

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string' },
    from: { type: 'string' },
    'no-write': { type: 'boolean', default: false }
  }
})

const points = options.from ? lines(readFileSync(options.from, 'utf8').split('\n')) : await run()
const text = report(points)
console.log(text)
if (!options['no-write']) {
  writeMarked('docs/scale.md', 'scale', text)
  writeFileSync(CHART, draw(chart(points), 420))
}

async function run() {
  const args = options.sizes ? [...SIMULATOR, '--sizes', options.sizes] : SIMULATOR
  const child = spawn('cargo', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const printed = []
  for await (const line of createInterface(child.stdout)) {
    console.error(line)
    printed.push(line)
  }
  return lines(printed)
}

function lines(printed) {
  return printed.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
}

function report(points) {
  const rows = points.map(
    ({ nodes, lookups, recall, requests, hops, tookMs, nodeBytes, datagrams }) =>
      `| ${count(nodes)} | ${lookups} | ${(100 * recall).toFixed(2)} % | ${requests.toFixed(1)} | ` +
      `${(2 * requests).toFixed(1)} | ${hops.toFixed(2)} | ${(tookMs / 1000).toFixed(2)} s | ` +
      `${(nodeBytes / 1000).toFixed(1)} kB | ${count(datagrams)} |`
  )
  return [
    '| nodes | lookups | found of the true 20 | requests | messages | hops | until the end | memory of a node | datagrams so far |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
    `By least squares from ${LARGE} nodes on, with n nodes:`,
    '',
    `- messages of a lookup = ${law(points, (point) => 2 * point.requests)}`,
    `- hops of a lookup = ${law(points, (point) => point.hops)}`
  ].join('\n')
}

function law(points, of) {
  const { slope, offset, r2 } = fit(points, of)
  const sign = offset < 0 ? '−' : '+'
  return `${slope.toFixed(2)} · log₂ n ${sign} ${Math.abs(offset).toFixed(2)} (R² = ${r2.toFixed(4)})`
}

// The line through what was measured, over the logarithm of the size.
function fit(points, of) {
  const large = points.filter(({ nodes }) => nodes >= LARGE)
  const xs = large.map(({ nodes }) => Math.log2(nodes))
  const ys = large.map(of)
  const [mx, my] = [mean(xs), mean(ys)]
  const slope = sum(xs.map((x, i) => (x - mx) * (ys[i] - my))) / sum(xs.map((x) => (x - mx) ** 2))
  const offset = my - slope * mx
  const missed = sum(xs.map((x, i) => (ys[i] - slope * x - offset) ** 2))
  return { slope, offset, r2: 1 - missed / sum(ys.map((y) => (y - my) ** 2)) }
}

function chart(points) {
  const large = points.filter(({ nodes }) => nodes >= LARGE)
  const measured = (name, of, axis) => ({
    name,
    type: 'line',
    yAxisIndex: axis,
    data: points.map((point) => [point.nodes, of(point)])
  })
  const fitted = (name, of, axis) => {
    const { slope, offset } = fit(points, of)
    return {
      name,
      type: 'line',
      yAxisIndex: axis,
      symbol: 'none',
      lineStyle: { type: 'dashed' },
      data: large.map(({ nodes }) => [nodes, slope * Math.log2(nodes) + offset])
    }
  }
  const messages = ({ requests }) => 2 * requests
  const hops = (point) => point.hops
  return {
    legend: {},
    xAxis: { type: 'log', name: 'nodes', nameLocation: 'middle', nameGap: 28 },
    yAxis: [
      { type: 'value', name: 'messages' },
      { type: 'value', name: 'hops', min: 0 }
    ],
    series: [
      measured('messages', messages, 0),
      fitted('messages, fitted', messages, 0),
      measured('hops', hops, 1),
      fitted('hops, fitted', hops, 1)
    ]
  }
}

function count(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ' ')
}

function mean(values) {
  return sum(values) / values.length
}

function sum(values) {
  return values.reduce((a, b) => a + b, 0)
}
